"""The one brain: every event comes in here, every command goes out from here, and nothing else decides.

A synchronous single writer. It asks for no time and no chance: both are handed in. Read `events.py` and
`commands.py` first.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, assert_never

from monitor.core.at_once import inherit
from monitor.core.certificates import Coverage
from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import AmendFeed, CloseFeed, Command
from monitor.core.connections import Connections
from monitor.core.deadlines import earliest
from monitor.core.electorate import Electorate
from monitor.core.events import (
    AccountsRead,
    AccountsUnread,
    BlockFetched,
    Event,
    FeedEnded,
    FeedOpened,
    FetchFailed,
    FetchPaced,
    FloorTold,
    FramesArrived,
    LevelPinned,
    ReadingResumed,
    Recalled,
    RecoveryEvent,
    Row,
    SignedOff,
    Started,
    Wished,
)
from monitor.core.failover import FailoverPolicy
from monitor.core.frontiers import confirmed_frontier, processed_frontier
from monitor.core.gate import Gate
from monitor.core.health import Health, Placement
from monitor.core.holes import Holes
from monitor.core.join import Join
from monitor.core.level_history import LevelHistory
from monitor.core.monitors import Monitor
from monitor.core.needs import Needs
from monitor.core.origins import Origins
from monitor.core.policy import Policy
from monitor.core.repair import Repair
from monitor.core.replays import Replays
from monitor.core.runs import DATA
from monitor.core.scope import Scope
from monitor.core.shedding import shed
from monitor.core.standing import Standing
from monitor.core.steering import Steering
from monitor.core.switching import Switching
from monitor.core.tally import Tally
from monitor.core.terms import Terms

GENERATION: Final = 1
"""Number of the request that feeds send; it will grow when monitors can change while the daemon runs."""
REPLAYS_ALIKE: Final = 2
"""Endpoints that have to replay a slot alike, where there are so many. Guessed."""


class Kernel:
    """Joins feeds into releases and keeps the feeds open."""

    def __init__(
        self, monitors: Sequence[Monitor], endpoints: int, policy: Policy, *, rpcs: int = 0
    ) -> None:
        self.origins = origins = Origins(endpoints, rpcs)
        self.tally = Tally([0] * origins.count, [0] * endpoints)
        failover = policy.failover or FailoverPolicy(hot=endpoints)
        failover = replace(failover, quorum=policy.quorum.needed)
        if policy.can_amend:  # another role is asked for on the open stream
            failover = replace(failover, settled=0.0)
        else:  # other monitors would break it
            failover = replace(failover, units=())
        witnesses = min(REPLAYS_ALIKE, endpoints, failover.places)
        recovers = bool(policy.recovery.rungs)
        terms = Terms(Needs.of(monitors), policy.hold, policy.covers, witnesses, recovers)
        level = policy.switches[-1].level if policy.switches else policy.commitment
        history = LevelHistory(monitors, level, policy.switches)
        self.gate = Gate(history, self.tally, terms)
        floor = policy.resume_slot if policy.start_slot is None else policy.start_slot
        self.join = Join(self.gate, origins.count, floor=floor)
        self.join.resume(policy.closed, policy.still_open)
        self.join.ledger.children.resume(policy.beside)
        self.holes = Holes(self.join)
        self.connections = Connections(
            endpoints,
            generation=GENERATION,
            silence=policy.silence,
            can_amend=policy.can_amend,
            asks_floors=policy.asks_floors,
        )
        replays = Replays(self.connections, self.join, origins)
        self.repair = Repair(self.join, replays, policy.recovery)
        placements = policy.placements or (Placement(),) * endpoints
        self.health = Health(self.join, self.connections, placements)
        self.electorate = Electorate(
            policy.quorum, origins, self.join, self.connections, self.health
        )
        self.steering = Steering(
            self.health, self.connections, self.holes, failover, policy.drained
        )
        self.decisions = self.steering.decisions
        self.switching = Switching(self.join, monitors, policy.level_policy)
        self._policy = policy

    def handle(self, event: Event, now: float) -> list[Command]:
        """What to do about an event. `now` is monotonic, in seconds, and never goes back."""
        commands: list[Command] = []
        self.join.now = now
        match event:
            case FramesArrived() if self.connections.tells_slots_alone(event.feed):
                self._glance(event, now)
            case FramesArrived():
                self._frames(event, now, commands)
            case FeedOpened():
                self.switching.open_feeds.add(event.feed)
                commands.extend(self._amending(self._opened(event.feed, now)))
                self._look(now, commands)
            case FeedEnded():
                self.switching.open_feeds.discard(event.feed)
                commands.extend(self.connections.ended(event.feed, event.ending, event.jitter, now))
                self.gate.note_replays(*self.connections.replayed_below())
                self.join.forget_feed(event.feed, now)
                self.repair.feed_ended(event.feed, event.ending, event.jitter, now)
                self.join.keep_from(self.connections.replaying_from(), now)
                self._look(now, commands)
            case Started():
                self._start(now, commands)
            case ReadingResumed():
                self._excuse(event.paused, now)
            case LevelPinned():
                commands.extend(self.switching.pin(event.level, event.reason, now))
            case Wished():
                self.steering.wish(event.wish)
                self._look(now, commands)
            case FloorTold():
                missing = self.holes.missing_from
                told = self.connections.floor_told(event, missing, now)
                commands.extend(self._amending(told))
                self._note_replays(now)
            case _:
                self._recovery(event, now)
        return self._finish(commands, now)

    def tick(self, now: float) -> list[Command]:
        """What time alone brings about: to be called at `next_deadline`, and harmless at any other time."""
        commands = list(self._amending(self.connections.tick(now, self.holes.missing_from)))
        commands.extend(self.health.stalls.tick(now))
        self._see_feeds()
        self._steered(self.steering.tick(now, self.join.pace.slot_time), now, commands)
        self.join.keep_from(self.connections.replaying_from(), now)
        self.join.tick(now)
        commands.extend(self.repair.tick(now))
        commands.extend(self.switching.look(now))
        return self._finish(commands, now)

    def next_deadline(self) -> float | None:
        """When to call `tick`, or None while nothing is waited for."""
        return earliest(
            self.connections.next_deadline(),
            self.join.next_deadline(),
            self.repair.next_deadline(),
            self.steering.next_deadline(),
            self.health.stalls.next_deadline(),
            self.switching.next_deadline(),
        )

    def frontier(self, level: Commitment) -> int | None:
        """Highest slot up to which nothing of ours is open at the level; None while the first is.

        At finalized by proof; at confirmed and processed along the ancestry of that level's own tip.
        """
        finalized = self.join.ledger.frontier()
        if level == Commitment.FINALIZED:
            return finalized
        confirmed = confirmed_frontier(self.join.slots, finalized, self.join.floor)
        if level == Commitment.CONFIRMED:
            return confirmed
        return processed_frontier(self.join.slots, confirmed, self.join.floor, self.gate)

    def coverage(self) -> Coverage | None:
        """How much of the finalized chain is held whole; None before the first block is closed."""
        return self.join.ledger.coverage()

    def open_slots(self) -> int:
        """Slots whose certificate says partial."""
        return self.join.ledger.open_slots()

    def standing(self) -> Standing:
        """How far recovery is."""
        return self.repair.progress.standing(self.repair.queue, self.join.ledger)

    def is_lost(self, slot: int) -> bool:
        """Whether recovery gave the slot up and nobody has signed it off."""
        return self.repair.queue.is_lost(slot)

    def lost_between(self, first: int, end: int, most: int) -> list[int]:
        """The lowest so many slots that are lost and not signed off, of first..end-1."""
        return self.repair.queue.lost_between(first, end, most)

    def check(self) -> None:
        """State what always holds; for tests."""
        self.join.check()
        self.connections.check()
        self.electorate.check()
        feeds = {*self.connections.by_feed, *self.repair.replays.by_feed}
        assert set(self.join.sights.open) == feeds

    def _start(self, now: float, commands: list[Command]) -> None:
        policy = self._policy
        inherit(self.gate, policy.inherited, self.join.slot)
        self.join.begin(now)
        commands.extend(self.switching.begin(policy.switches, policy.resume_slot, now))
        self.repair.start(policy.resume_slot, policy.still_open, now)
        decided = list(self.steering.begin(now, self.join.pace.slot_time))
        self._note_divisions()
        commands.extend(self.connections.start(now, self._first_request()))
        commands.extend(decided)
        self._see_feeds()

    def _recovery(self, event: RecoveryEvent, now: float) -> None:
        repair = self.repair
        match event:
            case BlockFetched():
                repair.fetched(event, now)
            case FetchFailed():
                repair.failed(event, now)
            case FetchPaced():
                repair.paced(event, now)
            case AccountsRead():
                repair.reconciling.read(event, now)
            case AccountsUnread():
                repair.reconciling.unread(event, now)
            case SignedOff():
                repair.sign_off(event)
            case Recalled():
                repair.errands.recalled(event, now)
            case _:
                assert_never(event)

    def _finish(self, commands: list[Command], now: float) -> list[Command]:
        self.electorate.look(now)
        recovery = list(self.repair.work(now))
        if self.repair.blocks.found:
            found, self.repair.blocks.found = self.repair.blocks.found, []
            self.health.hear(found, now)
        commands.extend(self.gate.collect())
        commands.extend(self.join.ledger.collect())
        commands.extend(recovery)
        self.switching.note(commands, now)
        return commands

    def _excuse(self, paused: float, now: float) -> None:
        """Nothing was read for so many seconds: nobody is to blame for that."""
        self.connections.reading_resumed(paused, now)
        self.health.excuse(paused, now)
        self.gate.excuse(paused)
        self.gate.gauges.excuse(paused, now)
        self.electorate.excuse(paused)
        self.join.ledger.excuse(paused)
        self.repair.excuse(paused)

    def _first_request(self) -> int | None:
        """The from_slot of the first requests: after a restart none where a second request can replay."""
        policy = self._policy
        return policy.start_slot if policy.can_amend else policy.start_slot or policy.resume_slot

    def _opened(self, feed: int, now: float) -> Iterator[Command]:
        connection = self.connections.by_feed.get(feed)
        if connection is not None:
            self.health.opened(connection.endpoint, now)
        yield from self.connections.opened(feed, now)

    def _see_feeds(self) -> None:
        for feed, connection in self.connections.by_feed.items():
            if feed not in self.join.sights.open:
                is_replay = not self.connections.can_amend and connection.replay_from is not None
                is_whole = connection.sent is Scope.EVERYTHING
                asked = {connection.generation: connection.sent_for} if is_whole else {}
                self.join.sights.begin(feed, connection.endpoint, is_replay=is_replay, asked=asked)

    def _look(self, now: float, commands: list[Command]) -> None:
        """Something happened to an endpoint: decide at once what that means."""
        self._steered(self.steering.look(now, self.join.pace.slot_time), now, commands)

    def _steered(self, steered: Iterator[Command], now: float, commands: list[Command]) -> None:
        count = len(commands)
        commands.extend(self._amending(steered))
        self._note_divisions()
        for command in commands[count:]:
            if isinstance(command, CloseFeed):
                self.join.forget_feed(command.feed, now)
                self.join.keep_from(self.connections.replaying_from(), now)
        if len(commands) > count:
            self._see_feeds()
            self._note_replays(now)

    def _note_divisions(self) -> None:
        """What is taken before the first division counts as wanted by all: so rows are noted before it, or from the start."""
        if self.steering.may_divide and not self.gate.terms.divides:
            self.gate.terms = replace(self.gate.terms, divides=True)

    def _frames(self, event: FramesArrived, now: float, commands: list[Command]) -> None:
        feed, join = event.feed, self.join
        if feed not in join.sights.open:
            return
        self.connections.heard(feed, now)
        rows = event.rows
        self.repair.heard(feed, rows)
        at = 0
        while at < len(rows):
            row = rows[at]
            kind = row[0]
            if kind in DATA:
                at = join.take_data(feed, rows, at, now)
                continue
            at += 1
            if kind == Kind.SLOT:
                if row[2] > SlotStatus.FINALIZED:
                    commands.extend(self.connections.lives(feed, row[1]))
                if row[2] == SlotStatus.CREATED_BANK:
                    join.take_bank(feed, row)
                else:
                    join.take_status(feed, row, now)
            elif kind == Kind.BLOCK_META:
                commands.extend(self._meta(feed, row, now))
        if feed in self.repair.replays.by_feed:
            slot = max((row[1] for row in rows), default=-1)
            commands.extend(self.repair.replays.heard(feed, slot, now))
        bound = self._policy.held_bytes
        if bound is not None and self.gate.held_bytes > bound:
            shed(self.gate, join.slots, bound)

    def _glance(self, event: FramesArrived, now: float) -> None:
        """How far a stream is that is asked for slots alone."""
        self.connections.heard(event.feed, now)
        connection = self.connections.by_feed[event.feed]
        for row in event.rows:
            if row[0] == Kind.SLOT and row[2] == SlotStatus.PROCESSED:
                self.connections.told(connection)
                self.health.glimpsed(connection.endpoint, row[1], now)

    def _meta(self, feed: int, row: Row, now: float) -> Iterator[Command]:
        slot = row[1]
        is_repair = feed in self.repair.replays.by_feed
        replayed = is_repair or self.connections.is_replaying(feed, slot)
        if is_repair:
            self.repair.replayed(slot)
        bank = self.join.take_meta(feed, row, replayed=replayed, now=now)
        if not replayed and (bank is not None or self.join.ledger.is_closed(slot)):
            self.health.met(self.join.sights.open[feed].endpoint, slot, row[5], now)
        connection = self.connections.by_feed.get(feed)
        asked = 0 if connection is None else connection.brings
        taken = self.connections.meta_taken(
            feed,
            slot,
            covers=bank is not None and bank.covers_for(asked),
            missing=self.holes.missing_from,
            now=now,
        )
        yield from self._amending(taken)
        self._note_replays(now)

    def _amending(self, commands: Iterable[Command]) -> Iterator[Command]:
        for command in commands:
            if isinstance(command, AmendFeed):
                if command.from_slot is None:
                    self.join.sights.amend(command, self.join.slots.values())
                else:
                    self.join.replay_asked(command.feed)
            yield command

    def _note_replays(self, now: float) -> None:
        self.gate.note_replays(*self.connections.replayed_below())
        self.join.keep_from(self.connections.replaying_from(), now)
