"""getBlock answers as blocks: meta, frames, and answers that are no whole block."""

from typing import Any

import pytest

from monitor.core.errors import BlockMalformed
from monitor.wire.blocks import frames, map_block
from monitor.wire.pb import geyser_pb2, solana_storage_pb2
from tests.real_blocks import read_json
from tests.shared_data import needs_shared_data

HASH = "Cw6r6aUH4JsNxxHae699cB792jjuDwV1votnGHbqnsdc"
PARENT_HASH = "9inP1FNRPkNgmbh2wgepUHcWEJJuh7PmpVXpiB9hQXcR"
LEADER = "2dbChKurXcZj4iDQPdEPyYHJGaiAqJno2omaPjHCQ7EN"
TRANSACTION = {
    "transaction": {
        "signatures": ["1" * 64],
        "message": {
            "header": {
                "numRequiredSignatures": 1,
                "numReadonlySignedAccounts": 0,
                "numReadonlyUnsignedAccounts": 0,
            },
            "accountKeys": [LEADER],
            "recentBlockhash": HASH,
            "instructions": [],
        },
    },
    "meta": {"err": None, "fee": 5000, "preBalances": [1], "postBalances": [0]},
}
OLDEST: dict[str, Any] = {
    "blockhash": HASH,
    "previousBlockhash": PARENT_HASH,
    "parentSlot": 98,
    "transactions": [TRANSACTION, TRANSACTION],
}


def _reward(**changes: Any) -> dict[str, Any]:
    return {"pubkey": LEADER, "lamports": -7, "postBalance": 9, **changes}


def test_an_old_block_has_no_time_and_no_height() -> None:
    block = map_block(100, OLDEST)
    assert block.slot == 100
    assert [transaction.index for transaction in block.transactions] == [0, 1]
    expected = geyser_pb2.SubscribeUpdateBlockMeta(
        slot=100,
        blockhash=HASH,
        parent_slot=98,
        parent_blockhash=PARENT_HASH,
        executed_transaction_count=2,
    )
    expected.rewards.SetInParent()
    assert block.meta == expected
    nulls = {"blockTime": None, "blockHeight": None, "rewards": None, "numRewardPartitions": None}
    assert map_block(100, OLDEST | nulls) == block


def test_time_and_height_zero_are_values() -> None:
    meta = map_block(100, OLDEST | {"blockTime": 0, "blockHeight": 0}).meta
    assert meta.HasField("block_time")
    assert meta.HasField("block_height")


def test_rewards_keep_commissions_as_decimal_text() -> None:
    result = OLDEST | {
        "blockTime": 1_791_096_571,
        "blockHeight": 494_523_463,
        "numRewardPartitions": 5,
        "rewards": [
            _reward(rewardType="Fee", commission=None),
            _reward(rewardType="Voting", commission=0, commissionBps=12),
            _reward(rewardType="DeactivatedStake"),
            _reward(rewardType=None),
            _reward(rewardType="OfNextYear"),
        ],
    }
    meta = map_block(100, result).meta
    reward = solana_storage_pb2.Reward(pubkey=LEADER, lamports=-7, post_balance=9)
    expected = [solana_storage_pb2.Reward() for _ in range(5)]
    for one in expected:
        one.CopyFrom(reward)
    expected[0].reward_type = solana_storage_pb2.Fee
    expected[1].reward_type = solana_storage_pb2.Voting
    expected[1].commission, expected[1].commission_bps = "0", "12"
    expected[2].reward_type = solana_storage_pb2.DeactivatedStake
    assert list(meta.rewards.rewards) == expected
    assert meta.rewards.num_partitions.num_partitions == 5
    assert meta.block_time.timestamp == 1_791_096_571
    assert meta.block_height.block_height == 494_523_463


def test_a_block_without_transactions_is_whole() -> None:
    block = map_block(100, OLDEST | {"transactions": []})
    assert block.transactions == []
    assert block.meta.executed_transaction_count == 0


def test_frames_are_transactions_then_the_meta() -> None:
    block = map_block(100, OLDEST)
    updates = [
        geyser_pb2.SubscribeUpdate.FromString(frame) for frame in frames(block, ("usdc", "~1"))
    ]
    assert [update.WhichOneof("update_oneof") for update in updates] == [
        "transaction",
        "transaction",
        "block_meta",
    ]
    assert all(update.filters == ["usdc", "~1"] for update in updates)
    assert [update.transaction.slot for update in updates[:2]] == [100, 100]
    assert [update.transaction.transaction for update in updates[:2]] == block.transactions
    assert updates[2].block_meta == block.meta
    assert not frames(block)[0].startswith(b"\x0a")


def _without(key: str) -> dict[str, Any]:
    return {name: value for name, value in OLDEST.items() if name != key}


@pytest.mark.parametrize(
    "result",
    [
        *[_without(key) for key in OLDEST],
        OLDEST | {"transactions": None},
        OLDEST | {"transactions": [{**TRANSACTION, "version": 2}]},
        OLDEST | {"transactions": [{**TRANSACTION, "transaction": ["!", "base64"]}]},
        OLDEST | {"transactions": [{"meta": None}]},
        OLDEST | {"transactions": ["5Q"]},
        OLDEST | {"parentSlot": "98"},
        OLDEST | {"parentSlot": -1},
        OLDEST | {"blockhash": 5},
        OLDEST | {"rewards": [5]},
    ],
)
def test_refuses_what_is_no_whole_block(result: dict[str, Any]) -> None:
    with pytest.raises(BlockMalformed, match=r"^slot 100: the answer"):
        map_block(100, result)


@needs_shared_data
@pytest.mark.parametrize(
    "path",
    [
        "blocks/getBlock/devnet-378967388.signatures.json",
        "blocks/getBlock/devnet-147078735.jsonParsed.json",
    ],
)
def test_refuses_real_answers_in_another_detail_or_encoding(path: str) -> None:
    with pytest.raises(BlockMalformed):
        map_block(100, read_json(path))
