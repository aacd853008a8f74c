"""One transaction of an answer: what filters ask of it, what RPCs must agree on, and its frames."""

from base64 import b64encode
from typing import Any

import pytest
from msgspec.json import decode, encode

from monitor.core.monitors import TokenAccounts
from monitor.simulator.wire_transactions import wire_bytes
from monitor.wire.pb import geyser_pb2
from monitor.wire.pb import solana_storage_pb2 as pb
from monitor.wire.rpc_transactions import Told, ToldTransaction
from tests.filter_updates import FIRST, A, B, C, D, X, Y, text

MINT = text(D)
META: dict[str, Any] = {
    "err": None,
    "fee": 5_000,
    "preBalances": [10, 20],
    "postBalances": [5, 20],
    "loadedAddresses": {"writable": [text(B)], "readonly": [text(C)]},
}


def _wire(version: int | None = None) -> bytes:
    message = pb.Message(
        header=pb.MessageHeader(num_required_signatures=1),
        account_keys=[A],
        recent_blockhash=bytes(32),
        versioned=version is not None,
    )
    if version == 1:
        message.config.SetInParent()
    return wire_bytes(pb.Transaction(signatures=[FIRST], message=message))


def _told(meta: dict[str, Any] | None = None, wire: bytes = b"") -> ToldTransaction:
    transaction = [b64encode(wire or _wire()).decode(), "base64"]
    answer = {"transaction": transaction, "meta": META | (meta or {})}
    return _read(encode(answer))


def _read(text: bytes) -> ToldTransaction:
    told = decode(text, type=Told)
    assert told.meta is not None
    return ToldTransaction(told, told.meta)


def _held(index: int, owner: bytes, amount: str) -> dict[str, Any]:
    return {
        "accountIndex": index,
        "mint": MINT,
        "owner": text(owner),
        "uiTokenAmount": {"amount": amount, "decimals": 0},
    }


def test_its_keys_are_its_own_then_those_loaded() -> None:
    told = _told({"preTokenBalances": [_held(0, X, "1")]})
    assert told.keys(None) == [A, B, C]
    assert told.signature == FIRST
    assert not told.failed
    assert not told.is_vote


def test_owners_of_token_balances_are_keys_where_a_filter_expands_to_them() -> None:
    held = {
        "preTokenBalances": [_held(0, X, "1"), _held(1, Y, "5")],
        "postTokenBalances": [_held(0, X, "1"), _held(1, Y, "6")],
    }
    told = _told(held)
    assert set(told.keys(TokenAccounts.ALL)) == {A, B, C, X, Y}
    assert set(told.keys(TokenAccounts.BALANCE_CHANGED)) == {A, B, C, Y}


@pytest.mark.parametrize("version", [None, 0, 1])
def test_its_frame_is_the_update_of_a_stream(version: int | None) -> None:
    told = _told({"err": "AccountInUse"}, _wire(version))
    update = geyser_pb2.SubscribeUpdate.FromString(told.frame(300, 7)).transaction
    assert update.slot == 300
    assert update.transaction.index == 7
    assert update.transaction.signature == FIRST
    assert update.transaction.meta.err.err == bytes(4)
    assert update.transaction.transaction.message.account_keys == [A]
    assert update.transaction.transaction.message.HasField("config") is (version == 1)
    assert told.frame(300, 7) == geyser_pb2.SubscribeUpdate(transaction=update).SerializeToString()


def test_its_status_frame_says_whether_it_failed() -> None:
    frame = _told({"err": "AccountInUse"}).status_frame(300, 0)
    status = geyser_pb2.SubscribeUpdate.FromString(frame).transaction_status
    assert (status.slot, status.index, status.signature) == (300, 0, FIRST)
    assert status.err.err == bytes(4)
    succeeded = geyser_pb2.SubscribeUpdate.FromString(_told().status_frame(300, 0))
    assert not succeeded.transaction_status.HasField("err")


def test_bytes_in_another_encoding_are_refused() -> None:
    with pytest.raises(ValueError, match="base58"):
        _read(encode({"transaction": ["AAAA", "base58"], "meta": META}))
