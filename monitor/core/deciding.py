"""Decides which endpoints are hot, which warm, and which off: pure, from health, policy and what is remembered.

How this works. As many places as the policy has hot feeds are given to endpoints. A hard signal costs an endpoint
its place at once, as long as somebody else is there who brings something, and the best sound one takes it. All else
waits: a free place is filled by one that has been sound for 30 s, and a better endpoint takes the place of a worse
one when it has been better for 30 s; of such planned moves there is one a minute. Whoever is replaced while it still
brings something stays hot until its successor covers two slots, so for a while there is one feed more.

The runtime of this is whoever ticks: `decide` on each tick and whenever a stream opens or ends, its actions
performed in order and at once, its state kept for the next call.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

from monitor.core import dividing, hand_over, overload
from monitor.core.deliberation import SOUND_FOR, Deliberation, State
from monitor.core.endpoint_health import EndpointHealth, Role
from monitor.core.failover import (
    Action,
    Challenge,
    Explanation,
    FailoverPolicy,
    What,
    reports_of,
)
from monitor.core.hard_signals import LATE, Fault
from monitor.core.obeying import end_wishes, obey
from monitor.core.wishes import Want, Wish

WAKING: Final = 10.0
"""Seconds that others have to be back once the first one is, after all were gone. A guess: a few back-offs."""
_BRING: Final = LATE | {None}
_PASS: Final = frozenset((Fault.SILENT, Fault.CLOSED, Fault.BROKEN))
"""Faults that all endpoints have at once when the fault is not theirs."""
_NEEDED: Final = "; no other one covers two slots yet"
_HELPS: Final = _PASS | {Fault.NEEDS_PERSON}
"""Faults of those who bring nothing, and are asked for all again once they are back, where there is a place for each."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of one look."""

    actions: tuple[Action, ...]
    """To be performed in this order; the log lines come last."""
    state: State
    """For the next look."""
    words: tuple[Explanation, ...]
    """Each decision, explained: for the history."""


def decide(
    now: float,
    health: Sequence[EndpointHealth],
    policy: FailoverPolicy,
    state: State,
    wishes: Iterable[Wish] = (),
) -> Decision:
    """Look at all endpoints, in the order of the configuration. `now` in seconds, never less than before.

    A drain is remembered in the state: `EndpointHealth.is_drained` need not tell it, and counts too where it does.
    """
    look = Deliberation(now, health, policy, state)
    asked = tuple(wishes)
    end_wishes(look)
    for wish in asked:
        obey(look, wish)
    look.look()
    hand_over.proceed(look)
    _take_places(look, {wish.endpoint for wish in asked if wish.want is Want.DRAIN})
    _fill_places(look)
    _promote(look, asked)
    _improve(look)
    overload.shed(look)
    look.assign_roles()
    dividing.divide(look)
    look.change(places=tuple(look.places))
    return Decision((*look.actions, *reports_of(look.words)), look.state, tuple(look.words))


def _take_places(look: Deliberation, drained: Set[int]) -> None:
    """Take the places of those that fail, if there is anybody who does not. `drained`: in this look, so an answer is due."""
    failing = _failing(look)
    needed = [i for i in failing if _is_needed(look, i)]
    for i in look.placed():
        fault = look.places[i].fault
        if i in failing and i not in needed:
            look.place(i, has_place=False)
            look.lost.append(i)
            _forget_promotion(look, i)
        elif fault is not None and (fault is not look.state.places[i].fault or i in drained):
            look.explain(What.KEPT, look.fault_told(i) + (_NEEDED if i in needed else ""), target=i)


def _is_needed(look: Deliberation, i: int) -> bool:
    """Whether it brings something that would be missed: no other one that stays hot covers, and nobody takes over."""
    if not hand_over.still_brings(look, i) or _successors(look, i):
        return False
    pool = look.pool()
    staying = [j for j in look.placed() if j in pool and look.places[j].role is Role.HOT]
    return not any(hand_over.covers(look, j) for j in staying)


def _failing(look: Deliberation) -> list[int]:
    """Those that lose their place now.

    Where all had failed together, by our own line or a chain that stood still, the first one that is back does not
    cost the others their places: they are given a while to be back too. One of them goes if the first had no place.
    """
    pool = look.pool()
    failing = [i for i in look.placed() if i not in pool]
    if not pool or not failing:
        return []
    before = look.state.places
    if not any(place.fault in _BRING for place in before):
        look.change(woke_at=look.now)
    if look.now - look.state.woke_at >= WAKING:
        return failing
    waking = [i for i in failing if before[i].fault and _passes(look, i)]
    gone = [i for i in failing if i not in waking]
    if waking and not gone and not look.is_served() and _candidates(look):
        gone = [max(waking, key=lambda i: (look.places[i].fault or 0, look.rank(i), i))]
    return gone


def _passes(look: Deliberation, i: int) -> bool:
    return look.places[i].fault in _PASS and not look.is_drained(i)


def _forget_promotion(look: Deliberation, i: int) -> None:
    wishes = look.state.wishes
    if i in wishes.promoted:
        promoted = tuple(each for each in wishes.promoted if each != i)
        look.change(wishes=replace(wishes, promoted=promoted))


def _fill_places(look: Deliberation) -> None:
    """Replace who just lost a place at once, and fill a place that has been free when one is long sound."""
    for lost in look.lost:
        _replace(look, lost)
    free = look.policy.places - len(look.placed())
    for _ in range(free):
        candidates = _candidates(look)
        able = [i for i in candidates if look.brings(i)]
        if look.is_first and candidates:
            _settle(look, What.CHOSEN, look.best(candidates))
        elif not look.placed() or (able and not look.is_served()):
            everybody = [i for i in look.all if not look.is_drained(i)] or [*look.all]
            if everybody:
                _settle(look, What.CHOSEN, look.best(able or candidates or everybody))
        else:
            _fill(look, candidates)


def _replace(look: Deliberation, lost: int) -> None:
    why = look.fault_told(lost)
    ready = _successors(look, lost)
    if not ready and _is_needed(look, lost):  # others who failed were quicker to be replaced
        look.place(lost, has_place=True)
        look.explain(What.KEPT, why + _NEEDED, target=lost)
        return
    if not ready:
        more = _hand_to_others(look, lost) or _prospect(look, lost, _candidates(look))
        look.explain(What.DEMOTED, why + more, source=lost)
        return
    successor = look.best(ready)
    hand_over.inherit(look, lost, successor)
    hand_over.begin(look, lost, successor, is_planned=False)
    fault = look.fault_told(successor)
    only = f"; nobody better is there: {fault}" if fault else ""
    look.explain(What.REPLACED, f"{why}; {look.grade_told(successor)}{only}", lost, successor)


def _hand_to_others(look: Deliberation, lost: int) -> str:
    """Where it alone carries monitors, those who have a place take these over; in words, empty where nothing is to do."""
    if not hand_over.still_brings(look, lost) or not hand_over.is_missed(look, lost):
        return ""
    able = [i for i in look.placed() if i in look.pool() and hand_over.covers(look, i)]
    hand_over.begin(look, lost, look.best(able), is_planned=False)
    return "; it stays until others cover what it alone carries"


def _successors(look: Deliberation, lost: int) -> list[int]:
    """Who may take its place at once: whoever has been sound for long, or, where nobody else is hot, whoever brings."""
    candidates = _candidates(look)
    ready = list(hand_over.heirs(look, lost)) or [i for i in candidates if look.is_soundly(i)]
    if not look.is_served():
        able = [i for i in candidates if look.brings(i)]
        ready = [i for i in able if i in ready] or able or ready
    return ready


def _prospect(look: Deliberation, lost: int, candidates: list[int]) -> str:
    """What comes of a place that nobody takes at once, in words."""
    if candidates:
        return "; its place is free until another one has been sound for 30 s"
    has_room = len(look.health) <= look.policy.places
    if has_room and look.places[lost].fault in _HELPS:
        return "; there is a place for each, so it helps as soon as it is back"
    return ""


def _candidates(look: Deliberation) -> list[int]:
    return [i for i in look.pool() if not look.places[i].has_place]


def _settle(look: Deliberation, what: What, i: int, why: str = "") -> None:
    look.place(i, has_place=True)
    told = (why, look.grade_told(i), look.fault_told(i))
    look.explain(what, "; ".join(filter(None, told)), target=i)


def _fill(look: Deliberation, candidates: list[int]) -> None:
    ready = [i for i in candidates if look.is_soundly(i) and _may_come(look, i)]
    if ready and look.may_plan():
        look.planned()
        best = look.best(ready)
        _settle(look, What.FILLED, best, look.soundness_told(best))


def _may_come(look: Deliberation, i: int) -> bool:
    """Whether a planned move may go to it: its stream is open, and no hand-over to it failed of late."""
    return look.health[i].is_open and look.now >= look.places[i].barred_until


def _promote(look: Deliberation, asked: Sequence[Wish]) -> None:
    """Give those places that an operator wants to have one."""
    new = [wish.endpoint for wish in asked if wish.want is Want.PROMOTE]
    for i in look.state.wishes.promoted:
        if look.places[i].has_place:
            if i in new:
                why = look.fault_told(i) or "it has a place, and keeps it"
                look.explain(What.PROMOTED, why, target=i)
        elif hindrance := _hindrance(look, i):
            if i in new:
                look.explain(What.WAITS, hindrance, target=i)
        elif len(look.placed()) < look.policy.places:
            look.place(i, has_place=True)
            look.explain(What.PROMOTED, "an operator asked for it", target=i)
        else:
            worst = _worst(look)
            hand_over.begin(look, worst, i, is_planned=True)
            why = f"an operator asked for it; {look.grade_told(i)}"
            look.explain(What.PROMOTED, why, worst, i)


def _hindrance(look: Deliberation, i: int) -> str:
    """Why it cannot have a place now, in words; empty: it can."""
    if look.places[i].fault is not None:
        return look.fault_told(i)
    if not look.health[i].is_open:
        return "its stream is being opened"
    places = look.policy.places
    is_full = len(look.placed()) == places and len(look.state.leaving) >= places
    return "another hand-over is under way" if is_full else ""


def _improve(look: Deliberation) -> None:
    """Let a better endpoint take the place of a worse one, when it has been better for long."""
    found = None if look.state.leaving else _best_exchange(look)
    challenge = look.state.challenge
    if found is None:
        if challenge is not None:
            look.change(challenge=None)
        return
    source, target, gained = found
    if challenge is None or (challenge.source, challenge.target) != (source, target):
        challenge = Challenge(source, target, look.now)
        look.change(challenge=challenge)
    better_for = look.now - challenge.since
    if better_for < SOUND_FOR or not look.may_plan():
        return
    hand_over.begin(look, source, target, is_planned=True)
    look.planned()
    look.change(challenge=None)
    why = f"better for {better_for:.0f} s: {look.grade_told(target)}; the other one: {look.grade_told(source)}"
    more = "; that makes one provider more" if gained else ""
    look.explain(What.EXCHANGED, why + more, source, target)


def _best_exchange(look: Deliberation) -> tuple[int, int, int] | None:
    """Who would give way to whom, and how many providers more that would make; None: all is best as it is."""
    placed = look.placed()
    spare = [
        i
        for i in look.all
        if look.places[i].fault is None and not look.places[i].has_place and _may_come(look, i)
    ]
    if not spare or len(placed) < look.policy.places:
        return None
    ranks, runs_it = [look.rank(i) for i in look.all], [look.provider(i) for i in look.all]
    providers = Counter([runs_it[i] for i in placed])
    best = None
    for source in placed:
        if source in look.state.wishes.promoted:
            continue
        for target in spare:
            gained = _gained(providers, runs_it[source], runs_it[target])
            if gained < 0 or (gained == 0 and ranks[target] >= ranks[source]):
                continue
            merit = (gained, _negated(ranks[target]), ranks[source], -target, source)
            if best is None or merit > best[0]:
                best = (merit, source, target)
    return None if best is None else (best[1], best[2], best[0][0])


def _gained(providers: Mapping[str, int], source: str, target: str) -> int:
    """Providers more among the hot feeds, if one of `source` gives way to one of `target`."""
    if source == target:
        return 0
    return (target not in providers) - (providers[source] == 1)


def _negated(rank: tuple[int, int, int]) -> tuple[int, int, int]:
    return -rank[0], -rank[1], -rank[2]


def _worst(look: Deliberation) -> int:
    """The one that an operator's choice costs its place: of those that no operator chose."""
    placed = [i for i in look.placed() if i not in look.state.wishes.promoted]
    return max(placed, key=lambda i: (look.rank(i), i))
