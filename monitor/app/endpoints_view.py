"""What endpoints are like, as the API tells it: how each does, and what was found against it."""

from collections.abc import Callable, Sequence

from monitor.adapters.metrics.snapshot import EndpointState
from monitor.core.endings import Ending
from monitor.core.findings import Finding
from monitor.ports import Endpoint
from monitor.wire.records import utc_text


def endpoint_view(
    endpoint: Endpoint,
    state: EndpointState,
    last_ending: Ending | None,
    findings: Sequence[Finding],
    utc_ns: Callable[[int], int],
) -> dict[str, object]:
    """One endpoint as plain JSON values; `utc_ns` tells moments of the daemon's clock to people.

    Times are seconds, rates between 0 and 1; a number that is not known is None.
    """
    health = state.health
    delay = health.delay
    return {
        "endpoint": endpoint.name,
        "region": endpoint.region,
        "provider": endpoint.provider,
        "priority": endpoint.priority,
        "role": state.role,
        "circuit": health.circuit,
        "open": health.is_open,
        "drained": health.is_drained,
        "drain_ends_in": _rounded(state.drain_ends_in, 0),
        "promoted": state.is_promoted,
        "promotion_ends_in": _rounded(state.promotion_ends_in, 0),
        "needs_person": health.needs_person,
        "covered": health.covered,
        "lag": _rounded(health.lag, 3),
        "silent_for": _rounded(health.silent_for, 3),
        "miss_rate": _rounded(health.miss_rate, 6),
        "duplicate_rate": _rounded(health.duplicate_rate, 4),
        "first_share": _rounded(health.first_share, 4),
        "delay": {
            "p50": _rounded(delay.p50, 6),
            "p95": _rounded(delay.p95, 6),
            "p99": _rounded(delay.p99, 6),
        },
        "trust": _rounded(health.trust, 4),
        "errors": {reason.value: count for reason, count in sorted(health.errors.items())},
        "last_ending": ending_view(last_ending),
        "findings": [
            {
                "cause": found.cause,
                "slot": found.slot,
                "first_slot": found.first_slot,
                "count": found.count,
                "at": utc_text(utc_ns(int(found.at * 1e9))),
                "why": found.sentence,
            }
            for found in findings
        ],
    }


def ending_view(ending: Ending | None) -> dict[str, object] | None:
    """How a stream ended; None while none has."""
    if ending is None:
        return None
    return {"reason": ending.reason, "code": ending.code, "text": ending.text}


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)
