"""A sink that writes records to standard output, for pipes and for looking."""

import os
from collections.abc import Sequence

import anyio.to_thread

from monitor.adapters.sinks.descriptor import BatchWriter
from monitor.core.errors import SinkFailed


class StdoutSink:
    """Writes to a descriptor that it does not own."""

    takes_records = True

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._writer = BatchWriter()

    async def open(self) -> None:
        """Check that the descriptor is open. Raises SinkFailed."""
        try:
            os.fstat(self._descriptor)
        except OSError as error:
            raise SinkFailed(
                f"standard output is closed ({error}); redirect it or drop the sink"
            ) from error

    async def write(self, lines: Sequence[bytes]) -> None:
        """Write the lines. Raises SinkFailed, as for a pipe whose reader has gone."""
        try:
            await anyio.to_thread.run_sync(self._writer.write, self._descriptor, lines)
        except OSError as error:
            raise SinkFailed(f"standard output: {error.strerror}") from error

    async def flush(self) -> None:
        """Standard output has no buffer of ours."""

    async def close(self) -> None:
        """The descriptor is left open: it is not ours."""
