"""What the API tells of the commitment: the level, who chooses, and each decision with what it was made by."""

from typing import Any

import orjson

from monitor.app.commitment_view import CONFIGURED, commitment_view
from monitor.core.commitment import Adapting
from tests.core.test_strain import CALM
from tests.core.weather import CONFIRMED, FINALIZED, policy

BALANCED = policy("balanced", max_latency=0.5)


def as_it_is(stamp_ns: int) -> int:
    return stamp_ns


def told(adapting: Adapting, since: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(
        orjson.dumps(commitment_view(adapting, BALANCED, since, as_it_is))
    )
    return found


def stormy() -> Adapting:
    """Tightened by a disagreement of endpoints, and then pinned."""
    adapting = Adapting(BALANCED, CONFIRMED, 0.0)
    adapting.decide(CALM, 1.0)
    adapting.decide(_disagreeing(), 2.0)
    return adapting


def _disagreeing() -> Any:
    return type(CALM)(slots=200, tip_age=0.3, disagreements=1)


def test_before_any_decision_the_level_is_as_configured() -> None:
    assert told(Adapting(BALANCED, CONFIRMED, 0.0)) == {
        "level": "confirmed",
        "since_slot": None,
        "reason": CONFIGURED,
        "strategy": "adaptive",
        "base": "confirmed",
        "lowest": "processed",
        "highest": "finalized",
        "max_latency": 0.5,
        "max_throughput": None,
        "pinned": None,
        "troubles": [],
        "counts": {"tightened": 0, "loosened": 0},
        "decisions": [],
    }


def test_a_decision_says_from_to_why_and_by_what() -> None:
    found = told(stormy(), since=7)
    (decision,) = found["decisions"]
    assert (found["level"], found["since_slot"], found["reason"]) == (
        "finalized",
        7,
        decision["reason"],
    )
    assert (decision["at"], decision["from"], decision["to"]) == (
        "1970-01-01T00:00:02.000000Z",
        "confirmed",
        "finalized",
    )
    assert "disagreement" in decision["reason"]
    assert (decision["inputs"]["disagreements"], decision["inputs"]["fork_rate"]) == (1, None)
    assert found["counts"] == {"tightened": 1, "loosened": 0}
    assert len(found["troubles"]) == 1


def test_what_an_operator_says_is_told_and_the_newest_decision_comes_first() -> None:
    adapting = stormy()
    adapting.pin(CONFIRMED, "a drill", 3.0)
    found = told(adapting)
    assert (found["pinned"], found["level"], found["reason"]) == (
        "confirmed",
        "confirmed",
        "a drill",
    )
    assert [each["to"] for each in found["decisions"]] == ["confirmed", FINALIZED.name.lower()]
