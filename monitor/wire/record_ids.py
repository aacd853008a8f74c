"""Ids of records, read back: which version of which slot, and what in it. The inverse of `wire.records`."""

from typing import Any, Final, NamedTuple

import orjson

from monitor.core.chain import KIND_WORDS, Commitment, Kind, SlotStatus
from monitor.wire.base58 import key_bytes, signature_bytes

_KINDS: Final = {word.encode(): kind for kind, word in KIND_WORDS.items()}
_STATUSES: Final = {status.name.lower(): int(status) for status in SlotStatus}
_LEVELS: Final = {level.name.lower(): level for level in Commitment}
_SIGNED: Final = (Kind.TRANSACTION, Kind.TRANSACTION_STATUS)
_HASH_LETTERS: Final = 32
"""Of a hash of 16 bytes, in hex; a signature has at least 64 letters."""
_RECONCILED: Final = ":reconciled"
_INDEX_BYTES: Final = 8


class Named(NamedTuple):
    """The beginning of an id."""

    slot: int
    version: int
    kind: Kind
    key: bytes
    """As it stands there, characters escaped as JSON wants."""


def named(record_id: bytes) -> Named | None:
    """What an id begins with; None where it is no id of ours."""
    begin, _, rest = record_id.partition(b":")
    word, _, key = rest.partition(b":")
    slot, _, version = begin.partition(b".")
    kind = _KINDS.get(word)
    if kind is None or not slot.isdigit() or not (version or b"0").isdigit():
        return None
    return Named(int(slot), int(version or b"0"), kind, key)


def identity_of(kind: Kind, key: bytes) -> Any:
    """What an id ends in, as `core.keys.identity` gives it; None for what is no part of a block.

    Of a block the blockhash alone: which filter it came by is in no id. Of a last write the account alone.
    Undo: the version. Commitment: the level. Raises: ValueError when the key is none of its kind.
    """
    text: str = orjson.loads(b'"' + key + b'"') if b"\\" in key else key.decode()
    try:
        return _identity(kind, text)
    except (KeyError, OverflowError) as error:
        raise ValueError(f"{text!r} is no {KIND_WORDS[kind]} of ours") from error


def _identity(kind: Kind, text: str) -> Any:
    if kind in _SIGNED:
        return signature_bytes(text)
    match kind:
        case Kind.ACCOUNT:
            return _write(text)
        case Kind.ENTRY:
            return int(text).to_bytes(_INDEX_BYTES, "little")
        case Kind.SLOT:
            status = _STATUSES[text]
            return status if status <= SlotStatus.FINALIZED else None
        case Kind.UNDO:
            return int(text)
        case Kind.COMMITMENT:
            return _LEVELS[text]
        case _:
            return text


def _write(text: str) -> bytes | None:
    if text.endswith(_RECONCILED):
        return None
    account, _, write = text.partition(":")
    pubkey = key_bytes(account)
    if not write:
        return pubkey
    if len(write) == _HASH_LETTERS:
        return pubkey + b"!" + bytes.fromhex(write)
    return pubkey + signature_bytes(write)
