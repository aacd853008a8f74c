"""The kernel that recovers, under anything that feeds, RPCs and restarts may do, in any order.

As in `test_kernel_machine`, with a ladder: what is asked is answered late, twice, wrongly or never; and at any moment
the daemon dies, and another one begins with what its store holds.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeVar
from unittest.mock import patch

from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from typing_extensions import override

from monitor.core import forgotten, repair
from monitor.core.certificates import CLOSED, Certificate, SlotEnd
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import (
    Abandon,
    CancelFetch,
    Certify,
    Command,
    Fetch,
    KeepJobs,
    OpenFeed,
    ReadAccounts,
    Recall,
    Refuse,
    Released,
)
from monitor.core.endings import Ending, EndReason
from monitor.core.events import (
    AccountsRead,
    AccountsUnread,
    BlockFetched,
    FeedEnded,
    FetchFailed,
    FetchPaced,
    FramesArrived,
    Recalled,
    Row,
    SignedOff,
)
from monitor.core.inherited import Inherited
from monitor.core.jobs import Job, JobsDone
from monitor.core.policy import Policy
from monitor.core.reconciling import TRIES
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung, Verdict
from monitor.core.slots import SlotState
from tests.core import play
from tests.core.test_kernel_machine import (
    BLOCK,
    BLOCKS,
    BROUGHT,
    EVERYONE,
    POLICIES,
    SLOT,
    STEPS,
    UP,
    KernelMachine,
    blockhash_of,
)

Question = TypeVar("Question")

EXAMPLES: Final = 100
KEPT: Final = 2
"""Open slots that are not forgotten: few, so that forgetting is no rare thing."""
OF_AN_RPC: Final = b"of an RPC"
PICK = st.integers(0, 3)
"""Which of the open questions is answered."""
AGAIN = st.sampled_from([False, False, False, True])
"""Whether the same question will be answered once more."""
JITTER = st.floats(0, 1, exclude_max=True)
DISSENT = st.sampled_from([(), (), (), (7,)])
LADDERS = st.sampled_from(
    [
        (Rung.REPLAY, Rung.RPC, Rung.ARCHIVE),
        (Rung.REPLAY, Rung.RPC, Rung.ARCHIVE),
        (Rung.REPLAY, Rung.RPC),
        (Rung.RPC,),
        (Rung.REPLAY,),
    ]
)
RECOVERIES = st.builds(
    RecoveryPolicy,
    LADDERS,
    st.sampled_from([dict.fromkeys(Rung, 1), dict.fromkeys(Rung, 2), dict.fromkeys(Rung, 2)]),
    attempts=st.integers(1, 2),
    passes_lost=st.booleans(),
    reads_accounts=st.booleans(),
    max_catchup=st.sampled_from([1000, 3]),
    on_exceeded=st.sampled_from(["catch_up", "skip"]),
)


class RepairMachine(KernelMachine):
    """Recovery that is answered in every way, and a store that outlives the kernel."""

    @initialize(
        policy=st.builds(
            lambda policy, recovery: replace(policy, recovery=recovery), POLICIES, RECOVERIES
        ),
        accounts=st.booleans(),
        entries=st.sampled_from([False, False, True]),
    )
    @override
    def starts(self, policy: Policy, accounts: bool, entries: bool) -> None:
        if not accounts:
            policy = replace(policy, recovery=replace(policy.recovery, reads_accounts=False))
        self.policy = policy
        self.patched = patch.object(forgotten, "KEPT", KEPT)
        self.patched.start()
        self.fetches: list[Fetch] = []
        """What may be answered, if only late: cancelled ones too."""
        self.asking: set[tuple[int, Rung]] = set()
        """What is neither answered nor cancelled."""
        self.reads: list[ReadAccounts] = []
        self.recalls: list[Recall] = []
        self.replays: list[tuple[int, int]] = []
        """Streams for recovery: feed and endpoint."""
        self.asked_at: dict[tuple[int, Rung], float] = {}
        self.jobs: dict[int, Job] = {}
        """As a store keeps them, each of one slot."""
        self.kept: dict[int, bytes] = {}
        """As a store keeps what was handed on of open slots."""
        self.signed: set[int] = set()
        self.skipped: set[int] = set()
        self.recalled: set[int] = set()
        self.restarts = 0
        self.streamed: set[tuple[int, str]] = set()
        """(slot, blockhash) of all blocks that a stream told, or named as a parent."""
        self.linked: dict[tuple[int, str], set[tuple[int, str]]] = {}
        """By block that an RPC told: the parents that it named."""
        super().starts(policy, accounts, entries)

    @override
    def teardown(self) -> None:
        if hasattr(self, "patched"):
            self.patched.stop()

    @rule(
        pick=PICK,
        block=BLOCK,
        up=UP,
        brought=BROUGHT,
        errs=st.sampled_from([False, False, False, True]),
        high=st.booleans(),
        again=AGAIN,
        dissent=DISSENT,
    )
    def brings_a_block(
        self,
        pick: int,
        block: str,
        up: int,
        brought: Sequence[int],
        errs: bool,
        high: bool,
        again: bool,
        dissent: tuple[int, ...],
    ) -> None:
        asked = self._picked(self.fetches, pick, again=again)
        if asked is not None:
            self._brings(asked, block, up, brought, errs=errs, high=high, dissent=dissent)

    @rule()
    def all_blocks_are_brought(self) -> None:
        """Whole, each the child of the slot below it, as far as that goes within so many answers."""
        for _ in range(8):
            for asked in list(self.fetches):
                self.fetches.remove(asked)
                self._brings(asked, "", 1, (0, 1), errs=False, high=True, dissent=())
            self.time_passes(0.3)

    @rule(pick=PICK, is_waiting=st.booleans())
    def calls_go_or_wait(self, pick: int, is_waiting: bool) -> None:
        asked = self._picked(self.fetches, pick, again=True)
        if asked is not None:
            self._do(self.kernel.handle(FetchPaced(asked.slot, asked.rung, is_waiting), self.now))

    @rule()
    def nobody_answers_in_time(self) -> None:
        for asked in list(self.fetches):
            event = FetchPaced(asked.slot, asked.rung, is_waiting=False)
            self._do(self.kernel.handle(event, self.now))
        self.time_passes(repair.LEASE_SECONDS[Rung.RPC])

    def _brings(
        self,
        asked: Fetch,
        block: str,
        up: int,
        brought: Sequence[int],
        *,
        errs: bool,
        high: bool,
        dissent: tuple[int, ...],
    ) -> None:
        slot, names = asked.slot, BLOCKS[block]
        name = blockhash_of(slot, block)
        state = self.kernel.join.slots.get(slot)
        count = len(names) + int(errs and state is not None and name in state.metas)
        rows = [play.tx(slot, i, names[i], mask=EVERYONE) for i in brought if i < len(names)]
        below = max(0, slot - up)
        height = slot if high else None
        rows = [(*row[:6], name.encode()) for row in rows]
        parent = blockhash_of(below, "")
        meta = play.meta(slot, name, below, parent, count, mask=EVERYONE, height=height)
        rows.append((*meta[:6], OF_AN_RPC))
        self.linked.setdefault((slot, name), set()).add((below, blockhash_of(below, "")))
        self._remembers(rows)
        source = self.kernel.origins.rpc(0)
        event = BlockFetched(slot, asked.rung, (source,), rows, dissent)
        self.asking.discard((slot, asked.rung))
        self._do(self.kernel.handle(event, self.now))

    @rule(
        pick=PICK,
        verdict=st.sampled_from(Verdict),
        jitter=JITTER,
        retry_after=st.sampled_from([0.0, 0.0, 5.0]),
        again=AGAIN,
        dissent=DISSENT,
    )
    def brings_no_block(
        self,
        pick: int,
        verdict: Verdict,
        jitter: float,
        retry_after: float,
        again: bool,
        dissent: tuple[int, ...],
    ) -> None:
        asked = self._picked(self.fetches, pick, again=again)
        if asked is not None:
            event = FetchFailed(asked.slot, asked.rung, verdict, jitter, retry_after, dissent)
            self.asking.discard((asked.slot, asked.rung))
            self._do(self.kernel.handle(event, self.now))

    @rule(verdict=st.sampled_from([Verdict.CANNOT, Verdict.SKIPPED_CLAIM, Verdict.FAILED]))
    def nobody_has_a_block_for_long(self, verdict: Verdict) -> None:
        """The ladder is worn out, as far as it goes within so many tries."""
        for _ in range(8):
            for asked in list(self.fetches):
                self.fetches.remove(asked)
                event = FetchFailed(asked.slot, asked.rung, verdict, 0.9)
                self.asking.discard((asked.slot, asked.rung))
                self._do(self.kernel.handle(event, self.now))
            self.time_passes(16.0)

    @rule(
        pick=PICK,
        ahead=st.sampled_from([0, 1, 5, 100]),
        accounts=st.sets(st.sampled_from("xyz")),
        unsure=st.sampled_from(["", "", "x", "xy"]),
        times=st.sampled_from([1, 1, TRIES]),
    )
    def reads_accounts(
        self, pick: int, ahead: int, accounts: set[str], unsure: str, times: int
    ) -> None:
        """RPCs may tell some of them differently, once or for long."""
        for _ in range(times):
            asked = self._picked(self.reads, pick)
            if asked is None:
                return
            context = asked.min_context_slot + ahead
            rows = [_state(context, account) for account in sorted(accounts.difference(unsure))]
            one, other = (self.kernel.origins.reconciled(rpc) for rpc in range(2))
            keys = tuple(map(_pubkey, unsure))
            dissent = (one, other) if unsure else ()
            told = AccountsRead(asked.first, asked.end, context, rows, one, 2, dissent, keys)
            self._do(self.kernel.handle(told, self.now))
            if times > 1:
                self.time_passes(16.0)

    @rule(pick=PICK, jitter=JITTER)
    def reads_no_accounts(self, pick: int, jitter: float) -> None:
        asked = self._picked(self.reads, pick)
        if asked is not None:
            event = AccountsUnread(asked.first, asked.end, jitter)
            self._do(self.kernel.handle(event, self.now))

    @rule(pick=PICK, again=AGAIN)
    def recalls_what_was_given(self, pick: int, again: bool) -> None:
        asked = self._picked(self.recalls, pick, again=again)
        if asked is not None:
            given = {slot: self.kept[slot] for slot in asked.slots if slot in self.kept}
            self._do(self.kernel.handle(Recalled(asked.slots, given), self.now))

    @rule(
        pick=PICK,
        slots=st.lists(SLOT, min_size=1, max_size=4),
        block=BLOCK,
        up=UP,
        brought=BROUGHT,
        told=st.sampled_from([*Commitment, Commitment.FINALIZED]),
    )
    def replays_slots(
        self,
        pick: int,
        slots: Sequence[int],
        block: str,
        up: int,
        brought: Sequence[int],
        told: Commitment,
    ) -> None:
        replay = self._picked(self.replays, pick, again=True)
        if replay is None:
            return
        feed = replay[0]
        for slot in slots:
            if (-feed, slot) in self.banks:
                continue  # at confirmed a stream tells each slot once
            rows = self._slot(-feed, slot, block, up, brought, told, high=True)[1:]
            self._remembers(rows)
            self._do(self.kernel.handle(FramesArrived(feed, rows), self.now))

    @rule(
        pick=PICK,
        reason=st.sampled_from(EndReason),
        floor=st.sampled_from([None, 1, 3, 50]),
        jitter=JITTER,
    )
    def ends_a_replay(self, pick: int, reason: EndReason, floor: int | None, jitter: float) -> None:
        replay = self._picked(self.replays, pick)
        if replay is not None:
            ending = Ending(reason, "CODE", "text", floor)
            self._do(self.kernel.handle(FeedEnded(replay[0], ending, jitter), self.now))

    @rule(slot=SLOT)
    def signs_off(self, slot: int) -> None:
        is_lost = self.kernel.is_lost(slot)
        if is_lost:
            self.signed.add(slot)
        self._do(self.kernel.handle(SignedOff(slot, "for good"), self.now))

    @rule(pick=PICK)
    def signs_off_what_is_lost(self, pick: int) -> None:
        lost = self._picked(self.kernel.repair.queue.lost_slots(), pick, again=True)
        if lost is not None:
            self.signs_off(lost)

    @rule(missed=st.integers(0, 5))
    def starts_again(self, missed: int) -> None:
        """The daemon died, and all answers with it."""
        if self.settled < 0:
            return
        first = self.settled + 1
        while first in self.skipped:
            first += 1
        self.restarts += 1
        self.certificates = {
            slot: each
            for slot, each in self.certificates.items()
            if slot < first or each.end in CLOSED
        }
        inherited = self._inherited(first)
        self.feeds, self.banks = {}, {}
        self.fetches, self.reads, self.recalls, self.replays = [], [], [], []
        self.asked_at, self.asking = {}, set()
        certified = sorted(self.certificates.items())
        left_open = [slot for slot, each in certified if self._is_open(each)]
        # Slots from `first` on are watched anew, whatever was said of them.
        self.signed = {slot for slot in self.signed if slot < first}
        self.skipped = {slot for slot in self.skipped if slot < first}
        self.jobs = {slot: job for slot, job in self.jobs.items() if slot < first}
        self.kept = {slot: given for slot, given in self.kept.items() if slot < first}
        jobs = [self.jobs[slot] for slot in sorted(self.jobs) if slot in left_open]
        self._begins(
            replace(
                self.policy,
                start_slot=None,
                resume_slot=first,
                closed=tuple(each for slot, each in certified if slot >= first),
                still_open=tuple((slot, slot + 1) for slot in left_open),
                recovery=replace(self.policy.recovery, jobs=tuple(jobs)),
                inherited=inherited,
            )
        )
        self._says(0, play.created(first + missed))

    def _inherited(self, first: int) -> tuple[Inherited, ...]:
        """What sinks hold of slots that are watched anew; it may come again, and is not written again then."""
        found = []
        for level in Commitment:
            self.observed[level] = {each for each in self.observed[level] if each[0] < first}
            for slot, given in self.given[level].items():
                if slot >= first:
                    self.again[level][slot] = set(given)
                    ids = {kind: frozenset(i for k, i in given if k == kind) for kind, _ in given}
                    mask = 1 << level if given else 0
                    version = self.undone[level][slot]
                    found.append(Inherited(slot, level, version, mask, ids))
        return tuple(found)

    @override
    def _is_asked(self, command: Command) -> None:
        match command:
            case OpenFeed():
                assert command.endpoint not in [endpoint for _, endpoint in self.replays]
                assert command.from_slot is not None
                self.replays.append((command.feed, command.endpoint))
            case Fetch():
                self._is_to_fetch(command)
            case CancelFetch():
                self._is_cancelled(command)
            case ReadAccounts():
                assert not self.reads, "accounts are read one after the other"
                self.reads.append(command)
            case Recall():
                self.recalls.append(command)
                self.recalled.update(command.slots)
                for slot in command.slots:
                    self.asked_at |= {(slot, rung): self.now for rung in Rung}
            case Abandon():
                for slot in range(command.first, command.end):
                    self._stores(Certificate(slot, SlotEnd.LOST, command.reason))
            case KeepJobs():
                self._keeps(command.changes)
            case _:
                assert not isinstance(command, Refuse), "nobody chose to refuse"
                super()._is_asked(command)

    def _is_cancelled(self, cancel: CancelFetch) -> None:
        assert (cancel.slot, cancel.rung) in self.asking, "cancelled, and not asked"
        self.asking.remove((cancel.slot, cancel.rung))

    def _is_to_fetch(self, fetch: Fetch) -> None:
        slot, rung = fetch.slot, fetch.rung
        note(f"fetch {slot} from {rung}")
        if slot not in self.recalled:
            assert slot not in self.signed
            before = self.certificates.get(slot)
            assert before is None or before.end not in CLOSED, "asked for, and closed"
        assert (slot, rung) not in self.asking, "asked for twice"
        self.asking.add((slot, rung))
        self.fetches.append(fetch)
        self.asked_at[slot, rung] = self.now

    def _keeps(self, changes: Sequence[Job | JobsDone]) -> None:
        for change in changes:
            for slot in range(change.first, change.end):
                if isinstance(change, JobsDone):
                    self.jobs.pop(slot, None)
                else:
                    self.jobs[slot] = replace(change, first=slot, end=slot + 1)

    @override
    def _do(self, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, Certify):
                self.kept.update(command.given)
        super()._do(commands)

    @override
    def _remembers(self, rows: Sequence[Row]) -> None:
        super()._remembers(rows)
        for row in rows:
            if row[0] == Kind.BLOCK_META and row[6] != OF_AN_RPC:
                parent, parent_blockhash, *_ = row[4]
                self.streamed |= {(row[1], row[2]), (parent, parent_blockhash)}

    @override
    def _gets(self, level: Commitment, released: Released) -> None:
        _, origin, _, _, _, row = released
        origins = self.kernel.origins
        if origin >= origins.reconciled(0):
            self._gets_a_state(row)
            return
        super()._gets(level, released)
        assert row[1] not in self.signed | self.skipped, "handed on after it was given up"
        if origin >= 0 and origins.words()[origin] == "rpc":
            assert row[6] is not None
            name = row[2] if row[0] == Kind.BLOCK_META else row[6].decode()
            assert (row[1], name) in self._linked_blocks(), "handed on, and nothing proves it"

    def _gets_a_state(self, row: Row) -> None:
        assert row[0] == Kind.ACCOUNT

    def _linked_blocks(self) -> set[tuple[int, str]]:
        """What streams told, and what blocks that an RPC told name as parents, from there down."""
        found: set[tuple[int, str]] = set()
        left = list(self.streamed)
        while left:
            block = left.pop()
            if block not in found:
                found.add(block)
                left.extend(self.linked.get(block, ()))
        return found

    @override
    def _stores(self, certificate: Certificate) -> None:
        slot, end = certificate.slot, certificate.end
        if end == SlotEnd.LOST:
            note(f"{slot} {end}: {certificate.proof}")
            self._loses(certificate)
            self.certificates[slot] = certificate
            return
        assert slot not in self.signed | self.skipped, "given up, and certified anew"
        super()._stores(certificate)
        rung = certificate.recovered_by
        assert (end == SlotEnd.RECOVERED) <= (rung in self.policy.recovery.rungs)

    @override
    def _settles(self, slot: int) -> None:
        if not (self.restarts and slot == self.settled):
            super()._settles(slot)

    def _loses(self, certificate: Certificate) -> None:
        slot = certificate.slot
        before = self.certificates.get(slot)
        assert before is None or before.end not in CLOSED, "closed, and lost"
        if certificate.proof.startswith("signed off"):
            assert slot in self.signed
        elif certificate.proof.startswith("skipped"):
            assert before is None
            self.skipped.add(slot)
        elif (last := self.policy.recovery.rungs[-1]) != Rung.REPLAY:
            assert (slot, last) in self.asked_at, "lost, and the last rung was not asked"

    def _is_open(self, certificate: Certificate) -> bool:
        given_up = self.signed | self.skipped
        return certificate.end not in CLOSED and certificate.slot not in given_up

    @override
    def _looks(self) -> None:
        kernel, queue = self.kernel, self.kernel.repair.queue
        kernel.check()
        queue.check()
        for slot, rung in self.asking:
            assert queue.leased_on(slot) is rung, "asked for, and wanted by nobody"
        assert kernel.open_slots() == sum(map(self._is_open, self.certificates.values()))
        ends = Counter(certificate.end for certificate in self.certificates.values())
        if not self.restarts:
            assert ends == +Counter(kernel.tally.slots), "counted otherwise than certified"
            assert len(queue) == len(self.jobs)
            coverage = kernel.coverage()
            if coverage is not None:
                assert coverage.complete == ends[SlotEnd.COMPLETE] + ends[SlotEnd.RECOVERED]
        for slot, certificate in self.certificates.items():
            self._looks_at(slot, certificate)
        for slot in queue.lost_slots():
            assert slot in self.jobs
        proven = kernel.frontier(Commitment.FINALIZED)
        assert proven is None or proven <= self.settled

    def _looks_at(self, slot: int, certificate: Certificate) -> None:
        queue = self.kernel.repair.queue
        if self._is_open(certificate):
            state = self.kernel.join.slots.get(slot)
            is_known = state is not None and state.confirmed is not None
            if not self.kernel.join.sights.have_passed(slot):
                return  # an open feed may bring it yet
            if slot in dict(self.kernel.join.ledger.wanted):
                return  # it was forgotten just now: the next event opens its job
            if self._is_jumped_over(slot):
                return  # it waits for that link to be final, or servers contradict themselves
            assert certificate.end == SlotEnd.LOST or not queue.is_lost(slot)
            if state is None or not is_known or not self._is_whole(state):
                assert queue.is_open(slot), f"{slot} is open, and nobody recovers it"
        else:
            assert not queue.is_open(slot), "asked for, and closed"

    def _is_jumped_over(self, slot: int) -> bool:
        links = self.parents.items()
        return any(below < slot < above for above, parents in links for below in parents)

    def _is_whole(self, state: SlotState) -> bool:
        return self.kernel.gate.evidence(state, self.now).whole

    def _picked(
        self, questions: list[Question], pick: int, *, again: bool = False
    ) -> Question | None:
        if not questions:
            return None
        question = questions[pick % len(questions)]
        if not again:
            questions.remove(question)
        return question


def _pubkey(account: str) -> bytes:
    return account.encode().ljust(32, b"\0")


def _state(slot: int, account: str) -> Row:
    key = _pubkey(account) + b"!" + b"h" * 16
    return (Kind.ACCOUNT, slot, key, EVERYONE, 0, 5, b"state")


TestRepair = RepairMachine.TestCase
# The same examples each time: `scripts/soak machine` draws new ones.
TestRepair.settings = settings(max_examples=EXAMPLES, stateful_step_count=STEPS, derandomize=True)
