"""SubscribeDeshred inside a server: transactions as entries bring them, before their bank has executed any (PROTOCOL 6).

A bank's transactions all come when it is created: so before anything that the bank itself says of them, and of banks
that die as of those that live. A region has one `DeshredStreams`; whoever carries the bytes of a session takes `frames`
until there are none, then looks at `ending`, as with Subscribe.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from typing_extensions import override

from monitor.core.chain import Kind
from monitor.simulator.call import Call, CallHost
from monitor.simulator.facts import TransactionFacts
from monitor.simulator.filter_checks import check_count, check_name
from monitor.simulator.filter_transactions import compile_transactions
from monitor.simulator.limits import FilterLimits
from monitor.simulator.model import Bank
from monitor.simulator.refused import Refused
from monitor.wire.pb import geyser_pb2

_NANOSECONDS: Final = 1_000_000_000
_SHREDS_OF_ONE: Final = 2
"""Shreds that a transaction takes, for the indexes that are told of it; guessed, and equal for all."""

_Test = Callable[[TransactionFacts], bool] | None


class Pinged(Protocol):
    """A session, as the server pings it."""

    ending: tuple[str, str] | None

    def ping(self, now: float) -> None:
        """Queue a ping."""


class DeshredHost(CallHost, Protocol):
    """What the streams need of their server."""

    def admit(self, metadata: Mapping[str, str], now: float) -> str:
        """Who asks for a stream. Raises Refused."""

    def keep_pinging(self, session: Pinged, now: float) -> None:
        """Send the server's ping, now and again."""


class DeshredSession(Call):
    """One SubscribeDeshred call. The filters of a request take the place of earlier ones."""

    _of_filter = "deshred filter"

    def __init__(
        self, host: DeshredHost, subscriber: str, over: Callable[["DeshredSession"], None]
    ) -> None:
        super().__init__(host, subscriber)
        self._over = over
        self._tests: list[tuple[str, _Test]] = []

    @override
    def _judge(self, request: bytes, now: float) -> None:
        message = geyser_pb2.SubscribeDeshredRequest.FromString(request)
        tests = _compiled(message, self._host.limits)
        if message.HasField("ping"):
            pong = geyser_pb2.SubscribeUpdatePong(id=message.ping.id)
            self._send(geyser_pb2.SubscribeUpdateDeshred(pong=pong), self._host.utc_ns(now))
            return
        self._tests = tests

    def half_close(self, now: float) -> None:
        """The client will send no more; the stream goes on."""

    def ping(self, now: float) -> None:
        """Queue the server's own ping."""
        ping = geyser_pb2.SubscribeUpdatePing()
        self._send(geyser_pb2.SubscribeUpdateDeshred(ping=ping), self._host.utc_ns(now))

    def offer(self, update: geyser_pb2.SubscribeUpdateDeshred, facts: TransactionFacts) -> None:
        """Queue it under the names of the filters that take it; one too many ends the stream."""
        names = [name for name, test in self._tests if test is None or test(facts)]
        if not names or self.ending is not None:
            return
        if len(self._queue) >= self._host.channel_capacity:
            self._end("INTERNAL", "lagged to send an update")
            return
        del update.filters[:]
        update.filters.extend(names)
        self._queue.append(update.SerializeToString())

    def _send(self, update: geyser_pb2.SubscribeUpdateDeshred, created_at_ns: int) -> None:
        _stamp(update, created_at_ns)
        self._queue.append(update.SerializeToString())

    @override
    def _end(self, code: str, text: str) -> None:
        super()._end(code, text)
        self._over(self)


class DeshredStreams:
    """All such calls of one region."""

    def __init__(self, host: DeshredHost) -> None:
        self._host = host
        self._sessions: list[DeshredSession] = []

    def open(self, metadata: Mapping[str, str], now: float) -> DeshredSession:
        """A SubscribeDeshred call. Raises Refused."""
        subscriber = self._host.admit(metadata, now)
        if not self._host.manners.has_deshred:
            raise Refused("UNIMPLEMENTED", "")
        session = DeshredSession(self._host, subscriber, self._sessions.remove)
        self._sessions.append(session)
        self._host.keep_pinging(session, now)
        return session

    def held_by(self, subscriber: str) -> int:
        """How many calls a subscriber has open."""
        return sum(session.subscriber == subscriber for session in self._sessions)

    def shredded(self, bank: Bank, created_at_ns: int) -> None:
        """The entries of a bank came."""
        if not self._sessions:
            return
        at = 0
        for _, update in bank.updates:
            if update.kind is Kind.TRANSACTION:
                message: Any = update.message
                made = _deshredded(bank.slot, message.transaction, at)
                _stamp(made, created_at_ns)
                at += _SHREDS_OF_ONE
                facts = TransactionFacts(message.transaction)
                for session in tuple(self._sessions):
                    session.offer(made, facts)

    def end_streams(self, text: str, code: str) -> int:
        """End every stream now; returns how many there were."""
        ended = tuple(self._sessions)
        for session in ended:
            session.end_now(code, text)
        return len(ended)


def _compiled(
    request: geyser_pb2.SubscribeDeshredRequest, limits: FilterLimits
) -> list[tuple[str, _Test]]:
    """Raises FilterRefused."""
    wanted = request.deshred_transactions
    check_count(len(wanted), limits.deshred_transactions.max)
    tests: list[tuple[str, _Test]] = []
    for name, each in wanted.items():
        check_name(name, limits.filter_name_size_limit)
        alike = geyser_pb2.SubscribeRequestFilterTransactions(
            vote=each.vote if each.HasField("vote") else None,
            account_include=each.account_include,
            account_exclude=each.account_exclude,
            account_required=each.account_required,
        )
        tests.append((name, compile_transactions(alike, limits.deshred_transactions)))
    return tests


def _deshredded(
    slot: int, info: geyser_pb2.SubscribeUpdateTransactionInfo, first_shred: int
) -> geyser_pb2.SubscribeUpdateDeshred:
    made = geyser_pb2.SubscribeUpdateDeshred()
    body = made.deshred_transaction
    body.slot = slot
    told = body.transaction
    told.signature = info.signature
    told.is_vote = info.is_vote
    told.transaction.CopyFrom(info.transaction)
    told.loaded_writable_addresses.extend(info.meta.loaded_writable_addresses)
    told.loaded_readonly_addresses.extend(info.meta.loaded_readonly_addresses)
    told.completed_data_set_starting_shred_index = first_shred
    told.completed_data_set_ending_shred_index_exclusive = first_shred + _SHREDS_OF_ONE
    return made


def _stamp(update: geyser_pb2.SubscribeUpdateDeshred, created_at_ns: int) -> None:
    update.created_at.seconds, update.created_at.nanos = divmod(created_at_ns, _NANOSECONDS)
