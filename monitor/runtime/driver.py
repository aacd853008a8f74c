"""Feeds the kernel and performs what it asks: the only task that touches either.

One turn: wait for frames, for the kernel's deadline or for an answer of recovery, take what arrived, read it, hand it
to the kernel, perform its commands. While a sink's queue, or the store's, is at its bound nothing is taken, and HTTP/2 flow
control holds the servers back.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from monitor.core.chain import Commitment, Kind
from monitor.core.commands import (
    Abandon,
    AmendFeed,
    AskFloor,
    CancelFetch,
    Certify,
    CloseFeed,
    Command,
    Fetch,
    KeepJobs,
    KeepSwitch,
    OpenFeed,
    ProbeEndpoint,
    ReadAccounts,
    Recall,
    Refuse,
    Release,
    Report,
    Settled,
)
from monitor.core.endings import Ending, EndReason
from monitor.core.errors import CatchUpRefused, FrameMalformed
from monitor.core.events import (
    Event,
    FeedEnded,
    FeedOpened,
    FramesArrived,
    ReadingResumed,
    Started,
)
from monitor.core.kernel import Kernel
from monitor.core.origins import Origins
from monitor.ports import (
    Clock,
    Dice,
    Endpoint,
    Feeds,
    FramesTaken,
    Probes,
    Reporter,
    StreamEnded,
    StreamOpened,
)
from monitor.runtime.bookkeeping import Books
from monitor.runtime.delivery import Delivery
from monitor.runtime.filter_check import FilterCheck
from monitor.runtime.handover import HandOver
from monitor.runtime.recovery import Recovering
from monitor.wire.names import NameTable
from monitor.wire.peek import peek
from monitor.wire.plan import Plan
from monitor.wire.requests import PING
from monitor.wire.status import OPENING, STREAMING, classify

TAKE_BYTES = 4 * 2**20
"""Frames taken in one turn, so that timers and other tasks are not kept waiting. Guessed."""

STALLED = 0.5
"""Seconds by which a turn may come later than was asked, before it counts as a stop of this process. Guessed."""

_OF_ORIGINS = frozenset(("endpoint", "instead_of", "origins"))
"""Facts of reports that are origins, one or some."""

_kind = itemgetter(0)


@dataclass(slots=True)
class Traffic:
    """What came of one endpoint, for metrics."""

    kinds: Counter[int] = field(default_factory=Counter)
    frames_bytes: int = 0
    last_at: float | None = None
    """When the last frame came, in seconds of the daemon's clock."""
    open_feeds: int = 0


@dataclass(slots=True)
class _Feed:
    """One stream from its opening to its end."""

    endpoint: int
    names: NameTable
    commitment: Commitment
    opened: bool = False
    malformed: str | None = None
    """What of it was no update; it is closed then, and nothing more of it is read."""


@dataclass(frozen=True, slots=True)
class World:
    """What the driver works with besides the kernel."""

    feeds: Feeds
    clock: Clock
    dice: Dice
    reporter: Reporter
    probes: Probes | None = None
    """None: endpoints are asked for nothing beside their streams."""


class Driver:
    """Runs one kernel."""

    def __init__(
        self,
        kernel: Kernel,
        world: World,
        endpoints: Sequence[Endpoint],
        plans: Sequence[Plan],
        delivery: Delivery,
        books: Books,
        recovering: Recovering,
    ) -> None:
        self.kernel = kernel
        self.recovering = recovering
        """Performs what the kernel asks for beside the streams; its inbox is emptied here."""
        self.probe: Callable[[int], None] = lambda endpoint: None
        """Told of each endpoint that is to be probed; nobody listens unless whoever makes the daemon says who."""
        self.traffic = [Traffic() for _ in endpoints]
        self._world = world
        self._endpoints = endpoints
        self._plans = plans
        self._delivery = delivery
        self._books = books
        self._outputs = HandOver(delivery, books)
        self.check = FilterCheck(
            [endpoint.name for endpoint in endpoints],
            world.reporter,
            data_is_cut=any(plan.slices_on_server for plan in plans),
        )
        self._feeds: dict[int, _Feed] = {}
        rpcs = recovering.rpc_names
        self._names = Origins(len(endpoints), len(rpcs)).names(
            [endpoint.name for endpoint in endpoints], rpcs
        )
        """By origin."""

    async def run(self) -> None:
        """Watch until cancelled."""
        world = self._world
        read_at = world.clock.now()
        self._handle(Started(world.dice.jitter()), read_at)
        await self._outputs.run()
        deadline = self.kernel.next_deadline()
        while True:
            asked = None if deadline is None else max(0.0, deadline - world.clock.now())
            await world.feeds.wait(asked)
            read_at = self._excuse_stop(read_at, asked)
            for taken in world.feeds.take(TAKE_BYTES):
                self._take(taken)
            now = world.clock.now()
            posted = self.recovering.inbox.take()
            if posted is not None:
                self._handle(posted, now)
            deadline = self.kernel.next_deadline()
            if deadline is not None and now >= deadline:
                self._perform(self.kernel.tick(now))
                deadline = self.kernel.next_deadline()
            await self._outputs.run()
            if self._delivery.is_full() or self._books.is_full():
                now = world.clock.now()
                await self._delivery.has_room()
                await self._books.has_room()
                read_at = world.clock.now()
                self._handle(ReadingResumed(read_at - now), read_at)
                deadline = self.kernel.next_deadline()
                await self._outputs.run()

    def _excuse_stop(self, read_at: float, asked: float | None) -> float:
        """Nothing was read while this process, or its machine, stood still: no feed was silent then.

        Where between the last reading and now the stop fell is not known, so all of that time is given back.
        Answers when reading goes on.
        """
        now = self._world.clock.now()
        if asked is not None and now - read_at > asked + STALLED:
            self._handle(ReadingResumed(now - read_at), now)
        return now

    def _take(self, taken: FramesTaken | StreamOpened | StreamEnded) -> None:
        now = self._world.clock.now()
        match taken:
            case FramesTaken():
                self._frames(taken, now)
            case StreamOpened():
                self._opened(taken.feed, now)
            case StreamEnded():
                self._ended(taken, now)

    def _frames(self, taken: FramesTaken, now: float) -> None:
        feed = self._feeds.get(taken.feed)
        if feed is None or feed.malformed is not None:
            return
        try:
            rows = peek(taken.frames, feed.names)
        except FrameMalformed as error:
            feed.malformed = str(error)
            self._world.feeds.close(taken.feed)
            rows = error.rows
        self.check.look(feed.endpoint, feed.names, rows)
        traffic = self.traffic[feed.endpoint]
        pings = traffic.kinds[Kind.PING]
        traffic.kinds.update(map(_kind, rows))
        if traffic.kinds[Kind.PING] > pings:
            self._world.feeds.send(taken.feed, PING)
        traffic.frames_bytes += taken.size
        traffic.last_at = now
        self._handle(FramesArrived(taken.feed, rows), now)

    def _opened(self, number: int, now: float) -> None:
        feed = self._feeds.get(number)
        if feed is not None:
            feed.opened = True
            self.traffic[feed.endpoint].open_feeds += 1
        self._handle(FeedOpened(number), now)

    def _ended(self, taken: StreamEnded, now: float) -> None:
        feed = self._feeds.pop(taken.feed, None)
        if feed is None:
            return
        if feed.opened:
            self.traffic[feed.endpoint].open_feeds -= 1
        ending = (
            Ending(EndReason.FOREIGN, taken.code, feed.malformed)
            if feed.malformed is not None
            else classify(taken.code, taken.text, STREAMING if feed.opened else OPENING)
        )
        self._handle(FeedEnded(taken.feed, ending, self._world.dice.jitter()), now)

    def _handle(self, event: Event, now: float) -> None:
        self._perform(self.kernel.handle(event, now))

    def _perform(self, commands: Sequence[Command]) -> None:
        if self._books.is_new and self.kernel.join.floor is not None:
            self._books.begin(self.kernel.join.floor)
        for command in commands:
            match command:
                case Release() | Certify() | Abandon() | Settled() | KeepJobs() | KeepSwitch():
                    self._outputs.add(command)
                case OpenFeed() | AmendFeed() | CloseFeed():
                    self._steer(command)
                case ProbeEndpoint():
                    self.probe(command.endpoint)
                case Fetch() | CancelFetch() | ReadAccounts() | Recall() | AskFloor():
                    self.recovering.perform(command)
                case Refuse():
                    raise CatchUpRefused(command.why)
                case Report():
                    self._world.reporter.report(self._named(command))

    def _steer(self, command: OpenFeed | AmendFeed | CloseFeed) -> None:
        feeds = self._world.feeds
        match command:
            case OpenFeed():
                plan = self._plans[command.endpoint]
                level = Commitment.CONFIRMED if command.is_replay else Commitment.PROCESSED
                carried = command.carried
                request = plan.request(
                    command.generation, command.from_slot, level, command.scope, carried
                )
                names = plan.names(command.generation, carried)
                self._feeds[command.feed] = _Feed(command.endpoint, names, level)
                feeds.open(command.feed, self._endpoints[command.endpoint], request)
            case AmendFeed():
                feed = self._feeds.get(command.feed)
                if feed is not None:
                    plan, carried = self._plans[feed.endpoint], command.carried
                    request = plan.request(
                        command.generation,
                        command.from_slot,
                        feed.commitment,
                        command.scope,
                        carried,
                    )
                    feed.names.ask(command.generation, plan.left_out(carried))
                    feeds.send(command.feed, request)
            case CloseFeed():
                feeds.close(command.feed)

    def _named(self, report: Report) -> Report:
        """The report with a name for each origin that it tells of."""
        facts = {
            key: self._origin_named(fact) if key in _OF_ORIGINS else fact
            for key, fact in report.facts.items()
        }
        return Report(report.level, report.sentence, facts)

    def _origin_named(self, fact: object) -> object:
        if isinstance(fact, int):
            return self._names[fact]
        if isinstance(fact, list | tuple):
            return [self._names[origin] for origin in fact]
        return fact
