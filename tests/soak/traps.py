"""Every named scenario on every family of servers: what comes out is the truth, drawn from a seed.

They are played in virtual time, but for those of the transport, which need sockets.
"""

import tempfile
import time
from pathlib import Path
from typing import Final

from monitor.simulator.families import Family
from tests import virtual_time
from tests.scenarios.trap_scenes import SCENES, TAIL, prove
from tests.soak import transport
from tests.soak.stitched import told_of

SLOTS: Final = 120
ROUNDS: Final = 1
SHORTER: Final = 4
"""The others take so many slots, where one on a socket takes one: real ones take their time."""


def chosen(text: str) -> list[tuple[str, Family]]:
    """The scenarios, and families, whose names contain this text: the family's, a blank, and the scenario's."""
    every = [(scene, family) for family in Family for scene in (*SCENES, *transport.SCENES)]
    return [(scene, family) for scene, family in every if text in f"{family.value} {scene}"]


def run_round(seed: int, slots: int = SLOTS, only: str = "") -> tuple[str | None, str]:
    """All that are chosen: None when all held, else what did not; and how many there were."""
    failed = []
    every = chosen(only)
    for number, (scene, family) in enumerate(every, 1):
        began = time.monotonic()
        wrong = (
            run_scene(scene, family, seed, slots)
            if scene in SCENES
            else transport.run_scene(scene, family, seed, max(1, slots // SHORTER))
        )
        took = f"{time.monotonic() - began:4.0f} s"
        told = f"{number:4} of {len(every)}  {family.value:12} {scene:26} {took}"
        print(f"{told}  {wrong or 'held'}", flush=True)
        if wrong is not None:
            failed.append(f"{scene} on {family.value}: {wrong}")
    scenes, families = ({each[place] for each in every} for place in (0, 1))
    size = f"{len(scenes)} scenarios on {len(families)} families"
    return ("; ".join(failed) or None), size


def run_scene(scene: str, family: Family, seed: int, slots: int, tail: int = TAIL) -> str | None:
    """One of them: None when it held."""

    async def judge() -> None:
        with tempfile.TemporaryDirectory() as directory:
            await prove(scene, family, Path(directory), seed, slots, tail)

    try:
        virtual_time.run(judge, seed)
    except AssertionError as broken:
        return told_of(broken)
    return None
