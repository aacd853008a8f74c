"""Fields of records: what is unknown is null, what is empty is empty."""

from typing import Any

import pytest

from monitor.wire.pb import geyser_pb2 as pb
from monitor.wire.pb import solana_storage_pb2 as storage
from monitor.wire.record_fields import block_meta_fields, transaction_fields

KEY = bytes(32)
KEY_TEXT = "1" * 32


def _transaction(**meta: Any) -> pb.SubscribeUpdateTransactionInfo:
    return pb.SubscribeUpdateTransactionInfo(
        signature=bytes(64),
        transaction=storage.Transaction(
            signatures=[bytes(64)],
            message=storage.Message(account_keys=[KEY], recent_blockhash=KEY),
        ),
        meta=storage.TransactionStatusMeta(**meta),
    )


def test_nothing_recorded_is_null() -> None:
    fields = transaction_fields(
        _transaction(inner_instructions_none=True, log_messages_none=True, return_data_none=True),
        None,
    )
    assert fields["inner_instructions"] is None
    assert fields["logs"] is None
    assert fields["return_data"] is None
    assert fields["compute_units"] is None
    assert fields["err"] is None
    assert fields["failed"] is False


def test_recorded_and_empty_is_empty() -> None:
    fields = transaction_fields(_transaction(), None)
    assert fields["inner_instructions"] == []
    assert fields["logs"] == []
    assert fields["pre_balances"] == fields["post_balances"] == []
    assert fields["pre_token_balances"] == fields["post_token_balances"] == []


def test_without_a_meta_only_the_transaction_is_known() -> None:
    info = _transaction()
    with_meta = transaction_fields(info, "hash")
    info.ClearField("meta")
    fields = transaction_fields(info, "hash")
    assert list(fields) == list(with_meta)
    assert {key for key, value in fields.items() if value is None} == {
        *("failed", "err", "fee", "compute_units", "inner_instructions", "logs", "return_data"),
        *("pre_balances", "post_balances", "pre_token_balances", "post_token_balances"),
    }
    assert fields["accounts"] == [KEY_TEXT]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (storage.Message(), "legacy"),
        (storage.Message(versioned=True), 0),
        (storage.Message(versioned=True, config=storage.TransactionConfig()), 1),
    ],
)
def test_version_is_told_by_config_before_the_flag(
    message: storage.Message, expected: object
) -> None:
    info = _transaction()
    message.recent_blockhash = KEY
    info.transaction.message.CopyFrom(message)
    assert transaction_fields(info, None)["tx_version"] == expected


def test_a_transaction_without_signatures_keeps_the_one_of_its_envelope() -> None:
    info = _transaction()
    info.transaction.ClearField("signatures")
    fields = transaction_fields(info, None)
    assert fields["signature"] == "1" * 64
    assert fields["signatures"] == []


def test_a_reward_of_a_type_to_come_is_shown_by_number() -> None:
    meta = pb.SubscribeUpdateBlockMeta()
    # Written as bytes: the type checker knows the named values alone, the wire takes any.
    meta.rewards.rewards.append(storage.Reward.FromString(b"\x20\x06"))
    assert block_meta_fields(meta)["rewards"][0]["reward_type"] == "unknown(6)"


def test_block_time_and_height_zero_are_values() -> None:
    meta = pb.SubscribeUpdateBlockMeta(
        block_time=storage.UnixTimestamp(), block_height=storage.BlockHeight()
    )
    fields = block_meta_fields(meta)
    assert fields["block_time"] == 0
    assert fields["block_height"] == 0
