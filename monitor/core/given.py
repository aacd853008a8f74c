"""What was handed on of an open slot, as bytes: so that what is recovered after it was forgotten doubles nothing.

The form, by entry: where it belongs (u8), kind (u8), form of what follows (u8), its length (u32, little-endian), and
the identity. Where: a level, for events at it; 16 and a level, for accounts of which the level had the last write;
32 and a level, for `slot` events that wait for the BlockMeta, the status in place of the kind; 64 and a level, for its
version: what it is (u32, little-endian) and the monitors that had something of it.
The first entry is the slot itself: its statuses, the level that it was released at, and its confirmed blockhash.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Any, Final

from monitor.core.banks import KINDS
from monitor.core.chain import Commitment
from monitor.core.slots import SlotState

_HEAD: Final = Struct("<BBBI")
_SLOT: Final = Struct("<Ibb")
_OF_SLOT: Final = 255
_LAST_WRITE: Final = 16
_UNTOLD: Final = 32
_VERSION: Final = 64
_NUMBER: Final = Struct("<I")
_BYTES, _TEXT, _PAIR = range(3)
_SEPARATOR: Final = "\0"


def pack(state: SlotState, *, at_once: bool) -> bytes:
    """What was handed on of the slot. `at_once`: monitors at processed have had every row that came."""
    blockhash = (state.confirmed or "").encode()
    fixed = _SLOT.pack(state.statuses, state.released_level, state.told_level)
    parts = [_entry(_OF_SLOT, 0, fixed + blockhash)]
    state.remember_given()
    for level, kind, identity in state.given or ():
        parts.append(_entry(level, kind, identity))
    if at_once:
        for kind, identities in enumerate(state.remember_at_once()):
            parts += [_entry(0, kind, each) for each in identities]
    parts += [_entry(_UNTOLD + level, status, b"") for level, status in state.untold]
    for level, keys in enumerate(state.accounts_out):
        parts += [_entry(_LAST_WRITE + level, 0, key) for key in keys]
    for level, (version, mask) in enumerate(
        zip(state.told.versions, state.told.masks, strict=True)
    ):
        if version or mask:
            bits = mask.to_bytes((mask.bit_length() + 7) // 8, "little")
            parts.append(_entry(_VERSION + level, 0, _NUMBER.pack(version) + bits))
    return b"".join(parts)


def unpack(slot: int, packed: bytes) -> SlotState:
    """The slot as it was known, without its rows."""
    state = SlotState(slot)
    state.given = set()
    at_once: list[set[Any]] = [set() for _ in range(KINDS)]
    state.given_at_once = at_once
    for where, kind, identity in _entries(packed):
        if where == _OF_SLOT:
            state.statuses, state.released_level, state.told_level = _SLOT.unpack_from(identity)
            state.confirmed = identity[_SLOT.size :].decode() or None
            is_final = state.told_level >= Commitment.FINALIZED
            state.finalized = is_final and state.confirmed is not None
        elif where >= _VERSION:
            (state.told.versions[where - _VERSION],) = _NUMBER.unpack_from(identity)
            mask = int.from_bytes(identity[_NUMBER.size :], "little")
            state.told.masks[where - _VERSION] = mask
        elif where >= _UNTOLD:
            state.untold.append((Commitment(where - _UNTOLD), Commitment(kind)))
        elif where >= _LAST_WRITE:
            state.accounts_out[where - _LAST_WRITE].add(identity)
        elif where == Commitment.PROCESSED:
            at_once[kind].add(identity)
        else:
            state.given.add((where, kind, identity))
    return state


def _entry(where: int, kind: int, identity: Any) -> bytes:
    if isinstance(identity, bytes):
        form, written = _BYTES, identity
    elif isinstance(identity, str):
        form, written = _TEXT, identity.encode()
    else:
        form, written = _PAIR, _SEPARATOR.join(identity).encode()
    return _HEAD.pack(where, kind, form, len(written)) + written


def _entries(packed: bytes) -> Iterator[tuple[int, int, Any]]:
    at = 0
    while at < len(packed):
        where, kind, form, length = _HEAD.unpack_from(packed, at)
        at += _HEAD.size + length
        written = packed[at - length : at]
        if form == _BYTES:
            yield where, kind, written
        elif form == _TEXT:
            yield where, kind, written.decode()
        else:
            yield where, kind, tuple(written.decode().split(_SEPARATOR))
