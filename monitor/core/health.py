"""What every endpoint is like: kept from what the kernel sees, told as `EndpointHealth` (DESIGN 6).

How this works. Nothing is counted row by row. Each BlockMeta of a live stream says how far its endpoint is, and when it
told the slot; DEPTH slots later that slot is looked at once, when it is confirmed and the others have told it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.core.connection import Connection
from monitor.core.connections import Connections
from monitor.core.endpoint_health import EndpointHealth, Role
from monitor.core.findings import Cause, Findings
from monitor.core.health_comparing import brought_by, contradiction, share_of
from monitor.core.health_tips import Tips
from monitor.core.health_window import Showing, Window
from monitor.core.join import Join
from monitor.core.slots import SlotState
from monitor.core.trust import Trust

DEPTH: Final = 8
"""Slots behind an endpoint's own tip that are looked at: confirmed by then, and told by all that do not lag. Guessed."""
MOST: Final = 64
"""Slots that are looked at in one go: what lies below after a leap was not told by this endpoint anyway."""
BEHIND: Final = 4.0
"""Seconds behind the tip from which on an endpoint lags (ALERTS 2)."""
STAMPS: Final = 256
"""Slots whose times of arrival are kept."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What the configuration says of an endpoint."""

    provider: str = ""
    priority: int = 1


class Health:
    """All endpoints."""

    def __init__(
        self, join: Join, connections: Connections, placements: Sequence[Placement]
    ) -> None:
        count = len(placements)
        self.trust = [Trust() for _ in range(count)]
        self.findings = [Findings() for _ in range(count)]
        self.tips = Tips(count)
        self.roles = [Role.HOT] * count
        """What each is used for: only a hot one should bring everything."""
        self._join = join
        self._connections = connections
        self._placements = placements
        self._windows = [Window() for _ in range(count)]
        self._opened_at = [0.0] * count
        self._looked_below: list[int | None] = [None] * count
        self._stamps: dict[int, dict[int, int]] = {}
        """By slot and endpoint: when the first BlockMeta came, nanoseconds."""

    def opened(self, endpoint: int, now: float) -> None:
        """A stream of it was accepted."""
        self._opened_at[endpoint] = now
        self.tips.opened(endpoint, now)

    def met(self, endpoint: int, slot: int, stamp: int, now: float) -> None:
        """Its live stream told the end of this slot; `stamp`: when that was read."""
        stamps = self._stamps.get(slot)
        if stamps is None:
            stamps = self._stamps[slot] = {}
            if len(self._stamps) > STAMPS:
                del self._stamps[next(iter(self._stamps))]
        stamps.setdefault(endpoint, stamp)
        if self.tips.met(endpoint, slot, now):
            self._find_laggards(now)
        end = slot - DEPTH
        below = self._looked_below[endpoint]
        if below is None:
            self._looked_below[endpoint] = slot
        elif end > below:
            self._looked_below[endpoint] = end
            for number in range(max(below, end - MOST), end):
                self._look(endpoint, number, now)

    def excuse(self, paused: float, now: float) -> None:
        """Nothing was read for so many seconds: that is no silence of theirs."""
        self.tips.excuse(paused, now)

    def audited(self, endpoint: int, slot: int, missing: int, now: float) -> None:
        """A slot that the endpoint brought was compared with an RPC, which had so many updates more."""
        self.trust[endpoint].audited(missing)
        if missing > 0:
            found = f"an RPC had {missing} more updates of slot {slot} than it sent"
            self._find(endpoint, Cause.AUDIT, slot, found, now)

    def snapshot(self, now: float) -> tuple[EndpointHealth, ...]:
        """All endpoints as they are now, in the order of the configuration."""
        return tuple(self._told(connection, now) for connection in self._connections.all)

    def _told(self, connection: Connection, now: float) -> EndpointHealth:
        endpoint = connection.endpoint
        placement, window = self._placements[endpoint], self._windows[endpoint]
        return EndpointHealth(
            endpoint,
            placement.provider,
            placement.priority,
            is_open=connection.opened,
            circuit=connection.breaker.state,
            lag=self.tips.lag(endpoint, now),
            covered=connection.complete,
            silent_for=self.tips.silent_for(endpoint, now) if connection.opened else 0.0,
            miss_rate=window.miss_rate(),
            duplicate_rate=window.duplicate_rate(),
            first_share=window.first_share(),
            delay=window.delay(),
            errors=dict(self._connections.errors[endpoint]),
            trust=self.trust[endpoint].value,
            needs_person=connection.needs_person,
        )

    def _find_laggards(self, now: float) -> None:
        for connection in self._connections.all:
            endpoint = connection.endpoint
            if not connection.opened:
                continue
            lag = self.tips.lag(endpoint, now) or 0.0
            if min(lag, now - self._opened_at[endpoint]) >= BEHIND:
                found = f"it is {lag:.1f} s behind slot {self.tips.tip}, which two endpoints have"
                self._find(endpoint, Cause.LAGGING, self.tips.tip, found, now)

    def _look(self, endpoint: int, slot: int, now: float) -> None:
        """What this endpoint did of a slot, now that all should have told it."""
        stamps = self._stamps.get(slot, {})
        own = stamps.get(endpoint)
        earliest = min(stamps.values(), default=0)
        delay = None if own is None else (own - earliest) / 1e9
        showing = Showing(delay, is_first=own == earliest)
        state = self._join.slots.get(slot)
        if state is not None:
            showing = self._compare(endpoint, state, showing, now)
        if showing.there or delay is not None:
            self._windows[endpoint].add(showing)

    def _compare(self, endpoint: int, state: SlotState, showing: Showing, now: float) -> Showing:
        slot, gate = state.number, self._join.gate
        blocks = contradiction(state, endpoint, len(self._placements))
        if blocks is not None:
            self.trust[endpoint].contradicted()
            found = f"it told block {blocks[0]} of slot {slot}, and others told {blocks[1]}"
            self._find(endpoint, Cause.BLOCK, slot, found, now)
        should_have = self._join.sights.should_have(endpoint, slot)
        share = None
        if self.roles[endpoint] is Role.HOT:
            share = share_of(state, endpoint, gate, now, should_have=should_have)
        brought, repeated = brought_by(state.banks, endpoint)
        if share is None:
            return showing._replace(brought=brought, repeated=repeated)
        if share.lacking:
            found = f"{share.lacking} of {share.there} updates of slot {slot} never came"
            self._find(endpoint, Cause.MISSED, slot, found, now)
        elif blocks is None:
            self.trust[endpoint].slot_was_whole()
        return Showing(showing.delay, showing.is_first, *share, brought, repeated)

    def _find(self, endpoint: int, cause: Cause, slot: int, sentence: str, now: float) -> None:
        if self.findings[endpoint].add(cause, slot, sentence, now):
            facts = {"endpoint": endpoint, "cause": cause.value, "why": sentence}
            level = "critical" if cause is Cause.BLOCK else "error"
            self._join.gate.report(level, "something was found against an endpoint", **facts)
