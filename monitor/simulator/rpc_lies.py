"""Blocks and accounts that a lying JSON-RPC node tells: whole, well-formed, and false in one thing."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

from monitor.simulator.base58 import base58

Result = dict[str, Any]
"""A result of getBlock with full transactions."""

ANY: Final = "any"
"""One of the lies about blocks, by the slot."""
STATES: Final = "states"
"""The lie about accounts: of how many lamports each has."""


def tell_lie(kind: str, result: Result, place: int) -> None:
    """Make the result false in the way of this kind. `place`: which transaction, where one is meant and there is any."""
    teller = _TELLERS[kind] if result["transactions"] else _blockhash
    teller(result, place)


def tell_false_states(result: Result) -> None:
    """Make a result of getMultipleAccounts false: those that there are have a lamport more."""
    for account in result["value"]:
        if account is not None:
            account["lamports"] += 1


def _false_hash(true_hash: str) -> str:
    return base58(sha256(f"not {true_hash}".encode()).digest())


def _blockhash(result: Result, _place: int) -> None:
    result["blockhash"] = _false_hash(result["blockhash"])


def _parent(result: Result, _place: int) -> None:
    result["parentSlot"] -= 1
    result["previousBlockhash"] = _false_hash(result["previousBlockhash"])


def _missing(result: Result, place: int) -> None:
    del result["transactions"][place]


def _altered(result: Result, place: int) -> None:
    meta = result["transactions"][place]["meta"]
    err = None if meta["err"] else {"InstructionError": [0, {"Custom": 1}]}
    meta["err"] = err
    meta["status"] = {"Err": err} if err else {"Ok": None}


def _fee(result: Result, place: int) -> None:
    result["transactions"][place]["meta"]["fee"] += 1


_TELLERS: Final[dict[str, Callable[[Result, int], None]]] = {
    "blockhash": _blockhash,
    "parent": _parent,
    "missing": _missing,
    "altered": _altered,
    "fee": _fee,
}
LIES: Final = tuple(_TELLERS)
"""What may be false: the blockhash; the parent; a transaction left out; whether one failed; what one paid."""
