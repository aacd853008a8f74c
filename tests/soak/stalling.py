"""A conservative daemon while finality stalls for thousands of slots, killed twice, with little memory to wait in."""

import tempfile
from pathlib import Path
from typing import Final

from tests import virtual_time
from tests.scenarios.stalling import prove_stall
from tests.soak.stitched import told_of

SLOTS: Final = 2000
ROUNDS: Final = 2
MOST_BYTES: Final = 4 << 20
"""That may wait in memory; what waits in a stall is several times that."""


def run_round(
    seed: int, slots: int = SLOTS, held_bytes: int = MOST_BYTES
) -> tuple[str | None, str]:
    """One run: None when all held, else what did not; and how large it was."""
    size = ""

    async def judge() -> None:
        nonlocal size
        with tempfile.TemporaryDirectory() as directory:
            size = await prove_stall(Path(directory), seed, slots, held_bytes)

    try:
        virtual_time.run(judge, seed)
    except AssertionError as broken:
        return told_of(broken), size
    return None, size
