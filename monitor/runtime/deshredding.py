"""The deshred feeds of all endpoints, from their opening to the records in the outboxes (core.deshred).

Beside the driver, and of no effect on it: what comes here is neither joined nor certified. While a sink's queue is
at its bound nothing is taken, as there.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set

from monitor.core.commands import CloseFeed, OpenFeed, Report
from monitor.core.deshred import DeshredFeeds, FirstCopies, Step
from monitor.core.endings import Ending, EndReason
from monitor.core.errors import FrameMalformed
from monitor.core.monitors import Monitor
from monitor.ports import Endpoint, FramesTaken, StreamEnded, StreamOpened, Taken
from monitor.runtime.delivery import Route
from monitor.runtime.driver import World
from monitor.wire.deshred import (
    PING,
    Deshredded,
    DeshredPing,
    DeshredReader,
    deshred_record,
    deshred_request,
)
from monitor.wire.status import OPENING, STREAMING, classify

TAKE_BYTES = 2**20
"""Frames taken in one turn, so that the driver is not kept waiting. Guessed."""
LOOK = 1.0
"""Seconds after which an endpoint that is off has no feed any more. Guessed: nobody waits for it."""


class Deshredding:
    """Runs the deshred feeds of one daemon."""

    def __init__(
        self,
        monitors: Sequence[Monitor],
        endpoints: Sequence[Endpoint],
        routes: Sequence[Route],
        world: World,
        *,
        off: Callable[[], Set[int]] = frozenset,
        can_send: bool = True,
    ) -> None:
        """The feeds of `world` open SubscribeDeshred. `can_send`: an open stream takes requests.

        `off`: endpoints that are not to be used at present.

        Raises: PlanRefused when the monitors do not fit an endpoint.
        """
        self.events: Counter[tuple[int, int]] = Counter()
        """(route, monitor mask) to records handed to that sink; for metrics."""
        self.received = [0] * len(endpoints)
        """By endpoint: transactions that came of it, first copies or not."""
        self.copies = FirstCopies()
        self._endpoints = endpoints
        self._requests = [deshred_request(monitors, endpoint) for endpoint in endpoints]
        self._monitors = [monitor.name for monitor in monitors]
        self._routes = routes
        self._world = world
        self._off = off
        self._can_send = can_send
        self._reader = DeshredReader(monitors)
        self._feeds = DeshredFeeds(len(endpoints))
        self._malformed: dict[int, str] = {}
        """By feed, what of it was no update; it is closed then, and nothing more of it is read."""

    async def run(self) -> None:
        """Watch until cancelled."""
        world = self._world
        self._steer()
        self._perform(self._feeds.start(world.clock.now()))
        while True:
            await self._has_room()
            wait = self._feeds.next_deadline() - world.clock.now()
            await world.feeds.wait(min(max(0.0, wait), LOOK))
            for taken in world.feeds.take(TAKE_BYTES):
                self._take(taken, world.clock.now())
            self._steer()
            self._perform(self._feeds.tick(world.clock.now()))

    def _steer(self) -> None:
        self._perform(self._feeds.steer(self._off(), self._world.clock.now()))

    async def stop(self) -> None:
        """End every stream."""
        await self._world.feeds.stop()

    async def _has_room(self) -> None:
        if not any(route.outbox.is_full() for route in self._routes):
            return
        for route in self._routes:
            await route.outbox.has_room()
        self._feeds.resumed(self._world.clock.now())

    def _take(self, taken: Taken, now: float) -> None:
        match taken:
            case FramesTaken():
                self._feeds.heard(taken.feed, now)
                self._frames(taken)
            case StreamOpened():
                self._perform(self._feeds.opened(taken.feed, now))
            case StreamEnded():
                ending = self._ending(taken)
                jitter = self._world.dice.jitter()
                self._perform(self._feeds.ended(taken.feed, ending, jitter, now))

    def _ending(self, taken: StreamEnded) -> Ending:
        malformed = self._malformed.pop(taken.feed, None)
        if malformed is not None:
            return Ending(EndReason.FOREIGN, taken.code, malformed)
        each = self._feeds.by_feed.get(taken.feed)
        return classify(
            taken.code, taken.text, STREAMING if each is not None and each.opened else OPENING
        )

    def _frames(self, taken: FramesTaken) -> None:
        each = self._feeds.by_feed.get(taken.feed)
        if each is None or taken.feed in self._malformed:
            return
        try:
            for stamp, frame in taken.frames:
                came = self._reader.read(frame)
                if isinstance(came, DeshredPing):
                    if self._can_send:
                        self._world.feeds.send(taken.feed, PING)
                elif came is not None:
                    self.received[each.endpoint] += 1
                    self._hand_on(came, self._endpoints[each.endpoint].name, stamp)
        except FrameMalformed as error:
            self._malformed[taken.feed] = str(error)
            self._world.feeds.close(taken.feed)

    def _hand_on(self, came: Deshredded, endpoint: str, stamp: int) -> None:
        mask = self.copies.missing(came.signature, came.mask)
        try:
            self._put(mask, came, endpoint, stamp)
        except FrameMalformed:
            self.copies.forget(came.signature, mask)  # the next copy may be sound
            raise

    def _put(self, mask: int, came: Deshredded, endpoint: str, stamp: int) -> None:
        lines: dict[int, bytes] = {}
        for index, route in enumerate(self._routes):
            wanted = mask & route.mask
            if not wanted:
                continue
            if route.outbox.takes_records:
                line = lines.get(wanted)
                if line is None:
                    names = [name for i, name in enumerate(self._monitors) if wanted >> i & 1]
                    received_at = self._world.clock.utc_ns(stamp)
                    line = lines[wanted] = deshred_record(came, names, endpoint, received_at)
                route.outbox.put_beside(line)
            self.events[index, wanted] += 1

    def _perform(self, steps: Iterable[Step]) -> None:
        feeds = self._world.feeds
        for step in steps:
            match step:
                case OpenFeed():
                    request = self._requests[step.endpoint]
                    feeds.open(step.feed, self._endpoints[step.endpoint], request)
                case CloseFeed():
                    feeds.close(step.feed)
                case Report():
                    facts = dict(step.facts)
                    if "endpoint" in facts:
                        facts["endpoint"] = self._endpoints[facts["endpoint"]].name
                    self._world.reporter.report(Report(step.level, step.sentence, facts))
