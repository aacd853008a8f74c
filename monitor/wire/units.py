"""Which monitors must stay on the same feeds, when monitors are divided over feeds (DESIGN 6).

A feed that carries one monitor of a unit carries all of it:

    accounts              which write is the last of a slot must be told by one feed
    transactions_status   a status names no accounts: where one filter asks for keys, it cannot be judged here
                          for monitors that its feed was not asked for
    nothing of its own    slots and block metas come on every feed anyway: such monitors ride along

Every other monitor is a unit by itself.
"""

from collections.abc import Iterator, Sequence

from monitor.core.chain import Kind
from monitor.core.monitors import Monitor

_ASKED_FOR = (
    Kind.TRANSACTION,
    Kind.TRANSACTION_STATUS,
    Kind.ACCOUNT,
    Kind.BLOCK,
    Kind.ENTRY,
)
"""The kinds asked for by filters of their own."""


def units_of(monitors: Sequence[Monitor]) -> tuple[int, ...]:
    """Masks (bit i is monitor i), each of monitors that stay together; no monitor is in two, and each is in one."""
    units = [1 << bit for bit in range(len(monitors))]
    for bond in _bonds(monitors):
        joined = sum(unit for unit in units if unit & bond)
        units = [*filter(None, (joined, *(unit for unit in units if not unit & bond)))]
    return tuple(sorted(units, key=lambda unit: unit & -unit))


def mask_of(monitors: Sequence[Monitor], kind: Kind) -> int:
    """The monitors that have a filter of this kind."""
    return sum(1 << bit for bit, monitor in enumerate(monitors) if monitor.wants(kind))


def statuses_ask_for_keys(monitors: Sequence[Monitor]) -> bool:
    """Whether some filter of statuses can be judged only by the accounts of a transaction."""
    return any(
        wanted.account_include
        or wanted.account_exclude
        or wanted.account_required
        or wanted.cuckoo_account_include is not None
        for wanted in (monitor.transactions_status for monitor in monitors)
        if wanted is not None
    )


def _bonds(monitors: Sequence[Monitor]) -> Iterator[int]:
    """Masks of monitors that must stay together; they may overlap."""
    yield mask_of(monitors, Kind.ACCOUNT)
    if statuses_ask_for_keys(monitors):
        yield mask_of(monitors, Kind.TRANSACTION_STATUS)
    asking = 0
    for kind in _ASKED_FOR:
        asking |= mask_of(monitors, kind)
    everyone = (1 << len(monitors)) - 1
    yield (everyone & ~asking) | (asking & -asking)
