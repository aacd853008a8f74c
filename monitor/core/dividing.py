"""Divides monitors over the hot feeds, each on two, of different providers where there are such.

How this works. Monitors that must stay together are moved as one: a unit, as heavy as it has monitors. As few units move
as can: each keeps the carriers that it has, and moves only where that makes two feeds more even. Whoever gives a monitor
away carries it until those that are to carry it have covered two slots.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from operator import or_

from monitor.core.deliberation import Deliberation
from monitor.core.endpoint_health import Role
from monitor.core.failover import Division, Load, Strategy, What
from monitor.core.hand_over import LONGEST, covers, gain_later
from monitor.core.scope import EVERY_MONITOR
from monitor.core.shares import CARRIERS


def divide(look: Deliberation) -> None:
    """Decide what each hot feed carries. Called when the roles are assigned."""
    division = _division(look, look.state.division)
    if division is not look.state.division:
        look.change(division=division)


def everything_of(units: Sequence[int]) -> int:
    """The mask of all monitors in these units."""
    return reduce(or_, units, 0)


def carried_by(division: Division | None, endpoint: int) -> int:
    """What this hot endpoint is to be asked for; `EVERY_MONITOR` where that is all there are."""
    if division is None or division.carried[endpoint] == everything_of(division.units):
        return EVERY_MONITOR
    return division.carried[endpoint]


def _division(look: Deliberation, old: Division | None) -> Division | None:
    policy = look.policy
    is_wanted = policy.strategy is Strategy.SPREAD or look.state.load is Load.SPREAD
    if not is_wanted or not policy.units:
        return None
    over = tuple(look.placed())
    if old is None or old.over != over or old.units != policy.units:
        return _settled(look, _begun(look, old, over))
    return _settled(look, old)


def _begun(look: Deliberation, old: Division | None, over: tuple[int, ...]) -> Division:
    units = look.policy.units
    everything = everything_of(units)
    providers = [look.provider(i) for i in look.all]
    shares = shares_of([0] * len(providers) if old is None else old.shares, over, providers, units)
    carried, gaining = [], []
    for i in look.all:
        was_hot = look.places[i].role is Role.HOT and look.places[i].role_at != look.now
        before = (everything if old is None else old.carried[i] & everything) if was_hot else 0
        carried.append(before | shares[i])
        waits = old is not None and i in old.gaining and i in over
        if waits or shares[i] & ~before or (shares[i] and not covers(look, i)):
            gaining.append(i)
    most = max(share.bit_count() for share in shares)
    what = f"{_counted(everything.bit_count(), 'monitor')} over {_counted(len(over), 'feed')}"
    why = f"{what}, at most {most} on one" if len(over) > 1 else what
    look.explain(What.DIVIDED, why)
    return Division(over, units, tuple(shares), tuple(carried), tuple(gaining), look.now)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _settled(look: Deliberation, division: Division) -> Division:
    """The division with nothing carried more than twice, if those who are to carry it cover by now."""
    if division.carried == division.shares:
        return division
    waits = not all(covers(look, i) for i in division.gaining)
    # Not while load is shed: what is carried twice is what we are too slow for.
    if waits and look.state.load is Load.FULL and gain_later(look, division):
        return replace(division, since=look.now)
    fresh = division.since == look.now and division.gaining
    if fresh or (waits and look.now - division.since < LONGEST):
        return division
    staying = {each.endpoint for each in look.state.leaving}
    carried = tuple(
        division.carried[i] if i in staying else share for i, share in enumerate(division.shares)
    )
    return Division(division.over, division.units, division.shares, carried, (), division.since)


def shares_of(
    before: Sequence[int], over: Sequence[int], providers: Sequence[str], units: Sequence[int]
) -> list[int]:
    """A mask of monitors by endpoint. `before`: the masks so far; `over`: those that may carry."""
    shares = [0] * len(providers)
    for unit in units:
        carriers = [i for i in over if before[i] & unit == unit][:CARRIERS]
        while len(carriers) < min(CARRIERS, len(over)):
            known = {providers[i] for i in carriers}
            rest = [i for i in over if i not in carriers]
            carriers.append(min(rest, key=lambda i: _worth(providers[i] in known, shares[i], i)))
        for i in carriers:
            shares[i] |= unit
    _even_out(shares, over, providers, units)
    return shares


def _worth(is_known: bool, share: int, i: int) -> tuple[bool, int, int]:
    return is_known, share.bit_count(), i


def _even_out(
    shares: list[int], over: Sequence[int], providers: Sequence[str], units: Sequence[int]
) -> None:
    """Move units from feeds that carry more to feeds that carry less, one at a time."""
    while (move := next(_moves(shares, over, providers, units), None)) is not None:
        unit, source, target = move
        shares[source] &= ~unit
        shares[target] |= unit


def _moves(
    shares: Sequence[int], over: Sequence[int], providers: Sequence[str], units: Sequence[int]
) -> Iterator[tuple[int, int, int]]:
    """Units, each with the feed that would be rid of it and the one that would get it, so that both are more even."""
    pairs = [
        (shares[source].bit_count() - shares[target].bit_count(), source, target)
        for source in over
        for target in over
    ]
    for more, source, target in sorted(pairs, reverse=True):
        for unit in units:
            if unit.bit_count() >= more or not shares[source] & unit or shares[target] & unit:
                continue
            # No unit that was on two providers ends on two feeds of one.
            others = {providers[i] for i in over if i != source and shares[i] & unit}
            if providers[target] not in others or providers[source] in others:
                yield unit, source, target
