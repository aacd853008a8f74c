"""A subscriber's whole filter: turns each message of a ring into the frames that this subscriber gets.

How this works. Each kind of update has a list of (name, test). An update carries the names whose test holds; the
encoded names are kept for every combination met, so that a frame is three pieces of bytes put together.
"""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Final
from zlib import crc32

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.simulator.data_slices import DataSlices, compile_slices, cut_account
from monitor.simulator.filter_accounts import compile_accounts
from monitor.simulator.filter_blocks import BlocksTrim, compile_blocks
from monitor.simulator.filter_checks import FilterRefused, check_count, check_name
from monitor.simulator.filter_transactions import compile_transactions
from monitor.simulator.frames import encode_body, varint
from monitor.simulator.limits import FilterLimits
from monitor.simulator.received import FrozenBlock, Message, Received, StatusNews
from monitor.wire.pb import geyser_pb2

_NAMES_TAG = b"\x0a"
_COMBINATIONS: Final = 4096
"""Combinations of names remembered for one kind; guessed."""

Test = Callable[[Any], bool] | None
"""None takes everything."""


class _Named:
    """The filters of one kind: whether any takes a message, and the encoded names of those that do."""

    def __init__(
        self,
        tests: Iterable[tuple[str, Test]],
        facts: Callable[[Any], Any] = attrgetter("message"),
    ) -> None:
        """`facts` gives of a message what the tests want to see; by default its protobuf."""
        self._tests = tuple(tests)
        self._facts = facts
        self._prefixes: dict[tuple[str, ...], bytes] = {(): b""}
        takes_all = all(test is None for _, test in self._tests)
        self._always = encode_names(name for name, _ in self._tests) if takes_all else None

    def prefix(self, message: Message) -> bytes:
        """The `filters` field; empty when no filter takes the message."""
        if self._always is not None:
            return self._always
        facts = self._facts(message)
        names = tuple([name for name, test in self._tests if test is None or test(facts)])
        found = self._prefixes.get(names)
        if found is None:
            if len(self._prefixes) >= _COMBINATIONS:
                self._prefixes = {(): b""}
            found = self._prefixes[names] = encode_names(names)
        return found


def encode_names(names: Iterable[str]) -> bytes:
    """The repeated `filters` field of an update."""
    texts = [name.encode() for name in names]
    return b"".join([_NAMES_TAG + varint(len(text)) + text for text in texts])


class Filter:
    """One SubscribeRequest, compiled. Raises FilterRefused with the real server's text when it may not be served."""

    def __init__(self, request: geyser_pb2.SubscribeRequest, limits: FilterLimits) -> None:
        # The order of these lines decides which of several mistakes is named.
        self._accounts = _Named(
            _each(request.accounts, limits, limits.accounts, compile_accounts),
            attrgetter("account"),
        )
        slots = _each(request.slots, limits, limits.slots, lambda wanted, _: wanted)
        transactions, statuses = [
            _Named(_each(wanted, limits, own, compile_transactions), attrgetter("transaction"))
            for wanted, own in (
                (request.transactions, limits.transactions),
                (request.transactions_status, limits.transactions_status),
            )
        ]
        self._transactions, self._statuses = transactions, statuses
        self._entries = _Named(_each(request.entry, limits, limits.entries, _everything))
        self._blocks: list[tuple[bytes, BlocksTrim]] = [
            (encode_names((name,)), trim)
            for name, trim in _each(request.blocks, limits, limits.blocks, compile_blocks)
        ]
        self._metas = _Named(_each(request.blocks_meta, limits, limits.blocks_meta, _everything))
        self.commitment: Final = _commitment(request)
        self._slots = _Named(
            [(name, _takes_status(wanted, self.commitment)) for name, wanted in slots],
            attrgetter("status"),
        )
        self._slices: DataSlices = compile_slices(
            request.accounts_data_slice, limits.accounts.data_slice_max
        )
        self._frames_of: dict[Kind, Callable[[Any], list[bytes]]] = {
            Kind.TRANSACTION: self._of_transaction,
            Kind.ACCOUNT: self._of_account,
            Kind.ENTRY: lambda message: _framed(self._entries.prefix(message), message),
            Kind.BLOCK_META: lambda message: _framed(self._metas.prefix(message), message),
            Kind.SLOT: lambda message: _framed(self._slots.prefix(message), message),
            Kind.BLOCK: self._of_block,
        }

    @property
    def with_blocks(self) -> bool:
        """Blocks are asked for."""
        return bool(self._blocks)

    def frames(self, message: Message) -> list[bytes]:
        """The frames of this message for the subscriber, none when no filter takes it."""
        return self._frames_of[message.kind](message)

    def _of_transaction(self, message: Received) -> list[bytes]:
        frames = []
        prefix = self._transactions.prefix(message)
        if prefix:
            frames.append(prefix + message.body + message.stamp)
        prefix = self._statuses.prefix(message)
        if prefix:
            frames.append(prefix + message.status_body + message.stamp)
        return frames

    def _of_account(self, message: Received) -> list[bytes]:
        prefix = self._accounts.prefix(message)
        if not prefix:
            return []
        body = message.body
        if self._slices:
            update = geyser_pb2.SubscribeUpdateAccount(
                account=cut_account(message.message.account, self._slices),
                slot=message.slot,
                is_startup=message.message.is_startup,
            )
            body = encode_body(Kind.ACCOUNT, update.SerializeToString())
        return [prefix + body + message.stamp]

    def _of_block(self, block: FrozenBlock) -> list[bytes]:
        """One update a filter, each with one name (PROTOCOL 2.6)."""
        return [
            prefix + trim.body(block, self._slices) + block.stamp for prefix, trim in self._blocks
        ]


def _framed(prefix: bytes, message: Received | StatusNews) -> list[bytes]:
    return [prefix + message.body + message.stamp] if prefix else []


def _each(
    wanted: Mapping[str, Any],
    limits: FilterLimits,
    own_limits: Any,
    compile_one: Callable[[Any, Any], Any],
) -> list[tuple[str, Any]]:
    """The filters of one kind in an arbitrary but steady order, as a hash map gives them."""
    check_count(len(wanted), own_limits.max)
    compiled = []
    for name in sorted(wanted, key=lambda name: (crc32(name.encode()), name)):
        check_name(name, limits.filter_name_size_limit)
        compiled.append((name, compile_one(wanted[name], own_limits)))
    return compiled


def _everything(_wanted: object, _limits: object) -> None:
    return None


def _commitment(request: geyser_pb2.SubscribeRequest) -> Commitment:
    try:
        return Commitment(request.commitment)
    except ValueError as wrong:
        raise FilterRefused(
            f"failed to create CommitmentLevel from {request.commitment}"
        ) from wrong


def _takes_status(
    wanted: geyser_pb2.SubscribeRequestFilterSlots, level: Commitment
) -> Callable[[SlotStatus], bool]:
    """PROTOCOL 2.8."""
    taken = {
        status
        for status in SlotStatus
        if (not wanted.filter_by_commitment or status == int(level))
        and (wanted.interslot_updates or status <= SlotStatus.FINALIZED)
    }
    return taken.__contains__
