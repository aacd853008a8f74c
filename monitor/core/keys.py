"""Keys of rows: what is in them, and what of them is in the id of an event."""

from collections.abc import Iterable
from typing import Any, Final

from monitor.core.chain import Kind

_SIGNED_KEY: Final = 96
"""Bytes of an account row's key that ends in a signature."""
_SIGNED_KEYS: Final = frozenset((_SIGNED_KEY,))
_OF_TRANSACTIONS: Final = frozenset((int(Kind.TRANSACTION), int(Kind.TRANSACTION_STATUS)))


def is_signed(key: bytes) -> bool:
    """Whether this key of an account row names a transaction, and not the hash of what was written."""
    return len(key) == _SIGNED_KEY


def are_signed(keys: Iterable[bytes]) -> bool:
    """Whether all of these are, as is usual: asked without a call a key."""
    return set(map(len, keys)) <= _SIGNED_KEYS


def account_of(key: bytes) -> bytes:
    """The account that a key of an account row is about."""
    return key[:32]


def identity(kind: int, key: Any) -> Any:
    """What of a key is in the event's id: of a transaction the signature alone, of an entry the index.

    Banks may hold one transaction at two indexes, and two entries at one index; either is one event.
    """
    if kind in _OF_TRANSACTIONS:
        return key[:64]
    return key[32:] if kind == Kind.ENTRY else key
