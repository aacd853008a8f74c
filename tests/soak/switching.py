"""The level changed every twenty slots over forks, dead slots and slots made again, in virtual time."""

import tempfile
from pathlib import Path
from typing import Final

from tests import virtual_time
from tests.scenarios.test_switching import prove_switching
from tests.soak.stitched import told_of

SLOTS: Final = 1000
ROUNDS: Final = 3


def run_round(seed: int, slots: int = SLOTS) -> tuple[str | None, str]:
    """One run: None when all held, else what did not; and how large it was."""
    size = ""

    async def judge() -> None:
        nonlocal size
        with tempfile.TemporaryDirectory() as directory:
            size = await prove_switching(Path(directory), seed, slots)

    try:
        virtual_time.run(judge, seed)
    except AssertionError as broken:
        return told_of(broken), size
    return None, size
