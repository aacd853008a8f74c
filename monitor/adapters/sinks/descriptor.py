"""Whole batches to a file descriptor, going on where a failed write stopped."""

import os
from collections.abc import Callable, Sequence

Write = Callable[[int, bytes | memoryview], int]
"""As os.write: takes a part of it, or all, and says how much."""


class BatchWriter:
    """Writes batches to one descriptor. Blocking: call it in a thread. One call at a time."""

    def __init__(self, write: Write = os.write) -> None:
        self._write = write
        self._done = 0

    def write(self, descriptor: int, lines: Sequence[bytes]) -> int:
        """Write all lines; returns their size in bytes.

        After an OSError the next call must bring the same lines, and writes only what is left of them:
        so no line is torn or doubled.
        """
        batch = memoryview(b"".join(lines))
        while self._done < len(batch):
            self._done += self._write(descriptor, batch[self._done :])
        self._done = 0
        return len(batch)

    @property
    def is_torn(self) -> bool:
        """Whether the last call failed with part of its lines written."""
        return self._done > 0
