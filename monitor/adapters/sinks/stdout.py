"""A sink that writes records to standard output, for pipes and for looking.

A pipe that nobody reads would hold a writing thread, and with it the stop of the daemon, for ever. So the thread
waits for room with one eye on the daemon, and writes no more at a time than a pipe with room takes at once.

A pipe whose reader has left never gets another: the daemon ends, as every program in a pipe does, and whoever
runs it starts both again.
"""

import math
import os
import select
from collections.abc import Sequence
from typing import Final

import anyio.from_thread
import anyio.to_thread

from monitor.adapters.sinks.descriptor import BatchWriter
from monitor.core.errors import ReaderLeft, SinkFailed

_LOOK_MS: Final = 100
"""How long a thread waits for room before it asks whether the daemon stops."""


class StdoutSink:
    """Writes to a descriptor that it does not own."""

    takes_records = True

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._writer = BatchWriter(_write_with_room)

    async def open(self) -> None:
        """Check that the descriptor is open. Raises SinkFailed."""
        try:
            os.fstat(self._descriptor)
        except OSError as error:
            raise SinkFailed(
                f"standard output is closed ({error}); redirect it or drop the sink"
            ) from error

    async def write(self, lines: Sequence[bytes]) -> None:
        """Write the lines. Raises SinkFailed, and ReaderLeft for a pipe whose reader has gone."""
        try:
            await anyio.to_thread.run_sync(self._writer.write, self._descriptor, lines)
        except BrokenPipeError as error:
            raise ReaderLeft(
                "standard output: its reader has left, so the daemon ended; start both again"
            ) from error
        except OSError as error:
            raise SinkFailed(f"standard output: {error.strerror}") from error

    def flush_due_in(self) -> float:
        """Never."""
        return math.inf

    async def flush(self) -> None:
        """Standard output has no buffer of ours."""

    async def close(self) -> None:
        """The descriptor is left open: it is not ours."""


def _write_with_room(descriptor: int, batch: bytes | memoryview) -> int:
    """Write a part once there is room; ends by cancellation when the sink's task was cancelled."""
    room = select.poll()
    room.register(descriptor, select.POLLOUT)
    while not room.poll(_LOOK_MS):
        anyio.from_thread.check_cancelled()
    return os.write(descriptor, batch[: select.PIPE_BUF])
