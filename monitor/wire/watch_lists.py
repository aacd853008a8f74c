"""How a filter with a long list of keys goes out: as it is, with a cuckoo set for the list, or in chunks.

A cuckoo set takes 2 to 4 bytes a key where the list takes 46, and a server looks a key up in two
places. It takes a key in ten thousand too many, so it goes out under a superset's name: what comes
of it is judged here by the list itself. A status names no accounts to be judged by, and a block is
cut by its list on the server: their lists stay lists.

Where a list is longer than the endpoint allows, several filters stand for the one; together they
take exactly what it takes, since an update need match one key of the list.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

from monitor.core.chain import Kind
from monitor.core.monitors import AccountsFilter, Cuckoo, DeshredFilter, TransactionsFilter
from monitor.wire.base58 import key_bytes
from monitor.wire.cuckoo import built
from monitor.wire.limits import AnyFilter, Limits
from monitor.wire.names import superset_name

LONG_LIST: Final = 1000
"""A list of more keys goes out as a cuckoo set, where the server reads one."""

Named = tuple[str, AnyFilter]
"""A filter and the name that it is sent under."""


def parts(
    kind: Kind, name: str, wanted: AnyFilter, endpoint: Limits, *, has_cuckoo: bool
) -> list[Named]:
    """The filters that stand for this one at this endpoint; `name` is its own name, or a superset's.

    `has_cuckoo`: the server reads cuckoo sets, and what comes can be judged here.
    """
    if has_cuckoo:
        compressed = _compressed(kind, wanted)
        if compressed is not None:
            shared = superset_name(kind)
            name = name if name.startswith(shared) else f"{shared}.{name}"
            wanted = compressed
    chunks = list(_chunks(wanted, endpoint.max_pubkeys))
    if len(chunks) == 1:
        return [(name, wanted)]
    return [(f"{name}~{number}", chunk) for number, chunk in enumerate(chunks, 1)]


def whole_name(name: str) -> str:
    """The name of the filter that a chunk of this name is of; the name itself for a whole one."""
    stem, mark, number = name.rpartition("~")
    return stem if mark and stem and number.isdigit() else name


def _compressed(kind: Kind, wanted: AnyFilter) -> AnyFilter | None:
    """The filter with a set in place of its long list; None where there is no such list."""
    match wanted:
        case AccountsFilter(cuckoo_accounts_filter=None) if len(wanted.account) > LONG_LIST:
            return replace(wanted, account=(), cuckoo_accounts_filter=_set_of(wanted.account))
        case TransactionsFilter(cuckoo_account_include=None) if (
            kind == Kind.TRANSACTION and len(wanted.account_include) > LONG_LIST
        ):
            listed = wanted.account_include
            return replace(wanted, account_include=(), cuckoo_account_include=_set_of(listed))
        case _:
            return None


@lru_cache(maxsize=16)
def _set_of(keys: tuple[str, ...]) -> Cuckoo:
    """Kept, as each endpoint is sent the same."""
    return built(tuple(dict.fromkeys(map(key_bytes, keys))))


def _chunks(wanted: AnyFilter, most: int | None) -> Iterator[AnyFilter]:
    match wanted:
        case AccountsFilter():
            for account in _cut(wanted.account, most):
                for owner in _cut(wanted.owner, most):
                    yield replace(wanted, account=account, owner=owner)
        case TransactionsFilter() | DeshredFilter():
            for include in _cut(wanted.account_include, most):
                yield replace(wanted, account_include=include)
        case _:
            yield wanted


def _cut(keys: tuple[str, ...], most: int | None) -> Iterator[tuple[str, ...]]:
    """The keys, so many at a time; an empty list is one piece, since it asks for everything."""
    if most is None or len(keys) <= most:
        yield keys
        return
    for start in range(0, len(keys), most):
        yield keys[start : start + most]
