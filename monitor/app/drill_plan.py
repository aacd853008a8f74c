"""Which endpoints a drill walks over, and why not the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.app.endpoints_tables import stream_words
from monitor.app.tables import Object
from monitor.core.endpoint_health import Circuit, Role
from monitor.core.errors import DrillBroken
from monitor.core.hard_signals import DISTRUSTED

FEWEST: Final = 2
"""Usable endpoints without which nothing can be taken over."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done."""

    walk: tuple[str, ...]
    """Endpoints in the order in which they are drained."""
    left_out: tuple[str, ...] = ()
    """Why others are not, a sentence each."""


def plan_of(endpoints: Sequence[Object], names: Sequence[str]) -> Plan:
    """The drill over these names; without any, over each endpoint that has a place. `endpoints` as the API tells them.

    Raises: DrillBroken, when a name is none, has no place or is not usable, or when fewer than two are usable.
    """
    known = {str(each["endpoint"]): each for each in endpoints}
    for name in names:
        if name not in known:
            raise DrillBroken(f"there is no endpoint {name!r}; there are: {', '.join(known)}")
        why = _unfit(known[name])
        if why is not None:
            raise DrillBroken(f"{why}; leave it out")
    check_enough(endpoints)
    if names:
        return Plan(tuple(dict.fromkeys(names)))
    unfit = {name: _unfit(each) for name, each in known.items()}
    return Plan(
        tuple(name for name, why in unfit.items() if why is None),
        tuple(why for why in unfit.values() if why is not None),
    )


def check_enough(endpoints: Sequence[Object]) -> None:
    """See that somebody is left when one is drained. Raises: DrillBroken."""
    usable = [str(each["endpoint"]) for each in endpoints if unusable(each) is None]
    if len(usable) >= FEWEST:
        return
    left = f"only {usable[0]} is usable" if usable else "no endpoint is usable"
    reasons = [why for each in endpoints if (why := unusable(each)) is not None]
    told = f" ({'; '.join(reasons)})" if reasons else ""
    raise DrillBroken(f"{left}{told}, so nobody could take over; a drill needs two")


def unusable(endpoint: Object) -> str | None:
    """Why it cannot take over anything, in words; None: it can."""
    name = endpoint["endpoint"]
    if endpoint["drained"]:
        return f"{name} is drained"
    if endpoint["trust"] < DISTRUSTED:
        return f"{name} is not trusted: {endpoint['trust']:.2f}"
    if not endpoint["open"] or endpoint["circuit"] != Circuit.CLOSED or endpoint["needs_person"]:
        return f"the stream of {name} is {stream_words(endpoint)}"
    return None


def _unfit(endpoint: Object) -> str | None:
    why = unusable(endpoint)
    if why is None and endpoint["role"] != Role.HOT:
        name = endpoint["endpoint"]
        return f"{name} is {endpoint['role']} and has no place to lose; promote it before"
    return why
