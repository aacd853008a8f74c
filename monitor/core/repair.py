"""Gets back what the streams lost: says which slots are wanted, has them asked for, and judges what comes.

How this works. A slot is wanted when it is known to hold a confirmed block that we do not hold whole and no open feed
can bring the rest, or when nobody knows what lies between such a block and the last known one below it. The queue says
which rung is asked when. What a rung brings goes through the join like everything else, so a job ends when the ledger's
own evidence is in, and never because a source says so. A block of an unknown slot is proven by the parent link of the
block above it: the chain is walked downwards, and blocks below are fetched ahead of their proof.

The first rung, other feeds, needs no job: as long as one of them may still bring the slot it is not wanted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from monitor.core.audits import Audits
from monitor.core.chain import Kind
from monitor.core.commands import Command, KeepJobs
from monitor.core.deadlines import earliest
from monitor.core.endings import Ending
from monitor.core.errands import Errands
from monitor.core.events import BlockFetched, FetchFailed, FetchPaced, Row, SignedOff
from monitor.core.evidence import judge
from monitor.core.jobs import Job, JobState
from monitor.core.join import Join
from monitor.core.missed_gap import MissedGap
from monitor.core.progress import Progress
from monitor.core.reconciling import Reconciling
from monitor.core.recovery import RecoveryQueue
from monitor.core.recovery_terms import Failure, Lease, Terms
from monitor.core.replays import Replays
from monitor.core.rpc_blocks import RpcBlocks
from monitor.core.rungs import Rung, Verdict
from monitor.core.sign_offs import SignOffs
from monitor.core.slots import SlotState
from monitor.core.under_holes import UnderHoles
from monitor.core.unproven import Unproven

LEASE_SECONDS: Final = {Rung.RPC: 90.0, Rung.ARCHIVE: 90.0}
"""So long after all calls have gone an answer is not waited for any more. An archive, which other rungs ask as a witness,
takes up to a minute; then its block is read. A guess. A replay has a patience of its own."""
NO_ROOM_PAUSE: Final = 5.0
"""Seconds until a block is asked for again that found no room among those that wait for their proof. Guessed."""
BLOCKS_A_TURN: Final = 4
"""Proven blocks that are taken before live rows have their turn again. Guessed."""


@dataclass(frozen=True, slots=True)
class RecoveryPolicy:
    """What the user decided about recovery, and what there is to recover from."""

    rungs: tuple[Rung, ...] = ()
    """In the order of the ladder; none: what is missing stays partial."""
    workers: Mapping[Rung, int] = field(default_factory=dict)
    """How much may be asked of a rung at a time."""
    attempts: int = 3
    """On each rung, before the next one is asked."""
    passes_lost: bool = False
    """Lost slots do not hold back the frontier."""
    reads_accounts: bool = False
    """There are RPCs, and monitors that name accounts by pubkey."""
    max_catchup: int = 100_000
    """Slots that a start may have to catch up with."""
    on_exceeded: str = "refuse"
    """What to do about more: `refuse`, `skip` or `catch_up`."""
    jobs: tuple[Job, ...] = ()
    """Of the process before this one."""


class Repair:
    """Everything between a slot that is missing and its proof."""

    def __init__(self, join: Join, replays: Replays, policy: RecoveryPolicy) -> None:
        self.policy = policy
        self.replays = replays
        terms = Terms(
            policy.rungs or (Rung.RPC,),
            policy.workers,
            lease_seconds=LEASE_SECONDS,
            attempts=policy.attempts,
        )
        self.queue = RecoveryQueue(terms)
        self.unproven = Unproven(terms.proof_seconds)
        """Blocks that came before the parent link that proves them."""
        self.under_holes = UnderHoles(join, self.queue, self.unproven)
        self.reconciling = Reconciling(join, self._fail, is_on=policy.reads_accounts)
        self.progress = Progress()
        self.sign_offs = SignOffs(join, self.queue, self.progress)
        self.errands = Errands(join, self.queue, replays, self._fail)
        self._join = join
        self.blocks = RpcBlocks(join)
        self._audits = Audits(join, self.blocks, is_on=Rung.RPC in policy.rungs)
        self._passed_over: list[SlotState] = []
        self._has_more = False
        """Blocks wait that could be taken at once."""
        self.missed_gap = MissedGap(join, self.progress, policy.max_catchup, policy.on_exceeded)

    def start(
        self, resume_slot: int | None, still_open: Sequence[tuple[int, int]], now: float
    ) -> None:
        """Go on where the process before was: it left us `still_open`, and all from `resume_slot` on."""
        if not self.policy.rungs:
            return
        self.missed_gap.begin_at(resume_slot)
        self.reconciling.resumes = self._join.floor is not None
        self.queue.restore(self.policy.jobs, now)
        for first, end in still_open:
            self.queue.open(first, end, now, is_unknown=True)
        for job in self.policy.jobs:
            if job.state is JobState.LOST and self.policy.passes_lost:
                self._join.ledger.pass_by(job.first, job.end)

    def work(self, now: float) -> Iterator[Command]:
        """What is to be done after the events so far: mostly nothing, so few parts are even begun."""
        join = self._join
        if self.missed_gap.is_open:
            yield from self.missed_gap.weigh(now)
        self.sign_offs.prove(now)
        if join.links or join.ledger.ended:
            self._close_proven(now)
        if not self.policy.rungs:
            join.ledger.wanted.clear()
            join.gate.passed_over.clear()
            return
        wanted, join.ledger.wanted = join.ledger.wanted, []
        for slot, is_named in wanted:
            if join.ledger.first_open(slot) > slot:
                continue  # it was closed meanwhile
            if self._is_held(slot, now):  # it may yet be dropped for want of memory
                self._passed_over.append(join.slots[slot])
            else:
                self.queue.open(slot, slot + 1, now, is_unknown=not is_named)
        self.under_holes.place(now)
        self._look_at_all(now)
        if self._audits.has_work:
            yield from self._audits.begin(now)
        yield from self._errands(now)
        yield from self.reconciling.work(now)

    def _errands(self, now: float) -> Iterator[Command]:
        """What is to be stored, and then what is to be asked for."""
        if self.errands.is_asking:
            yield from self.errands.cancel()
        asked: list[Command] = []
        if self.queue or self.errands.is_due:
            self.queue.fetch_ahead(is_wanted=not self.unproven.is_full)
            asked += self.errands.begin(now)
        changes = self.queue.changes()
        if changes:
            yield KeepJobs(changes)
        yield from asked

    def tick(self, now: float) -> Iterator[Command]:
        """What time alone brings about."""
        for block in self.unproven.drop_old(now):
            if self.under_holes.is_under_one(block.slot):
                lease = Lease(block.rung, block.slot, block.slot + 1)
                self._fail(lease, Failure(Verdict.CANNOT), now)
        freed, lost = self.queue.expire(now)
        self._join.ledger.forgotten.busy.difference_update(freed)
        self._lose(lost)
        yield from self.replays.tick(now)

    def next_deadline(self) -> float | None:
        """When `tick` and `work` have something to do, or None."""
        if self._has_more or self.errands.is_due:
            return 0.0
        return earliest(
            self.queue.next_deadline(),
            self._audits.next_deadline(),
            self.reconciling.next_deadline(),
            self.replays.next_deadline(),
        )

    def fetched(self, event: BlockFetched, now: float) -> None:
        """RPCs told a block."""
        slot = event.slot
        self.errands.answered(event)
        self._tell_dissent(slot, event.dissent)
        if not self.queue.is_open(slot):
            self._audits.fetched(event, now)
            return
        self._audits.drop(slot)
        state = self._join.slots.get(slot)
        if state is not None and state.confirmed is not None:
            self._take(state, event, now)
        elif self.unproven.keep(event, now):
            self.queue.fetched(slot, now)
            self.under_holes.may_place = True
        else:
            self.queue.give_back(slot, now + NO_ROOM_PAUSE)
            self._join.ledger.forgotten.busy.discard(slot)

    def _take(self, state: SlotState, event: BlockFetched, now: float) -> None:
        if self.blocks.is_refused(state, event):
            lease = Lease(event.rung, event.slot, event.slot + 1)
            self._fail(lease, Failure(Verdict.DISAGREED), now)
            return
        self.blocks.take(state, event, now)
        if event.slot in self._join.slots:
            self._judge(state, event.rung, now)

    def failed(self, event: FetchFailed, now: float) -> None:
        """No RPC told the block."""
        self.errands.answered(event)
        self._tell_dissent(event.slot, event.dissent)
        if not self.queue.is_open(event.slot):
            self._audits.failed(event, now)
            return
        lease = Lease(event.rung, event.slot, event.slot + 1)
        self._fail(lease, Failure(event.verdict, event.jitter, event.retry_after), now)

    def paced(self, event: FetchPaced, now: float) -> None:
        """Calls went, or one waits for its turn."""
        self._audits.paced(event, now)
        lease = Lease(event.rung, event.slot, event.slot + 1)
        if event.is_waiting:
            self.queue.held_up(lease, now)
        else:
            self.queue.asked(lease, now)

    def replayed(self, slot: int) -> None:
        """A replay for recovery brought this slot."""
        state = self._join.slots.get(slot)
        if state is not None and self.queue.is_open(slot):
            state.recovered_by = Rung.REPLAY

    def heard(self, feed: int, rows: Sequence[Row]) -> None:
        """A feed told these rows."""
        if feed not in self.replays.by_feed:
            self.missed_gap.heard(rows)

    def feed_ended(self, feed: int, ending: Ending, jitter: float, now: float) -> None:
        """If the feed was a replay for recovery: what it did not bring is asked for elsewhere."""
        replay = self.replays.ended(feed, ending)
        if replay is None:
            return
        for slot in range(replay.first, replay.end):
            state = self._join.slots.get(slot)
            if state is not None and state.confirmed is not None and self.queue.is_open(slot):
                if self._join.gate.evidence(state, now).whole:
                    self._done(slot, now)
        floor = self.replays.left_from(replay)
        for lease, failure in replay.failures(ending, floor, jitter):
            self._fail(lease, failure, now)

    def excuse(self, paused: float) -> None:
        """Nothing was read for so many seconds: answers that came meanwhile are not late."""
        self.queue.excuse(paused)
        self.replays.excuse(paused)

    def sign_off(self, event: SignedOff) -> None:
        """A person gave up a lost slot."""
        if self.sign_offs.take(event):
            self.under_holes.may_place = True

    def _close_proven(self, now: float) -> None:
        """Jobs end with their slots; nothing lies where the chain has jumped."""
        join = self._join
        links, join.links = join.links, []
        ended, join.ledger.ended = join.ledger.ended, []
        for first, end in links:
            self.queue.close_range(first, end)
            busy = join.ledger.forgotten.busy  # few, and the range may be of millions
            busy.difference_update([slot for slot in busy if first <= slot < end])
            self.unproven.drop(first, end)
        for slot in ended:
            self._done(slot, now)
            self.under_holes.may_place = True

    def _done(self, slot: int, now: float) -> None:
        self.unproven.take(slot)
        if slot not in self._join.slots:
            # Else it waits for its finality, with all that was brought.
            self._join.ledger.forgotten.busy.discard(slot)
        closed = self.queue.close(slot)
        if closed is not None:
            self.progress.repaired(closed, now)

    def _is_held(self, slot: int, now: float) -> bool:
        """Whether nothing of the slot is missing but the proof that it is final."""
        state = self._join.slots.get(slot)
        known = state is not None and state.confirmed is not None
        return state is not None and known and self._join.gate.evidence(state, now).whole

    def _look_at_all(self, now: float) -> None:
        """The link of a block that is taken may prove the next one below; some of them a turn, the rest soon."""
        self._has_more = False
        for _ in range(BLOCKS_A_TURN):
            if not any([self._look(state, now) for state in self._incomplete()]):
                return
            self._close_proven(now)
        self._has_more = True

    def _incomplete(self) -> list[SlotState]:
        """Confirmed slots that were not released, or were without all of it and are not asked for yet."""
        gate = self._join.gate
        if gate.passed_over or self._passed_over:
            passed, gate.passed_over = gate.passed_over, []
            self._passed_over += passed
            self._passed_over = [
                state
                for state in self._passed_over
                if self._join.slots.get(state.number) is state
                and not self.queue.is_open(state.number)
            ]
        return gate.waiting() + self._passed_over

    def _look(self, state: SlotState, now: float) -> bool:
        """A confirmed slot waits: is anything of it to be recovered? True when a block was taken."""
        join, number = self._join, state.number
        is_open = self.queue.is_open(number)
        if join.gate.evidence(state, now).whole:
            if is_open:
                self._done(number, now)
            return False
        if is_open:
            self.queue.open(number, number + 1, now)  # it is known to hold a block from now on
            block = self.unproven.take(number)
            if block is not None:
                self._take(state, block, now)
            return block is not None
        kept_from = join.ledger.kept_from
        is_awaited = kept_from is not None and number >= kept_from
        is_awaited = is_awaited or state.evidence is None  # more may come after its BlockMeta
        if is_awaited or not join.sights.have_passed(number):
            return False
        self.queue.open(number, number + 1, now)
        if state.confirmed not in state.metas:
            for first, end in join.ledger.unknown_below(number):
                self.queue.open(first, end, now, is_unknown=True)
        return False

    def _judge(self, state: SlotState, rung: Rung, now: float) -> None:
        """A block of this slot was taken: does it prove the slot?"""
        slot, gate = state.number, self._join.gate
        assert state.confirmed is not None
        if gate.evidence(state, now).whole:
            self._done(slot, now)
            return
        needs = gate.terms.needs
        but_accounts = replace(needs, covered=tuple(k for k in needs.covered if k != Kind.ACCOUNT))
        covers = state.cover_bits(state.confirmed)
        found = judge(state, state.confirmed, but_accounts, covers=covers, wanted=1)
        if found.whole and self.reconciling.is_on:
            self.queue.fetched(slot, now)
            self.reconciling.want(slot, rung)
        else:
            self._fail(Lease(rung, slot, slot + 1), Failure(Verdict.CANNOT), now)

    def _fail(self, lease: Lease, failure: Failure, now: float) -> None:
        for slot in range(lease.first, lease.end):
            if self.queue.is_open(slot) and self._is_held(slot, now):
                self._done(slot, now)  # whoever brought it
        self._lose(self.queue.failed(lease, failure, now))
        idle = [slot for slot in range(lease.first, lease.end) if self._is_idle(slot)]
        self._join.ledger.forgotten.busy.difference_update(idle)

    def _is_idle(self, slot: int) -> bool:
        """Whether no rung works on the slot, nor does it wait for its proof or its finality with all that was brought."""
        if self.queue.is_open(slot):
            return not self.queue.is_worked_on(slot)
        return slot not in self._join.slots

    def _lose(self, slots: list[int]) -> None:
        self.under_holes.may_place = True
        for lost in slots:
            self.progress.lost += 1
            self._join.ledger.lose(lost)
            if self.policy.passes_lost:
                self._join.ledger.pass_by(lost, lost + 1)
            self._report("critical", "a slot is lost: no rung of recovery brought it", lost)

    def _tell_dissent(self, slot: int, dissent: tuple[int, ...]) -> None:
        if dissent:
            self._report("critical", "RPCs disagree about a block", slot, origins=list(dissent))

    def _report(self, level: str, sentence: str, slot: int, **facts: object) -> None:
        self._join.gate.report(level, sentence, slot=slot, **facts)
