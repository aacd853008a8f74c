"""Floors move, slots fall out of reach once, and deadlines follow."""

from monitor.core.recovery_floors import NEVER, Floors
from tests.core.recovering import REPLAY, RPC


def test_nothing_expires_until_a_floor_is_told() -> None:
    floors = Floors()
    assert floors.deadline(REPLAY, 100) is None
    assert floors.of(REPLAY) == 0
    assert floors.slot_time == 0.0


def test_a_deadline_is_when_the_floor_gets_there() -> None:
    floors = Floors()
    floors.move({REPLAY: 90, RPC: 0}, 0.4, 1000.0)
    assert floors.deadline(REPLAY, 100) == 1004.0
    assert floors.deadline(REPLAY, 90) == 1000.0
    assert floors.deadline(RPC, 100) is None


def test_slots_fall_out_of_reach_once() -> None:
    floors = Floors()
    assert floors.move({REPLAY: 90, RPC: 10}, 0.4, 0.0) == [(REPLAY, 0, 90), (RPC, 0, 10)]
    assert floors.move({REPLAY: 92, RPC: 10}, 0.4, 1.0) == [(REPLAY, 90, 92)]
    assert floors.move({REPLAY: 50, RPC: 10}, 0.4, 2.0) == []
    assert floors.move({REPLAY: NEVER, RPC: 10}, 0.4, 3.0) == [(REPLAY, 50, NEVER)]
