"""Real transactions to fill the endless chain with, in place of those that it makes itself.

Message and meta stay as they were; slot, index and block are the chain's. No signature may occur in two slots, so the
last bytes of each are replaced by a number that never repeats: it no longer verifies. Such a chain has no account
writes but its sysvars.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path

import orjson

from monitor.simulator.base58 import base58
from monitor.simulator.block_files import read_block_file
from monitor.simulator.truth import Record
from monitor.simulator.truth_blocks import transaction_fields
from monitor.wire.blocks import map_block
from monitor.wire.pb.geyser_pb2 import SubscribeUpdateTransaction, SubscribeUpdateTransactionInfo

_NUMBER_BYTES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A real transaction: its message with meta, and its truth without a place on the chain."""

    part: SubscribeUpdateTransactionInfo
    fields: Record


@dataclass(frozen=True, slots=True)
class Borrowed:
    """One use of a body, under a signature of its own."""

    body: Body
    signature: bytes

    @property
    def is_vote(self) -> bool:
        """Whether it is a simple vote."""
        return self.body.part.is_vote


@dataclass(frozen=True, slots=True)
class Placed:
    """A use at its place in a bank."""

    borrowed: Borrowed
    index: int

    @property
    def signature(self) -> bytes:
        """The first signature."""
        return self.borrowed.signature

    @property
    def fee(self) -> int:
        """Lamports."""
        return self.borrowed.body.part.meta.fee

    def message(self, slot: int) -> SubscribeUpdateTransaction:
        """The transaction as geyser gives it."""
        made = SubscribeUpdateTransaction(slot=slot)
        made.transaction.CopyFrom(self.borrowed.body.part)
        made.transaction.signature = self.signature
        made.transaction.transaction.signatures[0] = self.signature
        made.transaction.index = self.index
        return made

    def fields(self, blockhash: str) -> Record:
        """The fields of its `transaction` record."""
        fields, signature = self.borrowed.body.fields, base58(self.signature)
        return {
            **fields,
            "blockhash": blockhash,
            "index": self.index,
            "signature": signature,
            "signatures": [signature, *fields["signatures"][1:]],
        }


class Bodies:
    """Uses of bodies without end, taken in turn."""

    def __init__(self, bodies: Iterable[Body]) -> None:
        self._turns = cycle(bodies)
        self._numbers = count(1)

    def take(self, wanted: int) -> list[Borrowed]:
        """The next uses."""
        return [self._borrow(next(self._turns)) for _ in range(wanted)]

    def _borrow(self, body: Body) -> Borrowed:
        number = next(self._numbers).to_bytes(_NUMBER_BYTES, "big")
        return Borrowed(body, body.part.signature[:-_NUMBER_BYTES] + number)


def read_bodies(path: Path) -> list[Body]:
    """All transactions of the blocks in a file, in their order; raises what `read_block_file` raises."""
    bodies = []
    for slot, line in sorted(read_block_file(path).items()):
        result = orjson.loads(line)["result"]
        parts = map_block(slot, result).transactions
        for part, transaction in zip(parts, result["transactions"], strict=True):
            bodies.append(Body(part, transaction_fields(transaction)))
    return bodies
