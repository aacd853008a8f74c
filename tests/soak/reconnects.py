"""Streams of three regions broken again and again, in virtual time, drawn from a seed."""

import tempfile
from pathlib import Path
from typing import Final

import anyio
import trio.testing

from tests.scenarios.test_reconnects import prove
from tests.soak.stitched import told_of

RECONNECTS: Final = 100
ROUNDS: Final = 10


def run_round(seed: int, reconnects: int = RECONNECTS) -> tuple[str | None, str]:
    """So many of them at least: None when all held, else what did not; and how many there were."""
    clock = trio.testing.MockClock(autojump_threshold=0)
    count = 0

    async def judge() -> None:
        nonlocal count
        with tempfile.TemporaryDirectory() as directory:
            count = await prove(Path(directory), seed, reconnects)

    try:
        anyio.run(judge, backend="trio", backend_options={"clock": clock})
    except AssertionError as broken:
        return told_of(broken), ""
    return None, f"{count} reconnects"
