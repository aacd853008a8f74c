"""The endless chain: the same for the same seed, linked, and unusual in the ways it should be."""

import itertools
from dataclasses import replace
from math import inf
from typing import Any

import pytest

from monitor.core.chain import Kind
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.model import Bank, Slot
from tests.simulator.chains import EVENTFUL, canonical_banks, eventful_slots, messages_of


def written(slots: tuple[Slot, ...]) -> list[object]:
    return [
        (
            (slot.number, slot.first_shred_at, slot.confirmed_at, slot.finalized_at),
            [
                (
                    (bank.created_at, bank.meta_at, bank.dead_at, bank.meta.body),
                    [(offset, update.body) for offset, update in bank.updates],
                )
                for bank in slot.banks
            ],
        )
        for slot in slots
    ]


def taken(seed: int, count: int, settings: ChainSettings = EVENTFUL) -> tuple[Slot, ...]:
    chain = GeneratedChain(seed, settings)
    return tuple(chain.slot(chain.first_slot + number) for number in range(count))


def signatures(bank: Bank) -> dict[bytes, int]:
    """Index by signature."""
    messages = messages_of(bank, Kind.TRANSACTION)
    return {message.transaction.signature: message.transaction.index for message in messages}


def test_same_seed_makes_identical_bytes() -> None:
    assert written(taken(7, 40)) == written(eventful_slots()[:40])


def test_asking_for_a_late_slot_first_changes_nothing() -> None:
    chain = GeneratedChain(7, EVENTFUL)
    chain.slot(chain.first_slot + 30)
    slots = tuple(chain.slot(chain.first_slot + number) for number in range(31))
    assert written(slots) == written(eventful_slots()[:31])


def test_another_seed_makes_another_chain() -> None:
    first, other = taken(1, 1)[0].banks[0], taken(2, 1)[0].banks[0]
    assert first.blockhash != other.blockhash
    assert not signatures(first).keys() & signatures(other).keys()


def test_every_shape_occurs() -> None:
    shapes = {
        (len(slot.banks), any(bank.canonical for bank in slot.banks), bool(dead))
        for slot in eventful_slots()
        for dead in [[bank for bank in slot.banks if bank.dead]]
    }
    assert shapes == {
        (0, False, False),
        (1, True, False),
        (1, False, False),
        (1, False, True),
        (2, True, False),
    }


def test_each_block_links_to_the_block_before_it() -> None:
    for parent, child in itertools.pairwise(canonical_banks()):
        assert child.parent == parent.slot
        assert child.parent_blockhash == parent.blockhash
        assert child.block_height == (parent.block_height or 0) + 1


def test_lost_blocks_branch_off_the_chain() -> None:
    blocks = {bank.slot: bank for bank in canonical_banks()}
    lost = [bank for slot in eventful_slots() for bank in slot.banks if not bank.canonical]
    assert lost
    for bank in lost:
        assert bank.parent == max(slot for slot in blocks if slot < bank.slot)
        assert bank.parent_blockhash == blocks[bank.parent].blockhash


def test_no_two_banks_share_a_blockhash() -> None:
    hashes = [bank.blockhash for slot in eventful_slots() for bank in slot.banks]
    assert len(hashes) == len(set(hashes))


def test_a_parent_settles_before_its_child() -> None:
    settled = [slot for slot in eventful_slots() if slot.confirmed_at < inf]
    for parent, child in itertools.pairwise(settled):
        assert parent.number + parent.confirmed_at < child.number + child.confirmed_at
        assert parent.number + parent.finalized_at < child.number + child.finalized_at
    for slot in settled:
        assert slot.banks[-1].meta_at < slot.confirmed_at < slot.finalized_at


def test_only_slots_with_a_block_on_chain_settle() -> None:
    for slot in eventful_slots():
        has_block = any(bank.canonical for bank in slot.banks)
        assert (slot.confirmed_at < inf) == has_block
        assert (slot.finalized_at < inf) == has_block


def test_offsets_of_a_bank_follow_each_other() -> None:
    for slot in eventful_slots():
        for bank in slot.banks:
            offsets = [bank.created_at, *(offset for offset, _ in bank.updates)]
            assert offsets == sorted(offsets)
            assert offsets[-1] < bank.completed_at <= bank.meta_at
            if bank.dead is not None:
                assert offsets[-1] < bank.dead_at < 1.1


def test_a_second_bank_comes_after_the_first_and_shares_part_of_it() -> None:
    recreated = [slot.banks for slot in eventful_slots() if len(slot.banks) == 2]
    assert {bank.meta_at < inf for bank, _ in recreated} == {True, False}
    moved = 0
    for first, second in recreated:
        assert max(offset for offset, _ in first.updates) < second.created_at
        assert first.meta_at == inf or first.meta_at < second.created_at
        assert first.blockhash != second.blockhash
        assert not first.canonical
        old, new = signatures(first), signatures(second)
        shared = old.keys() & new.keys()
        assert shared
        assert new.keys() - old.keys()
        moved += sum(old[signature] != new[signature] for signature in shared)
    assert moved


def test_signatures_repeat_only_from_a_lost_block_into_a_later_one() -> None:
    slots_of: dict[bytes, list[Bank]] = {}
    for slot in eventful_slots():
        for bank in slot.banks:
            for signature in signatures(bank):
                slots_of.setdefault(signature, []).append(bank)
    repeated = [banks for banks in slots_of.values() if len(banks) > 1]
    assert repeated
    for lost, kept in repeated:
        assert not lost.canonical
        assert lost.dead is None
        assert kept.canonical
    assert any(lost.slot != kept.slot for lost, kept in repeated)


def test_no_message_is_signed_twice_however_often_an_outline_is_used() -> None:
    settings = ChainSettings(votes=0, transactions=3000, account_writes=0)
    banks = [slot.banks[0] for slot in taken(3, 2, settings)]
    parts = [m.transaction for bank in banks for m in messages_of(bank, Kind.TRANSACTION)]
    assert len({part.signature for part in parts}) == 6000
    assert len({part.transaction.message.SerializeToString() for part in parts}) == 6000


def test_counts_are_those_of_the_settings() -> None:
    settings = ChainSettings(votes=9, transactions=4, account_writes=20, entries=5, skipped=0)
    for slot in taken(3, 6, settings):
        kinds = [update.kind for _, update in slot.banks[-1].updates]
        assert kinds.count(Kind.TRANSACTION) == 13
        assert kinds.count(Kind.ENTRY) == 5
        assert 15 <= kinds.count(Kind.ACCOUNT) <= 20
        messages = messages_of(slot.banks[-1], Kind.TRANSACTION)
        assert sum(message.transaction.is_vote for message in messages) == 9


def test_old_slots_are_forgotten() -> None:
    chain = GeneratedChain(1, ChainSettings(votes=1, transactions=0, account_writes=4, window=10))
    newest = chain.first_slot + 25
    chain.slot(newest)
    assert chain.slot(newest - 9).number == newest - 9
    with pytest.raises(KeyError):
        chain.slot(newest - 10)


def test_thinned_slots_keep_their_messages() -> None:
    settings = ChainSettings(votes=2, transactions=2, account_writes=8)
    chain = GeneratedChain(1, settings)
    update = chain.slot(chain.first_slot).banks[0].updates[0][1]
    before = update.message.SerializeToString()
    chain.slot(chain.first_slot + 400)
    assert update.message is not update.message
    assert update.message.SerializeToString() == before


def test_an_empty_block_is_possible() -> None:
    settings = ChainSettings(votes=0, transactions=0, account_writes=0, entries=1)
    bank = taken(1, 1, settings)[0].banks[0]
    meta: Any = bank.meta.message
    assert meta.executed_transaction_count == 0
    assert meta.entries_count == 1


def test_a_lost_block_may_stand_on_a_lost_block() -> None:
    slots = taken(3, 150, replace(EVENTFUL, forked=0.2, fork_depth=3))
    forks = {
        slot.number: slot.banks[0]
        for slot in slots
        if len(slot.banks) == 1 and not slot.banks[0].canonical and slot.banks[0].dead is None
    }
    deep = [bank for bank in forks.values() if bank.parent in forks]
    assert len(deep) > 5
    for bank in deep:
        parent = forks[bank.parent]
        assert bank.parent_blockhash == parent.blockhash
        assert bank.block_height == (parent.block_height or 0) + 1
    blocks = [bank for slot in slots for bank in slot.banks if bank.canonical]
    for parent, child in itertools.pairwise(blocks):
        assert child.parent_blockhash == parent.blockhash
