"""Frames as a server would encode them, for the tests of the wire."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from monitor.wire.pb import geyser_pb2

SLOT = 361_774_429
SIGNATURE = bytes(range(64))
PUBKEY = bytes(range(100, 132))
OWNER = bytes(range(50, 82))
CREATED = Timestamp(seconds=1_770_000_000, nanos=5)


def frame(*names: str, **member: Any) -> bytes:
    """A SubscribeUpdate with these filter names and this one member of the oneof."""
    return geyser_pb2.SubscribeUpdate(
        filters=names, created_at=CREATED, **member
    ).SerializeToString()


def account(slot: int = SLOT, **write: Any) -> geyser_pb2.SubscribeUpdateAccount:
    fields: dict[str, Any] = {
        "pubkey": PUBKEY,
        "owner": OWNER,
        "lamports": 2_039_280,
        "data": b"data",
        "rent_epoch": 2**64 - 1,
        "write_version": 77,
        "txn_signature": SIGNATURE,
    }
    info = geyser_pb2.SubscribeUpdateAccountInfo(**{**fields, **write})
    return geyser_pb2.SubscribeUpdateAccount(account=info, slot=slot)


def transaction(slot: int = SLOT, index: int = 3) -> geyser_pb2.SubscribeUpdateTransaction:
    update = geyser_pb2.SubscribeUpdateTransaction(slot=slot)
    update.transaction.signature = SIGNATURE
    update.transaction.index = index
    update.transaction.transaction.signatures.append(SIGNATURE)
    update.transaction.transaction.message.account_keys.extend([PUBKEY, OWNER])
    update.transaction.meta.fee = 5000
    return update
