"""A sink that keeps nothing: for measuring, and for a daemon whose alerts alone are wanted."""

import math
from collections.abc import Sequence


class NullSink:
    """Acknowledges everything; asks for no records."""

    takes_records = False

    async def open(self) -> None:
        """Nothing to prepare."""

    async def write(self, lines: Sequence[bytes]) -> None:
        """Forget the lines."""

    def flush_due_in(self) -> float:
        """Never."""
        return math.inf

    async def flush(self) -> None:
        """Nothing to make safe."""

    async def close(self) -> None:
        """Nothing to close."""
