"""What an endpoint may be asked to replay."""

import pytest

from monitor.core.connection import Connection
from monitor.core.endings import Ending, EndReason
from monitor.core.reach import (
    FLOOR_MARGIN,
    REFUSAL_LIMIT,
    REPEAT_LIMIT,
    REPEAT_WINDOW,
    learn,
    may_replay,
    set_floor,
    wanted_from,
)


def missing(covered: int | None, above: int) -> int | None:
    """Slots 6 and 40 are missing."""
    return next((slot for slot in (6, 40) if above <= slot < (covered or 100)), None)


def test_a_floor_is_asked_for_with_a_margin_that_each_refusal_widens() -> None:
    connection = Connection(0)
    found = []
    for refusals in range(4):
        connection.refused = [0.0] * refusals
        set_floor(connection, 20)
        found.append(connection.floor)
    assert found == [20 + FLOOR_MARGIN * factor for factor in (1, 1, 2, 4)]
    assert connection.replayed_below == 20


@pytest.mark.parametrize(
    ("reason", "told", "asked", "floor"),
    [
        (EndReason.REPLAY_EXPIRED, 20, 6, 20 + FLOOR_MARGIN),
        (EndReason.REPLAY_EXPIRED, None, 6, 6 + FLOOR_MARGIN),
        (EndReason.REPLAY_EXPIRED, None, None, None),
        (EndReason.REPLAY_AHEAD, None, 6, None),
    ],
)
def test_an_expired_replay_tells_a_floor(
    reason: EndReason, told: int | None, asked: int | None, floor: int | None
) -> None:
    connection = Connection(0)
    learn(connection, Ending(reason, "OUT_OF_RANGE", "", told), asked)
    assert connection.floor == floor
    assert not connection.replay_off


def test_who_has_no_replay_may_not_be_asked() -> None:
    connection = Connection(0)
    learn(connection, Ending(EndReason.REPLAY_OFF, "INTERNAL", "", None), 6)
    assert not may_replay(connection, 6, 0.0)
    assert wanted_from(connection, missing, 50, 0.0) is None


@pytest.mark.parametrize(("floor", "first", "may"), [(6, 6, True), (7, 6, False), (None, 6, True)])
def test_below_its_floor_nobody_is_asked(floor: int | None, first: int, *, may: bool) -> None:
    assert may_replay(Connection(0, floor=floor), first, 0.0) is may


def test_who_stores_nothing_yet_is_not_asked() -> None:
    assert not may_replay(Connection(0, stores_nothing=True), 6, 0.0)


def test_who_refused_often_of_late_is_left_alone() -> None:
    connection = Connection(0, refused=[1.0] * REFUSAL_LIMIT)
    assert wanted_from(connection, missing, 50, REPEAT_WINDOW) is None
    assert not may_replay(connection, 6, REPEAT_WINDOW)
    assert may_replay(connection, 6, REPEAT_WINDOW + 1.0)
    assert wanted_from(connection, missing, 50, REPEAT_WINDOW + 1.0) == 6


def test_a_slot_that_was_asked_for_often_gives_way_to_later_ones() -> None:
    connection = Connection(0, asked=[(1.0, 6)] * REPEAT_LIMIT, replayed_below=30)
    assert wanted_from(connection, missing, 50, 2.0) == 40
    connection.asked += [(1.0, 40)] * REPEAT_LIMIT
    assert wanted_from(connection, missing, 50, 2.0) is None
    assert wanted_from(connection, missing, 50, REPEAT_WINDOW + 1.0) == 6


@pytest.mark.parametrize(
    ("floor", "holds_from", "covered", "wanted"),
    [
        (None, None, 50, 6),
        (5, None, 50, 6),
        (30, None, 50, 30),
        (30, None, None, 30),
        (52, None, 50, 50),
        (6 + FLOOR_MARGIN, 6, 50, 6),
        (7 + FLOOR_MARGIN, 7, 50, 7 + FLOOR_MARGIN),
        (50 + FLOOR_MARGIN, 50, 50, 50),
        (51 + FLOOR_MARGIN, 51, 50, None),
    ],
)
def test_what_is_asked_for_is_what_the_endpoint_still_has(
    floor: int | None, holds_from: int | None, covered: int | None, wanted: int | None
) -> None:
    connection = Connection(0, floor=floor, holds_from=holds_from)
    assert wanted_from(connection, missing, covered, 0.0) == wanted


def test_where_nothing_is_missing_nothing_is_asked_for() -> None:
    assert wanted_from(Connection(0, floor=1), missing, 6, 0.0) is None
