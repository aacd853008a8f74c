"""Whole slots as bytes of a gRPC stream, encoded once and re-numbered in place for ever.

How this works: a `SlotTemplate` is the messages of one slot, each with its five-byte gRPC prefix, in one
bytearray. Everything that must differ from slot to slot is written at a fixed width and its place is
remembered: the slot's own number (a five-byte varint, which also stands inside signatures and write
versions, so that no key ever repeats), the numbers of its parent and of the slots whose statuses it
carries, its height, and the blockhashes. Re-numbering a slot of 400 messages is about a thousand slice
assignments, which leaves the server far ahead of any client.
"""

import random
import struct
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from solders.hash import Hash

from monitor.core.chain import SlotStatus
from monitor.wire.pb import geyser_pb2
from tests.bench.blocks import SKIPPED_HEIGHTS, block
from tests.bench.corpus import SLOTS, TRANSACTIONS, VOTES, Corpus, Info, account_writes
from tests.bench.pieces import Pieces
from tests.bench.wire_fields import VARINT5, created_at, delimited, tag, varint, varint5

FIRST_SLOT: Final = 400_000_000
MESSAGES: Final = 400
ENTRIES: Final = 5
FIXED: Final = 7
"""FIRST_SHRED_RECEIVED, CREATED_BANK, COMPLETED, BlockMeta, PROCESSED, CONFIRMED, FINALIZED."""
CONFIRMED_AFTER: Final = 2
FINALIZED_AFTER: Final = 32
STAMP_BYTES: Final = 12
SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Names:
    """Filter names by kind, as the client's request gave them; a kind without names is not sent."""

    transactions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    interslot: tuple[str, ...] = ()
    """Those of `slots` that take lifecycle statuses too."""
    blocks_meta: tuple[str, ...] = ()
    entry: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()


def names_asked(request: geyser_pb2.SubscribeRequest) -> Names:
    """The names of a request. Its conditions are not looked at: every filter takes all of its kind."""
    return Names(
        transactions=tuple(request.transactions),
        accounts=tuple(request.accounts),
        slots=tuple(request.slots),
        interslot=tuple(
            name
            for name, wanted in request.slots.items()
            if wanted.interslot_updates and not wanted.filter_by_commitment
        ),
        blocks_meta=tuple(request.blocks_meta),
        entry=tuple(request.entry),
        blocks=tuple(request.blocks),
    )


def hash_of(slot: int) -> bytes:
    """The blockhash of a slot: its first byte makes the base58 text 44 characters long, always."""
    return b"\xa0" + slot.to_bytes(8, "big") + b"\x5a" * 23


@dataclass(slots=True)
class _Places:
    numbers: dict[int, list[int]] = field(default_factory=dict)
    """Places of five-byte varints, by the difference to the slot's number."""
    hash_texts: dict[int, list[int]] = field(default_factory=dict)
    hashes: list[int] = field(default_factory=list)


class SlotTemplate:
    """The messages of one slot, to be re-numbered and stamped in place."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.ends: list[int] = []
        """Where each message ends in `buffer`."""
        self._stamps: list[int] = []
        self._places = _Places()

    def add(self, names: tuple[str, ...], kind: int, pieces: Pieces) -> None:
        """Append a message that comes under these names; nothing when there are none."""
        if not names:
            return
        head = b"".join(delimited(1, name.encode()) for name in names)
        head += tag(kind, 2) + varint(len(pieces.bytes))
        tail = b"\x5a" + bytes([STAMP_BYTES]) + created_at(0)
        length = len(head) + len(pieces.bytes) + len(tail)
        self.buffer += b"\x00" + length.to_bytes(4, "big") + head
        start = len(self.buffer)
        for difference, places in pieces.numbers.items():
            self._places.numbers.setdefault(difference, []).extend(start + at for at in places)
        for difference, places in pieces.hash_texts.items():
            self._places.hash_texts.setdefault(difference, []).extend(start + at for at in places)
        self._places.hashes.extend(start + at for at in pieces.hashes)
        self.buffer += pieces.bytes + tail
        self.ends.append(len(self.buffer))
        self._stamps.append(len(self.buffer) - STAMP_BYTES)

    def number(self, slot: int) -> None:
        """Make this the slot of that number."""
        buffer = self.buffer
        for difference, places in self._places.numbers.items():
            value = varint5(slot + difference)
            for at in places:
                buffer[at : at + VARINT5] = value
        for difference, places in self._places.hash_texts.items():
            text = str(Hash(hash_of(slot + difference))).encode()
            for at in places:
                buffer[at : at + len(text)] = text
        for at in self._places.hashes:
            buffer[at : at + 32] = hash_of(slot)

    def stamp(self, first: int, end: int, stamp_ns: int) -> None:
        """Write the send time into the messages first..end-1."""
        buffer, value = self.buffer, created_at(stamp_ns)
        for at in self._stamps[first:end]:
            buffer[at : at + STAMP_BYTES] = value


def messages_of(stream: bytearray | memoryview) -> list[bytes]:
    """The gRPC messages of a stretch of the stream that begins and ends between two."""
    found, at = [], 0
    while at < len(stream):
        compressed, length = struct.unpack_from(">BL", stream, at)
        if compressed:
            raise ValueError(f"the message at byte {at} is compressed")
        found.append(bytes(stream[at + 5 : at + 5 + length]))
        at += 5 + length
    return found


def templates(corpus: Corpus, names: Names, count: int = SLOTS) -> list[SlotTemplate]:
    """So many different slots, dealt from the corpus in turn; one where blocks alone would make them differ."""
    if names.blocks and not names.transactions and not names.accounts:
        count = 1
    return [_template(corpus, names, each) for each in range(count)]


def _template(corpus: Corpus, names: Names, which: int) -> SlotTemplate:
    entries = ENTRIES if names.entry else 0
    dice = random.Random(which)
    infos = _dealt(corpus.votes, VOTES, which) + _dealt(corpus.transactions, TRANSACTIONS, which)
    dice.shuffle(infos)
    infos = [_placed(info, index) for index, info in enumerate(infos)]
    writes = account_writes(MESSAGES - FIXED - entries - len(infos), which)
    order = [True] * len(infos) + [False] * len(writes)
    dice.shuffle(order)
    template = SlotTemplate()
    template.add(names.interslot, 3, _status(SlotStatus.FIRST_SHRED_RECEIVED, 0, parent=False))
    template.add(names.interslot, 3, _status(SlotStatus.CREATED_BANK, 0))
    index = written = 0
    for is_transaction in order:
        if is_transaction:
            template.add(names.transactions, 4, _transaction(infos[index]))
            index += 1
        else:
            signature = infos[max(index - 1, 0)].signature
            template.add(names.accounts, 2, _account(writes[written], signature, written))
            written += 1
    for piece in _entries(entries, len(infos)):
        template.add(names.entry, 8, piece)
    template.add(names.interslot, 3, _status(SlotStatus.COMPLETED, 0, parent=False))
    transactions = len(infos)
    if names.blocks:
        transactions = len(corpus.votes) + len(corpus.transactions)
        template.add(names.blocks, 5, block(corpus))
    template.add(names.blocks_meta, 7, _meta(transactions))
    template.add(names.slots, 3, _status(SlotStatus.PROCESSED, 0))
    template.add(names.slots, 3, _status(SlotStatus.CONFIRMED, -CONFIRMED_AFTER))
    template.add(names.slots, 3, _status(SlotStatus.FINALIZED, -FINALIZED_AFTER))
    template.number(FIRST_SLOT + which)
    return template


def _dealt(infos: tuple[Info, ...], count: int, which: int) -> list[Info]:
    """This slot's share: evenly spaced over all there are, so that their mean size is the block's."""
    return [infos[(which * count + each) * len(infos) // (SLOTS * count)] for each in range(count)]


def _placed(info: Info, index: int) -> Info:
    """A copy at this index, its signature like no other of the slot."""
    placed = Info()
    placed.CopyFrom(info)
    placed.index = index
    placed.signature = bytes(VARINT5) + index.to_bytes(3, "big") + info.signature[VARINT5 + 3 :]
    placed.transaction.signatures[0] = placed.signature
    return placed


def _transaction(info: Info) -> Pieces:
    raw = info.SerializeToString(deterministic=True)
    pieces = Pieces().raw(tag(1, 2) + varint(len(raw)) + raw)
    at = pieces.bytes.find(info.signature)
    while at >= 0:
        pieces.mark(0, at)
        at = pieces.bytes.find(info.signature, at + SIGNATURE_BYTES)
    return pieces.number(2, 0)


def _account(write: geyser_pb2.SubscribeUpdateAccountInfo, signature: bytes, nth: int) -> Pieces:
    """The write version is slot << 14 | nth, so that it rises and its upper part is the slot's own bytes."""
    version = bytes((nth & 0x7F | 0x80, nth >> 7 & 0x7F | 0x80))
    inner = write.SerializeToString(deterministic=True) + tag(7, 0) + version
    version_at = len(inner)
    inner += bytes(VARINT5) + tag(8, 2) + varint(SIGNATURE_BYTES)
    signature_at = len(inner)
    inner += signature
    head = tag(1, 2) + varint(len(inner))
    pieces = Pieces().raw(head + inner)
    pieces.mark(0, len(head) + version_at).mark(0, len(head) + signature_at)
    return pieces.number(2, 0)


def _entries(count: int, transactions: int) -> list[Pieces]:
    """Entries that share the transactions evenly; the last one's hash is the blockhash."""
    shares = [transactions // count + (each < transactions % count) for each in range(count)]
    starts = [0, *accumulate(shares)]
    made = []
    for index, share in enumerate(shares):
        pieces = Pieces().number(1, 0).raw(tag(2, 0) + varint(index) + tag(3, 0) + varint(12_500))
        if index == count - 1:
            pieces.hash(4)
        else:
            pieces.raw(delimited(4, random.Random(index).randbytes(32)))
        pieces.raw(tag(5, 0) + varint(share) + tag(6, 0) + varint(starts[index]))
        made.append(pieces)
    return made


def _meta(transactions: int) -> Pieces:
    pieces = Pieces().number(1, 0).hash_text(2, 0).raw(delimited(3, b""))
    pieces.height(5, -SKIPPED_HEIGHTS).number(6, -1).hash_text(7, -1)
    return pieces.raw(tag(8, 0) + varint(transactions) + tag(9, 0) + varint(ENTRIES))


def _status(status: SlotStatus, difference: int, *, parent: bool = True) -> Pieces:
    pieces = Pieces().number(1, difference)
    if parent:
        pieces.number(2, difference - 1)
    return pieces.raw(tag(3, 0) + varint(status)) if status else pieces
