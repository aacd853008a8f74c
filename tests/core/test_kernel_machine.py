"""The kernel under anything that feeds may do, in any order: what must hold after every single step.

The chain here is small on purpose, so that feeds meet in the same slots: two blocks a slot, three transactions,
parents that skip or fork, statuses in any order.
"""

from collections.abc import Sequence

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import Command, OpenFeed, Release, Released
from monitor.core.endings import Ending, EndReason
from monitor.core.events import (
    FeedEnded,
    FeedOpened,
    FramesArrived,
    ReadingResumed,
    Row,
    Started,
)
from monitor.core.kernel import Kernel, Policy
from monitor.core.monitors import (
    AccountsFilter,
    BlocksMetaFilter,
    Monitor,
    SlotsFilter,
    TransactionsFilter,
)
from tests.core import play

MONITORS = [
    Monitor(
        level.name.lower(),
        commitment=level,
        transactions=TransactionsFilter(),
        accounts=AccountsFilter(),
        slots=SlotsFilter(interslot_updates=True),
        blocks_meta=BlocksMetaFilter(),
    )
    for level in Commitment
]
EVERYONE = 0b111
ENDPOINTS = 3

FEED = st.integers(0, ENDPOINTS - 1)
SLOT = st.one_of(st.integers(1, 6), st.integers(1, 6), st.sampled_from([40, 140]))
BLOCK = st.sampled_from(["", "'"])
UP = st.sampled_from([1, 1, 1, 2])
ACCOUNT = st.sampled_from(["x", "y"])


class KernelMachine(RuleBasedStateMachine):
    """Several feeds that lie, break and repeat themselves, and a clock that stands still or leaps."""

    @initialize(start_slot=st.sampled_from([None, None, 3]))
    def starts(self, start_slot: int | None) -> None:
        policy = Policy(Commitment.CONFIRMED, start_slot=start_slot)
        self.kernel = Kernel(MONITORS, ENDPOINTS, policy)
        self.now = 0.0
        self.feeds: dict[int, int] = {}
        """Open feeds: endpoint to number."""
        self.given: list[set[tuple[object, ...]]] = [set(), set(), set()]
        self.told: tuple[set[int], set[int]] = (set(), set())
        """Slots said confirmed (or more), and finalized."""
        self.parents: dict[int, set[int]] = {}
        self._do(self.kernel.handle(Started(), self.now))
        assert set(self.feeds) == set(range(ENDPOINTS))

    @rule(endpoint=FEED)
    def opens(self, endpoint: int) -> None:
        if endpoint in self.feeds:
            self._do(self.kernel.handle(FeedOpened(self.feeds[endpoint]), self.now))

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
            ending = Ending(reason, "CODE", "text", floor)
            self._do(self.kernel.handle(FeedEnded(feed, ending, jitter), self.now))

    @rule(endpoint=FEED, slot=SLOT, hidden=st.booleans())
    def creates_bank(self, endpoint: int, slot: int, hidden: bool) -> None:
        what = SlotStatus.CREATED_BANK
        self._says(endpoint, play.status(slot, what, slot - 1, generation=int(hidden)))

    @rule(endpoint=FEED, slot=SLOT, indexes=st.lists(st.integers(0, 2), min_size=1, max_size=3))
    def brings_transactions(self, endpoint: int, slot: int, indexes: Sequence[int]) -> None:
        self._says(endpoint, *(play.tx(slot, index, mask=EVERYONE) for index in indexes))

    @rule(endpoint=FEED, slot=SLOT, account=ACCOUNT, by=st.sampled_from("tu"), at=st.integers(0, 3))
    def brings_a_write(self, endpoint: int, slot: int, account: str, by: str, at: int) -> None:
        self._says(endpoint, play.write(slot, account, by, at, mask=EVERYONE))

    @rule(endpoint=FEED, slot=SLOT, block=BLOCK, up=UP, parent=BLOCK)
    def brings_meta(self, endpoint: int, slot: int, block: str, up: int, parent: str) -> None:
        self._says(endpoint, self._meta(slot, block, up, parent, 2))

    @rule(endpoint=FEED, slot=SLOT, block=BLOCK, up=UP, confirmed=st.booleans())
    def brings_a_whole_slot(
        self, endpoint: int, slot: int, block: str, up: int, confirmed: bool
    ) -> None:
        rows = [
            play.created(slot),
            play.tx(slot, 0, mask=EVERYONE),
            play.tx(slot, 1, mask=EVERYONE),
            play.write(slot, "x", "t", 1, mask=EVERYONE),
            self._meta(slot, block, up, "", 2),
            play.processed(slot),
        ]
        if confirmed:
            rows.append(play.confirmed(slot))
        self._says(endpoint, *rows)

    @rule(endpoint=FEED, slot=SLOT, what=st.sampled_from(SlotStatus))
    def says_a_status(self, endpoint: int, slot: int, what: SlotStatus) -> None:
        self._says(endpoint, play.status(slot, what, slot - 1))

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.3, 2.0, 16.0, 3600.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self._do(self.kernel.tick(self.now))
        deadline = self.kernel.next_deadline()
        assert deadline is None or deadline > self.now, "a deadline that does not move would spin"

    @rule()
    def time_passes_to_the_deadline(self) -> None:
        deadline = self.kernel.next_deadline()
        if deadline is not None:
            self.time_passes(max(0.0, deadline - self.now))

    def _meta(self, slot: int, block: str, up: int, parent: str, transactions: int) -> Row:
        return play.meta(
            slot,
            f"B{slot}{block}",
            max(0, slot - up),
            f"B{max(0, slot - up)}{parent}",
            transactions,
            mask=EVERYONE,
        )

    def _says(self, endpoint: int, *rows: Row) -> None:
        feed = self.feeds.get(endpoint)
        if feed is None:
            return
        for row in rows:
            if row[0] == Kind.BLOCK_META:
                self.parents.setdefault(row[1], set()).add(row[4][0])
            if row[0] == Kind.SLOT and row[2] in (Commitment.CONFIRMED, Commitment.FINALIZED):
                self.told[0].add(row[1])
                if row[2] == Commitment.FINALIZED:
                    self.told[1].add(row[1])
        self._do(self.kernel.handle(FramesArrived(feed, list(rows)), self.now))

    def _do(self, commands: Sequence[Command]) -> None:
        for command in commands:
            if isinstance(command, OpenFeed):
                assert command.endpoint not in self.feeds, "a second feed to one endpoint"
                self.feeds[command.endpoint] = command.feed
            if isinstance(command, Release):
                for released in command.released:
                    self._gets(command.commitment, released)
        self.kernel.check()

    def _gets(self, level: Commitment, released: Released) -> None:
        mask, row = released[0], released[5]
        note(f"{level.name} {mask:03b} {row[:3]}")
        assert mask == 1 << level, "each monitor is served at its own level alone"
        event = (row[0], row[1], row[2])
        assert event not in self.given[level], "handed on twice"
        self.given[level].add(event)
        if level == Commitment.PROCESSED:
            return
        if row[0] == Kind.SLOT and row[4][2] is True:
            return  # observed statuses wait for no level
        assert row[1] in self._ancestry(self.told[level - 1]), "handed on before its level"

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


TestKernel = KernelMachine.TestCase
