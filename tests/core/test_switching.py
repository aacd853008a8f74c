"""Changes of the level for monitors that name none: from which slot on, and what is handed on at once."""

import pytest

from monitor.core.chain import Commitment, Kind
from monitor.core.commands import KeepSwitch, Release
from monitor.core.commitment import LevelPolicy, LevelStrategy
from monitor.core.events import LevelPinned
from monitor.core.inherited import Inherited
from monitor.core.level_history import Switch
from monitor.core.monitors import AccountsFilter, Monitor, SlotsFilter, TransactionsFilter
from tests.core.play import ALL, Play, confirmed, created, finalized, meta, processed, tx, write

PROCESSED, CONFIRMED, FINALIZED = Commitment
OWN = Monitor("own", commitment=CONFIRMED, transactions=TransactionsFilter())
VAULT = Monitor("vault", transactions=TransactionsFilter(), accounts=AccountsFilter())
STATUSES = Monitor("s", slots=SlotsFilter(), transactions=TransactionsFilter())


def pin(play: Play, level: Commitment | None, why: str = "an operator says so") -> None:
    play.pins(LevelPinned(level, why))


def switches(play: Play) -> list[Switch]:
    return [command.switch for command in play.of(KeepSwitch)]


def test_tightening_begins_at_the_first_slot_of_which_nothing_was_handed_on() -> None:
    play = Play(ALL, level=PROCESSED)
    play.says(1, created(5), tx(5, 0), created(6))
    pin(play, CONFIRMED)
    play.says(1, tx(5, 1), tx(6, 0), meta(5, transactions=2), confirmed(5))
    assert play.take() == ["5 t0", "6 is confirmed", "5 t1"]
    play.says(1, meta(6), confirmed(6))
    assert play.take() == ["6 t0"]
    assert switches(play) == [Switch(6, CONFIRMED, PROCESSED, "an operator says so")]


def test_loosening_hands_on_what_is_held_at_once_in_the_order_of_the_chain() -> None:
    play = Play(VAULT)
    play.block(1, 4, tx(4, 0)).says(1, confirmed(4))
    play.says(1, created(6), tx(6, 0), created(5), tx(5, 0), write(5, "x", "t0", 1))
    assert play.take() == ["4 t0"]
    pin(play, PROCESSED)
    assert play.take() == ["5 is processed", "5 t0", "5 x by t0", "6 t0"]
    play.says(1, tx(5, 1), meta(5, transactions=2), confirmed(5))
    assert play.take() == ["5 t1"]


def test_loosening_from_finalized_to_confirmed_hands_on_what_is_confirmed() -> None:
    play = Play(VAULT, OWN, level=FINALIZED)
    play.block(1, 4, tx(4, 0, mask=3)).says(1, confirmed(4))
    play.block(1, 5, tx(5, 0, mask=3), write(5, "x", "t0", 1), write(5, "x", "t1", 2))
    play.says(1, confirmed(5), created(6), tx(6, 0, mask=3))
    assert play.take() == ["4 t0 for 10", "5 t0 for 10"]
    play.says(1, finalized(4))
    assert play.take() == ["4 t0"]
    pin(play, CONFIRMED)
    assert play.take() == ["5 is confirmed", "5 t0", "5 x by t1"]
    play.says(1, meta(6), confirmed(6), finalized(6)).at(2.0)
    assert play.take() == ["6 t0 for 11"]


def test_loosening_from_finalized_to_processed_hands_on_blocks_and_what_came_so_far() -> None:
    play = Play(STATUSES, level=FINALIZED)
    play.block(1, 4, tx(4, 0)).says(1, processed(4), finalized(4))
    play.block(1, 5, tx(5, 0)).says(1, processed(5), confirmed(5))
    play.says(1, created(6), tx(6, 0), processed(6))
    play.take()
    pin(play, PROCESSED)
    assert play.take() == [
        *("5 is processed", "5 processed", "5 confirmed", "5 t0"),
        *("6 processed", "6 t0"),
    ]
    play.says(1, meta(6), finalized(6)).at(2.0)
    assert sorted(play.take()) == ["5 finalized", "6 confirmed", "6 finalized"]


def test_what_a_fork_held_is_taken_back_like_all_else_after_loosening() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0)).says(1, confirmed(4))
    play.block(1, 5, tx(5, 0)).take()
    pin(play, PROCESSED)
    play.block(1, 6, tx(6, 0), parent=4).says(1, confirmed(6))
    assert play.take() == ["5 is processed", "5 t0", "6 t0", "5 undo"]


def test_a_fork_that_was_passed_by_is_not_handed_on_by_loosening() -> None:
    play = Play(ALL, level=FINALIZED)
    play.block(1, 4, tx(4, 0)).block(1, 5, tx(5, 0)).block(1, 6, tx(6, 0), parent=4)
    play.says(1, confirmed(6))
    pin(play, PROCESSED)
    assert play.take() == ["4 is processed", "4 t0", "6 t0"]


def test_a_bank_that_was_replaced_is_not_handed_on_by_loosening() -> None:
    play = Play(ALL)
    play.says(1, created(5), tx(5, 0), created(5), tx(5, 0, "x"))
    pin(play, PROCESSED)
    assert play.take() == ["5 is processed", "5 x"]
    play.says(1, tx(5, 0, "x"), tx(5, 1), meta(5, transactions=2), confirmed(5))
    assert play.take() == ["5 t1"]


def test_monitors_with_a_level_of_their_own_notice_nothing() -> None:
    play = Play(OWN)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), created(6), tx(6, 0))
    pin(play, PROCESSED)
    play.says(1, meta(6), confirmed(6))
    assert play.take() == ["5 t0", "6 t0"]


def test_switches_that_follow_each_other_begin_at_different_slots() -> None:
    play = Play(ALL)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5))
    for level in (PROCESSED, CONFIRMED, PROCESSED, FINALIZED):
        pin(play, level)
    assert [switch.first_slot for switch in switches(play)] == [6, 7, 8, 9]
    for slot in (6, 7, 8, 9):
        play.block(1, slot, tx(slot, 0))
    assert [word for word in play.take() if " t0" in word] == ["5 t0", "6 t0", "8 t0"]


def test_each_monitor_that_follows_is_told_of_it_once() -> None:
    play = Play(ALL, OWN, VAULT)
    pin(play, FINALIZED, "the network stands still")
    rows = [released[5] for released in play.given]
    assert [row[3:5] for row in rows] == [
        (0b001, (ALL.name, 1, "the network stands still")),
        (0b100, ("vault", 1, "the network stands still")),
    ]
    assert {row[0] for row in rows} == {Kind.COMMITMENT}


def test_the_policy_decides_by_what_the_kernel_measures() -> None:
    policy = LevelPolicy(LevelStrategy.ADAPTIVE, CONFIRMED, PROCESSED, FINALIZED)
    play = Play(ALL, levels=policy)
    for slot in range(1, 100):
        play.at(slot * 1.0).block(1, slot, tx(slot, 0)).says(1, processed(slot), finalized(slot))
    assert switches(play) == []
    for late in range(100, 220, 2):
        play.at(late * 1.0)
    (switch,) = switches(play)
    assert (switch.level, switch.came_from) == (FINALIZED, CONFIRMED)
    assert play.kernel.switching.adapting.decisions[-1].reason == switch.reason


def test_an_outage_of_all_endpoints_is_no_halt_of_the_chain() -> None:
    policy = LevelPolicy(LevelStrategy.ADAPTIVE, CONFIRMED, PROCESSED, FINALIZED)
    play = Play(ALL, levels=policy)
    for slot in range(1, 100):
        play.at(slot * 1.0).block(1, slot, tx(slot, 0)).says(1, processed(slot), finalized(slot))
    play.ends(1)
    for late in range(100, 400, 2):
        play.at(late * 1.0)
    assert switches(play) == []


def test_slots_in_flight_keep_the_level_that_they_had_before_a_restart() -> None:
    before = (Switch(6, PROCESSED, CONFIRMED, ""),)
    play = Play(ALL, level=PROCESSED, resume_slot=5, switches=before)
    play.says(1, created(5), tx(5, 0), created(6), tx(6, 0))
    assert play.take() == ["6 is processed", "6 t0"]
    play.says(1, meta(5), confirmed(5))
    assert play.take() == ["5 t0"]


def test_a_configuration_that_was_changed_is_followed_behind_what_sinks_hold() -> None:
    before = (Switch(1, PROCESSED, PROCESSED, ""),)
    held = (Inherited(7, PROCESSED, 0, 1, {}),)
    play = Play(ALL, level=CONFIRMED, resume_slot=5, switches=before, inherited=held)
    assert play.take() == ["8 is confirmed"]
    assert switches(play)[0].reason == "the configuration says so"
    play.says(1, created(5), tx(5, 0), created(8), tx(8, 0))
    assert play.take() == ["5 t0"]


def test_a_level_that_no_switch_came_to_is_not_told_at_a_start() -> None:
    before = (Switch(6, PROCESSED, PROCESSED, ""),)
    play = Play(ALL, level=PROCESSED, resume_slot=5, switches=before)
    assert play.take() == []
    assert switches(play) == []


def test_what_was_handed_on_before_a_switch_comes_before_what_the_new_level_gives() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0)).says(1, confirmed(4), created(5), tx(5, 0))
    gate, slots = play.kernel.gate, play.kernel.join.slots
    gate.hand_on(slots[4], CONFIRMED, [(0, tx(4, 1))], 1, late=True)
    for _ in play.kernel.switching.pin(PROCESSED, "an operator says so", play.now):
        pass
    releases = [each for each in gate.collect() if isinstance(each, Release)]
    told = [(each.commitment, row[5][1]) for each in releases for row in each.released]
    assert told == [(CONFIRMED, 4), (PROCESSED, 5), (PROCESSED, 5)]
    assert play.kernel.switching.since == 5


def test_what_another_feed_brings_after_a_loosening_comes_no_second_time() -> None:
    play = Play(ALL, feeds=2, level=FINALIZED)
    play.block(1, 5, tx(5, 0), tx(5, 1)).says(1, confirmed(5)).at(3.0)
    pin(play, CONFIRMED)
    assert play.take() == ["5 is confirmed", "5 t0", "5 t1"]
    play.block(2, 5, tx(5, 0), tx(5, 1), tx(5, 2))
    assert play.take() == ["5 t2 late"]


def test_an_open_slot_from_before_a_restart_keeps_its_level_over_later_switches() -> None:
    before = (Switch(50, PROCESSED, CONFIRMED, ""),)
    play = Play(ALL, level=PROCESSED, resume_slot=100, still_open=((5, 6),), switches=before)
    play.block(1, 100, tx(100, 0))
    pin(play, CONFIRMED)
    history = play.kernel.gate.history
    assert (history.level_of(5), history.level_of(100)) == (CONFIRMED, PROCESSED)


def test_a_start_with_another_configuration_names_no_slot_of_the_past() -> None:
    before = (Switch(50, FINALIZED, FINALIZED, ""),)
    Play(ALL, level=FINALIZED, resume_slot=1000, switches=before)
    play = Play(ALL, level=CONFIRMED, resume_slot=1000, switches=before)
    assert play.take() == ["1000 is confirmed"]
    held = (Inherited(1004, FINALIZED, 0, 1, {}),)
    play = Play(ALL, level=CONFIRMED, resume_slot=1000, switches=before, inherited=held)
    assert play.take() == ["1005 is confirmed"]


def test_time_to_hand_on_is_measured_at_the_level_that_is_chosen() -> None:
    at_once = Monitor("at once", commitment=PROCESSED, transactions=TransactionsFilter())
    for monitors in ((ALL,), (ALL, at_once)):
        play = Play(*monitors)
        for slot in range(5, 40):
            play.at(slot * 1.0)
            row = tx(slot, 0, mask=3)
            stamped = (*row[:5], int((play.now - 0.5) * 1e9), row[6])
            play.block(1, slot, stamped).at(slot + 0.5).says(1, confirmed(slot))
        assert play.kernel.gate.gauges.conditions(play.now).latency == pytest.approx(1.0)
