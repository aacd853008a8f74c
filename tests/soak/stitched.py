"""Three regions of which none is ever whole, in virtual time, under storms drawn from a seed."""

import tempfile
import traceback
from pathlib import Path
from typing import Final

from tests import virtual_time
from tests.scenarios.storms import draw_storm
from tests.scenarios.test_stitched import prove

SLOTS: Final = 600
ROUNDS: Final = 5


def run_round(seed: int, slots: int = SLOTS) -> tuple[str | None, str]:
    """One run: None when all held, else what did not; and how large it was."""
    storm = draw_storm(seed, slots)
    for each in storm.episodes:
        told = f"{each.region} {each.name} {each.argument or ''}"
        print(f"  slot {each.at_slot:6.1f} to {each.healed_at:6.1f}  {told}")
    late = 0

    async def judge() -> None:
        nonlocal late
        with tempfile.TemporaryDirectory() as directory:
            outcome = await prove(Path(directory), seed, slots)
        late = sum(event["late"] for event in outcome.events)

    try:
        virtual_time.run(judge, seed)
    except AssertionError as broken:
        return told_of(broken), ""
    return None, f"{len(storm.episodes)} episodes, {late} events late"


def told_of(broken: AssertionError) -> str:
    """What was asserted, and where: without pytest an assertion says nothing itself."""
    where = traceback.extract_tb(broken.__traceback__)[-1]
    return f"{where.name}: {where.line} {broken}".strip()
