"""The level changes while the daemon runs, and it is killed: each monitor still gets the chain, without a seam."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core.chain import Commitment
from monitor.core.kernel import Kernel
from monitor.core.policy import Policy
from tests.scenarios.switch_judge import Verdict, judge
from tests.scenarios.switching import CHAIN, Pin, Play, draw_pins, make_play

SLOTS = 200
KILLED_EACH = 40
"""Slots, about, between two kills."""

switches = pytest.mark.skipif(
    not hasattr(Kernel((), 1, Policy(Commitment.CONFIRMED)), "switching"),
    reason="the kernel does not change its level yet",
)


def draw_kills(play: Play, slots: int) -> list[float]:
    """Moments in slots, at random places of a slot."""
    return [
        at + play.dice.uniform(0, KILLED_EACH / 2)
        for at in range(KILLED_EACH, slots - KILLED_EACH, KILLED_EACH)
    ]


def assert_switched(verdict: Verdict, pins: Sequence[Pin], followers: int) -> None:
    """Every change that was asked for was made, and all levels had their turn."""
    wanted = Counter[tuple[str, str]]()
    level = Commitment.CONFIRMED
    for pin in pins:
        wanted[level.name.lower(), pin.level.name.lower()] += followers
        level = pin.level
    assert verdict.switches == wanted
    assert min(verdict.slots[each.name.lower()] for each in Commitment) > 0


async def prove_switching(folder: Path, seed: int, slots: int) -> str:
    """A switch every twenty slots; how much there was."""
    play, watchers = make_play(folder, seed=seed, slots=slots, level=Commitment.CONFIRMED)
    play.pins = draw_pins(seed, slots)
    await play.run()
    verdict = judge(play.events(), play.told_slots(), watchers)
    assert not verdict.complaints, "; ".join(verdict.complaints[:5])
    assert_switched(verdict, play.pins, sum(watcher.follows for watcher in watchers))
    assert verdict.undone > 0
    return f"{len(play.pins)} switches, {verdict.undone} undone"


async def prove_switching_killed(folder: Path, seed: int, slots: int) -> str:
    """The same, and the daemon is killed again and again; how much there was."""
    play, watchers = make_play(folder, seed=seed, slots=slots, level=Commitment.CONFIRMED)
    play.pins = draw_pins(seed, slots)
    play.kills = draw_kills(play, slots)
    await play.run()
    verdict = judge(play.events(), play.told_slots(), watchers)
    assert not verdict.complaints, "; ".join(verdict.complaints[:5])
    assert verdict.switches.total() > 0
    assert verdict.undone > 0
    return f"{len(play.pins)} switches, {len(play.kills)} kills, {verdict.undone} undone"


@pytest.mark.parametrize("level", [Commitment.CONFIRMED, Commitment.FINALIZED])
async def test_at_a_level_that_stays_every_monitor_gets_the_chain(
    tmp_path: Path, level: Commitment
) -> None:
    play, watchers = make_play(tmp_path, seed=1, slots=60, level=level, with_processed=False)
    await play.run()
    verdict = judge(play.events(), play.told_slots(), watchers)
    assert not verdict.complaints, "; ".join(verdict.complaints[:5])
    assert verdict.slots[level.name.lower()] > 0
    assert verdict.switches.total() == 0


async def test_at_a_level_that_stays_a_killed_daemon_gives_the_chain_too(tmp_path: Path) -> None:
    play, watchers = make_play(
        tmp_path, seed=2, slots=90, level=Commitment.CONFIRMED, with_processed=False
    )
    play.kills = draw_kills(play, 90)
    await play.run()
    verdict = judge(play.events(), play.told_slots(), watchers)
    assert not verdict.complaints, "; ".join(verdict.complaints[:5])
    assert len(play.journals) == len(play.kills) + 1 > 1


@switches
async def test_the_level_changes_every_twenty_slots_without_a_seam(tmp_path: Path) -> None:
    await prove_switching(tmp_path, seed=1, slots=SLOTS)


@switches
async def test_switches_and_undos_outlive_a_kill(tmp_path: Path) -> None:
    await prove_switching_killed(tmp_path, seed=1, slots=SLOTS)


async def test_at_processed_a_chain_that_loses_nothing_needs_no_undo(tmp_path: Path) -> None:
    calm = replace(CHAIN, forked=0, dead=0, recreated=0)
    level = Commitment.PROCESSED
    play, watchers = make_play(tmp_path, seed=3, slots=60, level=level, chain_settings=calm)
    await play.run()
    verdict = judge(play.events(), play.told_slots(), watchers)
    assert not verdict.complaints, "; ".join(verdict.complaints[:5])
    assert verdict.slots["processed"] > 0 == verdict.undone
