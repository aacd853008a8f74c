"""Real blocks through the mapping and the records: equal to the protobuf they came from, and to the tests' own mapping.

Known differences of the source: older archives did not store `return_data_none`, and one converted file lost the
return data of two transactions.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from monitor.core.chain import Commitment, Kind
from monitor.wire.blocks import MappedBlock, frames, map_block
from monitor.wire.pb.geyser_pb2 import SubscribeUpdate
from monitor.wire.pb.solana_storage_pb2 import ConfirmedBlock
from monitor.wire.records import RecordWriter
from tests.real_blocks import (
    BLOCK_2025_JSON,
    BLOCK_2025_PROTOBUF,
    RUN_JSON,
    read,
    read_json,
    read_lines,
    read_run_protobuf,
)
from tests.real_mapping import VARYING, expected_transaction, without_varying
from tests.shared_data import needs_shared_data
from tests.wire.record_samples import encode

pytestmark = [needs_shared_data]

NOT_IN_THE_SOURCE = ("return_data", "return_data_none")


def _assert_equal(mapped: MappedBlock, source: ConfirmedBlock, lost: tuple[str, ...]) -> None:
    assert len(mapped.transactions) == len(source.transactions)
    for index, (ours, theirs) in enumerate(
        zip(mapped.transactions, source.transactions, strict=True)
    ):
        assert ours.index == index
        assert ours.signature == theirs.transaction.signatures[0]
        assert ours.transaction == theirs.transaction
        for field in lost:
            ours.meta.ClearField(field)  # type: ignore[arg-type]
            theirs.meta.ClearField(field)  # type: ignore[arg-type]
        assert ours.meta == theirs.meta
    meta = mapped.meta
    assert (meta.blockhash, meta.parent_slot) == (source.blockhash, source.parent_slot)
    assert meta.parent_blockhash == source.previous_blockhash
    assert list(meta.rewards.rewards) == list(source.rewards)
    assert meta.executed_transaction_count == len(source.transactions)
    assert meta.entries_count == 0
    assert meta.HasField("block_time") == source.HasField("block_time")
    assert meta.block_time == source.block_time


def test_a_run_of_blocks_equals_its_protobuf() -> None:
    count = 0
    for (slot, result), (source_slot, source) in zip(
        read_lines(RUN_JSON), read_run_protobuf(), strict=True
    ):
        assert slot == source_slot
        mapped = map_block(slot, result)
        _assert_equal(mapped, source, NOT_IN_THE_SOURCE)
        assert mapped.meta.HasField("block_height") == (result["blockHeight"] is not None)
        count += len(mapped.transactions)
    assert count == 34_950


def test_a_block_of_2025_equals_its_protobuf() -> None:
    ((slot, result),) = read_lines(BLOCK_2025_JSON)
    source = ConfirmedBlock.FromString(read(BLOCK_2025_PROTOBUF))
    mapped = map_block(slot, result)
    different = [
        index
        for index, (ours, theirs) in enumerate(
            zip(mapped.transactions, source.transactions, strict=True)
        )
        if ours.meta != theirs.meta
    ]
    assert len(different) == 2
    assert all(source.transactions[index].meta.HasField("return_data") for index in different)
    assert sum(transaction.is_vote for transaction in mapped.transactions) == 1_085
    assert sum(transaction.meta.HasField("err") for transaction in mapped.transactions) == 262
    assert mapped.meta.block_height == source.block_height
    _assert_equal(mapped, source, NOT_IN_THE_SOURCE)


def test_one_block_is_the_same_in_both_encodings() -> None:
    by_parts = map_block(147_078_735, read_json("blocks/getBlock/devnet-147078735.json.json"))
    by_bytes = map_block(147_078_735, read_json("blocks/getBlock/devnet-147078735.base64.json"))
    assert len(by_bytes.transactions) == 25
    assert by_bytes == by_parts
    assert frames(by_bytes, ("all",)) == frames(by_parts, ("all",))


def test_a_whole_block_in_base64_maps() -> None:
    block = map_block(361_774_429, read_json("blocks/getBlock/mainnet-361774429.base64.json.zst"))
    assert len(block.transactions) == 1_790
    assert sum(transaction.is_vote for transaction in block.transactions) == 1_035
    assert sum(transaction.meta.HasField("err") for transaction in block.transactions) == 409
    assert all(transaction.meta.HasField("cost_units") for transaction in block.transactions)


@pytest.mark.parametrize(
    ("path", "transactions", "lookups"),
    [
        ("blocks/getBlock/devnet-270893658.base64.json", 57, 0),
        ("blocks/getBlock/devnet-443787702.base64.json", 20, 6),
        ("blocks/getBlock/mainnet-254170887.base64.json.zst", 602, None),
        ("blocks/getBlock/devnet-343156956.json.json", 23, None),
        ("blocks/getBlock/mainnet-parent100356970.json.json.zst", 1_127, 0),
    ],
)
def test_blocks_of_other_years_map(path: str, transactions: int, lookups: int | None) -> None:
    block = map_block(1, read_json(path))
    assert len(block.transactions) == transactions
    if lookups is not None:
        found = [len(t.transaction.message.address_table_lookups) for t in block.transactions]
        assert sum(count > 0 for count in found) == lookups


def _records(mapped: MappedBlock) -> Iterator[dict[str, Any]]:
    """The block as a feed would bring it, and as the file would hold it."""
    writer = RecordWriter(["ams"], ["all"])
    blockhash = mapped.meta.blockhash
    for frame in frames(mapped, ("all",)):
        update = SubscribeUpdate.FromString(frame)
        kind = Kind.TRANSACTION if update.HasField("transaction") else Kind.BLOCK_META
        row = (int(kind), mapped.slot, b"", 1, 0, 0, frame)
        line = encode(
            writer, (1, 0, False, 0, blockhash, row), Commitment.CONFIRMED, 1_700_000_000 * 10**9
        )
        yield json.loads(line)


@pytest.mark.parametrize("path", [RUN_JSON, BLOCK_2025_JSON])
def test_every_record_says_what_the_source_says(path: str) -> None:
    for slot, result in read_lines(path):
        *transactions, meta = _records(map_block(slot, result))
        for index, (record, tx_json) in enumerate(
            zip(transactions, result["transactions"], strict=True)
        ):
            expected = expected_transaction(slot, result["blockhash"], index, tx_json)
            assert without_varying(record) == expected
            assert set(record) == {*expected, *VARYING}
        assert meta["id"] == f"{slot}:block_meta:{result['blockhash']}"
        assert meta["executed_transaction_count"] == len(result["transactions"])
        assert meta["block_height"] == result["blockHeight"]
