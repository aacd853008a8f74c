"""A day in virtual time: a chain, servers that tell it and fail in every way, and the kernel among them.

All that happens is drawn from one seed. Of the servers one at a time is at fault, so between them they always hold
everything; what one gets wrong, the kernel must put right. Each step is held against the chain as it happens.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from heapq import heappop, heappush
from itertools import count
from random import Random

from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import (
    AmendFeed,
    Certify,
    CloseFeed,
    Command,
    OpenFeed,
    Release,
    Released,
    Report,
    Settled,
)
from monitor.core.endings import Ending, EndReason
from monitor.core.events import Event, FeedEnded, FeedOpened, FramesArrived, Row, Started
from monitor.core.kernel import Kernel
from monitor.core.policy import Policy
from tests.core import play

FIRST = 1000
SLOT_TIME = 4.0
CONFIRMED_AFTER = 2
"""Slots."""
FINALIZED_AFTER = 8
FAULT_EVERY = 15
"""Slots: a minute."""
HOUR = 900
"""Slots."""
SOUND_AFTER = 5 * SLOT_TIME
"""Seconds after its opening, and after its last fault, until a server may be the only one that is whole."""
LONGEST_OUTAGE = 480.0
"""Seconds that a server is out of reach, once an hour, one server after the other."""
PING: Row = (Kind.PING, 0, 0, 0, None, 0, b"ping")
ENDS = [SlotEnd.COMPLETE] * 90 + [SlotEnd.SKIPPED] * 5 + [SlotEnd.FORKED] * 3 + [SlotEnd.DEAD] * 2


@dataclass(frozen=True, slots=True)
class Slot:
    """What the chain has in one slot."""

    number: int
    end: SlotEnd
    parent: int
    height: int
    transactions: int
    begins_twice: bool
    """A first bank with another transaction is dropped, and a second one begun."""

    def events(self) -> Counter[str]:
        """What monitors must get of it."""
        if self.end != SlotEnd.COMPLETE:
            return Counter()
        names = [_name(self.number, index) for index in range(self.transactions)]
        return Counter([*names, "x by last"])


def chain(length: int, random: Random) -> dict[int, Slot]:
    """So many slots from `FIRST` on."""
    slots: dict[int, Slot] = {}
    parent, height = FIRST - 1, 500
    for number in range(FIRST, FIRST + length):
        end = SlotEnd.COMPLETE if number == FIRST else random.choice(ENDS)
        again = random.random() < 0.02
        slots[number] = Slot(number, end, parent, height, random.randint(0, 6), again)
        if end == SlotEnd.COMPLETE:
            parent, height = number, height + 1
    return slots


@lru_cache(maxsize=64)
def first_half(slot: Slot) -> tuple[Row, ...]:
    """The beginning of its bank and the first transactions."""
    number = slot.number
    rows: list[Row] = [play.created(number)]
    if slot.begins_twice:
        rows += [play.tx(number, 0, f"lost {number}"), play.created(number)]
    return (*rows, *_transactions(slot, 0, slot.transactions // 2))


@lru_cache(maxsize=64)
def second_half(slot: Slot, endpoint: int) -> tuple[Row, ...]:
    """The other transactions, the writes as the endpoint's node numbers them, and the end of the bank."""
    number = slot.number
    rows = (
        *_transactions(slot, slot.transactions // 2, slot.transactions),
        play.write(number, "x", "first", 100 * endpoint, mask=2),
        play.write(number, "x", "last", 100 * endpoint + 1, mask=2),
    )
    return (*rows, play.dead(number)) if slot.end == SlotEnd.DEAD else (*rows, *_frozen(slot))


def replayed(slot: Slot, endpoint: int) -> tuple[Row, ...]:
    """The slot as a server replays it: without the beginning of its bank."""
    rows = _transactions(slot, 0, slot.transactions)
    last = play.write(slot.number, "x", "last", 100 * endpoint + 1, mask=2)
    return (*rows, last, *_frozen(slot))


def _frozen(slot: Slot) -> tuple[Row, ...]:
    meta = play.meta(
        slot.number, parent=slot.parent, transactions=slot.transactions, height=slot.height
    )
    return (meta, play.processed(slot.number))


def _transactions(slot: Slot, first: int, end: int) -> list[Row]:
    return [play.tx(slot.number, at, _name(slot.number, at)) for at in range(first, end)]


def _name(number: int, index: int) -> str:
    return f"{number}.{index}"


class Server:
    """One endpoint: its stream, and what is wrong with it just now."""

    def __init__(self, endpoint: int) -> None:
        self.endpoint = endpoint
        self.feed = 0
        self.is_live = False
        self.opened_at = 0.0
        self.is_mute = False
        self.lag = 0.0
        self.behind_until = 0.0
        """When all that lags will have been sent."""
        self.drops: dict[int, str] = {}
        """Slots that it leaves out: `slot` all of it, `row` its last transaction."""
        self.faulted_at = 0.0
        """When its last fault was chosen, which may come a little later."""
        self.out_until = 0.0
        """Nobody reaches it before."""

    def is_sound(self, now: float) -> bool:
        """It tells everything, and has for some slots."""
        since = max(self.opened_at, self.behind_until, self.faulted_at)
        return self.is_live and not self.is_mute and now >= since + SOUND_AFTER


class Day:
    """The loop of a virtual day. Nothing is given at any time but by what the agenda holds."""

    def __init__(self, slots: dict[int, Slot], random: Random, servers: int = 3) -> None:
        self.chain = slots
        self.random = random
        self.now = FIRST * SLOT_TIME
        self.servers = [Server(endpoint) for endpoint in range(servers)]
        monitors = (play.ALL, play.VAULT)
        self.kernel = Kernel(monitors, servers, Policy(Commitment.CONFIRMED))
        self.certificates: dict[int, Certificate] = {}
        self.settled = FIRST - 1
        self.dropped: dict[int, int] = {}
        """By slot, the endpoint that leaves something of it out."""
        self.to_name: set[int] = set()
        """Those of them in which its stream is unbroken, so that it must be named."""
        self.faults: Counter[str] = Counter()
        self.outages: Counter[int] = Counter()
        """By endpoint."""
        self.sentences: Counter[str] = Counter()
        self.late = 0
        self.most_slots = 0
        """The most slots that the kernel held at once."""
        self._given: dict[int, list[str]] = {}
        self._last_slot = 0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._handle(Started())

    def run(self) -> None:
        """All slots, and then as long as the last ones take to be final."""
        for slot in self.chain.values():
            at = slot.number * SLOT_TIME
            self._until(at)
            if (slot.number - FIRST) % HOUR == 0:
                self._plan_outages(at)
            if slot.number % FAULT_EVERY == 0:
                self._fault(slot.number)
            for server in self.servers:
                self._tells(server, slot, at)
            self.kernel.check()
            self.most_slots = max(self.most_slots, len(self.kernel.join.slots))

    def finish(self) -> None:
        """What is under way when the slots end."""
        self._until(self.now + 2 * SLOT_TIME)

    def _until(self, end: float) -> None:
        """All that is due before `end`, and the kernel's deadlines exactly when they are."""
        while True:
            at = self._agenda[0][0] if self._agenda else end
            deadline = self.kernel.next_deadline()
            if deadline is not None and deadline <= min(at, end):
                self.now = max(self.now, deadline)
                self._perform(self.kernel.tick(self.now))
                again = self.kernel.next_deadline()
                assert again is None or again > self.now, "a deadline that does not move"
            elif at < end:
                self.now, _, action = heappop(self._agenda)
                action()
            else:
                self.now = end
                return

    def _at(self, at: float, action: Callable[[], None]) -> None:
        heappush(self._agenda, (at, next(self._order), action))

    def _tells(self, server: Server, slot: Slot, at: float) -> None:
        """The server tells the slot in two parts, and what became of earlier ones."""
        statuses = [PING, *self._statuses(slot.number)]
        first: tuple[Row, ...] = ()
        second: tuple[Row, ...] = ()
        if slot.end != SlotEnd.SKIPPED and server.drops.get(slot.number) != "slot":
            first, second = first_half(slot), second_half(slot, server.endpoint)
        if server.drops.get(slot.number) == "row" and slot.transactions:
            lost = _transactions(slot, slot.transactions - 1, slot.transactions)
            second = tuple(row for row in second if row not in lost)
        self._at(at + 1.0, partial(self._sends, server, [*statuses, *first]))
        self._at(at + 3.9, partial(self._sends, server, list(second)))

    def _statuses(self, number: int) -> Iterator[Row]:
        confirmed = self.chain.get(number - CONFIRMED_AFTER)
        if confirmed is not None and confirmed.end == SlotEnd.COMPLETE:
            yield play.confirmed(confirmed.number)
        final = self.chain.get(number - FINALIZED_AFTER)
        if final is not None and final.end == SlotEnd.COMPLETE:
            yield play.finalized(final.number)

    def _sends(self, server: Server, rows: list[Row]) -> None:
        if not server.is_live or server.is_mute or not rows:
            return
        feed = server.feed
        at = max(self.now + server.lag, server.behind_until)
        if at == self.now:
            self._handle(FramesArrived(feed, rows))
            return
        server.behind_until = at
        self._at(at, partial(self._arrives, server, feed, rows))

    def _arrives(self, server: Server, feed: int, rows: list[Row]) -> None:
        if server.is_live and server.feed == feed:
            self._handle(FramesArrived(feed, rows))

    def _replays(self, server: Server, feed: int, from_slot: int) -> None:
        """All blocks that are frozen by now, from this slot on."""
        if server.feed != feed or not server.is_live:
            return
        frozen = int((self.now - 3.9) // SLOT_TIME)
        for number in range(from_slot, frozen + 1):
            slot = self.chain.get(number)
            if slot is not None and slot.end in (SlotEnd.COMPLETE, SlotEnd.FORKED):
                self._sends(server, list(replayed(slot, server.endpoint)))

    def _accepts(self, server: Server, feed: int) -> None:
        if self.now < server.out_until:
            self._ends(server, feed, EndReason.UNREACHABLE)
            return
        if self.random.random() < 0.2 and self.now > FIRST * SLOT_TIME + 1:
            self._ends(server, feed, EndReason.UNREACHABLE)
            return
        server.is_live = True
        server.opened_at = self.now
        self._handle(FeedOpened(feed))

    def _ends(self, server: Server, feed: int, reason: EndReason) -> None:
        if server.feed == feed:
            server.is_live = server.is_mute = False
            server.lag = server.behind_until = 0.0
            ending = Ending(reason, "UNAVAILABLE", "gone")
            self._handle(FeedEnded(feed, ending, self.random.random()))

    def _falls_mute(self, server: Server) -> None:
        server.is_mute = server.is_live

    def _plan_outages(self, now: float) -> None:
        """Every server is out of reach once in this hour, for some minutes of a part of it that is its own."""
        part = HOUR * SLOT_TIME / len(self.servers)
        for place, server in enumerate(self.servers):
            at = now + (place + self.random.uniform(0.1, 0.4)) * part
            self._at(at, partial(self._goes_out, server))

    def _goes_out(self, server: Server) -> None:
        if not self._is_another_sound(server):
            self._at(self.now + SLOT_TIME, partial(self._goes_out, server))
            return
        self.outages[server.endpoint] += 1
        server.out_until = self.now + self.random.uniform(SLOT_TIME, LONGEST_OUTAGE)
        self.to_name -= {slot for slot in server.drops if slot * SLOT_TIME > self.now - SOUND_AFTER}
        self._ends(server, server.feed, EndReason.TRANSIENT)

    def _is_another_sound(self, server: Server) -> bool:
        return any(other.is_sound(self.now) for other in self.servers if other is not server)

    def _fault(self, number: int) -> None:
        """One of all that goes wrong with servers, at one of them; at none where another one is needed whole."""
        server = self.random.choice(self.servers)
        if not self._is_another_sound(server):
            self.faults["spared"] += 1
            return
        server.faulted_at = self.now
        kind = self.random.choice(["kill", "mute", "lag", "drop a row", "drop a slot"])
        self.faults[kind] += 1
        feed, at = server.feed, self.now + self.random.uniform(0.0, SLOT_TIME)
        match kind:
            case "kill":
                reason = self.random.choice([EndReason.TRANSIENT, EndReason.END])
                self._at(at, partial(self._ends, server, feed, reason))
            case "mute":
                self._at(at, partial(self._falls_mute, server))
            case "lag":
                lag = self.random.uniform(1.0, 12.0)
                self._at(at, partial(setattr, server, "lag", lag))
                self._at(at + 20.0, partial(setattr, server, "lag", 0.0))
            case _:
                server.drops = {number: kind.rpartition(" ")[2]}
                slot = self.chain[number]
                is_unbroken = server.is_live and server.opened_at < self.now - 2 * SLOT_TIME
                has_lost = kind == "drop a slot" or slot.transactions > 0
                self.dropped[number] = server.endpoint
                if is_unbroken and has_lost and slot.end == SlotEnd.COMPLETE:
                    self.to_name.add(number)

    def _handle(self, event: Event) -> None:
        self._perform(self.kernel.handle(event, self.now))

    def _perform(self, commands: Iterable[Command]) -> None:
        for command in commands:
            match command:
                case Release():
                    for released in command.released:
                        self._gets(released)
                case Certify():
                    for certificate in command.certificates:
                        self._stores(certificate)
                case Settled():
                    self._settles(command.slot)
                case Report():
                    self.sentences[command.sentence] += 1
                case OpenFeed() | AmendFeed() | CloseFeed():
                    self._asks(command)
                case _:
                    raise AssertionError("nothing is recovered here, and no floor is asked for")

    def _asks(self, command: OpenFeed | AmendFeed | CloseFeed) -> None:
        """What a server is asked for happens a little later."""
        feed = command.feed
        if isinstance(command, OpenFeed):
            server = self.servers[command.endpoint]
            server.feed = feed
            self._at(self.now + 0.1, partial(self._accepts, server, feed))
            return
        (server,) = (each for each in self.servers if each.feed == feed)
        if isinstance(command, AmendFeed):
            assert command.from_slot is not None
            self._at(self.now + 0.2, partial(self._replays, server, feed, command.from_slot))
        else:
            self._at(self.now + 0.01, partial(self._ends, server, feed, EndReason.TRANSIENT))

    def _gets(self, released: Released) -> None:
        kind, slot, key, _, _, _, frame = released[5]
        assert slot > self.settled, "handed on after it was settled"
        if released[2]:
            self.late += 1
        else:
            assert slot >= self._last_slot, "out of order"
            self._last_slot = slot
        name = key[:64].rstrip(b"\0") if kind == Kind.TRANSACTION else frame or b""
        self._given.setdefault(slot, []).append(name.decode())

    def _stores(self, certificate: Certificate) -> None:
        slot = certificate.slot
        assert slot not in self.certificates, "certified again"
        assert certificate.end == self.chain[slot].end, certificate
        missed = set(certificate.missed_by)
        assert missed <= {self.dropped.get(slot)}, certificate
        assert missed or slot not in self.to_name, certificate
        self.certificates[slot] = certificate

    def _settles(self, slot: int) -> None:
        assert slot > self.settled
        for number in range(self.settled + 1, slot + 1):
            assert number in self.certificates
            given = Counter(self._given.pop(number, ()))
            assert given == self.chain[number].events(), number
        self.settled = slot
