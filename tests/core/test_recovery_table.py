"""The table tells runs of slots, and forgets sleepers that have left their sleep."""

import pytest

from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.recovery_places import Place
from monitor.core.recovery_table import WOKEN_AT_ONCE, Table
from tests.core.recovering import REPLAY, RPC

HERE, THERE = Place(RPC, 0.0), Place(RPC, 1.0)


@pytest.fixture
def table() -> Table:
    """Slots 10 to 14 at one place, 15 at another, 20 at the first."""
    table = Table([REPLAY, RPC])
    table.add(10, 15, HERE)
    table.add(15, 16, THERE)
    table.add(20, 21, HERE)
    return table


def test_runs_end_where_the_place_or_the_slots_do(table: Table) -> None:
    assert table.runs(12, 30) == [(12, 15, HERE), (15, 16, THERE), (20, 21, HERE)]
    assert table.runs(15, 16) == [(15, 16, THERE)]
    assert table.runs(16, 17) == []


def test_absent_is_all_between(table: Table) -> None:
    assert table.absent(5, 25) == [(5, 10), (16, 20), (21, 25)]
    assert table.absent(11, 15) == []


def test_a_run_that_moves_is_in_the_new_place_alone(table: Table) -> None:
    asleep = HERE._replace(rung=REPLAY, due=5.0)
    table.move(11, 13, HERE, asleep)
    table.check()
    assert table[11] is asleep
    assert table.get(13) is HERE
    assert table.next_wake() == 5.0
    assert list(table.woken(4.9)) == []
    assert list(table.woken(5.0)) == [(11, 13, asleep)]


def test_many_that_sleep_are_woken_some_at_a_time(table: Table) -> None:
    asleep = HERE._replace(due=5.0)
    first, end = 1_000_000, 1_000_000 + 2 * WOKEN_AT_ONCE + 1
    table.add(first, end, asleep)
    woken = []
    while table.next_wake() is not None:
        runs = list(table.woken(5.0))
        for run in runs:
            table.move(*run, HERE)
        table.check()
        woken.append(sum(high - low for low, high, _ in runs))
    assert woken == [WOKEN_AT_ONCE, WOKEN_AT_ONCE, 1]
    assert table.lines[HERE.rung].slots.first_absent(first) == end


def test_what_left_its_sleep_is_not_woken(table: Table) -> None:
    asleep = HERE._replace(due=5.0)
    table.move(20, 21, HERE, asleep)
    table.drop(20, 21, asleep)
    assert table.next_wake() is None
    table.add(20, 21, HERE)
    table.move(20, 21, HERE, asleep)
    table.move(20, 21, asleep, HERE)
    assert list(table.woken(9.0)) == []


def test_sleepers_do_not_pile_up_when_slots_change_in_their_sleep(table: Table) -> None:
    place = HERE
    for due in range(1000):
        asleep = place._replace(due=1000.0 + due)
        table.move(20, 21, place, asleep)
        place = asleep
    assert len(table._sleepers) < 100
    assert list(table.woken(5000.0)) == [(20, 21, place)]


def test_changes_tell_the_end_of_it_in_order(table: Table) -> None:
    table.drop(12, 14, HERE)
    lost = THERE._replace(rounds=1, attempts=2)
    table.move(15, 16, THERE, lost)
    assert table.changes() == [
        Job(10, 12, RPC, 0, JobState.OPEN),
        JobsDone(12, 14),
        Job(14, 15, RPC, 0, JobState.OPEN),
        Job(15, 16, RPC, 2, JobState.LOST),
        Job(20, 21, RPC, 0, JobState.OPEN),
    ]
    assert table.changes() == []


def test_a_place_that_stays_what_is_stored_is_no_change(table: Table) -> None:
    table.changes()
    asleep = HERE._replace(due=7.0)
    table.move(10, 15, HERE, asleep)
    assert table.changes() == []
