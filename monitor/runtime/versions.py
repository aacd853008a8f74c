"""Of which versions of a slot a sink holds something: so that nothing of a version follows its undo."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.events import Row
from monitor.wire.record_ids import named

_LEVELS: Final = frozenset(level.name.lower().encode() for level in Commitment)


@dataclass(slots=True)
class Versions:
    """Masks of monitors by version, of one slot in one sink."""

    begun: dict[int, int] = field(default_factory=dict)
    """Who has something of it."""
    undone: dict[int, int] = field(default_factory=dict)
    """Who has its undo."""

    @classmethod
    def of(cls, ids: Mapping[bytes, int]) -> "Versions":
        """What these ids, with the monitors that they are for, tell."""
        found = cls()
        for record_id, mask in ids.items():
            begun = named(record_id)
            if begun is None or not _is_of_block(begun.kind, begun.key):
                continue
            into = found.undone if begun.kind is Kind.UNDO else found.begun
            into[begun.version] = into.get(begun.version, 0) | mask
        return found

    def awaiting(self, row: Row, version: int, wanted: int) -> int:
        """Those of the wanted monitors for whom this row may still follow."""
        if not is_versioned(row):
            return wanted
        for each, mask in self.undone.items():
            if each >= version:
                wanted &= ~mask
        for each, mask in self.begun.items():
            if each > version:
                wanted &= ~mask
        return wanted & self.begun.get(version, 0) if row[0] == Kind.UNDO else wanted

    def give(self, row: Row, version: int, mask: int) -> None:
        """These monitors have it now."""
        if is_versioned(row):
            into = self.undone if row[0] == Kind.UNDO else self.begun
            into[version] = into.get(version, 0) | mask


def is_versioned(row: Row) -> bool:
    """Whether it tells of a block, and so goes with its version: not of a slot number, and not of a level."""
    if row[0] == Kind.SLOT:
        return bool(row[2] <= SlotStatus.FINALIZED)
    return row[0] != Kind.COMMITMENT


def _is_of_block(kind: Kind, key: bytes) -> bool:
    return key in _LEVELS if kind is Kind.SLOT else kind is not Kind.COMMITMENT
