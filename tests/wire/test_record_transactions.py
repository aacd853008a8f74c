"""Fields of transactions in records: what is unknown is null, what is empty is empty."""

import json
from typing import Any

import pytest

from monitor.wire.pb import geyser_pb2 as pb
from monitor.wire.pb import geyser_record_pb2 as read
from monitor.wire.pb import solana_storage_pb2 as storage
from monitor.wire.record_transactions import transaction_json

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


def _fields(info: pb.SubscribeUpdateTransactionInfo) -> dict[str, Any]:
    raw = info.SerializeToString()
    _, end = transaction_json(read.SubscribeUpdateTransactionInfo.FromString(raw))
    fields: dict[str, Any] = json.loads(b"{" + end)
    return fields


def test_nothing_recorded_is_null() -> None:
    fields = _fields(
        _transaction(inner_instructions_none=True, log_messages_none=True, return_data_none=True)
    )
    assert fields["inner_instructions"] is None
    assert fields["logs"] is None
    assert fields["return_data"] is None
    assert fields["compute_units"] is None
    assert fields["err"] is None
    assert fields["failed"] is False


def test_recorded_and_empty_is_empty() -> None:
    fields = _fields(_transaction())
    assert fields["inner_instructions"] == []
    assert fields["logs"] == []
    assert fields["pre_balances"] == fields["post_balances"] == []
    assert fields["pre_token_balances"] == fields["post_token_balances"] == []


def test_balances_of_many_accounts_are_told_whole() -> None:
    before, after = list(range(10**9, 10**9 + 60)), list(range(2 * 10**9, 2 * 10**9 + 60))
    info = _transaction(fee=5000, pre_balances=before, post_balances=after)
    info.is_vote = True  # as those are kept whose ends repeat
    fields = _fields(info)
    assert (fields["fee"], fields["pre_balances"], fields["post_balances"]) == (5000, before, after)


def test_without_a_meta_only_the_transaction_is_known() -> None:
    info = _transaction()
    with_meta = _fields(info)
    info.ClearField("meta")
    fields = _fields(info)
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
    assert _fields(info)["tx_version"] == expected


def test_a_transaction_without_signatures_keeps_the_one_of_its_envelope() -> None:
    info = _transaction()
    info.transaction.ClearField("signatures")
    fields = _fields(info)
    assert fields["signature"] == "1" * 64
    assert fields["signatures"] == []
