"""One endpoint as the API tells it."""

from typing import Any

import orjson

from monitor.adapters.metrics.snapshot import EndpointState
from monitor.app.endpoints_view import endpoint_view
from monitor.core.endings import Ending, EndReason
from monitor.core.endpoint_health import Circuit, Delay, EndpointHealth, Role
from monitor.core.findings import Cause, Finding
from monitor.ports import Endpoint

AMS = Endpoint("ams", "http://a", region="europe", provider="one", priority=2)


def ill() -> dict[str, Any]:
    """A warm endpoint that lags, lied once and was found out; all of its keys, and no probe yet."""
    health = EndpointHealth(
        0,
        is_open=True,
        circuit=Circuit.HALF_OPEN,
        lag=5.55555,
        covered=3,
        silent_for=6.0,
        miss_rate=0.0010001,
        duplicate_rate=0.75,
        first_share=1 / 3,
        delay=Delay(0.0123456, 0.04, 0.09),
        errors={EndReason.LAGGED: 2},
        trust=0.4,
    )
    found = Finding(Cause.BLOCK, 9, 7, 3, 2.0, "it told block A of slot 9, and others told B")
    ending = Ending(EndReason.LAGGED, "INTERNAL", "lagged")
    state = EndpointState(health, "europe", Role.WARM)
    told = endpoint_view(AMS, state, ending, [found], lambda ns: ns)
    return told | {"carries": None, "profile": None, "decisions": []}


def well() -> dict[str, Any]:
    """An endpoint that has just begun."""
    state = EndpointState(EndpointHealth(1))
    told = endpoint_view(Endpoint("nyc", "http://b"), state, None, [], lambda ns: ns)
    return told | {"carries": None, "profile": None, "decisions": []}


def test_everything_is_told_as_plain_json() -> None:
    assert orjson.loads(orjson.dumps(ill())) == {
        "endpoint": "ams",
        "region": "europe",
        "provider": "one",
        "priority": 2,
        "role": "warm",
        "circuit": "half_open",
        "open": True,
        "drained": False,
        "drain_ends_in": None,
        "promotion_ends_in": None,
        "promoted": False,
        "needs_person": False,
        "covered": 3,
        "lag": 5.556,
        "silent_for": 6.0,
        "miss_rate": 0.001,
        "duplicate_rate": 0.75,
        "first_share": 0.3333,
        "delay": {"p50": 0.012346, "p95": 0.04, "p99": 0.09},
        "trust": 0.4,
        "errors": {"lagged": 2},
        "last_ending": {"reason": "lagged", "code": "INTERNAL", "text": "lagged"},
        "findings": [
            {
                "cause": "block",
                "slot": 9,
                "first_slot": 7,
                "count": 3,
                "at": "1970-01-01T00:00:02.000000Z",
                "why": "it told block A of slot 9, and others told B",
            }
        ],
        "carries": None,
        "profile": None,
        "decisions": [],
    }


def test_what_is_not_known_is_null_and_not_0() -> None:
    told = well()
    assert (told["lag"], told["last_ending"], told["findings"]) == (None, None, [])
    assert told["delay"] == {"p50": None, "p95": None, "p99": None}
