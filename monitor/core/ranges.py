"""A set of slot numbers kept as ranges, so that hours of closed slots cost as much as one."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator


class Ranges:
    """Disjoint ranges [first, end), ascending, none touching the next."""

    __slots__ = ("_ends", "_firsts")

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._ends: list[int] = []

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number < self._ends[at]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._firsts, self._ends, strict=True)

    def __len__(self) -> int:
        """How many ranges there are, not how many numbers."""
        return len(self._firsts)

    def add(self, first: int, end: int) -> None:
        """Put [first, end) in; nothing when it is empty."""
        if first >= end:
            return
        low = bisect_left(self._ends, first)  # the first range that ends at or behind ours begins
        high = bisect_right(self._firsts, end)  # the first one that begins behind our end
        if low < high:
            first = min(first, self._firsts[low])
            end = max(end, self._ends[high - 1])
        self._firsts[low:high] = [first]
        self._ends[low:high] = [end]

    def remove(self, first: int, end: int) -> None:
        """Take [first, end) out, as far as it is in."""
        if first >= end:
            return
        low = bisect_right(self._ends, first)  # the first range that reaches behind our beginning
        high = bisect_left(self._firsts, end)  # the first one that begins at or behind our end
        kept = []
        if low < high:
            kept = [(self._firsts[low], first), (end, self._ends[high - 1])]
            kept = [(begin, stop) for begin, stop in kept if begin < stop]
        self._firsts[low:high] = [begin for begin, _ in kept]
        self._ends[low:high] = [stop for _, stop in kept]

    def between(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """What of [first, end) is in, as ranges."""
        at = bisect_right(self._ends, first)
        while at < len(self._firsts) and self._firsts[at] < end:
            yield max(first, self._firsts[at]), min(end, self._ends[at])
            at += 1

    def gaps(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """What of [first, end) is not in, as ranges."""
        for begin, stop in self.between(first, end):
            if first < begin:
                yield first, begin
            first = stop
        if first < end:
            yield first, end

    def first_absent(self, number: int) -> int:
        """The lowest number from `number` on that is not in."""
        at = bisect_right(self._firsts, number) - 1
        return self._ends[at] if at >= 0 and number < self._ends[at] else number

    def absent(self, first: int, end: int) -> Iterator[int]:
        """The numbers from `first` on and below `end` that are not in, ascending."""
        number = self.first_absent(first)
        while number < end:
            yield number
            number = self.first_absent(number + 1)
