"""Keeps a feed open to every endpoint, and fills the hole that a reconnect left.

How this works. Replay at processed holds frozen slots only, so a stream that begins with from_slot has a hole
in the slot that was in flight. So a feed begins live; when the first slot that it covers has its BlockMeta, and
slots below are still open, the same request goes out again with from_slot, on the same stream. The first
BlockMeta of a covered slot that comes a second time is the fence: slots replayed before it are whole (DESIGN 5).
One feed replays at a time, and one endpoint is not asked for the same from_slot more than twice a minute.
A server that cannot serve the slot ends the stream: the class of the ending decides what to ask next time. Such
an end is the answer to a question, no failure of the endpoint: the feed is back at once, else what it misses
meanwhile would grow past what the server keeps, and each refusal would make the next one certain.

Some readers can send one request a stream and no second (`can_amend` is False). Then a feed that opens while
something is missing asks for it in that one request. What comes before the first lifecycle status is the replay,
since those are never replayed: its slots are whole. The slot that was in flight then stays without its beginning;
it may have its BlockMeta before that status too, so the last of these slots is whole only if another follows it.
"""

from collections.abc import Iterator
from typing import Final

from monitor.core.commands import AmendFeed, CloseFeed, Command, OpenFeed, Report
from monitor.core.connection import Connection
from monitor.core.endings import Ending, EndReason
from monitor.core.events import FloorTold
from monitor.core.floors import Floors
from monitor.core.reach import Missing, learn, wanted_from
from monitor.core.scope import EVERY_MONITOR, Scope

BLIND: Final = 3.0
"""Seconds within which an endpoint is tried again while none is open: nobody else sees the chain then. Guessed."""
REPLAY_PATIENCE: Final = 10.0
"""Seconds within which a replay must bring its next slot, or reach its fence (DESIGN 5). Not the whole of it: after
a long outage it takes minutes, and is no worse for that."""
TOO_SLOW: Final = "a replay was too slow and is waited for no longer"
_REFUSES_REPLAY: Final = frozenset(
    (EndReason.REPLAY_EXPIRED, EndReason.REPLAY_AHEAD, EndReason.REPLAY_OFF)
)


class Connections:
    """All endpoints. `generation` numbers the request that every feed sends."""

    def __init__(
        self,
        endpoints: int,
        *,
        generation: int,
        silence: float,
        can_amend: bool = True,
        asks_floors: bool = False,
    ) -> None:
        self.all = [Connection(i, generation=generation) for i in range(endpoints)]
        self.floors = Floors(self.all, asks=asks_floors)
        self.by_feed: dict[int, Connection] = {}
        self.generation = generation
        self.silence = silence
        self.can_amend = can_amend
        self.errors: list[dict[EndReason, int]] = [{} for _ in range(endpoints)]
        """By endpoint: endings by reason."""
        self._next_feed = 1

    def start(self, now: float, from_slot: int | None) -> Iterator[Command]:
        """Open a feed to every endpoint that something is to be asked of."""
        for connection in self.all:
            is_hot = connection.scope is Scope.EVERYTHING
            if connection.scope is not None:
                yield self._open(connection, now, from_slot if is_hot else None)

    def ask(
        self,
        connection: Connection,
        scope: Scope | None,
        missing: Missing,
        now: float,
        carried: int = EVERY_MONITOR,
    ) -> Iterator[Command]:
        """Ask the endpoint for so much from now on; None: for nothing, and close its stream.

        `carried`: the monitors for which everything is asked.
        """
        before, connection.scope, connection.carried = connection.scope, scope, carried
        feed = connection.feed
        if feed is None:
            if before is None:
                yield self._open(connection, now, self._to_reopen_with(connection, missing, now))
            elif scope is None:
                connection.reopen_at = None
        elif scope is not None and self.can_amend:
            if connection.opened:  # else when it is: nothing can be sent before
                yield connection.amend(feed)
        else:
            del self.by_feed[feed]
            connection.begin_anew()
            connection.feed, connection.opened = None, False
            yield CloseFeed(feed)
            if scope is not None:
                yield self._open(connection, now, self._to_reopen_with(connection, missing, now))

    def opened(self, feed: int, now: float) -> Iterator[Command]:
        """The server accepted the stream."""
        connection = self.by_feed.get(feed)
        if connection is not None:
            connection.opened = True
            connection.heard_at = now
            if connection.replay_from is not None and not self.can_amend:
                connection.asked.append((now, connection.replay_from))
                connection.awaits_replay(connection.replay_from, now)
            yield Report("info", "a feed opened", {"endpoint": connection.endpoint, "feed": feed})
            scope = connection.scope
            sent = connection.sent, connection.sent_for
            if scope is not None and (scope, connection.carried) != sent:
                yield connection.amend(feed)
            yield from self.floors.accepted(connection, now)

    def ended(self, feed: int, ending: Ending, jitter: float, now: float) -> Iterator[Command]:
        """A feed is over: count why, learn from it, and set the time of the next try."""
        connection = self.by_feed.pop(feed, None)
        if connection is None:
            return
        refuses = connection.replay_from is not None and ending.reason in _REFUSES_REPLAY
        if refuses:
            connection.refused.append(now)
        asked, connection.replay_from = connection.replay_from, None
        learn(connection, ending, asked)
        connection.last_ending = ending
        errors = self.errors[connection.endpoint]
        errors[ending.reason] = errors.get(ending.reason, 0) + 1
        connection.feed = None
        connection.opened = False
        connection.first_covered = connection.waits_from = None
        delay = connection.breaker.ended(ending, jitter, refuses=refuses)
        connection.reopen_at = now + delay
        if not any(each.opened for each in self.all):
            self.hurry(now)
        yield Report(
            "error" if connection.needs_person else "warning",
            "a feed ended",
            {
                "endpoint": connection.endpoint,
                "feed": feed,
                "reason": ending.reason.value,
                "code": ending.code,
                "text": ending.text,
                "retry_in": round(connection.reopen_at - now, 3),
                "circuit": connection.breaker.state.value,
            },
        )

    def new_feed(self) -> int:
        """A number that no feed had."""
        feed = self._next_feed
        self._next_feed += 1
        return feed

    def tells_slots_alone(self, feed: int) -> bool:
        """Whether nothing but slot statuses is asked of this feed."""
        connection = self.by_feed.get(feed)
        return connection is not None and connection.scope is Scope.SLOTS

    def heard(self, feed: int, now: float) -> None:
        """Something came of this feed."""
        connection = self.by_feed.get(feed)
        if connection is not None:
            connection.heard_at = now

    def reading_resumed(self, paused: float, now: float) -> None:
        """Nothing was read for so many seconds: give every feed that time back."""
        for connection in self.by_feed.values():
            connection.heard_at = min(now, connection.heard_at + paused)
            connection.replay_since = min(now, connection.replay_since + paused)
            connection.headway.due += paused

    def is_replaying(self, feed: int, slot: int) -> bool:
        """Whether a BlockMeta of this slot ends a slot that was replayed whole on this feed."""
        connection = self.by_feed.get(feed)
        if connection is None or connection.replay_from is None:
            return False
        if not self.can_amend:
            return connection.replay_from <= slot
        covered = connection.first_covered
        return covered is not None and connection.replay_from <= slot < covered

    def replaying_from(self) -> int | None:
        """The first slot of the replays under way or about to be asked for, or None."""
        firsts = [slot for c in self.all for slot in (c.replay_from, c.waits_from)]
        return min((slot for slot in firsts if slot is not None), default=None)

    def replayed_below(self) -> tuple[int, int]:
        """All that any endpoint could replay below this slot has come; and all that any could which can be reached.

        0 where the end of a replay tells less.
        """
        if not self.can_amend:
            return 0, 0
        hot = [c for c in self.all if c.scope is Scope.EVERYTHING]
        reached = [c.replayed_below for c in hot if c.opened or not c.is_unreachable]
        return min((c.replayed_below for c in hot), default=0), min(reached, default=0)

    def lives(self, feed: int, slot: int) -> Iterator[Command]:
        """A lifecycle status came on this feed: a replay that it began with is over."""
        connection = self.by_feed.get(feed)
        if connection is None or connection.replay_from is None or self.can_amend:
            return
        yield from self._fence(connection, slot)

    def meta_taken(
        self,
        feed: int,
        slot: int,
        *,
        covers: bool,
        missing: Missing,
        now: float,
    ) -> Iterator[Command]:
        """A BlockMeta came on this feed; `covers`: the feed holds that slot whole. Perhaps time to replay."""
        connection = self.by_feed.get(feed)
        if connection is None:
            return
        if connection.scope is not Scope.EVERYTHING:
            self.told(connection)
            return
        if connection.replay_from is not None and slot in connection.covered:
            yield from self._fence(connection, slot)
            return
        if self.is_replaying(feed, slot):
            connection.replayed(slot, now)
            if not self.can_amend:
                connection.replay_from = slot  # a replay goes upwards: what is below has come
        if not covers:
            return
        replaying = connection.replay_from is not None
        if not replaying:
            connection.complete += 1
            connection.breaker.progressed(connection.complete)
        if connection.first_covered is None and not replaying:
            connection.first_covered = slot
            if self.can_amend:
                connection.covered.add(slot)
                yield from self._replay(connection, missing, now)

    def told(self, connection: Connection) -> None:
        """An endpoint that is asked for no more told of a slot: that is progress too."""
        connection.told += 1
        connection.breaker.progressed(connection.told)

    def floor_told(self, event: FloorTold, missing: Missing, now: float) -> Iterator[Command]:
        """An endpoint said how far back it can replay: what waited for that is asked for now."""
        self.floors.told(event, now)
        connection = self.all[event.endpoint]
        if connection.waits_from is not None:
            yield from self._replay(connection, missing, now)

    def tick(self, now: float, missing: Missing) -> Iterator[Command]:
        """Reopen what is due; close what fell silent."""
        for connection in self.all:
            if connection.feed is None:
                if connection.reopen_at is not None and now >= connection.reopen_at:
                    from_slot = self._to_reopen_with(connection, missing, now)
                    yield self._open(connection, now, from_slot)
                continue
            if (
                connection.replay_from is not None
                and now >= connection.replay_since + REPLAY_PATIENCE
            ):
                connection.replay_from = None
            if connection.replays_slowly(now):
                facts = {"endpoint": connection.endpoint, "feed": connection.feed}
                yield Report("warning", TOO_SLOW, facts)
            if connection.waits_from is not None and not self.floors.is_awaited(connection, now):
                yield from self._replay(connection, missing, now)
            if now >= connection.heard_at + self.silence:
                connection.heard_at = now
                yield Report(
                    "warning",
                    "a feed fell silent and was closed",
                    {
                        "endpoint": connection.endpoint,
                        "feed": connection.feed,
                        "silence": self.silence,
                    },
                )
                yield CloseFeed(connection.feed)

    def next_deadline(self) -> float | None:
        """When `tick` has something to do, or None."""
        deadlines: list[float] = []
        for connection in self.all:
            if connection.feed is not None:
                deadlines.append(connection.heard_at + self.silence)
                if connection.replay_from is not None:
                    deadlines.append(connection.replay_since + REPLAY_PATIENCE)
                    deadlines.append(connection.headway.due)
                if connection.waits_from is not None:
                    deadlines.append(self.floors.awaited_until(connection))
            elif connection.reopen_at is not None:
                deadlines.append(connection.reopen_at)
        return min(deadlines) if deadlines else None

    def check(self) -> None:
        """State what always holds; for tests."""
        assert {c.feed for c in self.all if c.feed is not None} == set(self.by_feed)
        assert not self.can_amend or sum(c.replay_from is not None for c in self.all) <= 1
        assert all(c.feed is not None or c.replay_from is None for c in self.all)

    def hurry(self, now: float) -> None:
        """Nobody sees the chain: every endpoint that another try may cure is tried soon, whatever its circuit says."""
        for each in self.all:
            if each.reopen_at is not None and not each.needs_person:
                each.reopen_at = min(each.reopen_at, now + BLIND)

    def _open(self, connection: Connection, now: float, from_slot: int | None) -> Command:
        feed = self.new_feed()
        connection.breaker.tried()
        connection.feed = feed
        connection.reopen_at = None
        connection.heard_at = now
        connection.begin_anew()
        connection.replay_from = None if self.can_amend else from_slot
        self.by_feed[feed] = connection
        scope = Scope.EVERYTHING if connection.scope is None else connection.scope
        connection.sent, connection.sent_for = scope, connection.carried
        return OpenFeed(
            feed,
            connection.endpoint,
            connection.generation,
            from_slot,
            scope=scope,
            carried=connection.carried,
        )

    def _to_reopen_with(self, connection: Connection, missing: Missing, now: float) -> int | None:
        """The from_slot of the first request on a new stream."""
        if self.can_amend or connection.scope is not Scope.EVERYTHING:
            return None
        return self._to_begin_with(missing, connection, now)

    def _to_begin_with(self, missing: Missing, connection: Connection, now: float) -> int | None:
        """The from_slot that a new stream asks for: what no open feed has had or is having; None for nothing."""
        covered = min(
            (c.first_covered for c in self.all if c.first_covered is not None), default=None
        )
        return wanted_from(connection, missing, covered, now)

    def _replay(self, connection: Connection, missing: Missing, now: float) -> Iterator[Command]:
        """Ask for what is still open below the first covered slot, if anything is."""
        covered = connection.first_covered
        feed = connection.feed
        connection.waits_from = None
        if covered is None or feed is None or connection.replay_off:
            return
        if any(other.replay_from is not None for other in self.all):
            connection.first_covered = None  # the next covered slot asks again
            return
        wanted = wanted_from(connection, missing, covered, now)
        if wanted is None:
            return
        yield from self.floors.ask(connection, now)
        if self.floors.is_awaited(connection, now):
            connection.waits_from = wanted
            return
        if connection.stores_nothing:
            connection.first_covered = None  # the next covered slot asks again
            return
        connection.asked.append((now, wanted))
        connection.awaits_replay(wanted, now)
        yield Report(
            "info",
            "a replay was asked for",
            {
                "endpoint": connection.endpoint,
                "from_slot": wanted,
                "covered": covered,
            },
        )
        carried = connection.sent_for
        yield AmendFeed(feed, connection.generation, wanted, carried=carried)

    def _fence(self, connection: Connection, slot: int) -> Iterator[Command]:
        yield Report(
            "info",
            "a replay reached its fence",
            {"endpoint": connection.endpoint, "from_slot": connection.replay_from, "fence": slot},
        )
        connection.replay_from = None
        connection.refused = []
        connection.replayed_below = slot
