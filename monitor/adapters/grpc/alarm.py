"""How reading threads wake the loop: seldom, and never twice for one look.

A wake-up from another thread costs more than reading the message that caused it (SPEED 2). So a thread rings only
when a message comes after `ring_from`, and the loop says there how long it wants to be left alone: not at all while
little comes, for `REST_NS` while messages come fast, for ever while it is awake. A rest has a timer besides, for
messages that came during it and were followed by none.

Planned by uvloop's timers alone, which are no finer than a millisecond, 10,000 messages a second reached the handler in
1.0 ms at the median and 2.1 at p99; rung after 0.4 ms, in 0.5 and 1.2 (this daemon, measured as `scripts/bench ingest`
does). What counts as fast is a rate over some milliseconds; the size of one take, which a single hiccup makes large,
turned to rests far too early.
"""

import asyncio
from collections.abc import Callable
from typing import Final

REST_NS: Final = 400_000
"""For so long no message wakes the loop while they come fast. Half of it costs a fifth more of a core at 10,000 a second."""
LONGEST_REST: Final = 0.001
"""Seconds after which the loop looks unrung; also the finest that uvloop's timers can do."""
_NEVER: Final = float("inf")
BUSY_RATE: Final = 6_000
"""Messages a second above which the loop rests."""
WINDOW_NS: Final = 5_000_000
"""Over at least this long the rate is measured; several rests."""


class Alarm:
    """One loop's sleep. Everything but `ring` and `later` belongs to the loop's thread."""

    def __init__(self, stamp: Callable[[], int]) -> None:
        self.ring_from: float = _NEVER
        """The stamp from which a message rings. Never while the loop is about to look by itself."""
        self._stamp = stamp
        self._loop: asyncio.AbstractEventLoop | None = None
        """Known from `attach` on."""
        self._sleeper: asyncio.Future[None] | None = None
        self._woken = False
        """Somebody wants the loop, not for a message."""
        self.behind = False
        """The last look left something: the next one is due at once."""
        self._busy = False
        self._window_began = stamp()
        self._window_frames = 0

    def attach(self) -> None:
        """Serve the loop that runs now; before any thread may ring."""
        self._loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """Wake the loop, from any thread. Only worth calling from `ring_from` on."""
        self.ring_from = _NEVER
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

    def wake(self) -> None:
        """End the present sleep, or else the next one, for something that is no message."""
        self._woken = True
        self.rouse()

    def count(self, frames: int) -> None:
        """Tell of frames that were taken."""
        self._window_frames += frames

    async def sleep(self, seconds: float | None, is_something: Callable[[], bool]) -> None:
        """Return when there is something to take, when woken, or after `seconds`."""
        try:
            if self._is_busy() and not (self.behind or self._woken):
                rest = LONGEST_REST if seconds is None else min(seconds, LONGEST_REST)
                self.ring_from = self._stamp() + REST_NS
                await self._lie(rest)
                if is_something():
                    return
                seconds = None if seconds is None else seconds - rest
            self.ring_from = 0
            # Only now: what comes after this look rings.
            if not (self._woken or is_something()):
                await self._lie(seconds)
            else:
                await asyncio.sleep(0)
        finally:
            self.ring_from = _NEVER
            self._woken = False

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
