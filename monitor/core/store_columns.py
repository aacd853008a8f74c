"""What a store holds, as columns: values of one sort one after the other, thousands in one call.

A store's value is (tables, masks, held, accounts, writes, held_bytes). Tables and masks are by kind, a tuple of the
key column, how many of its keys are in the table, and the table's bits; a row names its key by the place in that column,
so that key and row share one object again when they are read. Keys of rows that are in no table stand behind it.
"""

import struct
from collections.abc import Iterable, Sequence
from itertools import accumulate, repeat
from struct import pack, unpack
from typing import Any, Final

from monitor.core.banks import KINDS, Held, Store
from monitor.core.chain import Kind
from monitor.core.events import Row

_ONE_BYTE: Final = 256
_NO_FRAME: Final = -1

Places = list[dict[Any, int]]
"""By kind: where each key stands in the key column."""


def columns_of(store: Store) -> tuple[Any, ...]:
    """All that the store holds."""
    places: Places = [dict(zip(table, range(len(table)), strict=True)) for table in store.tables]
    held = _rows_packed(store.held, places)
    accounts = _rows_packed(store.accounts.values(), places)
    writes = {bit: _writes_packed(last, places[Kind.ACCOUNT]) for bit, last in store.writes.items()}
    masks = None if store.masks is None else _masks_packed(store.masks, places)
    tables = [
        (_keys_packed(known), len(table), _few_packed(table.values())) if known else None
        for known, table in zip(places, store.tables, strict=True)
    ]
    return tables, masks, held, accounts, writes, store.held_bytes


def store_of(columns: tuple[Any, ...], slot: int, moved_ns: int = 0) -> Store:
    """The store again. `moved_ns`: what is added to the stamps of rows. Raises ValueError for what is none."""
    tables, masks, held, accounts, writes, held_bytes = columns
    store = Store()
    keys: list[list[Any]] = [[] for _ in range(KINDS)]
    for kind, column in enumerate(tables):
        if column is not None:
            known, count, bits = column
            keys[kind] = _keys(known)
            store.tables[kind] = dict(zip(keys[kind][:count], _few(bits), strict=True))
    if masks is not None:
        store.masks = [
            dict(zip([known[place] for place in _longs(places)], _few(wanted), strict=True))
            for known, (places, wanted) in zip(keys, masks, strict=True)
        ]
    store.held = _rows(held, keys, slot, moved_ns)
    store.accounts = {item[1][2]: item for item in _rows(accounts, keys, slot, moved_ns)}
    written = keys[Kind.ACCOUNT]
    for bit, (places, versions) in writes.items():
        ordered = [written[place] for place in _longs(places)]
        pairs = zip(_ints(versions), ordered, strict=True)
        store.writes[bit] = {key[:32]: (version, key) for (version, key) in pairs}
    store.held_bytes = held_bytes
    return store


def _rows_packed(held: Iterable[Held], places: Places) -> tuple[Any, ...] | None:
    endpoints: tuple[int, ...]
    rows: tuple[Row, ...]
    if not (items := list(held)):
        return None
    endpoints, rows = zip(*items, strict=True)
    kinds, _, keys, masks, extras, stamps, frames = zip(*rows, strict=True)
    return (
        _few_packed(endpoints),
        _few_packed(kinds),
        _places_packed(places, zip(kinds, keys, strict=True)),
        _few_packed(masks),
        _ints_packed(extras),
        _ints_packed(stamps),
        pack(f"<{len(rows)}i", *[_NO_FRAME if f is None else len(f) for f in frames]),
        b"".join([f for f in frames if f is not None]),
    )


def _rows(
    columns: tuple[Any, ...] | None, keys: list[list[Any]], slot: int, moved: int
) -> list[Held]:
    if columns is None:
        return []
    endpoints, kinds, places, masks, extras, stamps, lengths, blob = columns
    told = zip(
        _few(endpoints),
        _few(kinds),
        _longs(places),
        _few(masks),
        _ints(extras),
        _ints(stamps),
        _frames(lengths, blob),
        strict=True,
    )
    return [
        (endpoint, (kind, slot, keys[kind][place], mask, extra, stamp + moved, frame))
        for endpoint, kind, place, mask, extra, stamp, frame in told
    ]


def _frames(lengths: bytes, blob: bytes) -> list[bytes | None]:
    sizes = unpack(f"<{len(lengths) // 4}i", lengths)
    ends = accumulate([max(size, 0) for size in sizes])
    return [
        None if size < 0 else blob[end - size : end] for size, end in zip(sizes, ends, strict=True)
    ]


def _places_packed(places: Places, named: Iterable[tuple[int, Any]]) -> bytes:
    found = [places[kind].setdefault(key, len(places[kind])) for kind, key in named]
    return pack(f"<{len(found)}I", *found)


def _masks_packed(masks: list[dict[Any, int]], places: Places) -> list[tuple[Any, ...]]:
    return [
        (_places_packed(places, zip(repeat(kind), wanted)), _few_packed(wanted.values()))
        for kind, wanted in enumerate(masks)
    ]


def _writes_packed(last: dict[bytes, tuple[int, bytes]], places: dict[Any, int]) -> tuple[Any, ...]:
    found = [places.setdefault(key, len(places)) for _, key in last.values()]
    return pack(f"<{len(found)}I", *found), _ints_packed([version for version, _ in last.values()])


def _keys_packed(keys: Iterable[Any]) -> Any:
    """Keys are bytes; of blocks they are text, or pairs of such, and few."""
    column = list(keys)
    try:
        joined = b"".join(column)
    except TypeError:
        return column
    return pack(f"<{len(column)}I", *map(len, column)), joined


def _keys(column: Any) -> list[Any]:
    if isinstance(column, list):
        return column
    lengths, joined = column
    sizes = _longs(lengths)
    ends = accumulate(sizes)
    return [joined[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _few_packed(values: Iterable[int]) -> tuple[Any, ...]:
    """Numbers of which few differ: these, and for each place which."""
    column = list(values)
    different = {value: place for place, value in enumerate(dict.fromkeys(column))}
    which = [different[value] for value in column]
    is_small = len(different) <= _ONE_BYTE
    return list(different), bytes(which) if is_small else pack(f"<{len(which)}I", *which), is_small


def _few(column: tuple[Any, ...]) -> list[int]:
    different, which, is_small = column
    return [different[place] for place in (which if is_small else _longs(which))]


def _ints_packed(values: Sequence[Any]) -> Any:
    """Numbers of 64 bits; what is none stands beside them with its place, and so does a larger one."""
    try:
        return pack(f"<{len(values)}q", *values), []
    except struct.error:
        apart = [
            (place, value)
            for place, value in enumerate(values)
            if not (type(value) is int and -(2**63) <= value < 2**63)
        ]
    others = {place for place, _ in apart}
    column = [0 if place in others else value for place, value in enumerate(values)]
    return pack(f"<{len(column)}q", *column), apart


def _ints(column: Any) -> list[Any]:
    packed, apart = column
    found = list(unpack(f"<{len(packed) // 8}q", packed))
    for place, value in apart:
        found[place] = value
    return found


def _longs(packed: bytes) -> tuple[int, ...]:
    return unpack(f"<{len(packed) // 4}I", packed)
