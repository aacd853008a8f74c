"""The bench of releases times each slot from what allows it, and judges p99."""

from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Release
from monitor.core.events import Row
from tests.bench.release import goals, rows
from tests.bench.released import NS_AN_EVENT, Delays
from tests.bench.window import Figures

CONFIRMED, PROCESSED = Commitment.CONFIRMED, Commitment.PROCESSED


def status(slot: int, level: Commitment, stamp: int) -> Row:
    return (Kind.SLOT, slot, int(level), 0, (slot - 1, None, 0), stamp, b"frame")


def transactions(slot: int, *stamps: int) -> list[Row]:
    return [(Kind.TRANSACTION, slot, b"key", 1, 0, stamp, b"frame") for stamp in stamps]


def release(level: Commitment, *rows: Row) -> Release:
    return Release(level, [(1, 0, False, 0, None, row) for row in rows])


def test_a_slot_is_timed_from_its_status_to_the_first_and_the_last_of_its_parts() -> None:
    delays = Delays()
    delays.saw([status(7, CONFIRMED, 1_000), status(7, Commitment.FINALIZED, 9_000)])
    delays.handed_on(release(CONFIRMED, *transactions(7, 10, 20)), 1_500)
    delays.handed_on(release(CONFIRMED, *transactions(7, 30)), 100_000)
    assert delays.firsts() == {"confirmed": [500]}
    assert delays.overs() == {"confirmed": [99_000 - 3 * NS_AN_EVENT]}


def test_a_second_copy_of_a_status_allows_nothing_anew() -> None:
    delays = Delays()
    delays.saw([status(7, CONFIRMED, 1_000)])
    delays.saw([status(7, CONFIRMED, 2_000)])
    delays.handed_on(release(CONFIRMED, *transactions(7, 10)), 2_500)
    assert delays.firsts() == {"confirmed": [1_500]}


def test_a_slot_whose_status_was_not_seen_is_left_out() -> None:
    delays = Delays()
    delays.handed_on(release(CONFIRMED, *transactions(7, 10)), 2_500)
    assert delays.units == {}


def test_at_processed_an_event_is_timed_from_its_own_arrival() -> None:
    delays = Delays()
    delays.handed_on(release(PROCESSED, *transactions(7, 100, 110)), 300)
    delays.handed_on(release(PROCESSED, *transactions(7, 1_000)), 1_700)
    assert delays.firsts() == {"processed": [200]}
    assert delays.overs() == {"processed": [700]}


def test_what_a_change_lets_go_is_timed_from_the_change_and_all_together() -> None:
    delays = Delays()
    delays.saw([status(7, CONFIRMED, 1_000), status(8, CONFIRMED, 2_000)])
    delays.pinned(5_000)
    delays.saw([status(9, CONFIRMED, 6_000)])
    delays.handed_on(release(CONFIRMED, *transactions(7, 10)), 5_400)
    delays.handed_on(release(CONFIRMED, *transactions(8, 10)), 5_900)
    delays.handed_on(release(CONFIRMED, *transactions(9, 10)), 6_100)
    assert delays.firsts() == {"pin": [400], "confirmed": [100]}
    assert delays.overs() == {"pin": [900 - 2 * NS_AN_EVENT], "confirmed": [100 - NS_AN_EVENT]}


def test_marks_are_no_events_of_a_slot() -> None:
    delays = Delays()
    mark: Row = (Kind.COMMITMENT, 9, 1, 0, ("a", 0, "said"), 0, None)
    delays.handed_on(release(PROCESSED, mark), 10)
    assert delays.units == {}


def test_goals_and_rows_tell_levels_apart() -> None:
    told = {
        f"{word}_{place}_{each}": value
        for word, place, value in (
            ("confirmed", "first", 1_990.0),
            ("confirmed", "last", 2_010.0),
            ("pin", "first", 100.0),
            ("pin", "last", -5_000.0),
        )
        for each in ("p50", "p99", "max")
    }
    figures = Figures(100, 1.0, 1.0, 50.0, told)
    assert rows("any", figures) == [
        "| any | confirmed | 1.99 / 1.99 / 1.99 | 2.01 / 2.01 / 2.01 |",
        "| any | what a change lets go | 0.10 / 0.10 / 0.10 | -5.00 / -5.00 / -5.00 |",
    ]
    assert [each.is_reached for each in goals("any", figures)] == [True, False, True, True]
