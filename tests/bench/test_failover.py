"""The bench of failover reads its notes as it says, and judges what it found."""

import pytest

from tests.bench import failover, kills
from tests.bench.kills import WAYS, Killed
from tests.bench.peers.watched import Notes

RACE, STANDBY = WAYS


def notes() -> Notes:
    """An event each 10 ms, 4 ms behind the server's stamp; of those after 3 s one is late, and after 5 s none comes for long."""
    live = [(at / 100, 4.0, 1.0) for at in range(100, 500)]
    live[202] = (3.02, 19.0, 1.0)
    return Notes(live=[*live, (5.75, 4.0, 1.0), (5.76, 4.0, 1.0)])


def test_what_a_kill_adds_is_the_latest_event_of_the_next_slot_less_what_is_usual() -> None:
    assert kills.added(notes(), [2.5, 2.995, 3.03]) == [0.0, 15.0, 0.0]


def test_before_the_first_event_and_after_the_last_one_nothing_is_measured() -> None:
    assert kills.added(notes(), [0.5, 9.0]) == []
    assert kills.waited(notes(), [9.0]) == []


def test_the_longest_pause_that_begins_while_the_region_is_dead_is_what_a_hand_over_took() -> None:
    assert kills.waited(notes(), [2.0, 4.5]) == pytest.approx([10.0, 760.0])


def test_a_pause_that_had_begun_counts_from_the_kill() -> None:
    assert kills.waited(notes(), [5.25]) == pytest.approx([500.0])


def test_goals_are_judged() -> None:
    quick = Killed([1.0] * 59 + [12.0], [0.5] * 60, 0)
    slow = Killed([200.0] * 50 + [1500.0] * 10, [50.0] * 60, 2)
    assert [goal.is_reached for goal in failover.goals(RACE, quick)] == [True, True]
    assert [goal.is_reached for goal in failover.goals(STANDBY, slow)] == [False, False]
    assert failover.row(RACE, quick) == "| race | 60 | 1.0 / 12.0 | 0.5 / 0.5 | 0 |"


@pytest.mark.real_time
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_killed_endpoints_leave_nothing_open(
    way: kills.Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kills, "COVERED", 4)
    found = kills.measure(way, kills=2)
    assert found.unclosed == 0
    assert len(found.added) <= 2
