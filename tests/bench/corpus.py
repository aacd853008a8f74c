"""What the bench streams: real votes and transactions of one mainnet block, and made-up account writes.

The mix is 60 % account writes of 165 bytes of data, 25 % votes, 12 % other transactions, 3 % slots,
entries and metas: about 1,030 bytes a message.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

import orjson
import zstandard

from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.wire.blocks import map_block
from monitor.wire.pb import geyser_pb2
from tests.shared_data import SHARED

SLOT: Final = 361_774_429
BLOCK: Final = SHARED / "blocks" / "getBlock" / f"mainnet-{SLOT}.base64.json.zst"
ACCOUNT_DATA_BYTES: Final = 165
"""The length of an SPL token account, the commonest of all."""
POOL: Final = 4096
"""Distinct accounts that are written again and again, as hot accounts are."""

OWNERS: Final = 20
VOTES: Final = 100
"""Votes in a slot of the bench."""
TRANSACTIONS: Final = 48
"""Other transactions in a slot of the bench."""
SLOTS: Final = 10
"""Different slots before the first comes again with a new number."""

Info = geyser_pb2.SubscribeUpdateTransactionInfo
AccountInfo = geyser_pb2.SubscribeUpdateAccountInfo


@dataclass(frozen=True, slots=True)
class Corpus:
    """Transactions to be dealt out to slots; none is changed after it was read."""

    source: str
    """Where they come from, for the table."""
    votes: tuple[Info, ...]
    transactions: tuple[Info, ...]


@cache
def read_corpus() -> Corpus:
    """The real block; without the shared data, as much of the simulator's chain."""
    return real_corpus() if BLOCK.is_file() else simulated_corpus()


def simulated_corpus() -> Corpus:
    """Votes and transactions of the simulated chain: valid, and much shorter than real ones."""
    settings = ChainSettings(
        votes=VOTES, transactions=TRANSACTIONS, skipped=0, forked=0, dead=0, recreated=0
    )
    chain = GeneratedChain(1, settings)
    numbers = range(chain.first_slot, chain.first_slot + SLOTS)
    updates = (update for number in numbers for _, update in chain.slot(number).banks[-1].updates)
    return sorted_corpus(
        "the simulator's chain",
        (
            each.message.transaction
            for each in updates
            if isinstance(each.message, geyser_pb2.SubscribeUpdateTransaction)
        ),
    )


def real_corpus() -> Corpus:
    """A whole mainnet block of August 2025."""
    with BLOCK.open("rb") as file:
        raw = zstandard.ZstdDecompressor().stream_reader(file).read()
    block = map_block(SLOT, orjson.loads(raw)["result"])
    return sorted_corpus(f"mainnet block {SLOT}", block.transactions)


def sorted_corpus(source: str, infos: Iterable[Info]) -> Corpus:
    """Votes and the rest, each in their order."""
    votes: list[Info] = []
    others: list[Info] = []
    for each in infos:
        (votes if each.is_vote else others).append(each)
    return Corpus(source, tuple(votes), tuple(others))


def account_writes(count: int, seed: int) -> list[AccountInfo]:
    """So many made-up writes to different accounts of the pool, the same for the same seed."""
    dice = random.Random(seed)
    return [_write(account, dice) for account in dice.sample(range(POOL), count)]


def _write(account: int, dice: random.Random) -> AccountInfo:
    own = random.Random(account)
    return AccountInfo(
        pubkey=own.randbytes(32),
        lamports=dice.randrange(1_000_000, 10_000_000_000),
        owner=random.Random(own.randrange(OWNERS)).randbytes(32),
        rent_epoch=2**64 - 1,
        data=dice.randbytes(ACCOUNT_DATA_BYTES),
    )
