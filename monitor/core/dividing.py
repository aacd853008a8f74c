"""Divides monitors over the hot feeds, each on two, of different providers where there are such.

As few monitors move as can: each keeps the carriers that it has, and moves only where one feed would carry two more
than another. Whoever gives a monitor away carries it until the others have covered two slots.
"""

from collections.abc import Sequence
from typing import Final

from monitor.core.deliberation import Deliberation
from monitor.core.endpoint_health import Role
from monitor.core.failover import Carry, Division, Load, Strategy, What
from monitor.core.hand_over import COVERED, LONGEST

CARRIERS: Final = 2
"""Feeds that carry each monitor (DESIGN 6)."""


def divide(look: Deliberation) -> None:
    """Tell each hot feed what it carries, where that changes. Called when the roles are assigned."""
    old = look.state.division
    new = _division(look, old)
    if new is old:
        return
    look.change(division=new)
    everything = (1 << look.policy.monitors) - 1
    for i in look.all:
        place = look.places[i]
        before = everything if old is None or place.role_at == look.now else old.carried[i]
        after = everything if new is None else new.carried[i]
        if place.role is Role.HOT and before != after:
            look.actions.append(Carry(i, after))


def _division(look: Deliberation, old: Division | None) -> Division | None:
    if look.policy.strategy is not Strategy.SPREAD and look.state.load is not Load.SPREAD:
        return None
    over, monitors = tuple(look.placed()), look.policy.monitors
    if old is None or old.over != over or old.monitors != monitors:
        return _settled(look, _begun(look, old, over))
    return _settled(look, old)


def _begun(look: Deliberation, old: Division | None, over: tuple[int, ...]) -> Division:
    monitors = look.policy.monitors
    everything = (1 << monitors) - 1
    providers = [look.provider(i) for i in look.all]
    shares = shares_of(
        [0] * len(providers) if old is None else old.shares, over, providers, monitors
    )
    carried, gaining = [], []
    for i in look.all:
        was_hot = look.places[i].role is Role.HOT and look.places[i].role_at != look.now
        before = (everything if old is None else old.carried[i] & everything) if was_hot else 0
        carried.append(before | shares[i])
        waits = old is not None and i in old.gaining and i in over
        if waits or shares[i] & ~before:
            gaining.append(i)
    most = max(share.bit_count() for share in shares)
    why = f"{monitors} monitors over {len(over)} feeds, at most {most} on one"
    look.explain(What.DIVIDED, why)
    return Division(over, monitors, tuple(shares), tuple(carried), tuple(gaining), look.now)


def _settled(look: Deliberation, division: Division) -> Division:
    """The division with nothing carried twice over, if those who gained cover by now."""
    if division.carried == division.shares:
        return division
    waits = any(
        not look.health[i].is_open or look.health[i].covered < COVERED for i in division.gaining
    )
    fresh = division.since == look.now and division.gaining
    if fresh or (waits and look.now - division.since < LONGEST):
        return division
    staying = {each.endpoint for each in look.state.leaving}
    carried = tuple(
        division.carried[i] if i in staying else share for i, share in enumerate(division.shares)
    )
    return Division(division.over, division.monitors, division.shares, carried, (), division.since)


def shares_of(
    before: Sequence[int], over: Sequence[int], providers: Sequence[str], monitors: int
) -> list[int]:
    """A mask of monitors by endpoint. `before`: the masks so far; `over`: those that may carry."""
    shares = [0] * len(providers)
    for number in range(monitors):
        bit = 1 << number
        carriers = [i for i in over if before[i] & bit][:CARRIERS]
        while len(carriers) < min(CARRIERS, len(over)):
            known = {providers[i] for i in carriers}
            rest = [i for i in over if i not in carriers]
            carriers.append(min(rest, key=lambda i: _worth(providers[i] in known, shares[i], i)))
        for i in carriers:
            shares[i] |= bit
    _even_out(shares, over, providers, monitors)
    return shares


def _worth(is_known: bool, share: int, i: int) -> tuple[bool, int, int]:
    return is_known, share.bit_count(), i


def _even_out(
    shares: list[int], over: Sequence[int], providers: Sequence[str], monitors: int
) -> None:
    """Move monitors from feeds that carry more to feeds that carry less, one at a time."""
    while True:
        pairs = [
            (shares[source].bit_count() - shares[target].bit_count(), source, target)
            for source in over
            for target in over
        ]
        moves = (
            (1 << number, source, target)
            for more, source, target in sorted(pairs, reverse=True)
            for number in range(monitors)
            if more > 1 and _can_move(1 << number, shares, over, providers, source, target)
        )
        move = next(moves, None)
        if move is None:
            return
        bit, source, target = move
        shares[source] &= ~bit
        shares[target] |= bit


def _can_move(
    bit: int,
    shares: Sequence[int],
    over: Sequence[int],
    providers: Sequence[str],
    source: int,
    target: int,
) -> bool:
    """Whether the monitor can move without ending on two feeds of one provider that was on two providers."""
    if not shares[source] & bit or shares[target] & bit:
        return False
    others = {providers[i] for i in over if i != source and shares[i] & bit}
    return providers[target] not in others or providers[source] in others
