"""A chain that is told by endpoints which are asked for some monitors each, and a judge who knows what was told."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Kind, SlotStatus
from monitor.core.commands import AmendFeed, CloseFeed, OpenFeed
from monitor.core.events import Row, Wished
from monitor.core.failover import FailoverPolicy, Strategy
from monitor.core.monitors import AccountsFilter, EntryFilter, Monitor, TransactionsFilter
from monitor.core.scope import EVERY_MONITOR, Scope
from monitor.core.wishes import Want, Wish
from tests.core.play import Play, confirmed, entry, finalized, meta, processed, status, tx, write

SOME: Final = TransactionsFilter(vote=False)
MONITORS: Final = (
    Monitor("one", transactions=SOME),
    Monitor("two", transactions=SOME),
    Monitor("vault", accounts=AccountsFilter(account=("x",))),
    Monitor("purse", accounts=AccountsFilter(account=("y",))),
    Monitor("entries", entry=EntryFilter()),
    Monitor("statuses", transactions_status=SOME),
)
ONE, TWO, VAULT, PURSE, ENTRIES, STATUSES = (1 << i for i in range(len(MONITORS)))
UNITS: Final = (ONE, TWO, VAULT | PURSE, ENTRIES, STATUSES)
SPREAD: Final = FailoverPolicy(Strategy.SPREAD, hot=3, units=UNITS)
SLOT_TIME: Final = 0.4
UNSPOKEN: Final = "no finalized block speaks for it"
"""The proof of slots below one that nobody told: all were away."""
FIRST: Final = 100


def of_status(row: Row) -> Row:
    """The same as the status of a transaction."""
    return (Kind.TRANSACTION_STATUS, *row[1:])


def block(slot: int, dice: Random) -> list[Row]:
    """What a block holds, with the monitors that want it."""
    rows = [
        tx(
            slot,
            index,
            f"{slot}.{index}",
            dice.choice((ONE, TWO, ONE | TWO)) if index else ONE | TWO,
        )
        for index in range(1 + dice.randrange(4))
    ]
    rows += [of_status(tx(slot, index, f"{slot}.{index}", STATUSES)) for index in range(2)]
    rows += [
        write(slot, f"account {i}", f"{slot}.{i}", i, dice.choice((VAULT, PURSE, VAULT | PURSE)))
        for i in range(dice.randrange(3))
    ]
    return [*rows, entry(slot, 0, ENTRIES), entry(slot, 1, ENTRIES, f"B{slot}")]


@dataclass
class Server:
    """One endpoint as it really is: a request counts from the row on that it is sent before."""

    feed: int | None = None
    requests: list[tuple[int, int]] = field(default_factory=list)
    """(generation, monitors): the one that counts, and those that do not yet."""
    covers: int = 0
    """The monitors that were asked for all through the slot at hand."""
    dropped: bool = False

    def answer(self, dice: Random) -> tuple[int, int]:
        """The request that counts now."""
        while len(self.requests) > 1 and dice.random() < 0.2:
            del self.requests[0]
        self.covers &= self.requests[0][1]
        return self.requests[0]


class Spread:
    """Slots one after the other, told by all who are up."""

    def __init__(self, dice: Random, endpoints: int = 4, loss: float = 0.01) -> None:
        self.dice, self.loss = dice, loss
        self.play = Play(*MONITORS, feeds=endpoints, failover=SPREAD)
        self.servers = [Server() for _ in range(endpoints)]
        self.slot = FIRST
        self.truth: dict[int, list[Row]] = {}
        self.sent: dict[int, set[tuple[int, Any]]] = {}
        self.lost: dict[int, set[tuple[int, Any]]] = {}
        self.whole: dict[int, int] = {}
        """By slot, the monitors of which somebody told all."""
        self.drops = self.leaves_out = (-1, -1)
        """A slot, and the endpoint that drops its first row of `ONE`, or leaves all of the slot out."""
        self.cutting = 0.0
        """Share of slots in which up to three streams end."""
        self.final_after = 3
        """Slots after which one is final."""
        self._read = 0
        self._obey()

    def goes_on(self, slots: int) -> None:
        """So many slots are told."""
        for _ in range(slots):
            self.play.at(self.play.now + SLOT_TIME)
            self._obey()
            self._tell()
            self.slot += 1

    def wishes(self, want: Want, endpoint: int) -> None:
        """An operator asks for this."""
        self.play._do(self.play.kernel.handle(Wished(Wish(want, endpoint)), self.play.now))
        self._obey()

    def changes(self) -> None:
        """Who has no place is given one, or a stream ends."""
        connections = self.play.kernel.connections.all
        spare = [each.endpoint for each in connections if each.scope is Scope.CHAIN]
        if spare and self.dice.random() < 0.7:
            self.wishes(Want.PROMOTE, self.dice.choice(spare))
        elif self.dice.random() < 0.5:
            self.cuts(self.dice.randrange(len(self.servers)))

    def cuts(self, endpoint: int) -> None:
        """The endpoint's stream ends."""
        server = self.servers[endpoint]
        if server.feed is not None:
            feed, server.feed = server.feed, None
            self.play.ends(feed)
            self._obey()

    def judge(self) -> None:
        """Raises: AssertionError where a certificate says what is not so."""
        given: dict[tuple[int, int, Any], int] = {}
        for mask, _, _, _, _, row in self.play.given:
            name = (row[1], row[0], row[2])
            given[name] = given.get(name, 0) | mask
        certificates = self.play.certificates()
        ends = {slot: each.end for slot, each in certificates.items()}
        for slot, rows in self.truth.items():
            if slot not in ends or certificates[slot].proof == UNSPOKEN:
                continue
            unknown = self.lost[slot] - self.sent[slot]
            for row in rows:
                if ends[slot] is SlotEnd.COMPLETE and (row[0], row[2]) not in unknown:
                    told = given.get((slot, row[0], row[2]), 0)
                    assert told == row[3], f"an event of {slot} is missing"
            if self.whole[slot] == (1 << len(MONITORS)) - 1:
                assert ends[slot] is SlotEnd.COMPLETE, f"{slot} is whole: {ends[slot]}"

    def _tell(self) -> None:
        slot, dice = self.slot, self.dice
        self.truth[slot] = block(slot, dice)
        self.sent[slot], self.lost[slot], self.whole[slot] = set(), set(), 0
        telling = []
        for number, server in enumerate(self.servers):
            if server.feed is not None and (slot, number) != self.leaves_out:
                server.dropped = False
                server.covers = EVERY_MONITOR
                telling.append((server, self._rows(server)))
        doomed = dice.choices(range(len(self.servers)), k=3) if dice.random() < self.cutting else []
        while telling:
            if doomed and dice.random() < 0.1:
                self.cuts(doomed.pop())
            each = dice.choice(telling)
            server, rows = each
            row = next(rows, None)
            if row is None or server.feed is None:
                telling.remove(each)
                continue
            self.sent[slot].add((row[0], row[2]))
            self.play.says(server.feed, row)
            self._obey()

    def _rows(self, server: Server) -> Iterator[Row]:
        slot, dice, feed = self.slot, self.dice, server.feed
        yield status(slot, SlotStatus.CREATED_BANK, slot - 1, server.answer(dice)[0])
        for row in self.truth[slot]:
            if not row[3] & server.answer(dice)[1]:
                continue
            name = (row[0], row[2])
            is_first = not server.dropped and bool(row[3] & ONE)
            drops = is_first and self.drops == (slot, self.servers.index(server))
            if drops or dice.random() < self.loss:
                self.lost[slot].add(name)
                server.dropped = True
                continue
            yield row
        generation = server.answer(dice)[0]
        for _, monitors in server.requests:
            server.covers &= monitors
        transactions = sum(row[0] == Kind.TRANSACTION for row in self.truth[slot])
        yield meta(slot, transactions=transactions, generation=generation)
        if server.feed == feed and not server.dropped:
            self.whole[slot] |= server.covers & ((1 << len(MONITORS)) - 1)
        yield processed(slot)
        yield confirmed(slot - 1)
        yield finalized(slot - self.final_after)

    def _obey(self) -> None:
        commands, self._read = self.play.commands[self._read :], len(self.play.commands)
        for command in commands:
            match command:
                case OpenFeed():
                    server = self.servers[command.endpoint]
                    monitors = command.carried if command.scope is Scope.EVERYTHING else 0
                    server.feed, server.requests = command.feed, [(command.generation, monitors)]
                    server.covers = 0
                    self.play.accepts(command.feed)
                    self._obey()
                case AmendFeed() if command.from_slot is None:
                    for server in self.servers:
                        if server.feed == command.feed:
                            monitors = command.carried if command.scope is Scope.EVERYTHING else 0
                            server.requests.append((command.generation, monitors))
                case CloseFeed():
                    for server in self.servers:
                        if server.feed == command.feed:
                            server.feed = None
                case _:
                    pass
