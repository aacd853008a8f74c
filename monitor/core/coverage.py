"""How much of the finalized chain is held: blocks counted by their heights, which grow by one a block (DESIGN 5)."""

from typing import Final

from monitor.core.certificates import Coverage

HEIGHTS_KEPT: Final = 512
"""Closed blocks whose height is remembered, to prove what lies between two blocks. Guessed."""


class BlockCount:
    """The finalized blocks of ours."""

    def __init__(self) -> None:
        self.since = -1
        """Blocks of lower slots do not count: they were left open by a process before, which closed the rest."""
        self._complete = 0
        self._heights: dict[int, int] = {}
        self._has_heights = True
        self._lowest: int | None = None
        self._highest: int | None = None

    def complete(self, slot: int, height: int | None) -> None:
        """This block is held whole. Blocks of old have no height."""
        if slot < self.since:
            return
        self._complete += 1
        if height is None:
            self._has_heights = False
            return
        self._heights[slot] = height
        if len(self._heights) > HEIGHTS_KEPT:
            del self._heights[min(self._heights)]
        self.produced(slot, height)

    def produced(self, slot: int, height: int) -> None:
        """A finalized block of ours has this height, held or not."""
        if slot < self.since:
            return
        self._lowest = height if self._lowest is None else min(self._lowest, height)
        self._highest = height if self._highest is None else max(self._highest, height)

    def height_of(self, slot: int) -> int | None:
        """Of a block that was completed of late, else None."""
        return self._heights.get(slot)

    def coverage(self, missing: int) -> Coverage | None:
        """None before the first block is held. `missing`: blocks known by links and not held, where heights do not count."""
        if not self._complete:
            return None
        if self._has_heights and self._lowest is not None and self._highest is not None:
            return Coverage(self._complete, self._highest - self._lowest + 1, by_height=True)
        return Coverage(self._complete, self._complete + missing, by_height=False)
