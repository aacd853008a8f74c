"""The same changes of level, with the daemon killed every forty slots."""

import tempfile
from pathlib import Path
from typing import Final

from tests import virtual_time
from tests.scenarios.test_switching import prove_switching_killed
from tests.soak.stitched import told_of

SLOTS: Final = 1000
ROUNDS: Final = 3


def run_round(seed: int, slots: int = SLOTS) -> tuple[str | None, str]:
    """One run: None when all held, else what did not; and how large it was."""
    size = ""

    async def judge() -> None:
        nonlocal size
        with tempfile.TemporaryDirectory() as directory:
            size = await prove_switching_killed(Path(directory), seed, slots)

    try:
        virtual_time.run(judge, seed)
    except AssertionError as broken:
        return told_of(broken), size
    return None, size
