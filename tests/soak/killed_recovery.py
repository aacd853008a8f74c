"""The daemon killed at points of its recovery, in virtual time, drawn from a seed."""

import tempfile
from pathlib import Path
from typing import Final

from tests import virtual_time
from tests.scenarios.test_killed_recovery import prove_killed
from tests.soak.stitched import told_of

POINTS: Final = 50
ROUNDS: Final = 1


def run_round(seed: int, points: int = POINTS) -> tuple[str | None, str]:
    """One run: None when all held, else what did not; and how large it was."""
    size = ""

    async def judge() -> None:
        nonlocal size
        with tempfile.TemporaryDirectory() as directory:
            _, size = await prove_killed(Path(directory), seed, points)

    try:
        virtual_time.run(judge, seed)
    except AssertionError as broken:
        return told_of(broken), size
    return None, size
