"""What a start takes over besides slots and cursors: from where on which level holds, and blocks that may yet be lost.

Switches are in the store, and each is a record in the files too: a crash may come between the two. What sinks hold of
slots that are not closed is told by its ids. An undo that one sink has and another has not is given to that one.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Release, Released
from monitor.core.events import Row
from monitor.core.inherited import Inherited
from monitor.core.level_history import LevelHistory, Switch
from monitor.core.monitors import Monitor
from monitor.runtime.delivery import Route
from monitor.runtime.resumption import Resumption
from monitor.wire.record_ids import identity_of, named

READ_BACK: Final = "a sink's file says so"
"""Why a switch that only a file tells of holds."""
UNDONE_BEFORE: Final = "it was taken back before the daemon started again"

_SWITCHED: Final = b":commitment:"
_NO_PART: Final = (Kind.UNDO, Kind.COMMITMENT)


@dataclass(frozen=True, slots=True)
class Inheritance:
    """For the kernel, the books and the delivery."""

    switches: tuple[Switch, ...]
    """Ascending; the last one came to the level in force at the last stop."""
    found: tuple[Switch, ...]
    """Those of them that the store does not have."""
    inherited: tuple[Inherited, ...]
    """Of slots that are not closed, ascending."""
    undos: tuple[Release, ...]
    """For sinks that lack them, highest slot first."""


def inherit(
    resumed: Resumption, routes: Sequence[Route], monitors: Sequence[Monitor], level: Commitment
) -> Inheritance:
    """Look at what the sinks hold, which was read back. `level`: the daemon's, where nobody knows any.

    Each route is told of all slots that any sink has something of, so that it learns what it lacks.
    """
    found = tuple(_found(resumed.switches, routes))
    switches = tuple(sorted(resumed.switches + found, key=lambda switch: switch.first_slot))
    history = LevelHistory(monitors, level, switches)
    closed = {certificate.slot for certificate in resumed.closed}
    first = resumed.first or 0
    slots = {slot for route in routes for slot in route.written if slot >= first} - closed
    inherited: list[Inherited] = []
    undos: list[Release] = []
    for slot in sorted(slots):
        for route in routes:
            route.written.setdefault(slot, {})
        table = history.of(slot)
        for each in reversed(Commitment):
            one = _inherited(slot, each, routes, table.at[each], monitors)
            if one is not None:
                inherited.append(one)
                undos += _undos(one, routes, table.at[each])
    return Inheritance(switches, found, tuple(inherited), tuple(reversed(undos)))


def _found(stored: Sequence[Switch], routes: Sequence[Route]) -> Iterator[Switch]:
    """Switches that records tell of, and the store does not."""
    told: dict[int, Commitment] = {}
    for route in routes:
        for slot, ids in route.written.items():
            for record_id in ids:
                begun = named(record_id) if _SWITCHED in record_id else None
                if begun is not None:
                    with suppress(ValueError):
                        told[slot] = identity_of(begun.kind, begun.key)
    known = {switch.first_slot: switch.level for switch in stored}
    levels = sorted((told | known).items())
    for (_, before), (slot, level) in zip([(-1, None), *levels], levels, strict=False):
        if slot not in known:
            came_from = before if before is not None else _before(stored, level)
            yield Switch(slot, level, came_from, READ_BACK)


def _before(stored: Sequence[Switch], level: Commitment) -> Commitment:
    return stored[0].came_from if stored else level


def _inherited(
    slot: int,
    level: Commitment,
    routes: Sequence[Route],
    at: int,
    monitors: Sequence[Monitor],
) -> Inherited | None:
    version = -1
    for route in routes:
        held = route.versions(slot)
        begun = (each for each, mask in held.begun.items() if mask & at)
        undone = (each + 1 for each, mask in held.undone.items() if mask & at)
        version = max([version, *begun, *undone])
    if version < 0:
        return None
    mask = 0
    identities: dict[int, set[Any]] = {}
    for route in routes:
        mask |= route.versions(slot).begun.get(version, 0) & at
        for kind, identity in _of_version(version, route.written[slot], at, monitors):
            identities.setdefault(kind, set()).add(identity)
    return Inherited(slot, level, version, mask, {k: frozenset(v) for k, v in identities.items()})


def _of_version(
    version: int, ids: Mapping[bytes, int], at: int, monitors: Sequence[Monitor]
) -> Iterator[tuple[int, Any]]:
    """(kind, identity) of what these ids say of a version of a block."""
    for record_id, mask in ids.items():
        begun = named(record_id) if mask & at else None
        if begun is None or begun.version != version or begun.kind in _NO_PART:
            continue
        with suppress(ValueError):
            identity = identity_of(begun.kind, begun.key)
            if begun.kind is Kind.BLOCK:
                for i, monitor in enumerate(monitors):
                    if mask & at & 1 << i:
                        yield int(begun.kind), (identity, monitor.name)
            elif identity is not None:
                yield int(begun.kind), identity


def _undos(inherited: Inherited, routes: Sequence[Route], at: int) -> Iterator[Release]:
    """Of earlier versions; highest last."""
    for version in range(inherited.version):
        row: Row = (Kind.UNDO, inherited.slot, version, at, (None, UNDONE_BEFORE), 0, None)
        lacking = 0
        for route in routes:
            lacking |= route.versions(inherited.slot).awaiting(row, version, at)
        if lacking:
            released: Released = (lacking, -1, False, version, None, row)
            yield Release(inherited.level, [released])
