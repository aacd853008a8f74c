"""Bytes of answers that may be in memory at once, however many calls there are.

A call holds what its answer is expected to take before it is sent, then what it took, until it is read. Requests are no
measure: blocks go from some kilobytes to many megabytes.
"""

from collections import deque
from types import TracebackType
from typing import Final

import anyio

MOST_BYTES: Final = 64 * 1024 * 1024
"""Fifty gzipped blocks of 2025, or nine that come plain (BACKFILL 1)."""


class Allowance:
    """Shared by all RPCs; first come, first served."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._held = 0
        self._waiting: deque[tuple[anyio.Event, int]] = deque()

    @property
    def held(self) -> int:
        """Bytes that are held now."""
        return self._held

    def hold(self, size: int) -> "Hold":
        """To be entered before a call; waits until so many bytes are free, or none is held at all."""
        return Hold(self, size)

    async def take(self, size: int) -> None:
        """As `hold`, for `Hold` alone."""
        if not self._waiting and self._fits(size):
            self._held += size
            return
        turn = (anyio.Event(), size)
        self._waiting.append(turn)
        is_ours = False
        try:
            await turn[0].wait()
            is_ours = True
        finally:
            if not is_ours and turn[0].is_set():
                self.change(-size)
            elif not is_ours:
                self._waiting.remove(turn)

    def change(self, by: int) -> None:
        """More or fewer bytes are held; for `Hold` alone."""
        self._held += by
        while self._waiting and self._fits(self._waiting[0][1]):
            turn, size = self._waiting.popleft()
            self._held += size
            turn.set()

    def _fits(self, size: int) -> bool:
        return self._held == 0 or self._held + size <= self._most


class Hold:
    """What one call holds; an async context."""

    def __init__(self, allowance: Allowance, size: int) -> None:
        self._allowance = allowance
        self._size = size

    async def __aenter__(self) -> "Hold":
        await self._allowance.take(self._size)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._allowance.change(-self._size)

    def resize(self, size: int) -> None:
        """It turned out to be so many bytes."""
        self._allowance.change(size - self._size)
        self._size = size
