"""Streams that end since we read too slowly: our own fault, so we ask for less, and no endpoint pays for it.

Servers that cut a slow reader off would be taken for failing ones, one after the other, and each move would
make us slower still (TRAPS 22).
"""

from typing import Final

from monitor.core.deliberation import Deliberation
from monitor.core.failover import Load, ShedLoad, Strategy, What

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


def _less(look: Deliberation) -> None:
    state = look.state
    # Of three feeds that bring all, a division leaves two; of two it would leave as many.
    policy = look.policy
    can_divide = policy.strategy is Strategy.RACE and policy.places > 2 and bool(policy.units)
    lowest = Load.SPREAD if can_divide else Load.NARROW
    why = f"{look.lagged} streams ended since they were read too slowly"
    if state.load >= lowest or (state.load and look.now - state.load_at < STEP_PAUSE):
        look.explain(What.SHED, f"{why}; load stays {state.load.name.lower()}")
        if state.load >= lowest:
            look.change(load_at=look.now)
        return
    load = Load(state.load + 1)
    _set(look, load, What.SHED, f"{why}: {load.name.lower()}")


def _set(look: Deliberation, load: Load, what: What, why: str) -> None:
    look.actions.append(ShedLoad(load))
    look.change(load=load, load_at=look.now)
    look.explain(what, why)
