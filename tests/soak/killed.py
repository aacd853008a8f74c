"""The daemon killed about each second over regions that are never whole, in virtual time, by storms from a seed."""

import tempfile
from pathlib import Path
from typing import Final

from tests import virtual_time
from tests.scenarios.test_killed import partial_slots, prove_killed
from tests.soak.stitched import told_of

SLOTS: Final = 600
ROUNDS: Final = 5


def run_round(seed: int, slots: int = SLOTS) -> tuple[str | None, str]:
    """One run: None when all held, else what did not; and how large it was."""
    size = ""

    async def judge() -> None:
        nonlocal size
        with tempfile.TemporaryDirectory() as directory:
            machine = await prove_killed(Path(directory), seed, slots)
            size = f"{len(machine.outages)} kills, {len(partial_slots(machine))} slots partial"

    try:
        virtual_time.run(judge, seed)
    except AssertionError as broken:
        return told_of(broken), size
    return None, size
