"""Whose voice counts: which endpoints can be heard and are believed, and what is held against those that dissent."""

from typing import Final

from monitor.core.connection import Connection
from monitor.core.connections import Connections
from monitor.core.failover import PATIENCE, PATIENCE_SLOTS
from monitor.core.hard_signals import DISTRUSTED, TRUSTED_AGAIN
from monitor.core.health import Health
from monitor.core.join import Join
from monitor.core.origins import Origins
from monitor.core.quorum import Quorum, QuorumPolicy
from monitor.core.scope import Scope

OPENING: Final = 5.0
"""Seconds from the start that streams may take to be opened, before one that is not is missed. Guessed."""


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
        self._began_at: float | None = None
        self._distrusted: frozenset[int] = frozenset()

    def look(self, now: float) -> None:
        """After every event: blame dissent, and see who is there."""
        quorum = self._quorum
        if quorum is None:
            return
        if self._began_at is None:
            self._began_at = now
        if quorum.dissent:
            dissent, quorum.dissent = quorum.dissent, []
            self._health.hear(dissent, now)
        trust = self._health.trust
        self._distrusted = frozenset(
            endpoint
            for endpoint, each in enumerate(trust)
            if each.value < (TRUSTED_AGAIN if endpoint in self._distrusted else DISTRUSTED)
        )
        heard = [
            each.endpoint
            for each in self._connections.all
            if each.endpoint not in self._distrusted and self._is_heard(each, now)
        ]
        quorum.note(heard, self._distrusted, now)

    def excuse(self, paused: float) -> None:
        """Nothing was read for so many seconds."""
        if self._quorum is not None:
            self._quorum.excuse(paused)

    def check(self) -> None:
        """State what always holds; for tests."""
        if self._quorum is not None:
            self._quorum.check()

    def _is_heard(self, connection: Connection, now: float) -> bool:
        if connection.scope is Scope.SLOTS:
            return False  # it names no block
        if not connection.opened:
            is_awaited = connection.last_ending is None and connection.feed is not None
            return is_awaited and now < (self._began_at or 0.0) + OPENING
        bound = max(PATIENCE, PATIENCE_SLOTS * self._join.pace.slot_time)
        is_replaying = connection.replay_from is not None
        return is_replaying or self._health.tips.silent_for(connection.endpoint, now) <= bound
