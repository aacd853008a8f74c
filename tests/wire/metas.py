"""Metas of JSON-RPC through both roads to protobuf: by objects, and straight to bytes."""

import json
from typing import Any

from msgspec.json import decode

from monitor.wire.pb import solana_storage_pb2 as pb
from monitor.wire.rpc_meta import Meta, encode_meta
from monitor.wire.transaction_meta import map_meta as map_plainly

MINT = "So11111111111111111111111111111111111111112"
PROGRAM = "Vote111111111111111111111111111111111111111"
OLDEST: dict[str, Any] = {"err": None, "fee": 0, "preBalances": [], "postBalances": []}


def encoded(answer: dict[str, Any]) -> bytes:
    """Straight to bytes."""
    text = json.dumps(answer, separators=(",", ":")).encode()
    return encoded_text(text)


def encoded_text(text: bytes) -> bytes:
    """The same from the text of the answer."""
    meta = decode(text, type=Meta)
    return encode_meta(meta, meta.error(), meta.loaded())


def map_meta(answer: dict[str, Any]) -> pb.TransactionStatusMeta:
    """The protobuf, which both roads give alike, byte for byte."""
    written = encoded(answer)
    assert written == map_plainly(answer).SerializeToString()
    return pb.TransactionStatusMeta.FromString(written)
