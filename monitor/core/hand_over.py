"""Make before break: an endpoint that lost its place stays hot until its successor covers two slots.

Not where it brings nothing, or nothing that is believed: then it goes at once. Where monitors are divided it stays until
all that it carries is covered, whoever is to carry that.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Final

from monitor.core.deliberation import Deliberation
from monitor.core.failover import Division, Leaving, Load, What
from monitor.core.hard_signals import LATE, Fault

COVERED: Final = 2
"""Slots that the new feed brings whole before the old one goes (DESIGN 6)."""
LONGEST: Final = 30.0
"""Seconds for which two feeds stand in one place. A guess: covering two slots takes a few."""
BARRED: Final = 600.0
"""Seconds for which no planned move is made to an endpoint that did not cover. A guess."""
_STILL_BRINGS: Final = LATE | {None, Fault.DRAINED}


def begin(look: Deliberation, endpoint: int, successor: int, is_planned: bool) -> None:
    """The successor takes the place; the other one stays for a while if it brings anything."""
    look.place(endpoint, has_place=False)
    look.place(successor, has_place=True)
    # Who comes back while it leaves has never left.
    rest = [each for each in look.state.leaving if each.endpoint not in (endpoint, successor)]
    if still_brings(look, endpoint):
        rest.append(Leaving(endpoint, successor, look.now, is_planned))
    while len(rest) > look.policy.places:
        oldest = rest.pop(0)
        why = "there are as many hand-overs as places"
        look.explain(What.HANDED_OVER, why, oldest.endpoint, oldest.successor)
    look.change(leaving=tuple(rest))


def proceed(look: Deliberation) -> None:
    """End the hand-overs that are done, that cannot be, and that take too long."""
    leaving = look.state.leaving
    if not leaving:
        return
    kept = tuple(_excused(look, each) for each in leaving if _stays(look, each))
    look.change(leaving=kept)


def still_brings(look: Deliberation, endpoint: int) -> bool:
    """Whether slots come of it that can be relied on."""
    return look.brings(endpoint) and look.places[endpoint].fault in _STILL_BRINGS


def covers(look: Deliberation, endpoint: int) -> bool:
    """Whether it has brought enough of what it is asked for, so that another one may go."""
    return look.health[endpoint].is_open and look.health[endpoint].covered >= COVERED


def is_missed(look: Deliberation, endpoint: int) -> bool:
    """Whether it carries monitors that nobody who has a place, and covers, carries too."""
    division = look.state.division
    if division is None:
        return False
    pool = look.pool()
    others = [i for i in look.placed() if i in pool and i != endpoint and covers(look, i)]
    kept = reduce(or_, (division.carried[i] for i in others), 0)
    return bool(division.carried[endpoint] & ~kept)


def heirs(look: Deliberation, endpoint: int) -> Iterable[int]:
    """Sound ones that were just leaving in favour of this endpoint, and can have their place back."""
    return [
        each.endpoint
        for each in look.state.leaving
        if each.successor == endpoint and look.places[each.endpoint].fault is None
    ]


def inherit(look: Deliberation, endpoint: int, successor: int) -> None:
    """Those who waited for this endpoint to cover wait for its successor."""
    look.change(
        leaving=tuple(
            replace(each, successor=successor) if each.successor == endpoint else each
            for each in look.state.leaving
        )
    )


def _excused(look: Deliberation, each: Leaving) -> Leaving:
    """While those replay that it waits for, which may take minutes, its time does not run: they cannot cover anything."""
    return replace(each, since=look.now) if _is_asked_later(look, each) else each


def _is_asked_later(look: Deliberation, each: Leaving) -> bool:
    if look.health[each.successor].is_replaying:
        return True
    is_sure = look.state.load is Load.FULL  # else what is carried twice is what we are too slow for
    return is_sure and is_missed(look, each.endpoint) and gain_later(look, look.state.division)


def gain_later(look: Deliberation, division: Division | None) -> bool:
    """Whether somebody who is to carry more replays: it is asked for that, and can cover it, only afterwards."""
    gaining = () if division is None else division.gaining
    return any(look.health[i].is_open and look.health[i].is_replaying for i in gaining)


def _stays(look: Deliberation, each: Leaving) -> bool:
    health = look.health[each.successor]
    has_covered = covers(look, each.successor)
    if has_covered and not is_missed(look, each.endpoint):
        why = f"the new one covered {health.covered} slots"
        look.explain(What.HANDED_OVER, why, each.endpoint, each.successor)
        return False
    if look.places[each.endpoint].fault not in _STILL_BRINGS:
        why = look.fault_told(each.endpoint)
        look.explain(What.HANDED_OVER, why, each.endpoint, each.successor)
        return False
    if look.now - each.since < LONGEST:
        return True
    why = f"the new one covered {health.covered} slots in {look.now - each.since:.0f} s"
    can_return = each.is_planned and look.places[each.endpoint].fault is None and not has_covered
    if can_return and look.places[each.successor].has_place:
        _give_back(look, each, why)
    else:
        look.explain(What.HANDED_OVER, why, each.endpoint, each.successor)
    return False


def _give_back(look: Deliberation, each: Leaving, why: str) -> None:
    look.place(each.endpoint, has_place=True)
    look.place(each.successor, has_place=False)
    place = look.places[each.successor]
    look.places[each.successor] = replace(place, barred_until=look.now + BARRED)
    promoted = tuple(i for i in look.state.wishes.promoted if i != each.successor)
    look.change(wishes=replace(look.state.wishes, promoted=promoted))
    look.explain(What.GIVEN_BACK, why, each.successor, each.endpoint)
