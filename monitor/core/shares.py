"""Monitors divided over feeds: which rows each bank owes, and for whom banks are whole together.

How this works. A row's mask says which monitors want it, whoever brought it; what a bank `carries` says for which
monitors its feed was asked all the while. So a bank owes the rows whose mask meets what it carries, and lacks no others;
and a block is whole where each monitor is carried by a bank that lacks nothing. A row whose mask nobody noted counts as
wanted by every monitor: a bank that lacks it is not whole then, and recovery looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, Final

from monitor.core.banks import KINDS, Bank, Store
from monitor.core.events import Row
from monitor.core.scope import EVERY_MONITOR

CARRIERS: Final = 2
"""Feeds that carry each monitor (DESIGN 6)."""

Told = tuple[int, int]
"""The monitors that want a row, and the bits of the banks that hold it."""


def note_masks(store: Store, rows: Iterable[Row]) -> None:
    """Keep which monitors want each of these rows."""
    masks = store.masks
    if masks is None:
        masks = store.masks = [{} for _ in range(KINDS)]
    for row in rows:
        known, key = masks[row[0]], row[2]
        known[key] = known.get(key, 0) | row[3]


def told_of(stores: Sequence[Store], kind: int, rows: Mapping[Any, int]) -> list[Told]:
    """These rows of one kind, given as key and bits, with the monitors that want them."""
    noted = [store.masks[kind] for store in stores if store.masks is not None]
    if not noted:
        return [(EVERY_MONITOR, seen) for seen in rows.values()]
    masks = noted[0]
    for more in noted[1:]:
        masks = {key: masks.get(key, 0) | more.get(key, 0) for key in masks.keys() | more.keys()}
    return [(masks.get(key, EVERY_MONITOR), seen) for key, seen in rows.items()]


def parted(banks: Iterable[Bank], bits: int) -> list[Bank]:
    """Those of the banks in these bits that carry some monitors alone."""
    return [bank for bank in banks if bank.carries != EVERY_MONITOR and bank.bit & bits]


def owing(banks: Iterable[Bank], told: Iterable[Told]) -> int:
    """Bits of the banks that owe any of these rows."""
    wanted = reduce(or_, (mask for mask, _ in told), 0)
    return sum(bank.bit for bank in banks if bank.carries & wanted)


def whole_among(banks: Iterable[Bank], told: Iterable[Told]) -> int:
    """Bits of the banks that hold all that they owe of these rows."""
    distinct = set(told)
    return sum(
        bank.bit
        for bank in banks
        if all(seen & bank.bit for mask, seen in distinct if mask & bank.carries)
    )


def lacking(told: Mapping[Told, int], bits: int, carried: int) -> int:
    """How many of these rows, each given with their number, are owed for these monitors and in none of these banks."""
    return sum(n for (mask, seen), n in told.items() if mask & carried and not seen & bits)


def are_carried(banks: Iterable[Bank], bits: int, monitors: int) -> bool:
    """Whether the banks in these bits carry all of the monitors together, and there is one at all."""
    chosen = [bank.carries for bank in banks if bank.bit & bits]
    return bool(chosen) and not monitors & ~reduce(or_, chosen)


def carriers(banks: Iterable[Bank], bits: int, monitors: int) -> int:
    """Those of the bits whose banks carry any of the monitors."""
    return sum(bank.bit for bank in banks if bank.bit & bits and bank.carries & monitors)


def tellers(banks: Iterable[Bank], bits: int, monitors: int) -> int:
    """By how many endpoints, of the banks in these bits, the monitor is carried that the fewest carry."""
    chosen = [bank for bank in banks if bank.bit & bits]
    if all(bank.carries == EVERY_MONITOR for bank in chosen):
        return len({bank.endpoint for bank in chosen})
    return min(
        (
            len({bank.endpoint for bank in chosen if bank.carries >> number & 1})
            for number in range(monitors.bit_length())
            if monitors >> number & 1
        ),
        default=0,
    )
