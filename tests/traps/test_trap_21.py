"""Trap 21: a stream can stay open and silent for hours: what counts is the progress of slots, not the connection."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core.endpoint_health import EndpointHealth
from monitor.core.events import ReadingResumed
from monitor.core.failover import FailoverPolicy
from monitor.core.monitors import Monitor, TransactionsFilter
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.families import Family
from monitor.simulator.region import RegionSettings
from tests.core.play import ALL, Play, confirmed, tx
from tests.core.test_repair import Recovery
from tests.e2e.expected import Record, bare, expected
from tests.scenarios.run import Fault, watch
from tests.traps.managing import Manager

SLOT_TIME = 0.4
BOUND = max(5.0, 12 * SLOT_TIME)
"""Seconds within which silence is found."""
LOOKS = 0.5
"""Seconds between two looks."""
CHAIN = ChainSettings(slot_time=0.1, votes=3, transactions=3, account_writes=2, entries=1)
EVERY = Monitor("all", transactions=TransactionsFilter())


def told(play: Play) -> Sequence[EndpointHealth]:
    return play.kernel.health.snapshot(play.now)


def running(slots: int) -> Recovery:
    """Three endpoints told so many slots; from then on the third brings pings alone."""
    play = Recovery(ALL, feeds=3)
    for slot in range(5, 5 + slots):
        play.at(play.now + SLOT_TIME)
        for feed in (1, 2, 3):
            play.block(feed, slot, tx(slot, 0))
        play.says(1, confirmed(slot))
    return play


def goes_on(play: Play, slot: int) -> Sequence[EndpointHealth]:
    """One slot more at the first two; a ping at the third."""
    play.at(play.now + SLOT_TIME).says(3)
    play.block(1, slot, tx(slot, 0)).block(2, slot, tx(slot, 0)).says(1, confirmed(slot))
    return told(play)


def test_pings_are_no_progress() -> None:
    play = running(20)
    for slot in range(25, 45):
        goes_on(play, slot)
    quiet = told(play)[2]
    assert quiet.is_open
    assert quiet.silent_for == pytest.approx(20 * SLOT_TIME)
    assert [round(each.silent_for, 6) for each in told(play)[:2]] == [0, 0]


def test_what_was_told_before_is_no_progress() -> None:
    play = running(20)
    for slot in range(25, 45):
        goes_on(play, slot)
        play.block(3, 24, tx(24, 0))
    assert told(play)[2].silent_for == pytest.approx(20 * SLOT_TIME)


def test_silence_costs_an_endpoint_its_place_within_its_bound() -> None:
    play = running(20)
    manager = Manager(FailoverPolicy(hot=3, silence=BOUND), told(play))
    assert manager.hot == {0, 1, 2}
    began = play.now
    for slot in range(25, 60):
        manager.look(play.now, goes_on(play, slot))
        if 2 not in manager.hot:
            break
    assert BOUND < play.now - began <= BOUND + 2 * LOOKS
    assert manager.hot == {0, 1}
    assert "it is silent for" in manager.why[-1]


def test_an_endpoint_that_tells_slots_again_is_silent_no_more() -> None:
    play = running(20)
    for slot in range(25, 45):
        goes_on(play, slot)
    play.block(3, 44, tx(44, 0))
    assert told(play)[2].silent_for == 0


def test_a_pause_of_our_own_is_no_silence_of_theirs() -> None:
    play = running(20)
    play.at(play.now + 60)
    assert told(play)[2].silent_for == pytest.approx(60)
    play.hears(ReadingResumed(60.0))
    assert told(play)[2].silent_for == pytest.approx(0)


def test_where_all_are_silent_nobody_loses_its_place() -> None:
    play = running(20)
    health = told(play)
    manager = Manager(FailoverPolicy(hot=3, silence=BOUND), health)
    silent = [replace(each, silent_for=60.0) for each in health]
    manager.look(60.0, silent)
    assert manager.hot == {0, 1, 2}


@pytest.mark.parametrize("family", [Family.USUAL])
async def test_the_output_is_whole_while_two_of_three_are_open_and_silent(
    family: Family, tmp_path: Path
) -> None:
    stalled = [Fault(10, "nyc", "stall"), Fault(20, "tyo", "mute")]
    outcome = await watch(
        (EVERY,),
        tmp_path,
        slots=60,
        faults=stalled,
        slot_time=0.1,
        chain_settings=CHAIN,
        region_settings=RegionSettings(family=family),
    )
    wanted = expected(outcome.truth, {"all": _is_transaction}, outcome.slots)
    found = [event for event in outcome.events if event["slot"] in outcome.slots]
    assert {event["id"]: bare(event) for event in found} == dict(wanted)
    assert len(found) == len(wanted)


def _is_transaction(record: Record) -> bool:
    return bool(record["kind"] == "transaction")
