"""Missing blocks, as the first block that names each tells of them."""

from dataclasses import replace
from typing import Any

import pytest

from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.children import KEPT, Child, Children
from monitor.core.commands import Recall, Report
from monitor.core.events import Recalled
from monitor.core.forgotten import KEPT as KEPT_OPEN
from monitor.core.gate import Gate
from monitor.core.jobs import Job, JobState
from monitor.core.rungs import Rung
from tests.core.play import ALL, Play, confirmed, finalized, tx
from tests.core.test_repair import RPC, Recovery
from tests.core.test_under_holes import below_a_lost_slot, told


def children() -> tuple[Gate, Children]:
    door = Play(ALL).kernel.gate
    return door, Children(door)


def test_the_first_child_that_names_a_block_is_kept() -> None:
    _, named = children()
    named.name(6, Child(7, 70))
    named.name(6, Child(8, 71))
    assert named.get(6) == Child(7, 70)
    assert named.get(7) is None


def test_a_missing_block_is_told_once_with_its_child() -> None:
    door, named = children()
    named.name(6, Child(7, None))
    named.tell(6, "B6")
    named.tell(6, "B6")
    (report,) = door.collect()
    assert isinstance(report, Report)
    assert report.facts == {"slot": 6, "blockhash": "B6", "child": 7}


def test_what_is_missing_again_is_told_again() -> None:
    door, named = children()
    named.name(6, Child(7, None))
    named.tell(6, "B6")
    named.forget(6)
    assert named.get(6) is None
    named.name(6, Child(8, None))
    named.tell(6, "B6")
    assert [r.facts["child"] for r in door.collect() if isinstance(r, Report)] == [7, 8]


def test_what_nobody_named_may_be_forgotten_as_well() -> None:
    _, named = children()
    named.forget(6)
    assert named.get(6) is None


def test_a_block_that_nobody_named_is_not_told() -> None:
    door, named = children()
    named.tell(6, "B6")
    assert [*door.collect()] == []


def test_the_height_of_a_missing_block_is_one_below_that_of_its_child() -> None:
    _, named = children()
    named.name(6, Child(8, 71))
    named.name(9, Child(10, None))
    assert [named.height_of(slot) for slot in (6, 7, 9)] == [70, None, None]


def closed(slot: int, height: int | None, end: SlotEnd = SlotEnd.COMPLETE) -> Certificate:
    parent = f"B{slot - 1}"
    return Certificate(slot, end, "", f"B{slot}", slot - 1, height, parent_blockhash=parent)


def test_a_certificate_of_before_tells_the_heights_of_its_block_and_of_the_one_below() -> None:
    _, named = children()
    named.resume([closed(10, 55), closed(20, None), Certificate(30, SlotEnd.LOST, "")])
    assert [named.height_of(slot) for slot in (9, 10, 19, 20, 30)] == [54, 55, None, None, None]
    assert named.get(9) == Child(10, 55)


def test_of_so_many_missing_blocks_the_first_named_is_let_go() -> None:
    _, named = children()
    for slot in range(KEPT + 1):
        named.name(slot, Child(slot + 1, slot))
    assert (named.get(0), named.get(1)) == (None, Child(2, 1))


def restarted(resume_slot: int, *lost: int, **settings: Any) -> Recovery:
    """A process before left slots 6 to 9 open, as far as they are below this one, and these of them lost."""
    jobs = tuple(Job(slot, slot + 1, Rung.RPC, 0, JobState.LOST) for slot in lost)
    still_open = ((6, min(resume_slot, 10)),)
    play = Recovery(
        ALL,
        recovery=replace(RPC, jobs=jobs),
        resume_slot=resume_slot,
        still_open=still_open,
        **settings,
    )
    play.block(1, 12, tx(12, 0), height=57).says(1, confirmed(12), finalized(12))
    return play


def test_after_a_restart_the_certificate_above_a_hole_places_the_block_below_it() -> None:
    play = restarted(11, 9, beside=(closed(5, 50), closed(10, 55)))
    for command in play.asked(Recall):
        play.hears(Recalled(command.slots, {}))
    play.take()
    told(play, 8, tx(8, 0, "w0"), height=53)
    play.at(play.now + 5)
    assert "8 w0" in play.take()
    assert play.certificates()[8].end == SlotEnd.RECOVERED


def test_a_hole_below_what_was_closed_behind_the_first_slot_has_a_height_too() -> None:
    play = restarted(9, closed=(closed(10, 55),))
    assert play.kernel.join.ledger.height_of(9) == 54


@pytest.mark.parametrize("parent", [8, 9])
def test_a_child_that_comes_after_the_restart_tells_the_height_of_the_hole(parent: int) -> None:
    play = restarted(10, parent)
    play.block(1, 10, tx(10, 0), height=55, parent=parent)
    assert play.kernel.join.ledger.height_of(parent) == 54


def test_the_height_of_a_hole_stays_known_however_many_slots_are_open_above_it() -> None:
    play = below_a_lost_slot(height=54)
    for slot in range(12, 14 + KEPT_OPEN + RPC.workers[Rung.RPC]):
        play.block(1, slot, transactions=1, height=slot).says(1, finalized(slot))
    play.at(play.now + 5)
    assert 9 in play.kernel.join.ledger.forgotten.ranges
    told(play, 7, tx(7, 0, "w0"), parent=6, height=52)
    assert play.take() == ["7 w0 late"]


def test_a_block_of_a_losing_fork_tells_no_height() -> None:
    play = Play(ALL)
    play.block(1, 5, height=50).says(1, finalized(5))
    play.block(1, 9, parent=7, height=52).block(1, 10, parent=8, height=54)
    assert play.kernel.join.ledger.height_of(7) == 51
    play.says(1, finalized(10)).block(1, 11).at(5.0)
    assert play.certified()[9] == SlotEnd.FORKED
    assert [play.kernel.join.ledger.height_of(slot) for slot in (7, 8)] == [None, 53]


def test_of_several_blocks_that_one_child_names_all_are_retracted() -> None:
    _, named = children()
    for slot in (6, 7):
        named.name(slot, Child(9, 52))
    named.name(5, Child(8, 51))
    named.forget(6)
    named.retract(9)
    assert [named.get(slot) for slot in (5, 6, 7)] == [Child(8, 51), None, None]
