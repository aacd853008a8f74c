"""A chain in all kinds of trouble, one after the other: each monitor gets what stays on it, and nothing else."""

from pathlib import Path
from typing import Final

from monitor.core.chain import Commitment
from tests.scenarios.run import REGIONS
from tests.scenarios.switch_judge import judge
from tests.scenarios.switching import Trouble, make_play

HISTORY: Final = (
    Trouble(10, "fork", "0.3"),
    Trouble(10, "die", "0.1"),
    Trouble(40, "heal"),
    Trouble(40, "confirm-late", "12"),
    Trouble(60, "heal"),
    Trouble(70, "stall-confirmation", "20"),
    Trouble(95, "stall-finality", "40"),
    Trouble(110, "halt", "40"),
    *(Trouble(120, "kill", region=name) for name in REGIONS),
    *(Trouble(140 + place, "heal", region=name) for place, name in enumerate(REGIONS)),
)
SLOTS: Final = 175


async def test_storms_stalls_and_a_halt_with_a_restart_tear_no_stream(tmp_path: Path) -> None:
    play, watchers = make_play(
        tmp_path, seed=5, slots=SLOTS, level=Commitment.CONFIRMED, with_processed=False
    )
    play.troubles = HISTORY
    await play.run()
    told = play.told_slots()
    verdict = judge(play.events(), told, watchers)
    assert not verdict.complaints, "; ".join(verdict.complaints[:5])
    skipped = [number - play.slots.start for number, banks in told.items() if not banks]
    assert set(range(111, 149)) <= set(skipped)
    lost = [number for number, banks in told.items() if banks and not banks[-1].canonical]
    assert len(lost) > 5
