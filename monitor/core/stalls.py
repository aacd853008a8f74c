"""Streams that are open and bring no new slot are opened anew (TRAPS 21): pings alone would keep them for hours.

How this works. A server that hangs may answer on another connection, or be another one behind the same name. So a stream
without progress is closed after a while, later than one that brings nothing at all, and its end counts as a failure of
its endpoint. Perhaps the chain stands still, and nothing is wrong with any: so one stream is closed at a time, and each time
in vain doubles the wait. Where no stream makes progress, whoever was left alone is tried soon, for nobody else sees the
chain.
"""

from collections.abc import Iterator
from math import inf
from typing import Final

from monitor.core.commands import CloseFeed, Command, Report
from monitor.core.connection import Connection
from monitor.core.connections import Connections
from monitor.core.failover import PATIENCE, PATIENCE_SLOTS
from monitor.core.health_tips import Tips
from monitor.core.pace import Pace

EVERY: Final = 1.0
"""Seconds from one look to the next: each costs as much as some rows. Guessed."""
LONGEST: Final = 240.0
"""Seconds that it is given at most, however often it was opened in vain. Guessed: as the pause of a circuit."""


class Stalls:
    """All endpoints."""

    def __init__(self, connections: Connections, tips: Tips, pace: Pace) -> None:
        self._connections = connections
        self._tips = tips
        self._pace = pace
        self._in_vain = [0] * len(connections.all)
        """By endpoint: how often its stream was closed since it told a new slot."""
        self._closed_at = [-inf] * len(connections.all)
        self._told = [-1] * len(connections.all)
        """The highest slot that each had told then."""
        self._look_at = -inf

    def tick(self, now: float) -> Iterator[Command]:
        """Close the stream that has brought nothing for longest, if it is time to look."""
        if now < self._look_at:
            return
        self._look_at = now + EVERY
        lives = self._open()
        if all(now >= self._since(each) + self._patience for each in lives):
            self._connections.hurry(now)
        if lives and now >= self._next(lives):
            yield from self._close(min(lives, key=self._due), now)

    def next_deadline(self) -> float | None:
        """When `tick` looks again; None while no stream is open."""
        for each in self._connections.all:
            if each.opened:
                return max(self._look_at, 0.0)
        return None

    @property
    def _patience(self) -> float:
        """Longer than a stream may bring nothing at all, by as long as silence is forgiven: 20 s. Guessed."""
        return self._connections.silence + max(PATIENCE, PATIENCE_SLOTS * self._pace.slot_time)

    def _open(self) -> list[Connection]:
        return [each for each in self._connections.all if each.opened]

    def _next(self, lives: list[Connection]) -> float:
        return max(min(map(self._due, lives)), max(self._closed_at) + self._patience)

    def _since(self, connection: Connection) -> float:
        return max(self._tips.moved_at(connection.endpoint), connection.replayed_at)

    def _due(self, connection: Connection) -> float:
        endpoint = connection.endpoint
        longest = max(LONGEST, self._patience)
        given = min(longest, self._patience * 2.0 ** min(self._times(endpoint), 16))
        return max(self._since(connection), self._closed_at[endpoint]) + given

    def _times(self, endpoint: int) -> int:
        """It was closed in vain since it told a new slot."""
        told_more = self._tips.highest(endpoint) > self._told[endpoint]
        return 0 if told_more else self._in_vain[endpoint]

    def _close(self, connection: Connection, now: float) -> Iterator[Command]:
        endpoint, feed = connection.endpoint, connection.feed
        assert feed is not None
        self._in_vain[endpoint] = self._times(endpoint) + 1
        self._told[endpoint] = self._tips.highest(endpoint)
        self._closed_at[endpoint] = now
        facts = {
            "endpoint": endpoint,
            "feed": feed,
            "silent_for": round(now - self._since(connection), 1),
        }
        yield Report("warning", "a stream without new slots was closed", facts)
        yield CloseFeed(feed)
