"""Whose voice counts: which endpoints can be heard and are believed, and what is held against those that dissent."""

from typing import Final

from monitor.core.connection import Connection
from monitor.core.connections import Connections
from monitor.core.endings import Ending
from monitor.core.failover import PATIENCE, PATIENCE_SLOTS
from monitor.core.hard_signals import DISTRUSTED, TRUSTED_AGAIN
from monitor.core.health import Health
from monitor.core.join import Join
from monitor.core.origins import Origins
from monitor.core.quorum import Quorum, QuorumPolicy
from monitor.core.scope import Scope

OPENING: Final = 5.0
"""Seconds that a stream may take to be opened, at the start or when we change it, before it is missed. Guessed."""


class Electorate:
    """Stands between the quorum, which is told by slots alone, and what is known of endpoints."""

    def __init__(
        self,
        policy: QuorumPolicy,
        origins: Origins,
        join: Join,
        connections: Connections,
        health: Health,
    ) -> None:
        self._quorum = None
        if policy.needed > 1:
            self._quorum = Quorum(policy, origins, health.providers, join.gate, join.slots)
        join.quorum = self._quorum
        self._join = join
        self._connections = connections
        self._health = health
        self._open_at: dict[int, tuple[float, Ending | None]] = {}
        """By endpoint, when its stream was last open, and how the one before that had ended; the start counts as open."""
        self._distrusted: frozenset[int] = frozenset()
        self._trust: list[float] = []
        self._noted: tuple[list[int], frozenset[int]] | None = None
        """What the quorum was told last: who can be heard, and who is not believed."""

    def look(self, now: float) -> None:
        """After every event: blame dissent, and see who is there."""
        quorum = self._quorum
        if quorum is None:
            return
        if quorum.dissent:
            dissent, quorum.dissent = quorum.dissent, []
            self._health.hear(dissent, now)
        self._see_trust()
        patience = max(PATIENCE, PATIENCE_SLOTS * self._join.pace.slot_time)
        heard = [
            each.endpoint
            for each in self._connections.all
            if each.endpoint not in self._distrusted and self._is_heard(each, now, patience)
        ]
        if self._noted != (heard, self._distrusted):
            self._noted = heard, self._distrusted
            quorum.note(heard, self._distrusted, now)

    def excuse(self, paused: float) -> None:
        """Nothing was read for so many seconds."""
        if self._quorum is not None:
            self._quorum.excuse(paused)

    def check(self) -> None:
        """State what always holds; for tests."""
        if self._quorum is not None:
            self._quorum.check()

    def _see_trust(self) -> None:
        """Who is not believed; that is the same as long as nobody's trust changes."""
        trust = [each.value for each in self._health.trust]
        if trust == self._trust:
            return
        self._trust = trust
        self._distrusted = frozenset(
            endpoint
            for endpoint, value in enumerate(trust)
            if value < (TRUSTED_AGAIN if endpoint in self._distrusted else DISTRUSTED)
        )

    def _is_heard(self, connection: Connection, now: float, patience: float) -> bool:
        if connection.scope is Scope.SLOTS:
            return False  # it names no block
        ending = connection.last_ending
        if connection.opened:
            self._open_at[connection.endpoint] = now, ending
        else:
            open_at, before = self._open_at.setdefault(connection.endpoint, (now, None))
            return connection.feed is not None and ending is before and now < open_at + OPENING
        is_replaying = connection.replay_from is not None
        return is_replaying or self._health.tips.silent_for(connection.endpoint, now) <= patience
