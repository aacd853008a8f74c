"""Outages of all regions, losses in all of them, and RPCs that err and lie, in virtual time, drawn from a seed."""

import tempfile
from pathlib import Path
from typing import Final

from tests import virtual_time
from tests.scenarios.test_outages import REPLAYED, prove
from tests.soak.stitched import told_of

SLOTS: Final = 600
ROUNDS: Final = 4
TAIL: Final = 400
"""Slots in which the last of it is got back."""


def run_round(seed: int, slots: int = SLOTS, tail: int = TAIL) -> tuple[str | None, str]:
    """One run: None when all held, else what did not; and what it met. Of odd seeds regions replay nothing old."""
    met: list[str] = []

    async def judge() -> None:
        with tempfile.TemporaryDirectory() as directory:
            replayed = 0 if seed % 2 else REPLAYED
            met.extend((await prove(Path(directory), seed, slots, replayed, tail))[1])

    try:
        virtual_time.run(judge, seed)
    except AssertionError as broken:
        return told_of(broken), ""
    return None, ", ".join(met)
