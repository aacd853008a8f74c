"""Streams of three regions broken again and again, in virtual time, drawn from a seed."""

import tempfile
from pathlib import Path
from typing import Final

from tests import virtual_time
from tests.scenarios.test_reconnects import prove
from tests.soak.stitched import told_of

RECONNECTS: Final = 100
ROUNDS: Final = 10


def run_round(seed: int, reconnects: int = RECONNECTS) -> tuple[str | None, str]:
    """So many of them at least: None when all held, else what did not; and how many there were."""
    count = 0

    async def judge() -> None:
        nonlocal count
        with tempfile.TemporaryDirectory() as directory:
            count = await prove(Path(directory), seed, reconnects)

    try:
        virtual_time.run(judge, seed)
    except AssertionError as broken:
        return told_of(broken), ""
    return None, f"{count} reconnects"
