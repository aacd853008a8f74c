"""Every named scenario on every family of servers, in virtual time: what comes out is the truth, drawn from a seed."""

import tempfile
from pathlib import Path
from typing import Final

import anyio
import trio.testing

from monitor.simulator.families import Family
from tests.scenarios.trap_scenes import SCENES, TAIL, prove
from tests.soak.stitched import told_of

SLOTS: Final = 120
ROUNDS: Final = 1


def run_round(seed: int, slots: int = SLOTS) -> tuple[str | None, str]:
    """All of them: None when all held, else what did not; and how many there were."""
    failed = []
    for family in Family:
        for scene in SCENES:
            wrong = run_scene(scene, family, seed, slots)
            print(f"  {family.value:12} {scene:24} {wrong or 'held'}", flush=True)
            if wrong is not None:
                failed.append(f"{scene} on {family.value}: {wrong}")
    size = f"{len(SCENES)} scenarios on {len(Family)} families"
    return ("; ".join(failed) or None), size


def run_scene(scene: str, family: Family, seed: int, slots: int, tail: int = TAIL) -> str | None:
    """One of them: None when it held."""
    clock = trio.testing.MockClock(autojump_threshold=0)

    async def judge() -> None:
        with tempfile.TemporaryDirectory() as directory:
            await prove(scene, family, Path(directory), seed, slots, tail)

    try:
        anyio.run(judge, backend="trio", backend_options={"clock": clock})
    except AssertionError as broken:
        return told_of(broken)
    return None
