"""Plain values as bytes and back: what a slot's state is made of, in a form of our own that names no class.

A value is None, a bool, an int of any size, a float, bytes, text, or a tuple, list, set or dict of such. A subclass, as
an enumeration's members are, comes back as the plain value that it equals. By value: a tag (u8), then for what has a
length the length (u32), for the rest nothing or a fixed number of bytes; all little-endian.
"""

import struct
from collections.abc import Callable
from struct import Struct
from typing import Any, Final

from monitor.core.errors import StowedMalformed

_NONE, _FALSE, _TRUE, _SMALL, _BIG, _FLOAT, _BYTES, _TEXT, _TUPLE, _LIST, _SET, _DICT = range(12)
_SMALL_INT: Final = Struct("<Bq")
_REAL: Final = Struct("<Bd")
_LONG: Final = Struct("<BI")
_INT64: Final = 2**63
_MANY: Final[dict[int, type[Any]]] = {_TUPLE: tuple, _LIST: list, _SET: set}


def pack_value(value: Any, head: bytes = b"") -> bytes:
    """The value as bytes, behind the head. Raises TypeError for what is none of the above."""
    parts = [head]
    _put(value, parts.append)
    return b"".join(parts)


def unpack_value(packed: bytes, start: int = 0) -> Any:
    """The value that begins at this byte and takes all the rest. Raises StowedMalformed."""
    try:
        value, end = _take(packed, start)
    except (struct.error, IndexError, UnicodeDecodeError, TypeError) as error:
        raise StowedMalformed(f"what was stowed cannot be read: {error}") from error
    if end != len(packed):
        raise StowedMalformed("what was stowed is shorter or longer than it says")
    return value


def _put(value: Any, put: Callable[[bytes], None]) -> None:
    if value is None or isinstance(value, bool):
        put(bytes((_NONE if value is None else _FALSE + value,)))
    elif isinstance(value, int):
        _put_int(int(value), put)
    elif isinstance(value, float):
        put(_REAL.pack(_FLOAT, value))
    elif isinstance(value, bytes):
        put(_LONG.pack(_BYTES, len(value)))
        put(value)
    elif isinstance(value, str):
        text = value.encode()
        put(_LONG.pack(_TEXT, len(text)))
        put(text)
    else:
        _put_many(value, put)


def _put_int(value: int, put: Callable[[bytes], None]) -> None:
    if -_INT64 <= value < _INT64:
        put(_SMALL_INT.pack(_SMALL, value))
    else:
        size = value.bit_length() // 8 + 1
        put(_LONG.pack(_BIG, size) + value.to_bytes(size, "little", signed=True))


def _put_many(value: Any, put: Callable[[bytes], None]) -> None:
    if isinstance(value, dict):
        put(_LONG.pack(_DICT, len(value)))
        for key, of_it in value.items():
            _put(key, put)
            _put(of_it, put)
        return
    for tag, kind in _MANY.items():
        if isinstance(value, kind):
            put(_LONG.pack(tag, len(value)))
            for each in value:
                _put(each, put)
            return
    raise TypeError(f"a {type(value).__name__} is no plain value")


def _take(packed: bytes, at: int) -> tuple[Any, int]:
    tag = packed[at]
    if tag <= _TRUE:
        return (None, False, True)[tag], at + 1
    if tag == _SMALL:
        return _SMALL_INT.unpack_from(packed, at)[1], at + _SMALL_INT.size
    if tag == _FLOAT:
        return _REAL.unpack_from(packed, at)[1], at + _REAL.size
    length = _LONG.unpack_from(packed, at)[1]
    at += _LONG.size
    if tag in (_BIG, _BYTES, _TEXT):
        written = packed[at : at + length]
        if tag == _BIG:
            return int.from_bytes(written, "little", signed=True), at + length
        return written if tag == _BYTES else written.decode(), at + length
    values = []
    for _ in range(2 * length if tag == _DICT else length):
        value, at = _take(packed, at)
        values.append(value)
    if tag == _DICT:
        return dict(zip(values[::2], values[1::2], strict=True)), at
    if tag not in _MANY:
        raise TypeError(f"{tag} is no tag")
    return _MANY[tag](values), at
