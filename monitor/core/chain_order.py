"""Held rows in the order of the chain, and the last write to each account."""

from collections.abc import Iterable
from typing import Final

from monitor.core.banks import KINDS, Held, Store
from monitor.core.chain import Kind


def last_in(store: Store, bits: int) -> dict[bytes, Held]:
    """By pubkey, the last write in any of these banks that is held."""
    accounts = store.accounts
    noted = [writes for bit, writes in store.writes.items() if bit & bits]
    if len(noted) == 1:
        last = noted[0]
    else:
        last = {}
        for writes in noted:
            for pubkey, write in writes.items():
                if pubkey not in last or write[0] > last[pubkey][0]:
                    last[pubkey] = write
    return {pubkey: accounts[key] for pubkey, (_, key) in last.items() if key in accounts}


_ORDER: Final = tuple(
    map(
        int,
        (Kind.TRANSACTION, Kind.TRANSACTION_STATUS, Kind.ENTRY, Kind.BLOCK, Kind.BLOCK_META),
    )
)
_INDEXED: Final = frozenset(_ORDER[:3])


def in_chain_order(held: Iterable[Held]) -> list[Held]:
    """Rows of a block but for accounts: each kind by its index, one kind after the other."""
    by_kind: list[list[Held]] = [[] for _ in range(KINDS)]
    for item in held:
        by_kind[item[1][0]].append(item)
    for kind in _INDEXED:
        by_kind[kind].sort(key=_index)
    return [item for kind in _ORDER for item in by_kind[kind]]


def _index(held: Held) -> int:
    index: int = held[1][4]
    return index
