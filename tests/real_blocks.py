"""Real blocks of the shared chain data, in both forms: getBlock JSON, and the protobuf that it was made from."""

import json
from collections.abc import Iterator
from typing import Any

import zstandard

from monitor.wire.pb.solana_storage_pb2 import ConfirmedBlock
from tests.shared_data import SHARED

RUN_JSON = "blocks/derived/mainnet-055065000-055065099.88blocks.getBlock-json.jsonl.zst"
"""88 chained blocks of December 2020 with 34,950 transactions, one {"slot", "result"} a line."""
RUN_PROTOBUF = "blocks/orig/mainnet-055065000-099.dbin.zst"
BLOCK_2025_JSON = "blocks/derived/mainnet-332254855.getBlock-json.jsonl.zst"
BLOCK_2025_PROTOBUF = "blocks/orig/mainnet-332254855.ConfirmedBlock.pb.zst"

_DBIN_HEADER_BYTES = 10
_ENVELOPE_SLOT = 1
_ENVELOPE_PAYLOAD = 8


def read(path: str) -> bytes:
    """A file of the shared data, unpacked."""
    content = (SHARED / path).read_bytes()
    if not path.endswith(".zst"):
        return content
    with zstandard.ZstdDecompressor().stream_reader(content) as reader:
        return reader.read()


def read_json(path: str) -> Any:
    """A JSON file; of an RPC response, its result."""
    document = json.loads(read(path))
    return document["result"] if isinstance(document, dict) and "result" in document else document


def read_lines(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(slot, result) of a file with one block a line; a block at a time, for whole runs take hundreds of MB."""
    for line in read(path).splitlines():
        block = json.loads(line)
        yield block["slot"], block["result"]


def read_run_protobuf() -> Iterator[tuple[int, ConfirmedBlock]]:
    """(slot, block) of the dbin file of the run (its layout: README of the shared data)."""
    content = read(RUN_PROTOBUF)
    position = _DBIN_HEADER_BYTES
    while position < len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        envelope = _fields(content[position + 4 : position + 4 + length])
        position += 4 + length
        payload = envelope[_ENVELOPE_PAYLOAD]
        slot = envelope[_ENVELOPE_SLOT]
        assert isinstance(payload, bytes)
        assert isinstance(slot, int)
        yield slot, ConfirmedBlock.FromString(payload)


def _fields(message: bytes) -> dict[int, int | bytes]:
    """Numbers and bytes of a flat protobuf message by field number."""
    fields: dict[int, int | bytes] = {}
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        value, position = _varint(message, position)
        if tag & 7 == 2:
            fields[tag >> 3] = message[position : position + value]
            position += value
        else:
            fields[tag >> 3] = value
    return fields


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
