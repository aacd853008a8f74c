"""What the bench streams: real votes and transactions of one mainnet block, and made-up account writes.

The mix is 60 % account writes of 165 bytes of data, 25 % votes, 12 % other transactions, 3 % slots,
entries and metas: about 1,030 bytes a message.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

import zstandard

from monitor.wire.pb import geyser_pb2, solana_storage_pb2
from tests.shared_data import SHARED

BLOCK: Final = SHARED / "blocks" / "orig" / "mainnet-332254855.ConfirmedBlock.pb.zst"
VOTE_PROGRAM: Final = bytes.fromhex(
    "0761481d357474bb7c4d7624ebd3bdb3d8355e73d11043fc0da3538000000000"
)
ACCOUNT_DATA_BYTES: Final = 165
"""The length of an SPL token account, the commonest of all."""
POOL: Final = 4096
"""Distinct accounts that are written again and again, as hot accounts are."""

Info = geyser_pb2.SubscribeUpdateTransactionInfo


@dataclass(frozen=True, slots=True)
class Corpus:
    """Transactions to be dealt out to slots; none is changed after it was read."""

    source: str
    """Where they come from, for the table."""
    votes: tuple[Info, ...]
    transactions: tuple[Info, ...]


def read_corpus() -> Corpus:
    """The real block."""
    with BLOCK.open("rb") as file:
        raw = zstandard.ZstdDecompressor().stream_reader(file).read()
    block = solana_storage_pb2.ConfirmedBlock.FromString(raw)
    return sorted_corpus(
        BLOCK.name, (_info(each.transaction, each.meta) for each in block.transactions)
    )


def sorted_corpus(source: str, infos: Iterable[Info]) -> Corpus:
    """Votes and the rest, each in their order."""
    votes: list[Info] = []
    others: list[Info] = []
    for each in infos:
        (votes if each.is_vote else others).append(each)
    return Corpus(source, tuple(votes), tuple(others))


def _info(
    transaction: solana_storage_pb2.Transaction, meta: solana_storage_pb2.TransactionStatusMeta
) -> Info:
    return Info(
        signature=transaction.signatures[0],
        is_vote=is_vote(transaction.message),
        transaction=transaction,
        meta=meta,
    )


def is_vote(message: solana_storage_pb2.Message) -> bool:
    """A lone instruction of the vote program makes a vote."""
    return (
        len(message.instructions) == 1
        and message.account_keys[message.instructions[0].program_id_index] == VOTE_PROGRAM
    )


def account_writes(count: int, seed: int) -> list[geyser_pb2.SubscribeUpdateAccountInfo]:
    """So many made-up writes to accounts of the pool, the same for the same seed."""
    dice = random.Random(seed)
    return list(islice(_writes(dice), count))


def _writes(dice: random.Random) -> Iterable[geyser_pb2.SubscribeUpdateAccountInfo]:
    while True:
        account = random.Random(dice.randrange(POOL))
        pubkey, owner = account.randbytes(32), random.Random(account.randrange(20)).randbytes(32)
        yield geyser_pb2.SubscribeUpdateAccountInfo(
            pubkey=pubkey,
            lamports=dice.randrange(1_000_000, 10_000_000_000),
            owner=owner,
            rent_epoch=2**64 - 1,
            data=dice.randbytes(ACCOUNT_DATA_BYTES),
        )
