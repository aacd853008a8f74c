"""What operators ask of endpoints, and what of that is over: remembered in the state, and explained.

How this works. A drain and a promotion hold until another wish ends them: of one endpoint the last wish counts, and a
release ends both. Only who asks for a while, as a drill does, says for how long: then the drain or the promotion is over
by itself, whatever became of its author. Such a wish never shortens one that lasts.
"""

from dataclasses import replace
from typing import assert_never

from monitor.core.deliberation import Deliberation
from monitor.core.failover import Probe, What, Wishes
from monitor.core.wishes import Want, Wish


def obey(look: Deliberation, wish: Wish) -> None:
    """Remember what this wish asks for."""
    wanted, i = look.state.wishes, wish.endpoint
    free = _freed(wanted, i)
    match wish.want:
        case Want.DRAIN:
            lease = None if i in wanted.drained and i not in wanted.ends_at else wish.lease
            ends_at = _ends_at(look, free, i, lease)
            look.change(wishes=replace(free, drained=free.drained | {i}, ends_at=ends_at))
            during = "" if lease is None else f" for {lease:.0f} s"
            look.explain(What.DRAINED, f"an operator asked for it{during}", source=i)
        case Want.PROMOTE:
            lease = None if i in wanted.promoted and i not in wanted.ends_at else wish.lease
            promoted = (i, *free.promoted)[: look.policy.places]
            ends_at = _ends_at(look, free, i, lease)
            look.change(wishes=replace(free, promoted=promoted, ends_at=ends_at))
        case Want.RELEASE:
            look.change(wishes=free)
            why = "nothing else was asked of it" if free == wanted else "an operator asked for it"
            look.explain(What.RELEASED, why, target=i)
        case Want.PROBE:
            look.actions.append(Probe(i))
            look.explain(What.PROBED, "an operator asked for it", target=i)
        case _:
            assert_never(wish.want)


def end_wishes(look: Deliberation) -> None:
    """End the drains and promotions whose time is over."""
    wanted = look.state.wishes
    for i, at in wanted.ends_at.items():
        if look.now < at:
            continue
        look.change(wishes=_freed(look.state.wishes, i))
        if i in wanted.drained:
            look.explain(What.RELEASED, "the time of its drain was over", target=i)
        elif i in wanted.promoted:  # else it has lost its place, and its promotion with it
            look.explain(What.RELEASED, "the time of its promotion was over", target=i)


def _ends_at(look: Deliberation, free: Wishes, i: int, lease: float | None) -> dict[int, float]:
    return dict(free.ends_at) | ({} if lease is None else {i: look.now + lease})


def _freed(wanted: Wishes, i: int) -> Wishes:
    """What is asked for without this endpoint."""
    return Wishes(
        wanted.drained - {i},
        tuple(each for each in wanted.promoted if each != i),
        {each: at for each, at in wanted.ends_at.items() if each != i},
    )
