"""One bank: entries that add up, a meta that agrees, updates in a plausible order."""

import itertools
from typing import Any

from monitor.core.chain import Kind
from monitor.simulator.base58 import base58
from monitor.simulator.model import Bank
from tests.simulator.chains import canonical_banks, eventful_slots, messages_of


def entries_of(bank: Bank) -> list[Any]:
    messages = messages_of(bank, Kind.ENTRY)
    return sorted(messages, key=lambda entry: entry.index)


def indexes_of(bank: Bank) -> list[int]:
    messages = messages_of(bank, Kind.TRANSACTION)
    return [message.transaction.index for message in messages]


def test_the_last_entry_is_a_tick_whose_hash_is_the_blockhash() -> None:
    for bank in canonical_banks():
        last = entries_of(bank)[-1]
        assert base58(last.hash) == bank.blockhash
        assert last.executed_transaction_count == 0


def test_entries_share_out_all_transactions_in_order() -> None:
    ticks = 0
    for bank in canonical_banks():
        entries = entries_of(bank)
        assert [entry.index for entry in entries] == list(range(8))
        counts = [entry.executed_transaction_count for entry in entries]
        starts = [entry.starting_transaction_index for entry in entries]
        assert starts == [0, *itertools.accumulate(counts)][:-1]
        assert sum(counts) == 27
        ticks += counts.count(0)
    assert ticks > len(canonical_banks())


def test_the_meta_agrees_with_the_bank() -> None:
    for bank in canonical_banks():
        meta: Any = bank.meta.message
        assert (meta.slot, meta.blockhash) == (bank.slot, bank.blockhash)
        assert (meta.parent_slot, meta.parent_blockhash) == (bank.parent, bank.parent_blockhash)
        assert meta.block_height.block_height == bank.block_height
        assert meta.block_time.timestamp == bank.block_time
        assert meta.executed_transaction_count == len(indexes_of(bank))
        assert meta.entries_count == 8


def test_the_leader_gets_half_of_the_fees() -> None:
    for bank in canonical_banks():
        meta: Any = bank.meta.message
        messages = messages_of(bank, Kind.TRANSACTION)
        fees = sum(message.transaction.meta.fee for message in messages)
        (reward,) = meta.rewards.rewards
        assert reward.lamports == fees // 2
        assert reward.reward_type == 1


def test_indexes_are_whole_and_arrive_slightly_out_of_order() -> None:
    in_order = 0
    for bank in canonical_banks():
        indexes = indexes_of(bank)
        assert sorted(indexes) == list(range(27))
        in_order += indexes == sorted(indexes)
        assert all(abs(place - index) < 12 for place, index in enumerate(indexes))
    assert in_order < len(canonical_banks()) / 10


def test_kinds_are_interleaved() -> None:
    for bank in canonical_banks():
        kinds = [update.kind for _, update in bank.updates]
        assert len(list(itertools.groupby(kinds))) > 20


def test_write_versions_rise_with_the_order_of_execution() -> None:
    previous = 0
    for bank in canonical_banks():
        messages = messages_of(bank, Kind.TRANSACTION)
        index_of = {m.transaction.signature: m.transaction.index for m in messages}
        accounts = [each.account for each in messages_of(bank, Kind.ACCOUNT)]
        accounts.sort(key=lambda account: account.write_version)
        order = [index_of[each.txn_signature] for each in accounts if each.txn_signature]
        assert order == sorted(order)
        assert accounts[0].write_version > previous
        previous = accounts[-1].write_version


def test_some_account_is_written_twice_in_a_slot() -> None:
    repeated = 0
    for bank in canonical_banks():
        accounts = [each.account for each in messages_of(bank, Kind.ACCOUNT)]
        repeated += len(accounts) > len({account.pubkey for account in accounts})
    assert repeated > len(canonical_banks()) / 2


def test_a_dead_bank_breaks_off() -> None:
    dead = [bank for slot in eventful_slots() for bank in slot.banks if bank.dead]
    assert dead
    for bank in dead:
        assert 0 < len(indexes_of(bank)) + len(entries_of(bank)) < 27 + 8
        assert bank.dead == "invalid block: InvalidLastTick"


def test_a_fork_is_whole() -> None:
    forks = [
        slot.banks[0]
        for slot in eventful_slots()
        if len(slot.banks) == 1 and not slot.banks[0].canonical and not slot.banks[0].dead
    ]
    assert forks
    for bank in forks:
        assert sorted(indexes_of(bank)) == list(range(27))
        assert bank.meta_at < 1.1
