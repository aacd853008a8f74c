"""A chain of real blocks: the run as it was, numbers between skipped."""

from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

import orjson
import pytest

from monitor.core.chain import Kind
from monitor.simulator.chain_blocks import BlocksChain
from monitor.simulator.truth import slot_records
from tests.shared_data import SHARED, needs_shared_data
from tests.simulator.answers import OTHER_SIGNATURE, SIGNATURE, answer
from tests.simulator.chains import messages_of

REAL_RUN = "mainnet-055065000-055065099.88blocks.getBlock-json.jsonl.zst"


@pytest.fixture
def run(tmp_path: Path) -> BlocksChain:
    path = tmp_path / "run.jsonl"
    lines = [{"slot": 101, "result": answer(1, 0)}, {"slot": 103, "result": answer(3, 1)}]
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    return BlocksChain(path)


def test_the_run_has_a_first_and_an_end(run: BlocksChain) -> None:
    assert (run.first_slot, run.end_slot) == (101, 104)
    for outside in (100, 104):
        with pytest.raises(KeyError):
            run.slot(outside)


def test_a_missing_number_is_a_skipped_slot(run: BlocksChain) -> None:
    skipped = run.slot(102)
    assert (skipped.banks, skipped.first_shred_at) == ((), None)
    assert (skipped.confirmed_at, skipped.finalized_at) == (inf, inf)
    assert list(slot_records(skipped)) == []


def test_a_block_is_served_as_it_was(run: BlocksChain) -> None:
    (bank,) = run.slot(103).banks
    assert (bank.slot, bank.parent, bank.canonical, bank.dead) == (103, 101, True, None)
    assert (bank.block_height, bank.block_time) == (None, 1_607_896_242)
    assert bank.blockhash == answer(3, 1)["blockhash"]
    assert bank.parent_blockhash == answer(3, 1)["previousBlockhash"]
    meta: Any = bank.meta.message
    assert (meta.slot, meta.parent_slot, meta.entries_count) == (103, 101, 0)
    assert meta.executed_transaction_count == 2
    indexes = {m.transaction.index for m in messages_of(bank, Kind.TRANSACTION)}
    assert indexes == {0, 1}
    assert {update.kind for _, update in bank.updates} == {Kind.TRANSACTION}


def test_the_truth_has_transactions_meta_and_statuses(run: BlocksChain) -> None:
    told = list(slot_records(run.slot(101)))
    assert [each["id"] for each in told] == [
        f"101:transaction:{SIGNATURE}",
        f"101:transaction_status:{SIGNATURE}",
        f"101:transaction:{OTHER_SIGNATURE}",
        f"101:transaction_status:{OTHER_SIGNATURE}",
        f"101:block_meta:{answer(1, 0)['blockhash']}",
        *(f"101:slot:{level}" for level in ("processed", "confirmed", "finalized")),
    ]
    assert told[4]["entries_count"] is None
    assert told[4]["rewards"][0]["lamports"] == -3
    assert told[4]["rewards"][0]["reward_type"] == "Rent"


def test_a_slot_is_made_once(run: BlocksChain) -> None:
    assert run.slot(101) is run.slot(101)


@needs_shared_data
def test_the_real_run_is_chained() -> None:
    chain = BlocksChain(SHARED / "blocks" / "derived" / REAL_RUN)
    assert (chain.first_slot, chain.end_slot) == (55_065_000, 55_065_100)
    slots = [chain.slot(number) for number in range(55_065_000, 55_065_100)]
    banks = [bank for slot in slots for bank in slot.banks]
    assert (len(slots), len(banks)) == (100, 88)
    assert sum(len(bank.updates) for bank in banks) == 34_950
    for parent, child in pairwise(banks):
        assert (child.parent, child.parent_blockhash) == (parent.slot, parent.blockhash)
    settled = [slot.number + slot.confirmed_at for slot in slots if slot.banks]
    assert settled == sorted(settled)
