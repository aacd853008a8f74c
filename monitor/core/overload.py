"""Streams that end since we read too slowly: our own fault, so we ask for less, and no endpoint pays for it.

Servers that cut a slow reader off would be taken for failing ones, one after the other, and each move would
make us slower still (TRAPS 22).
"""

from collections.abc import Sequence
from typing import Final

from monitor.core.deliberation import Deliberation, Place
from monitor.core.endpoint_health import EndpointHealth, Role
from monitor.core.failover import Load, ShedLoad, Strategy, What
from monitor.core.hard_signals import LATE, Fault

STEP_PAUSE: Final = 10.0
"""Seconds that a step is given to help before the next one. A guess."""
CALM: Final = 300.0
"""Seconds without such an ending after which a step is taken back. A guess."""


def shed(look: Deliberation) -> None:
    """Ask for less when we were too slow, and for more again after a calm while."""
    state = look.state
    if look.lagged:
        _less(look)
    elif state.load and look.now - state.load_at >= CALM and look.may_plan():
        load = Load(state.load - 1)
        why = f"no stream lagged for {look.now - state.load_at:.0f} s: {load.name.lower()}"
        look.planned()
        _set(look, load, What.RESTORED, why)


def witnesses(
    health: Sequence[EndpointHealth], places: Sequence[Place], needed: int
) -> frozenset[int]:
    """Warm endpoints that must go on to name blocks, so that with the hot ones `needed` providers do."""
    runs_it = [each.provider or f"\n{i}" for i, each in enumerate(health)]
    known = {runs_it[i] for i, place in enumerate(places) if _is_heard(place) and _is_hot(place)}
    chosen = set()
    warm = [i for i, place in enumerate(places) if place.role is Role.WARM]
    for i in sorted(warm, key=lambda i: (places[i].fault or 0, i)):
        if len(known) >= needed:
            break
        if runs_it[i] not in known and places[i].fault is not Fault.DISTRUSTED:
            chosen.add(i)
            known |= {runs_it[i]} if _is_heard(places[i]) else set()
    return frozenset(chosen)


def _is_hot(place: Place) -> bool:
    return place.role is Role.HOT


def _is_heard(place: Place) -> bool:
    return place.fault is None or place.fault in LATE


def _less(look: Deliberation) -> None:
    state = look.state
    # Of three feeds that bring all, a division leaves two; of two it would leave as many.
    policy = look.policy
    can_divide = policy.strategy is Strategy.RACE and policy.places > 2 and bool(policy.units)
    can_narrow = len(look.placed()) < len(look.health)
    lowest = Load.SPREAD if can_divide else Load.NARROW if can_narrow else Load.FULL
    why = f"{look.lagged} streams ended since they were read too slowly"
    if lowest is Load.FULL and not state.load:
        look.explain(What.SHED, f"{why}: there is nothing to leave out")
        return
    if state.load >= lowest or (state.load and look.now - state.load_at < STEP_PAUSE):
        look.explain(What.SHED, f"{why}; load stays {state.load.name.lower()}")
        if state.load >= lowest:
            look.change(load_at=look.now)
        return
    load = Load(state.load + 1) if can_narrow else lowest
    _set(look, load, What.SHED, f"{why}: {load.name.lower()}")


def _set(look: Deliberation, load: Load, what: What, why: str) -> None:
    look.actions.append(ShedLoad(load))
    look.change(load=load, load_at=look.now)
    look.explain(what, why)
