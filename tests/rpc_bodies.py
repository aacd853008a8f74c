"""Answers of getBlock as they come over HTTP, made of what test files hold."""

import json
from base64 import b64encode
from typing import Any

from monitor.simulator.wire_transactions import wire_bytes
from monitor.wire.transactions import parse_transaction


def body(result: Any) -> bytes:
    """A whole JSON-RPC answer."""
    return json.dumps({"jsonrpc": "2.0", "result": result, "id": 1}).encode()


def in_base64(told: dict[str, Any]) -> dict[str, Any]:
    """A transaction of an answer in encoding json as an RPC would tell it in base64."""
    if isinstance(told["transaction"], list):
        return told
    transaction = parse_transaction(told["transaction"], told.get("version", "legacy"))
    return {**told, "transaction": [b64encode(wire_bytes(transaction)).decode(), "base64"]}


def block_in_base64(result: dict[str, Any]) -> dict[str, Any]:
    """A block in encoding json as an RPC would tell it in base64."""
    return {**result, "transactions": [*map(in_base64, result["transactions"])]}
