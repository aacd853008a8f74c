"""The one brain: every event comes in here, every command goes out from here, and nothing else decides.

A synchronous single writer. It asks for no time and no chance: both are handed in. Read `events.py` and
`commands.py` first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import Command
from monitor.core.connections import Connections
from monitor.core.events import (
    Event,
    FeedEnded,
    FeedOpened,
    FramesArrived,
    ReadingResumed,
    Row,
    Started,
)
from monitor.core.gate import Gate, Tally
from monitor.core.join import Join, Sight
from monitor.core.levels import Levels
from monitor.core.monitors import Monitor

GENERATION: Final = 1
"""Number of the request that feeds send; it will grow when monitors can change while the daemon runs."""

_DATA: Final = frozenset(
    int(kind)
    for kind in (Kind.TRANSACTION, Kind.TRANSACTION_STATUS, Kind.ACCOUNT, Kind.ENTRY, Kind.BLOCK)
)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the user decided, as far as the kernel needs it. Times in seconds."""

    commitment: Commitment
    hold: float = 2.0
    """How long a slot that no feed holds whole keeps later ones back (DESIGN 5)."""
    silence: float = 15.0
    """How long an open stream may bring nothing at all; servers ping every 10 s (PROTOCOL 2.4)."""
    start_slot: int | None = None
    """First slot of ours, asked for at the opening; None starts at the tip."""
    resume_slot: int | None = None
    """First slot of ours after a restart: feeds begin live, and a replay fills what lies between (DESIGN 5)."""
    can_amend: bool = True
    """Whether a second request can be sent on an open stream. When not, the first one asks for replays."""


class Kernel:
    """Joins feeds into releases and keeps the feeds open."""

    def __init__(self, monitors: Sequence[Monitor], endpoints: int, policy: Policy) -> None:
        self.levels = Levels.of(monitors, policy.commitment)
        self.tally = Tally([0] * endpoints, [0] * endpoints)
        self.gate = Gate(self.levels, self.tally, hold=policy.hold)
        self.join = Join(self.gate, floor=policy.start_slot)
        self.connections = Connections(
            endpoints,
            generation=GENERATION,
            silence=policy.silence,
            can_amend=policy.can_amend,
        )
        self._start_slot = policy.start_slot

    def handle(self, event: Event, now: float) -> list[Command]:
        """What to do about an event. `now` is monotonic, in seconds, and never goes back."""
        commands: list[Command] = []
        match event:
            case FramesArrived():
                self._frames(event, now, commands)
            case FeedOpened():
                commands.extend(self.connections.opened(event.feed, now))
            case FeedEnded():
                self.join.sights.pop(event.feed, None)
                commands.extend(self.connections.ended(event.feed, event.ending, event.jitter, now))
                self.join.kept_from = self.connections.replaying_from()
            case Started():
                commands.extend(self.connections.start(now, self._start_slot))
                self._see_feeds()
            case ReadingResumed():
                self.connections.reading_resumed(event.paused, now)
            case _:
                assert_never(event)
        commands.extend(self.gate.collect())
        return commands

    def tick(self, now: float) -> list[Command]:
        """What time alone brings about: to be called at `next_deadline`, and harmless at any other time."""
        commands = list(self.connections.tick(now, self.join.missing_from))
        self._see_feeds()
        self.join.kept_from = self.connections.replaying_from()
        self.join.tick(now)
        commands.extend(self.gate.collect())
        return commands

    def next_deadline(self) -> float | None:
        """When to call `tick`, or None while nothing is waited for."""
        deadlines = (self.connections.next_deadline(), self.gate.next_deadline())
        return min((d for d in deadlines if d is not None), default=None)

    def check(self) -> None:
        """State what always holds; for tests."""
        self.join.check()
        self.connections.check()
        assert set(self.join.sights) == set(self.connections.by_feed)

    def _see_feeds(self) -> None:
        for feed, connection in self.connections.by_feed.items():
            if feed not in self.join.sights:
                is_replay = not self.connections.can_amend and connection.replay_from is not None
                self.join.sights[feed] = Sight(connection.endpoint, is_replay=is_replay)

    def _frames(self, event: FramesArrived, now: float, commands: list[Command]) -> None:
        feed = event.feed
        if feed not in self.join.sights:
            return
        self.connections.heard(feed, now)
        take_data = self.join.take_data
        for row in event.rows:
            kind = row[0]
            if kind in _DATA:
                take_data(feed, row)
            elif kind == Kind.SLOT:
                if row[2] > SlotStatus.FINALIZED:
                    commands.extend(self.connections.lives(feed, row[1]))
                if row[2] == SlotStatus.CREATED_BANK:
                    self.join.take_bank(feed, row)
                else:
                    self.join.take_status(feed, row, now)
            elif kind == Kind.BLOCK_META:
                commands.extend(self._meta(feed, row, now))

    def _meta(self, feed: int, row: Row, now: float) -> Iterator[Command]:
        slot = row[1]
        replayed = self.connections.is_replaying(feed, slot)
        bank = self.join.take_meta(feed, row, replayed=replayed, now=now)
        yield from self.connections.meta_taken(
            feed,
            slot,
            covers=bank is not None and bank.covers,
            missing=self.join.missing_from,
            now=now,
        )
        self.join.kept_from = self.connections.replaying_from()
