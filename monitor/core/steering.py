"""Puts decisions into effect: looks at how endpoints do, has `decide` decide, and asks of each as much as its role wants.

How this works. Each look begins with what is known now and ends with what every stream is to be asked for, whatever it
was asked for before: so nothing has to be remembered but the state that `decide` keeps. A hot feed is asked for
everything, or, where monitors are divided, for those that it carries; a warm one for slots and block metas; and an
endpoint that is off has no stream. What changes is asked on the open stream, since each request replaces the one before
(PROTOCOL 2.2), and what both ask for goes on: no connection is lost by it, and the server that is promoted is one that
answers. Where there is a place for every endpoint, one that failed is asked for everything as soon as it is back, for
nobody else could bring it; only who is not believed is not.
"""

from collections.abc import Iterator
from math import inf
from typing import Final

from monitor.core.commands import Command, ProbeEndpoint, Report
from monitor.core.connection import Connection
from monitor.core.connections import Connections
from monitor.core.deciding import decide
from monitor.core.decision_history import DecisionHistory
from monitor.core.deliberation import Place, State
from monitor.core.dividing import carried_by
from monitor.core.endpoint_health import EndpointHealth, Role
from monitor.core.failover import Explanation, FailoverPolicy, Load, Probe, Strategy, What, Wishes
from monitor.core.hard_signals import Fault
from monitor.core.health import Health
from monitor.core.holes import Holes
from monitor.core.overload import witnesses
from monitor.core.scope import EVERY_MONITOR, Scope
from monitor.core.wishes import Wish

EVERY: Final = 1.0
"""Seconds from one look to the next, where nothing calls for one earlier."""
SOON: Final = 0.001
"""Seconds after which an endpoint that is about to be silent for too long is looked at: it is then."""


class Steering:
    """All endpoints of one kernel."""

    def __init__(
        self,
        health: Health,
        connections: Connections,
        holes: Holes,
        policy: FailoverPolicy,
        drained: frozenset[int] = frozenset(),
    ) -> None:
        """`drained`: endpoints that an operator took out of use before this process began."""
        self.decisions = DecisionHistory()
        self._health = health
        self._connections = connections
        self._holes = holes
        self._policy = policy
        self._state = State(wishes=Wishes(drained))
        self._wishes: list[Wish] = []
        self._look_at = inf
        self._witnesses: frozenset[int] = frozenset()
        """Warm endpoints that name blocks for the quorum though load is shed."""

    @property
    def wishes(self) -> Wishes:
        """What operators want of endpoints at present."""
        return self._state.wishes

    def wish(self, wish: Wish) -> None:
        """An operator asks for this; it is decided at the next look."""
        self._wishes.append(wish)

    def begin(self, now: float, slot_time: float) -> Iterator[Command]:
        """The first look: what streams will be opened with. Nothing was chosen where there is a place for each."""
        self.decisions.add(
            Explanation(now, What.DRAINED, "an operator asked for it before this start", source=i)
            for i in sorted(self.wishes.drained)
        )
        told = self._decide(now, slot_time)
        if self._has_room:
            told = []
        for connection in self._connections.all:
            connection.scope, connection.carried = self._asked(connection.endpoint)
        yield from told

    def look(self, now: float, slot_time: float) -> Iterator[Command]:
        """Look, decide and steer. `slot_time`: seconds that slots take at present."""
        for _, _, connection in self._changing():
            # It could not be asked yet, and has covered nothing of what it is to bring.
            connection.complete = 0
        told = self._decide(now, slot_time)
        # Whoever is asked for more goes first: make before break.
        for scope, carried, connection in sorted(self._changing(), key=_rank):
            if scope is connection.scope and connection.replay_from is not None:
                continue  # a server takes another request when its replay is over
            missing = self._holes.missing_from
            yield from self._connections.ask(connection, scope, missing, now, carried)
        yield from told

    def _changing(self) -> list[tuple[Scope | None, int, Connection]]:
        """Who is to be asked for something else than it was, and for what."""
        return [
            (*self._asked(each.endpoint), each)
            for each in self._connections.all
            if self._asked(each.endpoint) != (each.scope, each.carried)
        ]

    @property
    def may_divide(self) -> bool:
        """Whether monitors are divided over feeds, or may be when load is shed once more."""
        is_asked = self._policy.strategy is Strategy.SPREAD or self._state.load > Load.FULL
        return is_asked and bool(self._policy.units)

    def tick(self, now: float, slot_time: float) -> Iterator[Command]:
        """Look if it is time."""
        if now >= self._look_at:
            yield from self.look(now, slot_time)

    def next_deadline(self) -> float | None:
        """When `tick` has something to do; None before the first look."""
        return None if self._look_at == inf else self._look_at

    def _decide(self, now: float, slot_time: float) -> list[Command]:
        """Decide, and answer what is to be said and done of it beside the streams."""
        health = self._health.snapshot(now)
        policy = self._policy.at_pace(slot_time)
        wishes, self._wishes = self._wishes, []
        decision = decide(now, health, policy, self._state, wishes)
        self._state = decision.state
        self._witnesses = witnesses(health, decision.state.places, policy.quorum)
        self.decisions.add(decision.words)
        self._look_at = now + min(EVERY, *(_silent_in(each, policy) for each in health))
        for place, endpoint in zip(self._state.places, range(len(health)), strict=True):
            self._health.roles[endpoint] = _role(place, self._scope(endpoint))
        probed = [ProbeEndpoint(a.endpoint) for a in decision.actions if isinstance(a, Probe)]
        return [*probed, *(each for each in decision.actions if isinstance(each, Report))]

    @property
    def _has_room(self) -> bool:
        """There is a place for every endpoint."""
        return len(self._state.places) <= self._policy.places

    def _asked(self, endpoint: int) -> tuple[Scope | None, int]:
        """What is to be asked of the endpoint, and for which monitors."""
        is_hot = self._state.places[endpoint].role is Role.HOT
        carried = carried_by(self._state.division, endpoint) if is_hot else EVERY_MONITOR
        return self._scope(endpoint), carried

    def _scope(self, endpoint: int) -> Scope | None:
        """What is to be asked of the endpoint; None: nothing, and no stream is kept open to it."""
        place = self._state.places[endpoint]
        if place.role is Role.OFF:
            return None
        may_help = self._has_room and place.fault is not Fault.DISTRUSTED
        if place.role is Role.HOT or may_help:
            return Scope.EVERYTHING
        is_full = self._state.load is Load.FULL
        return Scope.CHAIN if is_full or endpoint in self._witnesses else Scope.SLOTS


def _rank(change: tuple[Scope | None, int, Connection]) -> tuple[int, bool]:
    """The lower, the more is asked for than before, and the sooner."""
    scope, carried, connection = change
    return 1 if scope is None else -scope, not carried & ~connection.brings


def _role(place: Place, scope: Scope | None) -> Role:
    return Role.HOT if scope is Scope.EVERYTHING else place.role


def _silent_in(health: EndpointHealth, policy: FailoverPolicy) -> float:
    """Seconds until its silence is a fault; as good as never where it is one, or no stream is open."""
    left = policy.silence - health.silent_for
    return left + SOON if health.is_open and left >= 0 else inf
