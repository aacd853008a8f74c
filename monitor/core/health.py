"""What every endpoint is like: kept from what the kernel sees, told as `EndpointHealth` (DESIGN 6).

How this works. Nothing is counted row by row. Each BlockMeta of a live stream says how far its endpoint is, and when it
told the slot; DEPTH slots later that slot is looked at, once: it is confirmed, and whoever has not told it by then lags.
A slot that is final and whole before that is looked at when it is closed, for then nothing of it is kept.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, assert_never

from monitor.core.connection import Connection
from monitor.core.connections import Connections
from monitor.core.endpoint_health import EndpointHealth, Role
from monitor.core.findings import Audited, Cause, Contradicted, Findings
from monitor.core.health_comparing import contradictions, share_of, shares_alike, told_block
from monitor.core.health_tips import APART, Tips
from monitor.core.health_window import Rates, Share, Window
from monitor.core.join import Join
from monitor.core.slots import SlotState
from monitor.core.stalls import Stalls
from monitor.core.trust import Trust

DEPTH: Final = 12
"""Slots behind the first to tell one that are looked at: confirmed by then, and told by all that do not lag. Guessed."""
MOST: Final = 64
"""Slots that are looked at in one go: what lies below after a leap was not told by this endpoint anyway."""
BEHIND: Final = 4.0
"""Seconds behind the tip from which on an endpoint lags (ALERTS 2)."""
EVERY: Final = 1.0
"""Seconds from one look for laggards to the next. Guessed."""
STAMPS: Final = 256
"""Slots whose times of arrival are kept, and of slots that are closed what each endpoint brought."""


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
        self.stalls = Stalls(connections, self.tips, join.pace)
        self.roles = [Role.HOT] * count
        """What each is used for: only a hot one should bring everything."""
        self._join = join
        self._connections = connections
        self._placements = placements
        self.providers = [each.provider for each in placements]
        """By endpoint; empty: unknown, which is a provider of its own."""
        self._window = Window(count)
        self._opened_at = [0.0] * count
        self._looked_below = 0
        self._compared: dict[int, dict[int, Share]] = {}
        """By slot that was closed before it was looked at: what each endpoint brought."""
        join.ledger.on_close = self._closing
        self._claims: list[tuple[int, float] | None] = [None] * count
        """By endpoint: a slot that it told far ahead of all others, and when."""
        self._laggards_at = 0.0
        """When laggards are looked for again."""
        self._stamps: dict[int, dict[int, int]] = {}
        """By slot and endpoint: when the first BlockMeta came, nanoseconds."""

    def off(self) -> frozenset[int]:
        """Endpoints that are not used."""
        return frozenset(i for i, role in enumerate(self.roles) if role is Role.OFF)

    def opened(self, endpoint: int, now: float) -> None:
        """A stream of it was accepted."""
        self._opened_at[endpoint] = now
        self.tips.opened(endpoint, now)

    def met(self, endpoint: int, slot: int, stamp: int, now: float) -> None:
        """Its live stream told the end of this slot; `stamp`: when that was read."""
        self.glimpsed(endpoint, slot, now)
        if not self.tips.believes(endpoint):
            return
        stamps = self._stamps.get(slot)
        if stamps is None:
            stamps = self._stamps[slot] = {}
        stamps.setdefault(endpoint, stamp)
        self._look_below(self.tips.reached(now) - DEPTH, now)

    def glimpsed(self, endpoint: int, slot: int, now: float) -> None:
        """It is at the end of this slot: what two endpoints have is the tip, and tells the pace."""
        if self.tips.has(endpoint, slot):
            self._connections.all[endpoint].told_again(slot, now)
        self._judge_claim(endpoint, now)
        has_moved, pace = self.tips.met(endpoint, slot, now), self._join.pace
        if has_moved:
            pace.agreed(self.tips.tip, now)
        if self.tips.believes(endpoint):
            pace.reached(slot, now)
        else:
            self._claims[endpoint] = self._claims[endpoint] or (slot, now)
        pace.measure(self.tips.reached(now), now)
        self._join.gate.slot_time = pace.slot_time
        if has_moved and now >= self._laggards_at:
            self._laggards_at = now + EVERY
            self._find_laggards(now)

    def excuse(self, paused: float, now: float) -> None:
        """Nothing was read for so many seconds: that is no silence of theirs."""
        self.tips.excuse(paused, now)

    def audited(self, endpoint: int, slot: int, missing: int, now: float) -> None:
        """A slot that the endpoint brought was compared with an RPC, which had so many updates more."""
        self.trust[endpoint].audited(missing)
        if missing > 0:
            found = f"an RPC had {missing} more updates of slot {slot} than it sent"
            self._find(endpoint, Cause.AUDIT, slot, found, now)

    def contradicted(self, endpoint: int, slot: int, why: str, now: float) -> None:
        """Others that outweigh the endpoint told another block of the slot."""
        self.trust[endpoint].contradicted()
        self._find(endpoint, Cause.BLOCK, slot, why, now)

    def hear(self, found: Iterable[Audited | Contradicted], now: float) -> None:
        """What blocks of RPCs, and the quorum, say about endpoints."""
        for each in found:
            match each:
                case Audited():
                    self.audited(each.endpoint, each.slot, each.missing, now)
                case Contradicted():
                    self.contradicted(each.endpoint, each.slot, each.why, now)
                case _:
                    assert_never(each)

    def snapshot(self, now: float) -> tuple[EndpointHealth, ...]:
        """All endpoints as they are now, in the order of the configuration."""
        rates, silences = self._window.rates(), self._silences(now)
        return tuple(
            self._told(each, rates[each.endpoint], silences.get(each.endpoint, 0.0), now)
            for each in self._connections.all
        )

    def _silences(self, now: float) -> dict[int, float]:
        """Of the endpoints whose stream is open. One that replays tells nothing live meanwhile (PROTOCOL 3.3)."""
        open_ones = [each for each in self._connections.all if each.opened]
        lives = [each.endpoint for each in open_ones if each.replay_from is None]
        silences = self.tips.silences(lives, now)
        for each in open_ones:
            silent = silences.get(each.endpoint, inf)
            silences[each.endpoint] = max(0.0, min(silent, now - each.replayed_at))
        return silences

    def _lag(self, connection: Connection, now: float) -> float | None:
        """None also while it replays, and while it catches up afterwards."""
        return (
            None if self._is_replaying(connection, now) else self.tips.lag(connection.endpoint, now)
        )

    def _is_replaying(self, connection: Connection, now: float) -> bool:
        """Or it has just done, and what came live meanwhile is still to be read."""
        if connection.replay_from is not None:
            return True
        return self.tips.catches_up(connection.endpoint, connection.replayed_at, now)

    def _told(
        self, connection: Connection, rates: Rates, silent_for: float, now: float
    ) -> EndpointHealth:
        endpoint = connection.endpoint
        placement = self._placements[endpoint]
        return EndpointHealth(
            endpoint,
            placement.provider,
            placement.priority,
            is_open=connection.opened,
            circuit=connection.breaker.state,
            lag=self._lag(connection, now),
            covered=connection.complete,
            is_replaying=self._is_replaying(connection, now),
            silent_for=silent_for,
            errors=dict(self._connections.errors[endpoint]),
            trust=self.trust[endpoint].value,
            needs_person=connection.needs_person,
            **rates._asdict(),
        )

    def _judge_claim(self, endpoint: int, now: float) -> None:
        """It told a slot far ahead: others have had time by now to tell as much."""
        claim = self._claims[endpoint]
        if claim is None or now < claim[1] + APART:
            return
        self._claims[endpoint] = None
        if self.tips.is_beyond(claim[0], now):
            found = f"it told slot {claim[0]}, and no other endpoint is beyond {self.tips.tip}"
            self._find(endpoint, Cause.AHEAD, claim[0], found, now)

    def _find_laggards(self, now: float) -> None:
        for connection in self._connections.all:
            endpoint = connection.endpoint
            if not connection.opened:
                continue
            lag = self._lag(connection, now) or 0.0
            if min(lag, now - self._opened_at[endpoint]) >= BEHIND:
                found = f"it is {lag:.1f} s behind slot {self.tips.tip}, which two endpoints have"
                self._find(endpoint, Cause.LAGGING, self.tips.tip, found, now)

    def _look_below(self, end: int, now: float) -> None:
        """Look at the slots below this one that were not looked at yet, and let go of their times of arrival."""
        if end <= self._looked_below:
            return
        first = max(self._looked_below, end - MOST)
        self._looked_below = max(self._looked_below, end)
        for slot in range(first, end):
            state = self._join.slots.get(slot)
            shares = self._compared.get(slot)
            if shares is None:
                shares = {} if state is None else self._compare(state, now)
            stamps = self._stamps.get(slot)
            if shares or stamps:
                self._window.add(stamps or {}, shares)
        for slot in [each for each in self._compared if each < end]:
            del self._compared[slot]
        while len(self._stamps) > STAMPS:
            del self._stamps[next(iter(self._stamps))]

    def _closing(self, state: SlotState, now: float) -> None:
        if state.number >= self._looked_below:
            self._compared[state.number] = self._compare(state, now)
            # Where the tip stands, slots are closed that nobody looks at.
            if len(self._compared) > STAMPS:
                del self._compared[next(iter(self._compared))]

    def _compare(self, state: SlotState, now: float) -> dict[int, Share]:
        count = len(self._placements)
        asked = [i for i, role in enumerate(self.roles) if role is Role.HOT]
        shares = shares_alike(state, asked)
        if shares is not None:
            for endpoint, trust in enumerate(self.trust):
                if trust.value < 1.0 and told_block(state, endpoint):
                    trust.slot_was_whole()
            return shares
        liars = self._find_liars(state, now)
        shares = {}
        for endpoint in range(count):
            owed = self._join.sights.owed_by(endpoint, state.number)
            share = share_of(state, endpoint, self._join.gate, now, owed=owed)
            if self.roles[endpoint] is not Role.HOT:
                if told_block(state, endpoint):
                    self.trust[endpoint].slot_was_whole()
                share = share._replace(there=0, lacking=0)
            if share.lacking:
                lacking = f"{share.lacking} of {share.there} updates of slot {state.number}"
                self._find(endpoint, Cause.MISSED, state.number, f"{lacking} never came", now)
            elif share.there and endpoint not in liars:
                self.trust[endpoint].slot_was_whole()
            shares[endpoint] = share
        return shares

    def _find_liars(self, state: SlotState, now: float) -> Collection[int]:
        """Endpoints that told another block than the chain's."""
        found = contradictions(state, self.providers) if len(state.metas) > 1 else None
        if found is None:
            return ()
        chains, told = found
        accused = () if state.voices is None else state.voices.accused
        for endpoint, block in told.items():
            if endpoint in accused:
                continue
            self.trust[endpoint].contradicted()
            sentence = f"it told block {block} of slot {state.number}, and others told {chains}"
            self._find(endpoint, Cause.BLOCK, state.number, sentence, now)
        return told

    def _find(self, endpoint: int, cause: Cause, slot: int, sentence: str, now: float) -> None:
        if self.findings[endpoint].add(cause, slot, sentence, now):
            facts = {"endpoint": endpoint, "cause": cause.value, "why": sentence}
            level = "critical" if cause is Cause.BLOCK else "error"
            self._join.gate.report(level, "something was found against an endpoint", **facts)
