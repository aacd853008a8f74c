"""The kernel under anything that feeds may do, in any order: what must hold after every single step.

The chain here is small on purpose, so that feeds meet in the same slots: two possible blocks a slot with a
transaction in common, parents that skip or fork, gaps, statuses in any order. A bank holds rows of one block alone, as
on any server; all else may be missing, repeated, too early, too late or untrue.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from monitor.core.certificates import CLOSED, Certificate, SlotEnd
from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import (
    AmendFeed,
    Certify,
    CloseFeed,
    Command,
    OpenFeed,
    Release,
    Released,
    Settled,
)
from monitor.core.endings import Ending, EndReason
from monitor.core.events import (
    FeedEnded,
    FeedOpened,
    FloorTold,
    FramesArrived,
    ReadingResumed,
    Row,
    Started,
    Wished,
)
from monitor.core.failover import FailoverPolicy, Strategy
from monitor.core.floors import NOTHING_STORED
from monitor.core.kernel import Kernel
from monitor.core.monitors import (
    AccountsFilter,
    BlocksMetaFilter,
    EntryFilter,
    Monitor,
    SlotsFilter,
    TransactionsFilter,
)
from monitor.core.policy import Policy
from monitor.core.quorum import QuorumPolicy
from monitor.core.wishes import Want, Wish
from tests.core import play

BLOCKS = {"": ("t0", "t1"), "'": ("t1", "t0", "u")}
"""The transactions of the two blocks that a slot may have."""
ENDPOINTS = 3
RPCS = 2
STEPS = 40
"""Of each example. Here as many examples as the profile says; `scripts/soak machine` runs 500."""
TURNS = 50
"""Long work is done in so many turns at the most, at one moment of the clock."""
EVERYONE = 0b111

FEED = st.integers(0, ENDPOINTS - 1)
SLOT = st.one_of(st.integers(1, 6), st.integers(1, 6), st.sampled_from([40, 140]))
BLOCK = st.sampled_from(["", "", "", "'"])
UP = st.sampled_from([1, 1, 1, 2, 37])
BROUGHT = st.sampled_from([(0, 1, 2), (0, 1, 2), (0,), (1, 2)])
"""Transactions that a bank brings, of those of its block."""
INDEXES = st.lists(st.integers(0, 2), min_size=1, max_size=3)
POLICIES = st.builds(
    Policy,
    st.just(Commitment.CONFIRMED),
    hold=st.sampled_from([2.0, 2.0, 0.0]),
    start_slot=st.sampled_from([None, None, 3]),
    resume_slot=st.sampled_from([None, None, 3]),
    covers=st.sampled_from([1, 1, 2]),
    held_bytes=st.sampled_from([None, None, 60]),
    can_amend=st.booleans(),
    asks_floors=st.booleans(),
    quorum=st.sampled_from(
        [
            QuorumPolicy(),
            QuorumPolicy(2, 1.0),
            QuorumPolicy(3, 5.0),
            QuorumPolicy(2, is_strict=True),
        ]
    ),
    failover=st.sampled_from(
        [
            None,
            None,
            FailoverPolicy(hot=2),
            FailoverPolicy(Strategy.STANDBY),
            FailoverPolicy(Strategy.SPREAD, hot=3, units=(0b111,)),
        ]
    ),
)


def monitors(*, accounts: bool, entries: bool) -> list[Monitor]:
    """One at each level: all transactions, all slot statuses, and what else is told."""
    return [
        Monitor(
            level.name.lower(),
            commitment=level,
            transactions=TransactionsFilter(),
            accounts=AccountsFilter() if accounts else None,
            entry=EntryFilter() if entries else None,
            slots=SlotsFilter(interslot_updates=True),
            blocks_meta=BlocksMetaFilter(),
        )
        for level in Commitment
    ]


class KernelMachine(RuleBasedStateMachine):
    """Several feeds that err, break and repeat themselves, and a clock that stands still or leaps."""

    @initialize(policy=POLICIES, accounts=st.booleans(), entries=st.booleans())
    def starts(self, policy: Policy, accounts: bool, entries: bool) -> None:
        self.takes_accounts, self.takes_entries = accounts, entries
        self.now = 0.0
        self.feeds: dict[int, int] = {}
        """Open feeds: endpoint to number."""
        self.closed: set[int] = set()
        """Feeds that the kernel has closed."""
        self.generations: dict[int, int] = {}
        """By feed, that of the last request."""
        self.banks: dict[tuple[int, int], str] = {}
        """(endpoint, slot) to the block whose bank the feed is in."""
        self.given: list[dict[int, set[tuple[int, object]]]] = [{}, {}, {}]
        """By level and slot: kinds and ids of the version that stands, but for observed statuses."""
        self.observed: list[set[tuple[int, object]]] = [set(), set(), set()]
        self.again: list[dict[int, set[tuple[int, object]]]] = [{}, {}, {}]
        """Of these, what was given before a restart and may be given again, once."""
        self.undone: list[Counter[int]] = [Counter(), Counter(), Counter()]
        self.said: dict[int, set[bytes]] = {}
        """By slot: keys of all transactions that any feed brought."""
        self.told: tuple[set[int], set[int]] = (set(), set())
        """Slots said confirmed (or more), and finalized."""
        self.parents: dict[int, set[int]] = {}
        self.certificates: dict[int, Certificate] = {}
        self.settled = -1
        self._begins(policy)

    @rule(endpoint=FEED)
    def opens(self, endpoint: int) -> None:
        if endpoint in self.feeds:
            self._do(self.kernel.handle(FeedOpened(self.feeds[endpoint]), self.now))

    @rule(
        endpoint=FEED,
        first=st.sampled_from([None, 1, 3, 50, NOTHING_STORED]),
        has_replay=st.sampled_from([True, True, False]),
    )
    def tells_a_floor(self, endpoint: int, first: int | None, has_replay: bool) -> None:
        self._do(self.kernel.handle(FloorTold(endpoint, first, has_replay), self.now))

    @rule(endpoint=FEED, want=st.sampled_from([Want.DRAIN, Want.PROMOTE, Want.PROMOTE]))
    def wishes(self, endpoint: int, want: Want) -> None:
        self._do(self.kernel.handle(Wished(Wish(want, endpoint)), self.now))

    @rule(paused=st.floats(0, 60))
    def resumes_reading(self, paused: float) -> None:
        self.now += paused
        self._do(self.kernel.handle(ReadingResumed(paused), self.now))

    @rule(
        endpoint=FEED,
        reason=st.sampled_from(EndReason),
        floor=st.sampled_from([None, 1, 3, 50]),
        jitter=st.floats(0, 1, exclude_max=True),
    )
    def ends(self, endpoint: int, reason: EndReason, floor: int | None, jitter: float) -> None:
        feed = self.feeds.pop(endpoint, None)
        if feed is not None:
            self.banks = {at: block for at, block in self.banks.items() if at[0] != endpoint}
            ending = Ending(reason, "CODE", "text", floor)
            self._do(self.kernel.handle(FeedEnded(feed, ending, jitter), self.now))

    @rule(endpoint=FEED, slot=SLOT, block=BLOCK, hidden=st.booleans())
    def creates_bank(self, endpoint: int, slot: int, block: str, hidden: bool) -> None:
        self._says(endpoint, self._created(endpoint, slot, block, hidden=hidden))

    @rule(endpoint=FEED, slot=SLOT, block=BLOCK, indexes=INDEXES)
    def brings_transactions(
        self, endpoint: int, slot: int, block: str, indexes: Sequence[int]
    ) -> None:
        self._says(endpoint, *self._transactions(endpoint, slot, block, indexes))

    @rule(endpoint=FEED, slot=SLOT, block=BLOCK, index=st.integers(0, 1))
    def brings_an_entry(self, endpoint: int, slot: int, block: str, index: int) -> None:
        if self.takes_entries:
            self._says(endpoint, self._entry(endpoint, slot, block, index))

    @rule(
        endpoint=FEED,
        slot=SLOT,
        account=st.sampled_from("xy"),
        by=st.sampled_from("tu"),
        version=st.integers(0, 3),
    )
    def brings_a_write(self, endpoint: int, slot: int, account: str, by: str, version: int) -> None:
        if self.takes_accounts:
            self._says(endpoint, play.write(slot, account, by, version, mask=EVERYONE))

    @rule(endpoint=FEED, slot=SLOT, block=BLOCK, up=UP, parent=BLOCK, high=st.booleans())
    def brings_meta(
        self, endpoint: int, slot: int, block: str, up: int, parent: str, high: bool
    ) -> None:
        self._says(endpoint, self._meta(endpoint, slot, block, up, parent, high=high))

    @rule(
        endpoint=FEED,
        slot=SLOT,
        block=BLOCK,
        up=UP,
        high=st.booleans(),
        brought=BROUGHT,
        told=st.sampled_from([*Commitment, Commitment.FINALIZED]),
    )
    def brings_a_slot(
        self,
        endpoint: int,
        slot: int,
        block: str,
        up: int,
        high: bool,
        brought: Sequence[int],
        told: Commitment,
    ) -> None:
        self._says(endpoint, *self._slot(endpoint, slot, block, up, brought, told, high=high))

    @rule(
        endpoints=st.sets(FEED, min_size=1),
        slots=st.sets(st.integers(1, 8), min_size=2, max_size=5),
        high=st.booleans(),
        brought=BROUGHT,
        told=st.sampled_from([*Commitment, Commitment.FINALIZED]),
    )
    def brings_a_branch(
        self,
        endpoints: set[int],
        slots: set[int],
        high: bool,
        brought: Sequence[int],
        told: Commitment,
    ) -> None:
        parents = [0, *sorted(slots)]
        for endpoint in sorted(endpoints):
            for parent, slot in pairwise(parents):
                rows = self._slot(endpoint, slot, "", slot - parent, brought, told, high=high)
                self._says(endpoint, *rows)

    @rule(endpoint=FEED, slot=SLOT, what=st.sampled_from(SlotStatus))
    def says_a_status(self, endpoint: int, slot: int, what: SlotStatus) -> None:
        if what == SlotStatus.CREATED_BANK:
            self.creates_bank(endpoint, slot, "", True)
        else:
            self._says(endpoint, play.status(slot, what, slot - 1))

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.3, 2.0, 2.0, 16.0, 3600.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        for _ in range(TURNS):
            self._do(self.kernel.tick(self.now))
            deadline = self.kernel.next_deadline()
            if deadline is None or deadline > self.now:
                return
        raise AssertionError("a deadline that does not move would spin")

    @rule()
    def time_passes_to_the_deadline(self) -> None:
        deadline = self.kernel.next_deadline()
        if deadline is not None:
            self.time_passes(max(0.0, deadline - self.now))

    def _monitors(self) -> list[Monitor]:
        return monitors(accounts=self.takes_accounts, entries=self.takes_entries)

    def _begins(self, policy: Policy) -> None:
        self.kernel = Kernel(self._monitors(), ENDPOINTS, policy, rpcs=RPCS)
        self._do(self.kernel.handle(Started(), self.now))
        assert set(self.feeds) == set(range(ENDPOINTS))

    def _slot(
        self,
        endpoint: int,
        slot: int,
        block: str,
        up: int,
        brought: Sequence[int],
        told: Commitment,
        *,
        high: bool,
    ) -> list[Row]:
        rows = [self._created(endpoint, slot, block, hidden=True)]
        rows += self._transactions(endpoint, slot, block, brought)
        if self.takes_accounts:
            rows.append(play.write(slot, "x", "t", 1, mask=EVERYONE))
        if self.takes_entries:
            rows += [self._entry(endpoint, slot, block, index) for index in (0, 1)]
        rows.append(self._meta(endpoint, slot, block, up, "", high=high))
        return rows + [
            play.status(slot, SlotStatus(level)) for level in Commitment if level <= told
        ]

    def _created(self, endpoint: int, slot: int, block: str, *, hidden: bool) -> Row:
        self.banks[endpoint, slot] = block
        generation = self.generations.get(self.feeds.get(endpoint, 0), 1) if hidden else 0
        return play.status(slot, SlotStatus.CREATED_BANK, slot - 1, generation=generation)

    def _transactions(
        self, endpoint: int, slot: int, block: str, indexes: Sequence[int]
    ) -> list[Row]:
        names = BLOCKS[self.banks.setdefault((endpoint, slot), block)]
        return [
            play.tx(slot, index, names[index], mask=EVERYONE)
            for index in indexes
            if index < len(names)
        ]

    def _entry(self, endpoint: int, slot: int, block: str, index: int) -> Row:
        """The last of the two entries bears the blockhash."""
        name = blockhash_of(slot, self.banks.setdefault((endpoint, slot), block))
        return play.entry(slot, index, mask=EVERYONE, name=name if index else f"first of {name}")

    def _meta(
        self, endpoint: int, slot: int, block: str, up: int, parent: str, *, high: bool
    ) -> Row:
        block = self.banks.setdefault((endpoint, slot), block)
        below = max(0, slot - up)
        return play.meta(
            slot,
            blockhash_of(slot, block),
            below,
            blockhash_of(below, parent),
            len(BLOCKS[block]),
            mask=EVERYONE,
            height=slot if high else None,
        )

    def _says(self, endpoint: int, *rows: Row) -> None:
        feed = self.feeds.get(endpoint)
        if feed is None:
            return
        self._remembers(rows)
        self._do(self.kernel.handle(FramesArrived(feed, list(rows)), self.now))

    def _remembers(self, rows: Sequence[Row]) -> None:
        """What somebody has said can be held against the kernel."""
        for row in rows:
            if row[0] == Kind.TRANSACTION:
                self.said.setdefault(row[1], set()).add(row[2])
            if row[0] == Kind.BLOCK_META:
                self.parents.setdefault(row[1], set()).add(row[4][0])
            if row[0] == Kind.SLOT and row[2] in (Commitment.CONFIRMED, Commitment.FINALIZED):
                self.told[0].add(row[1])
                if row[2] == Commitment.FINALIZED:
                    self.told[1].add(row[1])

    def _do(self, commands: Sequence[Command]) -> None:
        for command in commands:
            match command:
                case OpenFeed(is_replay=False):
                    before = self.feeds.get(command.endpoint)
                    assert before is None or before in self.closed, "a second feed to one endpoint"
                    self.feeds[command.endpoint] = command.feed
                    self.generations[command.feed] = command.generation
                case AmendFeed():
                    self.generations[command.feed] = command.generation
                case CloseFeed():
                    self.closed.add(command.feed)
                case Release():
                    for released in command.released:
                        self._gets(command.commitment, released)
                case Certify():
                    for certificate in command.certificates:
                        self._stores(certificate)
                case Settled():
                    self._settles(command.slot)
                case _:
                    self._is_asked(command)
        self._looks()

    def _is_asked(self, command: Command) -> None:
        """All else that the kernel may want: log lines, and here nothing that needs an answer."""
        note(str(command))

    def _gets(self, level: Commitment, released: Released) -> None:
        mask, row = released[0], released[5]
        kind, slot, key = row[:3]
        name = key[:8].rstrip(b"\0") if isinstance(key, bytes) else key
        note(f"{level.name} {mask:03b} {slot} {Kind(kind).name} {name!r}")
        assert mask == 1 << level, "each monitor is served at its own level alone"
        before = self.certificates.get(slot)
        assert before is None or before.end not in CLOSED, "handed on after its slot was closed"
        if kind == Kind.SLOT and row[4][2] is True:
            assert (slot, key) not in self.observed[level], "observed twice"
            self.observed[level].add((slot, key))
            return  # observed statuses wait for no level, and belong to no version
        given = self.given[level].setdefault(slot, set())
        assert released[3] == self.undone[level][slot], "of another version than stands"
        if kind == Kind.UNDO:
            assert key == self.undone[level][slot]
            assert given, "taken back, and nothing was handed on"
            given.clear()
            self.again[level].pop(slot, None)
            self.undone[level][slot] += 1
            return
        event = (kind, identity_at(level, kind, key))
        again = self.again[level].get(slot, set())
        assert event in again or event not in given, "handed on twice"
        again.discard(event)
        given.add(event)
        if level == Commitment.PROCESSED:
            return
        assert slot in self._ancestry(self.told[level - 1]), "handed on before its level"

    def _stores(self, certificate: Certificate) -> None:
        slot, end = certificate.slot, certificate.end
        note(f"{slot} {end}: {certificate.proof}")
        before = self.certificates.get(slot)
        assert before is None or before.end not in CLOSED, "closed twice"
        if end in (SlotEnd.COMPLETE, SlotEnd.RECOVERED):
            block = (certificate.blockhash or "").removeprefix(f"B{slot}")
            brought = {int.from_bytes(key[64:], "little") for key in self.said[slot]}
            assert brought >= set(range(len(BLOCKS[block]))), "complete, and not all was brought"
            self._has_the_block(slot, block)
        elif end in CLOSED:
            # Where two final blocks contradict each other nothing is known, and nothing taken back.
            stands = slot not in self.told[1] and any(given.get(slot) for given in self.given)
            assert not stands, "off the chain, and not undone"
            speakers = self._ancestry(self.told[1])
            assert any(
                below < slot < above for above in speakers for below in self.parents.get(above, ())
            ), "off the chain, and no finalized block jumps over it"
        self.certificates[slot] = certificate

    def _has_the_block(self, slot: int, block: str) -> None:
        wanted = {play.tx(slot, i, name)[2][:64] for i, name in enumerate(BLOCKS[block])}
        for given in self.given:
            has = {key for kind, key in given[slot] if kind == Kind.TRANSACTION}
            assert has == wanted, "the version that stands is not the block"
            metas = {key for kind, key in given[slot] if kind == Kind.BLOCK_META}
            assert metas == {blockhash_of(slot, block)}
            levels = {key for kind, key in given[slot] if kind == Kind.SLOT}
            assert levels >= {Commitment.PROCESSED, Commitment.CONFIRMED}, "a level was not told"

    def _settles(self, slot: int) -> None:
        assert slot > self.settled, "settled went back"
        self.settled = slot
        floor = self.kernel.join.floor
        assert floor is not None
        assert all(number in self.certificates for number in range(floor, slot + 1))

    def _looks(self) -> None:
        kernel = self.kernel
        kernel.check()
        ends = Counter(certificate.end for certificate in self.certificates.values())
        assert ends == Counter(kernel.tally.slots), "counted otherwise than certified"
        assert kernel.open_slots() == ends[SlotEnd.PARTIAL]
        coverage = kernel.coverage()
        if coverage is not None:
            assert coverage.complete == ends[SlotEnd.COMPLETE]
        proven, confirmed, processed = (
            -1 if slot is None else slot
            for slot in map(kernel.frontier, sorted(Commitment, reverse=True))
        )
        assert proven <= self.settled
        assert proven <= confirmed <= processed

    def _ancestry(self, told: set[int]) -> set[int]:
        """These slots and all that any BlockMeta so far made their ancestors."""
        found: set[int] = set()
        left = list(told)
        while left:
            slot = left.pop()
            if slot not in found:
                found.add(slot)
                left.extend(self.parents.get(slot, ()))
        return found


def blockhash_of(slot: int, block: str) -> str:
    return f"B{slot}{block}"


def identity_at(level: Commitment, kind: int, key: object) -> object:
    """What of a row's key is in the event's id."""
    if not isinstance(key, bytes):
        return key
    if kind == Kind.TRANSACTION:
        return key[:64]
    if kind == Kind.ENTRY:
        return key[32:]
    if kind == Kind.ACCOUNT and level > Commitment.PROCESSED:
        return key[:32]
    return key


TestKernel = KernelMachine.TestCase
TestKernel.settings = settings(stateful_step_count=STEPS)
