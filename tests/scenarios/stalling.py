"""A conservative daemon while finality stalls for many slots, killed in the midst: all waits, and nothing is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from monitor.core.chain import Commitment, Kind
from tests.scenarios.switch_judge import judge
from tests.scenarios.switching import CHAIN, Trouble, make_play

BEFORE: Final = 40
"""Slots until finality stalls."""
AFTER: Final = 40
"""Slots behind the stall."""
DIES: Final = (0.4, 0.8)
"""Parts of the stall at which the daemon is killed."""
CALM: Final = replace(CHAIN, slots_until_finalized=10, forked=0.04)
"""Finality so quick that all that waits does so for the stall."""
ROOM: Final = 64 << 20
"""Bytes that may wait in memory where there is room for all."""


@dataclass(frozen=True)
class Stalled:
    """What became of it."""

    complaints: Sequence[str]
    most_held: int
    """Bytes that waited in memory at once."""
    waited: int
    """Bytes of all that there was in the stall, as one region sends it."""
    lives: int


async def stall(folder: Path, seed: int, slots: int, held_bytes: int) -> Stalled:
    """A stall of so many slots, with the daemon killed twice in it; at most so many bytes may wait in memory."""
    play, watchers = make_play(
        folder,
        seed=seed,
        slots=BEFORE + slots + AFTER,
        level=Commitment.FINALIZED,
        chain_settings=CALM,
        with_processed=False,
    )
    play.troubles = [Trouble(BEFORE, "stall-finality", str(slots))]
    play.kills = [BEFORE + slots * part for part in DIES]
    play.held_bytes = held_bytes
    await play.run()
    return Stalled(
        judge(play.events(), play.told_slots(), watchers).complaints,
        play.most_held,
        sum(
            len(update.body)
            for number in play.slots[BEFORE : BEFORE + slots]
            for bank in play.chain.slot(number).banks
            for _, update in bank.updates
            if bank.canonical and update.kind is Kind.TRANSACTION
        ),
        len(play.journals),
    )


async def prove_stall(folder: Path, seed: int, slots: int, held_bytes: int) -> str:
    """One run, and all that must hold of it; how much there was."""
    stalled = await stall(folder, seed, slots, held_bytes)
    assert not stalled.complaints, "; ".join(stalled.complaints[:5])
    assert stalled.most_held <= held_bytes
    assert stalled.most_held > min(stalled.waited, held_bytes) / 2
    assert stalled.lives == len(DIES) + 1
    return f"{stalled.most_held >> 10} KB of {stalled.waited >> 10} KB waited in memory"
