"""The hand-over place of one feed: its thread puts frames in, the loop takes them out, and neither locks.

The reading thread alone adds to `_received`, the loop alone to `_taken`; their difference is what waits here, or a frame
more: one that is taken between its appending and its counting is counted with the next. Appending
to a list, copying its beginning and deleting that are each atomic. The ending is set after the last frame and looked at before the
first, so it is never announced ahead of a frame.
"""

from collections.abc import Callable
from operator import itemgetter
from typing import Final

from monitor.adapters.grpc.alarm import Alarm
from monitor.ports import FramesTaken, StreamEnded, StreamOpened, Taken

SETTLE_SECONDS: Final = 0.02
"""A stream that is refused has headers too, and its status may be a moment behind them (measured: up to 0.1 ms, in either
order). Only after this long do headers alone mean that the server accepted it."""

_frame: Final = itemgetter(1)


class Intake:
    """Frames of one feed on their way to the loop, bounded in bytes."""

    def __init__(self, feed: int, bound: int, alarm: Alarm, stamp: Callable[[], int]) -> None:
        self._feed = feed
        self._bound = bound
        self._alarm = alarm
        self._stamp = stamp
        self._frames: list[tuple[int, bytes]] = []
        self._received = 0
        self._taken = 0
        self._opened = False
        self._announced = False
        self._ending: tuple[str, str] | None = None
        self.stalled = False
        """The thread reads no further until its call is resumed."""

    # The reading thread's side

    def put(self, frame: bytes) -> bool:
        """Stamp a frame and hand it over; False when the bound is reached and reading must pause."""
        now = self._stamp()
        self._frames.append((now, frame))
        self._received += len(frame)
        if now >= self._alarm.ring_from:
            self._alarm.ring()
        return self._received - self._taken < self._bound

    def has_room(self) -> bool:
        """Whether less waits than the bound; any thread may ask."""
        return self._received - self._taken < self._bound

    def stall(self) -> None:
        """Tell that reading pauses. Look for room once more afterwards: the loop may have taken meanwhile."""
        self.stalled = True

    def open(self) -> None:
        """Tell that headers came. A first frame says the same."""
        self._alarm.later(SETTLE_SECONDS, self._settle)

    def end(self, code: str, text: str) -> None:
        """Tell that the stream is over; nothing may follow."""
        self._ending = (code, text)
        self._alarm.ring()

    # The loop's side

    def _settle(self) -> None:
        if self._ending is None:
            self._opened = True
            self._alarm.rouse()

    def is_waiting(self) -> bool:
        """Whether there is something to take."""
        return (
            bool(self._frames) or self._ending is not None or (self._opened and not self._announced)
        )

    def take(self, limit_bytes: int) -> tuple[list[Taken], int]:
        """What waits, in the order of the stream, until the frames' bytes reach the limit; and those bytes."""
        taken: list[Taken] = []
        ending = self._ending
        if not self._announced and (self._opened or self._frames):
            self._announced = True
            taken.append(StreamOpened(self._feed))
        batch, size = self._take_frames(limit_bytes)
        if batch:
            self._alarm.count(len(batch))
            taken.append(FramesTaken(self._feed, batch, size))
        if ending is not None and not self._frames:
            taken.append(StreamEnded(self._feed, *ending))
        return taken, size

    def _take_frames(self, limit_bytes: int) -> tuple[list[tuple[int, bytes]], int]:
        received = self._received  # before the look: what is counted here is in the batch
        batch = self._frames[:]
        size = received - self._taken
        if size > limit_bytes:
            size = count = 0
            while size < limit_bytes and count < len(batch):
                size += len(batch[count][1])
                count += 1
            del batch[count:]
        del self._frames[: len(batch)]
        self._taken += size
        return batch, size
