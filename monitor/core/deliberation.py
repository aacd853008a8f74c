"""One look at all endpoints: what is remembered of each, what is wrong with it, and what was decided so far."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Final

from monitor.core import grades, hard_signals
from monitor.core.endings import EndReason
from monitor.core.endpoint_health import EndpointHealth, Role
from monitor.core.failover import (
    NO_WISHES,
    Action,
    Challenge,
    Division,
    Explanation,
    FailoverPolicy,
    Leaving,
    Load,
    SetRole,
    What,
    Wishes,
)
from monitor.core.grades import UNGRADED, Grade, graded
from monitor.core.hard_signals import CLOSED_PATIENCE, LATE, Fault, fault_of

PLANNED_PAUSE: Final = 60.0
"""Seconds between two planned moves (DESIGN 6)."""
SOUND_FOR: Final = 30.0
"""Seconds that an endpoint must have been sound, or better, before it is promoted (DESIGN 6)."""
FORGIVEN: Final = 10.0
"""Seconds for which a stream may be closed that ended since we read too slowly, and then be late once it is open again.
A guess: longer than the back-off after such an end.
"""


@dataclass(frozen=True, slots=True)
class Place:
    """What is remembered of one endpoint."""

    role: Role = Role.OFF
    """As it was last told."""
    role_at: float = -inf
    has_place: bool = False
    """Whether it is one of the hot feeds that the policy asks for."""
    fault: Fault | None = None
    sound_since: float | None = None
    """Since when it is without a fault."""
    closed_since: float | None = None
    opened_before: bool = False
    grade: Grade = UNGRADED
    lagged: int = 0
    """Streams of it that ended since we read too slowly."""
    is_ours: bool = False
    """Its stream ended since we read too slowly, and is not open again yet."""
    forgiven_until: float = -inf
    barred_until: float = -inf
    """A hand-over to it failed: no planned move to it before then."""


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered between two looks. Empty at the start."""

    places: tuple[Place, ...] = ()
    leaving: tuple[Leaving, ...] = ()
    challenge: Challenge | None = None
    planned_at: float = -inf
    """When the last planned move was made."""
    woke_at: float = -inf
    """When, after all endpoints were gone, the first one was back."""
    wishes: Wishes = NO_WISHES
    load: Load = Load.FULL
    load_at: float = -inf
    """When it was last changed, or last had a reason to be lowered."""
    division: Division | None = None
    """None: every hot feed carries all."""


class Deliberation:
    """One look. Parts of `decide` change it in turn; `state` and `actions` are what came of it."""

    def __init__(
        self, now: float, health: Sequence[EndpointHealth], policy: FailoverPolicy, state: State
    ) -> None:
        self.now = now
        self.health = health
        self.policy = policy
        self.state = state
        self.is_first = len(state.places) != len(health)
        self.places = [Place() for _ in health] if self.is_first else list(state.places)
        self.all = range(len(health))
        self.actions: list[Action] = []
        self.words: list[Explanation] = []
        self.lagged = 0
        """Streams that ended since the last look, because we read too slowly."""
        self.lost: list[int] = []
        """Endpoints that lost their place in this look, and have no successor yet."""

    def look(self) -> None:
        """Judge every endpoint by its figures."""
        for i in self.all:
            place = self._heard(i)
            fault = self._fault(i, place)
            since = place.sound_since
            if fault is not None:
                since = None
            elif since is None:
                since = -inf if self.is_first else self.now
            grade = graded(place.grade, self.health[i], self.policy)
            if fault is not place.fault or since != place.sound_since or grade is not place.grade:
                place = replace(place, fault=fault, sound_since=since, grade=grade)
            self.places[i] = place
        self._wait_for_no_other()

    def _wait_for_no_other(self) -> None:
        """Nobody hot brings anything, somebody else could, and no place is to be had: then one stream that ended is
        waited for no longer.
        """
        placed = self.placed()
        hot = {*placed, *(each.endpoint for each in self.state.leaving)}
        able = {i for i in self.all if self.brings(i) and self._is_believed(i)}
        has_place = len(placed) < self.policy.places or any(
            not self._is_believed(i) for i in placed
        )
        waited = [i for i in placed if self._is_waited_for(i)]
        if waited and able and not able & hot and not has_place:
            worst = max(waited, key=lambda i: (self.rank(i), i))
            place = self.places[worst]
            self.places[worst] = replace(place, fault=Fault.CLOSED, sound_since=None)

    def _is_believed(self, i: int) -> bool:
        return self.places[i].fault is None or self.places[i].fault in LATE

    def _is_waited_for(self, i: int) -> bool:
        """Whether its stream ended a moment ago, and not since we were too slow for it."""
        place, health = self.places[i], self.health[i]
        if health.is_open or place.fault is not None or self._is_forgiven(place):
            return False
        in_role_for = self.now - place.role_at
        return not hard_signals.is_opening(health, self.policy, place.opened_before, in_role_for)

    def brings(self, i: int) -> bool:
        """Whether slots come of its stream, believed or not."""
        return hard_signals.brings(self.health[i], self.policy)

    def _heard(self, i: int) -> Place:
        """The place with what the stream itself says: open or not, and whether we were too slow for it."""
        place, health = self.places[i], self.health[i]
        lagged = health.errors.get(EndReason.LAGGED, 0)
        if lagged > place.lagged and not self.is_first:
            self.lagged += lagged - place.lagged
            place = replace(place, is_ours=True, forgiven_until=self.now + FORGIVEN)
        if lagged != place.lagged:
            place = replace(place, lagged=lagged)
        if health.is_open and (place.closed_since is not None or not place.opened_before):
            if self.now < place.forgiven_until:
                place = replace(place, forgiven_until=self.now + FORGIVEN)
            return replace(place, closed_since=None, opened_before=True, is_ours=False)
        # While it is off its stream is closed by us.
        if not health.is_open and (place.closed_since is None or place.role is Role.OFF):
            return replace(place, closed_since=self.now)
        return place

    def _fault(self, i: int, place: Place) -> Fault | None:
        fault = fault_of(self.health[i], self.policy, place.fault)
        if fault is Fault.LAGGING and self.now < place.forgiven_until:
            fault = None
        if self.is_drained(i):
            fault = max(fault or Fault.DRAINED, Fault.DRAINED)
        if place.closed_since is None or (fault is not None and fault > Fault.CLOSED):
            return fault
        # Who failed before its stream ended is no better for that.
        patience = CLOSED_PATIENCE if place.fault in (None, Fault.DRAINED) else 0.0
        is_late = self.now - place.closed_since >= patience
        return Fault.CLOSED if is_late and not self._is_forgiven(place) else fault

    def _is_forgiven(self, place: Place) -> bool:
        """Whether its stream may be closed, since we were too slow for it."""
        return place.is_ours and self.now < place.forgiven_until

    def is_drained(self, i: int) -> bool:
        """Whether an operator took it out of use."""
        return i in self.state.wishes.drained or self.health[i].is_drained

    def pool(self) -> list[int]:
        """Who may have a place: the sound ones; where none of them is open also those that bring something, if late;
        and where there is nobody else, those who bring something that is not believed.
        """
        sound = [i for i in self.all if self.places[i].fault is None]
        if any(self.health[i].is_open for i in sound):
            return sound
        late = [i for i in self.all if self.places[i].fault in LATE and self.brings(i)]
        return sound + late or self._last_resort()

    def _last_resort(self) -> list[int]:
        """Those who bring something that is not believed: for when no other who has a place brings anything."""
        if any(self.brings(i) and self.places[i].fault is Fault.DRAINED for i in self.placed()):
            return []
        return [
            i
            for i in self.all
            if self.places[i].fault is Fault.DISTRUSTED
            and self.brings(i)
            and not self.is_drained(i)
        ]

    def placed(self) -> list[int]:
        """Those that have a place."""
        return [i for i in self.all if self.places[i].has_place]

    def is_served(self) -> bool:
        """Whether anybody who may have a place has one, and brings something."""
        return any(self.places[i].has_place and self.health[i].is_open for i in self.pool())

    def is_soundly(self, i: int) -> bool:
        """Whether it has been sound for so long that it may be promoted."""
        since = self.places[i].sound_since
        return since is not None and self.now - since >= SOUND_FOR

    def soundness_told(self, i: int) -> str:
        """For how long it has been sound, in words."""
        since = self.places[i].sound_since
        if since is None or since == -inf:
            return "sound since the start"
        return f"sound for {self.now - since:.0f} s"

    def may_plan(self) -> bool:
        """Whether the last planned move is long enough ago."""
        return self.now - self.state.planned_at >= PLANNED_PAUSE

    def planned(self) -> None:
        """Note that a planned move was made."""
        self.change(planned_at=self.now)

    def change(self, **fields: Any) -> None:
        """Change fields of the state."""
        self.state = replace(self.state, **fields)

    def place(self, i: int, has_place: bool) -> None:
        """Give an endpoint a place, or take it."""
        self.places[i] = replace(self.places[i], has_place=has_place)

    def rank(self, i: int) -> tuple[int, int, int]:
        """The lower, the better: health, latency, priority. Equal for equals."""
        return (*self.places[i].grade.rank, self.health[i].priority)

    def provider(self, i: int) -> str:
        """Who runs it; without a word about that it is a provider of its own."""
        return self.health[i].provider or f"\n{i}"

    def best(self, candidates: Sequence[int]) -> int:
        """The one to give a place to next: another provider first, then the better one."""
        known = {self.provider(i) for i in self.placed()}
        return min(
            candidates,
            key=lambda i: (
                self.places[i].fault or 0,
                not self.health[i].is_open,
                self.provider(i) in known,
                self.rank(i),
                i,
            ),
        )

    def fault_told(self, i: int) -> str:
        """What is wrong with it, in words."""
        place = self.places[i]
        closed_for = 0.0 if place.closed_since is None else self.now - place.closed_since
        return (
            ""
            if place.fault is None
            else hard_signals.told(place.fault, self.health[i], closed_for)
        )

    def grade_told(self, i: int) -> str:
        """How good it is, in words: what it is compared by, and who else of its provider has a place."""
        told = grades.told(self.health[i])
        if not self.health[i].provider:
            return told
        others = sum(self.provider(j) == self.provider(i) for j in self.placed() if j != i)
        return f"{told}, provider {self.health[i].provider} ({others or 'no'} other of it is hot)"

    def explain(
        self, what: What, why: str, source: int | None = None, target: int | None = None
    ) -> None:
        """Put a decision in words."""
        loser = target if source is None else source
        is_of_drained = loser is not None and self.places[loser].fault is Fault.DRAINED
        self.words.append(Explanation(self.now, what, why, source, target, is_of_drained))

    def assign_roles(self) -> None:
        """Tell each endpoint its role where that changes: those that begin first, those that end last."""
        staying = {each.endpoint for each in self.state.leaving}
        ending: list[Action] = []
        for i, place in enumerate(self.places):
            role = Role.OFF if self.is_drained(i) else Role.WARM
            role = Role.HOT if place.has_place or i in staying else role
            if role is place.role:
                continue
            self.places[i] = replace(place, role=role, role_at=self.now)
            (self.actions if role is Role.HOT else ending).append(SetRole(i, role))
        self.actions.extend(ending)
