"""Recovery by replay: a stream of its own, at confirmed, from the lowest wanted slot on (DESIGN 8).

At confirmed a server replays the blocks of the chain, each whole, and goes on live; so the stream is closed at the
first message beyond the last wanted slot. It is no feed of the join: nobody waits for it, and it spans nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from monitor.core.commands import CloseFeed, Command, OpenFeed, Report
from monitor.core.connection import Connection
from monitor.core.connections import REPLAY_PATIENCE, Connections
from monitor.core.endings import Ending, EndReason
from monitor.core.headway import Headway
from monitor.core.join import Join
from monitor.core.origins import Origins
from monitor.core.reach import is_willing, learn, may_replay, was_asked
from monitor.core.recovery_floors import NEVER
from monitor.core.recovery_terms import Failure, Lease, Offer
from monitor.core.rungs import Rung, Verdict

SOON: Final = 1.0
"""Seconds until an endpoint is asked again for a replay that it may serve later. Guessed."""
_NEVER: Final = frozenset((EndReason.REPLAY_EXPIRED, EndReason.REPLAY_OFF))
"""A server that is not that far yet may have the slot soon, and with it account writes that no RPC tells."""


@dataclass(slots=True)
class Replay:
    """One stream."""

    feed: int
    endpoint: int
    first: int
    end: int
    """The slots first..end-1 are wanted."""
    heard_at: float
    reached: int = -1
    """Highest slot that it told of."""
    is_closing: bool = False
    is_slow: bool = False
    """It brought too little in a window."""
    headway: Headway = field(init=False)

    def __post_init__(self) -> None:
        self.headway = Headway.of(self.first, self.heard_at)

    def failures(self, ending: Ending, floor: int, jitter: float) -> list[tuple[Lease, Failure]]:
        """What its end says of the slots that it did not bring. `floor`: as `Replays.left_from`."""
        above = self.first
        verdict, pause = Verdict.FAILED, 0.0
        if self.reached >= self.end:
            verdict = Verdict.CANNOT
        elif self.is_slow or ending.reason in _NEVER:
            above = min(max(floor, self.first), self.end)
            if not self.is_slow:  # refused: what somebody may have is asked for again
                verdict, pause = Verdict.THROTTLED, SOON
        return [
            (Lease(Rung.REPLAY, self.first, above), Failure(Verdict.CANNOT, jitter)),
            (Lease(Rung.REPLAY, above, self.end), Failure(verdict, jitter, pause)),
        ]

    def look(self, now: float) -> None:
        """Perhaps a window is over: it was slow, or the next one begins."""
        self.headway.met(self.reached)
        self.is_slow = self.headway.is_slow(self.end, now)


class Replays:
    """The replays under way."""

    def __init__(self, connections: Connections, join: Join, origins: Origins) -> None:
        self.by_feed: dict[int, Replay] = {}
        self._connections = connections
        self._join = join
        self._origins = origins

    def ask_floors(self, now: float) -> Iterator[Command]:
        """Ask who could replay how far back it reaches, where that is not known of late."""
        for connection in self._connections.all:
            if self._is_free(connection):
                yield from self._connections.floors.ask(connection, now)

    def awaits_floors(self, now: float) -> bool:
        """Whether `begin` had better wait for an answer."""
        floors = self._connections.floors
        return any(
            self._is_free(each) and floors.is_awaited(each, now) for each in self._connections.all
        )

    def offer(self, held: int, now: float) -> Offer:
        """Which slots may be leased for one more replay; leases for so many were given to nobody yet.

        Where nobody connected could bring them they are leased too, and fail: another rung may bring them.
        """
        willing = [each for each in self._connections.all if is_willing(each, now)]
        free = sorted(each.replays_from for each in willing if self._is_free(each))
        busy = [each.replays_from for each in willing if self._is_busy(each)] + free[:held]
        return Offer(1, min(busy, default=NEVER), min(free[held:], default=NEVER))

    def begin(self, first: int, end: int, now: float) -> Command | None:
        """Ask the endpoint that is likeliest to have these slots; None when none is."""
        asked = [each for each in self._connections.all if self._may_ask(each, first, now)]
        if not asked:
            return None
        # Who replayed these slots already on its live stream would only repeat itself.
        connection = min(asked, key=lambda each: (each.replayed_below > first, len(each.asked)))
        feed = self._connections.new_feed()
        connection.asked.append((now, first))
        self.by_feed[feed] = Replay(feed, connection.endpoint, first, end, now)
        origin = self._origins.replay(connection.endpoint)
        self._join.sights.begin(feed, origin, is_replay=True, is_repair=True)
        return OpenFeed(
            feed, connection.endpoint, self._connections.generation, first, is_replay=True
        )

    def why_nobody(self, first: int, now: float) -> Verdict:
        """Why `begin` asks nobody for this slot."""
        able = [
            each
            for each in self._connections.all
            if not each.replay_off and each.replays_from <= first
        ]
        if not able:
            return Verdict.CANNOT
        unasked = [
            each
            for each in able
            if not (self._is_free(each) or each.needs_person or was_asked(each, first, now))
        ]
        if any(self._is_busy(each) for each in unasked):
            return Verdict.THROTTLED  # it is asked next
        return Verdict.UNASKED if unasked else Verdict.FAILED

    def left_from(self, replay: Replay) -> int:
        """The lowest slot of a replay that was refused, or slow, which some endpoint may be asked for yet; `NEVER`: none is left.

        Its own endpoint is, from where a refusal said that it begins.
        """
        left = [
            each.replays_from
            for each in self._connections.all
            if not each.replay_off
            and (each.endpoint != replay.endpoint or each.replays_from > replay.first)
        ]
        return min(left, default=NEVER)

    def lowest(self) -> int | None:
        """The lowest slot that some endpoint may replay, as far as they and their refusals have told; None: nobody replays."""
        floors = [each.replays_from for each in self._connections.all if not each.replay_off]
        return min(floors, default=None)

    def heard(self, feed: int, slot: int, now: float) -> Iterator[Command]:
        """The stream told of this slot; 0 or less: of none, as a ping does, and whoever stalls may ping for ever."""
        replay = self.by_feed.get(feed)
        if replay is None or slot <= 0:
            return
        replay.heard_at = now
        replay.reached = max(replay.reached, slot)
        if replay.reached >= replay.end and not replay.is_closing:
            replay.is_closing = True
            yield CloseFeed(feed)

    def ended(self, feed: int, ending: Ending) -> Replay | None:
        """A stream is over; the replay that it was, or None."""
        replay = self.by_feed.pop(feed, None)
        if replay is not None:
            learn(self._connections.all[replay.endpoint], ending, replay.first)
        return replay

    def excuse(self, paused: float) -> None:
        """Nothing was read for so many seconds, which is no silence of theirs."""
        for replay in self.by_feed.values():
            replay.heard_at += paused
            replay.headway.due += paused

    def tick(self, now: float) -> Iterator[Command]:
        """Close what brings nothing any more."""
        for replay in self.by_feed.values():
            if replay.is_closing:
                continue
            is_silent = now >= replay.heard_at + REPLAY_PATIENCE
            replay.look(now)
            if is_silent or replay.is_slow:
                replay.is_closing = True
                why = "fell silent" if is_silent else "was too slow"
                facts = {"endpoint": replay.endpoint, "from_slot": replay.first}
                yield Report("warning", f"a replay {why} and was closed", facts)
                yield CloseFeed(replay.feed)

    def next_deadline(self) -> float | None:
        """When `tick` has something to do, or None."""
        if not self.by_feed:
            return None
        due = [
            min(each.heard_at + REPLAY_PATIENCE, each.headway.due)
            for each in self.by_feed.values()
            if not each.is_closing
        ]
        return min(due, default=None)

    def _may_ask(self, connection: Connection, first: int, now: float) -> bool:
        return self._is_free(connection) and may_replay(connection, first, now)

    def _is_free(self, connection: Connection) -> bool:
        return connection.opened and not (self._is_busy(connection) or connection.replay_off)

    def _is_busy(self, connection: Connection) -> bool:
        return any(each.endpoint == connection.endpoint for each in self.by_feed.values())
