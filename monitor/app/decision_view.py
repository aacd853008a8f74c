"""Decisions over endpoints, as the API and the control socket tell them."""

from collections.abc import Callable, Iterable

from monitor.core.decision_history import Told
from monitor.wire.records import utc_text


def decision_views(told: Iterable[Told], utc_ns: Callable[[int], int]) -> list[dict[str, object]]:
    """The same in their order, as plain JSON values; `utc_ns` tells moments of the daemon's clock to people."""
    return [
        {
            "at": utc_text(utc_ns(int(each.at * 1e9))),
            "what": each.what,
            "from": each.source,
            "to": each.target,
            "why": each.why,
            "planned": each.is_planned,
        }
        for each in told
    ]
