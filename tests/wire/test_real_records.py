"""Real messages of real servers as records: a recorded stream of 2026, and one whole block message of 2024."""

import json
from collections import Counter
from typing import Any

from monitor.core.chain import Commitment, Kind
from monitor.wire.pb.geyser_pb2 import SubscribeUpdate, SubscribeUpdateBlock
from monitor.wire.records import RecordWriter
from tests.real_blocks import read
from tests.shared_data import needs_shared_data
from tests.wire.record_samples import encode
from tests.wire.test_recorded_stream import recorded_rows

pytestmark = [needs_shared_data]

WRITER = RecordWriter(["ams"], ["all"])
RECORDED_KINDS = (Kind.ENTRY, Kind.SLOT, Kind.BLOCK_META)


def test_every_message_of_the_recorded_stream_has_its_record() -> None:
    counts: Counter[str] = Counter()
    ids: set[str] = set()
    executed: Counter[int] = Counter()
    metas: dict[int, dict[str, Any]] = {}
    for row in recorded_rows():
        if row[0] not in RECORDED_KINDS:
            continue
        line = encode(WRITER, (1, 0, False, 0, None, row), Commitment.PROCESSED, 0)
        record = json.loads(line)
        counts[record["kind"]] += 1
        ids.add(record["id"])
        if record["kind"] == "entry":
            executed[record["slot"]] += record["executed_transaction_count"]
        elif record["kind"] == "block_meta":
            metas[record["slot"]] = record
    assert counts == {"entry": 21_001, "slot": 183, "block_meta": 31}
    assert len(ids) == 21_001 + 183 + 31
    whole = [slot for slot in metas if slot != min(metas)]  # the recording begins within the first
    assert all(executed[slot] == metas[slot]["executed_transaction_count"] for slot in whole)
    rewards = [reward for slot in whole for reward in metas[slot]["rewards"]]
    assert len(rewards) == len(whole)
    assert {reward["reward_type"] for reward in rewards} == {"Fee"}


def test_a_whole_block_message_has_its_record() -> None:
    block = SubscribeUpdateBlock.FromString(
        read("blocks/orig/testnet-251402816.SubscribeUpdateBlock.bin.zst")
    )
    frame = SubscribeUpdate(filters=["all"], block=block).SerializeToString()
    row = (int(Kind.BLOCK), block.slot, (block.blockhash, "all"), 1, None, 0, frame)
    line = encode(WRITER, (1, 0, False, 0, block.blockhash, row), Commitment.CONFIRMED, 0)
    record = json.loads(line)
    assert record["id"] == f"251402816:block:{block.blockhash}"
    assert record["executed_transaction_count"] == len(record["transactions"]) == 6_093
    assert sum(transaction["is_vote"] for transaction in record["transactions"]) == 6_081
    assert sum(transaction["failed"] for transaction in record["transactions"]) == 39
    assert all(
        transaction["err"] is not None
        for transaction in record["transactions"]
        if transaction["failed"]
    )
