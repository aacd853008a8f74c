"""A block of 4.65 MB as one message: all transactions of the real block, its number and hashes re-written in place."""

from typing import Final

from monitor.wire.pb import geyser_pb2
from tests.bench.corpus import Corpus
from tests.bench.pieces import Pieces
from tests.bench.wire_fields import delimited, tag, varint

SKIPPED_HEIGHTS: Final = 20_000_000
"""Slots that never had a block, as of the first slot: the height is so much below the number."""


def block(corpus: Corpus) -> Pieces:
    """The inside of a SubscribeUpdateBlock, without accounts and entries, as `blocks: {}` is answered."""
    transactions = encoded_transactions(corpus)
    count = len(corpus.votes) + len(corpus.transactions)
    pieces = Pieces().number(1, 0).hash_text(2, 0).raw(delimited(3, b""))
    pieces.height(5, -SKIPPED_HEIGHTS).raw(transactions).number(7, -1).hash_text(8, -1)
    return pieces.raw(tag(9, 0) + varint(count))


def encoded_transactions(corpus: Corpus) -> bytes:
    """Field 6 of the block, once for each transaction, in the order of their indexes."""
    encoded = []
    for index, info in enumerate(sorted((*corpus.votes, *corpus.transactions), key=_index)):
        placed = geyser_pb2.SubscribeUpdateTransactionInfo()
        placed.CopyFrom(info)
        placed.index = index
        encoded.append(delimited(6, placed.SerializeToString(deterministic=True)))
    return b"".join(encoded)


def _index(info: geyser_pb2.SubscribeUpdateTransactionInfo) -> int:
    return info.index
