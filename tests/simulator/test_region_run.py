"""Two hundred eventful slots in virtual time: every region gives what is on the chain, no more and no less."""

from collections import Counter
from functools import lru_cache
from math import inf
from random import Random

import pytest

from monitor.core.chain import Kind
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.model import Bank, Chain, Slot
from monitor.simulator.region import Region, RegionSettings
from monitor.wire.pb import geyser_pb2
from tests.simulator.chains import EVENTFUL
from tests.simulator.subscriber import request_all, subscribe, updates

SLOTS = 200
SLOT_TIME = 0.1
END = (SLOTS + 60) * SLOT_TIME

Seen = Counter[tuple[str, int]]
"""How often (kind or status, slot) came."""


@lru_cache(maxsize=1)
def short_chain() -> GeneratedChain:
    chain = GeneratedChain(11, EVENTFUL)
    chain.end_slot = chain.first_slot + SLOTS
    return chain


def all_slots() -> list[Slot]:
    chain = short_chain()
    return [chain.slot(chain.first_slot + number) for number in range(SLOTS)]


def seen(arrived: list[geyser_pb2.SubscribeUpdate]) -> Seen:
    found: Seen = Counter()
    for update in arrived:
        word: str = update.WhichOneof("update_oneof") or ""
        part = getattr(update, word)
        if word == "slot":
            word = geyser_pb2.SlotStatus.Name(part.status)
        found[word, part.slot] += 1
    return found


def expected(level: int) -> Seen:
    """Written from the chain alone."""
    found: Seen = Counter()
    for slot in all_slots():
        found["SLOT_FIRST_SHRED_RECEIVED", slot.number] += slot.first_shred_at is not None
        for bank in slot.banks:
            found["SLOT_CREATED_BANK", slot.number] += 1
            found["SLOT_DEAD", slot.number] += bank.dead is not None
            found["SLOT_COMPLETED", slot.number] += bank.completed_at != inf
            found["SLOT_PROCESSED", slot.number] += bank.meta_at != inf
            if level == 0 or bank.canonical:
                add_contents(found, bank, level)
        if slot.confirmed_at != inf:
            found["SLOT_CONFIRMED", slot.number] += 1
            found["SLOT_FINALIZED", slot.number] += 1
    return +found


def add_contents(found: Seen, bank: Bank, level: int) -> None:
    kinds = Counter(update.kind for _, update in bank.updates)
    found["transaction", bank.slot] += kinds[Kind.TRANSACTION]
    found["transaction_status", bank.slot] += kinds[Kind.TRANSACTION]
    found["entry", bank.slot] += kinds[Kind.ENTRY]
    keys = {pubkey(update.message) for _, update in bank.updates if update.kind is Kind.ACCOUNT}
    found["account", bank.slot] += kinds[Kind.ACCOUNT] if level == 0 else len(keys)
    found["block", bank.slot] += bank.meta_at != inf
    found["block_meta", bank.slot] += bank.meta_at != inf


def pubkey(message: object) -> bytes:
    assert isinstance(message, geyser_pb2.SubscribeUpdateAccount)
    return message.account.pubkey


def make_region(chain: Chain, seed: int, delay: float, jitter: float) -> Region:
    settings = RegionSettings(slot_time=SLOT_TIME, delay=delay, jitter=jitter)
    return Region("r", chain, settings, seed=seed, started_at=5.0, utc_offset=1.8e9)


@pytest.mark.parametrize(
    ("level", "delay", "jitter"),
    [(0, 0.0, 0.0), (0, 0.06, 0.004), (0, 0.3, 0.05), (1, 0.06, 0.004), (2, 0.06, 0.05)],
)
def test_everything_on_the_chain_and_nothing_else(level: int, delay: float, jitter: float) -> None:
    region = make_region(short_chain(), 3, delay, jitter)
    session = subscribe(region, request_all(level), 5.0)
    steps, now, arrived = Random(1), 5.0, []
    while now < 5.0 + END:
        now += steps.choice((0.001, 0.03, 0.4))
        region.advance(now)
        arrived += updates(session)
    assert seen(arrived) == expected(level)
    assert session.ending is None


def test_confirmed_blocks_are_the_canonical_ones() -> None:
    region = make_region(short_chain(), 3, 0.02, 0.005)
    session = subscribe(region, request_all(1), 5.0)
    region.advance(5.0 + END)
    hashes = [update.block.blockhash for update in updates(session) if update.HasField("block")]
    banks = [bank for slot in all_slots() for bank in slot.banks if bank.canonical]
    assert sorted(hashes) == sorted(bank.blockhash for bank in banks)


def test_two_regions_of_one_seed_give_the_same_bytes() -> None:
    told = []
    for _ in range(2):
        region = make_region(short_chain(), 4, 0.02, 0.005)
        session = subscribe(region, request_all(), 5.0)
        region.advance(8.0)
        told.append(session.frames(10**6))
    assert told[0] == told[1]


def test_regions_of_other_seeds_give_other_orders_of_the_same() -> None:
    told = []
    for seed in (4, 5):
        region = make_region(short_chain(), seed, 0.02, 0.02)
        session = subscribe(region, request_all(), 5.0)
        region.advance(5.0 + END)
        transactions = [one.transaction for one in updates(session) if one.HasField("transaction")]
        told.append([one.transaction.signature for one in transactions])
    assert told[0] != told[1]
    assert sorted(told[0]) == sorted(told[1])
