"""A set of slot numbers kept as bits, so that whole ranges, and every second slot of one, cost next to nothing."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Final

_SHIFT: Final = 12
_WIDTH: Final = 1 << _SHIFT
"""Slots a block: wide enough for few blocks, narrow enough for cheap operations on one."""
_FULL: Final = (1 << _WIDTH) - 1


class SlotSet:
    """Numbers from 0 up. A range takes as long as the blocks it touches, one number about a microsecond."""

    __slots__ = ("_blocks", "_count", "_order")

    def __init__(self) -> None:
        self._blocks: dict[int, int] = {}
        self._order: list[int] = []
        self._count = 0

    def __contains__(self, number: int) -> bool:
        return bool(self._blocks.get(number >> _SHIFT, 0) >> (number & (_WIDTH - 1)) & 1)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        for first, end in self.runs():
            yield from range(first, end)

    def add(self, first: int, end: int) -> None:
        """Put the numbers first..end-1 in."""
        if first >= end:
            return
        for number in range(first >> _SHIFT, ((end - 1) >> _SHIFT) + 1):
            before = self._blocks.get(number)
            if before is None:
                insort(self._order, number)
                before = 0
            after = before | _mask(number, first, end)
            self._blocks[number] = after
            self._count += after.bit_count() - before.bit_count()

    def discard(self, first: int, end: int) -> None:
        """Take the numbers first..end-1 out, where they are in."""
        if first >= end:
            return
        lowest, last = first >> _SHIFT, (end - 1) >> _SHIFT
        if lowest == last:
            touched = [lowest] if lowest in self._blocks else []
        else:
            low = bisect_left(self._order, lowest)
            touched = self._order[low : bisect_right(self._order, last, low)]
        for number in touched:
            before = self._blocks[number]
            after = before & ~_mask(number, first, end)
            self._count += after.bit_count() - before.bit_count()
            if after:
                self._blocks[number] = after
            else:
                del self._blocks[number]
                del self._order[bisect_left(self._order, number)]

    def at_or_after(self, number: int) -> int | None:
        """The lowest number in the set that is not below this one."""
        block, offset = number >> _SHIFT, number & (_WIDTH - 1)
        for at in range(bisect_left(self._order, block), len(self._order)):
            found = self._order[at]
            bits = self._blocks[found]
            if found == block:
                bits = bits >> offset << offset
            if bits:
                return (found << _SHIFT) + (bits & -bits).bit_length() - 1
        return None

    def before(self, number: int) -> int | None:
        """The highest number in the set that is below this one."""
        block, offset = number >> _SHIFT, number & (_WIDTH - 1)
        for at in range(bisect_right(self._order, block) - 1, -1, -1):
            found = self._order[at]
            bits = self._blocks[found]
            if found == block:
                bits &= (1 << offset) - 1
            if bits:
                return (found << _SHIFT) + bits.bit_length() - 1
        return None

    def first_absent(self, number: int) -> int:
        """The lowest number that is not in the set, nor below this one."""
        block, offset = number >> _SHIFT, number & (_WIDTH - 1)
        bits = self._blocks.get(block, 0) | ((1 << offset) - 1)
        while bits == _FULL:
            block += 1
            bits = self._blocks.get(block, 0)
        return (block << _SHIFT) + (~bits & (bits + 1)).bit_length() - 1

    def runs(self, first: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
        """The unbroken ranges of what is in, from `first` up and below `end`. The set may change meanwhile behind them."""
        begin = self.at_or_after(first)
        while begin is not None and (end is None or begin < end):
            past = self.first_absent(begin)
            yield begin, past if end is None else min(past, end)
            begin = self.at_or_after(past)


def _mask(block: int, first: int, end: int) -> int:
    """The bits of first..end-1 in this block, which the range touches."""
    begin = block << _SHIFT
    low = first - begin if first > begin else 0
    high = end - begin if end < begin + _WIDTH else _WIDTH
    return (1 << high) - (1 << low)
