"""How reading threads wake the loop: seldom, and never twice for one look.

A wake-up from another thread costs more than reading the message that caused it (SPEED 2). So a thread wakes the loop
only when it sleeps without a plan (`armed` is False), and while messages come fast the loop sleeps with a plan:
it looks again after about a millisecond by itself, and nobody wakes it.

How fast is fast: delivered one by one, 5,000 messages a second reach the loop in 0.13 ms at the median for half a core;
planned, in 0.8 ms for a third (this daemon, measured by `scripts/bench ingest`), and from there on the wake-ups are most
of the cost. What counts is the rate over some milliseconds; the size of one take, which a single hiccup makes large,
turned to planned sleeps far too early.
"""

import asyncio
from collections.abc import Callable
from typing import Final

PLANNED_SLEEP: Final = 0.001
"""Seconds between two looks while messages come fast; also the finest that uvloop's timers can do."""
BUSY_RATE: Final = 6_000
"""Messages a second above which the loop plans its looks."""
WINDOW_NS: Final = 5_000_000
"""Over at least this long the rate is measured; several planned sleeps."""


class Alarm:
    """One loop's sleep. Everything but `ring` and `later` belongs to the loop's thread."""

    def __init__(self, stamp: Callable[[], int]) -> None:
        self.armed = True
        """The loop will look by itself, so a thread need not ring."""
        self._stamp = stamp
        self._loop: asyncio.AbstractEventLoop | None = None
        """Known from `attach` on."""
        self._sleeper: asyncio.Future[None] | None = None
        self.behind = False
        """The last look left something: the next one is due at once."""
        self._busy = False
        self._window_began = stamp()
        self._window_frames = 0

    def attach(self) -> None:
        """Serve the loop that runs now; before any thread may ring."""
        self._loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """Wake the loop, from any thread. Only worth calling while `armed` is False."""
        self.armed = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.rouse)

    def later(self, seconds: float, then: Callable[[], None]) -> None:
        """Call this on the loop after a while, from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.call_later, seconds, then)

    def rouse(self) -> None:
        """End the present sleep, if there is one."""
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)

    def count(self, frames: int) -> None:
        """Tell of frames that were taken."""
        self._window_frames += frames

    async def sleep(self, seconds: float | None, is_something: Callable[[], bool]) -> None:
        """Return when there is something to take, or after `seconds`."""
        if self._is_busy() and not self.behind:
            nap = PLANNED_SLEEP if seconds is None else min(seconds, PLANNED_SLEEP)
            await self._lie(nap)
            if is_something():
                return
            seconds = None if seconds is None else seconds - nap
        self.armed = False
        try:
            # Only now: what comes after this look finds the alarm unarmed, and rings.
            if not is_something():
                await self._lie(seconds)
            else:
                await asyncio.sleep(0)
        finally:
            self.armed = True

    def _is_busy(self) -> bool:
        now = self._stamp()
        elapsed = now - self._window_began
        if elapsed >= WINDOW_NS:
            self._busy = self._window_frames * 1_000_000_000 >= BUSY_RATE * elapsed
            self._window_began = now
            self._window_frames = 0
        return self._busy

    async def _lie(self, seconds: float | None) -> None:
        loop = asyncio.get_running_loop()
        self._sleeper = sleeper = loop.create_future()
        timer = None if seconds is None else loop.call_later(max(seconds, 0), self.rouse)
        try:
            await sleeper
        finally:
            self._sleeper = None
            if timer is not None:
                timer.cancel()
