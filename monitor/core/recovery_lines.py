"""The slots that wait for a worker of one rung, and whose turn it is."""

from bisect import bisect_left, insort

from monitor.core.recovery_places import Rank
from monitor.core.slot_sets import SlotSet


class Line:
    """Slots by rank. There are few ranks, since age counts in steps of seconds."""

    __slots__ = ("_by_age", "_by_rank", "_shelves", "slots")

    def __init__(self) -> None:
        self.slots = SlotSet()
        """All of them."""
        self._shelves: dict[Rank, SlotSet] = {}
        self._by_rank: list[Rank] = []
        self._by_age: list[tuple[int, Rank]] = []

    def add(self, first: int, end: int, rank: Rank) -> None:
        """These slots wait from now on; they did not before."""
        self.slots.add(first, end)
        shelf = self._shelves.get(rank)
        if shelf is None:
            shelf = self._shelves[rank] = SlotSet()
            insort(self._by_rank, rank)
            insort(self._by_age, (rank[1], rank))
        shelf.add(first, end)

    def discard(self, first: int, end: int, rank: Rank) -> None:
        """These slots, which waited with this rank, wait no longer."""
        self.slots.discard(first, end)
        shelf = self._shelves[rank]
        shelf.discard(first, end)
        if not shelf:
            del self._shelves[rank]
            del self._by_rank[bisect_left(self._by_rank, rank)]
            del self._by_age[bisect_left(self._by_age, (rank[1], rank))]

    def next(self, open_slots: SlotSet, *, is_oldest: bool, named_only: bool = False) -> int | None:
        """The slot whose turn it is, by rank or, where `is_oldest`, by age; None: nobody waits.

        Among equals: the lowest unbroken run of open slots, and of that the highest slot. A block is proven by the
        parent link of the one above, so what is fetched from the top down is proven on arrival, while what is fetched
        from below waits in memory for the whole run. And what the top names as its parent need not be guessed.
        """
        ranks = (rank for _, rank in self._by_age) if is_oldest else iter(self._by_rank)
        rank = next((each for each in ranks if not (named_only and each[0] % 2)), None)
        if rank is None:
            return None
        shelf = self._shelves[rank]
        return shelf.before(open_slots.first_absent(next(iter(shelf))))
