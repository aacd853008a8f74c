"""Recovery as the API tells it: nothing lost on the way, times as people and programs can use them."""

from typing import Any, cast

import orjson

from monitor.app.recovery_view import RecoveryState, catch_up_of, recovery_view, repairs_of
from monitor.core.standing import CatchUp
from tests.adapters.metrics.recoveries import BUSY, IDLE, NOW, RPCS

COVERAGE = {"complete": 99, "produced": 100, "counted_by": "block_height"}


def as_it_is(stamp_ns: int) -> int:
    """The clock began in 1970."""
    return stamp_ns


def told() -> dict[str, Any]:
    """The busy queue as a client of the API reads it."""
    view = recovery_view(RecoveryState(BUSY, RPCS, COVERAGE, open_slots=18), NOW, as_it_is)
    return cast(dict[str, Any], orjson.loads(orjson.dumps(view)))


def test_everything_is_told_in_plain_json() -> None:
    shown = told()
    assert shown.pop("catch_up") is not None
    assert shown.pop("repairs") is not None
    assert shown == {
        "open_slots": 18,
        "jobs": [
            {"state": "leased", "rung": "rpc", "slots": 4},
            {"state": "lost", "rung": "archive", "slots": 3},
            {"state": "open", "rung": "replay", "slots": 9},
            {"state": "open", "rung": "rpc", "slots": 2},
        ],
        "oldest_deadline": 35.0,
        "recovered": {"replay": 200, "rpc": 100, "archive": 0},
        "lost": 4,
        "signed_off": 1,
        "lost_ranges": [
            {"from": 300_000_123, "to": 300_000_124},
            {"from": 300_000_200, "to": 300_000_202},
        ],
        "coverage": COVERAGE,
        "rpcs": [
            {
                "rpc": "main",
                "calls": 120,
                "errors": {"-32004": 6, "http 429": 2},
                "waits": 5,
                "wait_seconds": 1.5,
            },
            {"rpc": "spare", "calls": 0, "errors": {}, "waits": 0, "wait_seconds": 0.0},
        ],
    }


def test_a_queue_with_nothing_to_do_says_so() -> None:
    shown = recovery_view(RecoveryState(IDLE, (), None, open_slots=0), NOW, as_it_is)

    assert (shown["jobs"], shown["rpcs"], shown["lost_ranges"]) == ([], [], [])
    assert (shown["oldest_deadline"], shown["coverage"], shown["catch_up"]) == (None, None, None)


def test_repairs_have_a_mean_once_there_are_some() -> None:
    assert repairs_of(IDLE)["mean"] is None
    repairs = repairs_of(BUSY)
    assert (repairs["count"], repairs["mean"]) == (300, 0.8)
    assert repairs["within"] == {
        "0.5": 200,
        "1": 270,
        "2": 290,
        "3": 295,
        "5": 300,
        "10": 300,
        "30": 300,
        "60": 300,
        "300": 300,
        "3600": 300,
    }


def test_a_catch_up_says_its_rate_and_when_it_will_be_over() -> None:
    assert catch_up_of(BUSY.catch_up, NOW, as_it_is) == {
        "slots": 3000,
        "done": 1200,
        "began_at": "1970-01-01T00:15:52.000000Z",
        "rate": 25.0,
        "seconds_left": 72.0,
        "estimated_end": "1970-01-01T00:17:52.000000Z",
    }


def test_a_catch_up_that_has_closed_nothing_yet_has_no_end() -> None:
    for now in (NOW, NOW + 5):
        shown = catch_up_of(CatchUp(slots=10, done=0, began_at=NOW), now, as_it_is)
        assert shown is not None
        assert (shown["rate"], shown["seconds_left"], shown["estimated_end"]) == (0.0, None, None)
