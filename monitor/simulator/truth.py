"""What was on the canonical chain, in the records of the event file; written from the chain's own objects.

Nothing here, nor below it, uses the daemon's encoders or mappings: the truth would repeat their mistakes.
"""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

import orjson

from monitor.simulator.model import Bank, Chain, Slot

Record = dict[str, Any]

_LEVELS = ("processed", "confirmed", "finalized")


class Truth(Protocol):
    """What a bank keeps of itself for the truth (`Bank.truth`)."""

    def records(self, bank: Bank) -> Iterator[Record]:
        """Transactions with their statuses, account writes, entries, then the block meta."""


def record(slot: int, kind: str, key: object, fields: Record) -> Record:
    """A record with the keys that all kinds share; what only a daemon knows is null.

    Accounts have one record a write, and the key `write` beside those of the event file: the write's place in its
    slot, so that the last one of a pubkey is what confirmed and finalized readers get.
    """
    return {
        "id": f"{slot}:{kind}:{key}",
        "kind": kind,
        "monitors": [],
        "slot": slot,
        "version": 0,
        "commitment": None,
        "source": None,
        "endpoint": None,
        "received_at": None,
        "late": None,
        **fields,
    }


def slot_records(slot: Slot) -> Iterator[Record]:
    """All records of a slot's canonical bank, its three statuses last; none when it has no such bank."""
    for bank in slot.banks:
        if bank.canonical:
            yield from bank.truth.records(bank)
            for level in _LEVELS:
                yield record(
                    bank.slot,
                    "slot",
                    level,
                    {"status": level, "parent": bank.parent, "dead_error": None, "observed": False},
                )


class TruthFile:
    """A file of records, one a line, in the order of slots.

    With `max_bytes` the file is renamed to `PATH.1` (over the one before) when a slot would make it larger, so that
    the two together hold at least the last `max_bytes` of truth, about.
    """

    def __init__(self, path: Path, max_bytes: int | None = None) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._next = 0
        self._written = 0
        self._file: BinaryIO = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, slot: Slot) -> None:
        """Append the records of a slot. Raises ValueError for a slot below one already written."""
        if slot.number < self._next:
            raise ValueError(f"slot {slot.number} comes after slot {self._next - 1} in the truth")
        self._next = slot.number + 1
        lines = b"".join(
            orjson.dumps(made, option=orjson.OPT_APPEND_NEWLINE) for made in slot_records(slot)
        )
        if self._max_bytes is not None and self._written + len(lines) > self._max_bytes:
            self._rotate()
        self._file.write(lines)
        self._file.flush()
        self._written += len(lines)

    def follow(self, chain: Chain, until: int) -> None:
        """Append every slot of the chain not yet written, up to `until` (excluded): one whose fate is known."""
        for number in range(max(self._next, chain.first_slot), until):
            self.write(chain.slot(number))

    def close(self) -> None:
        """Close the file; twice is once."""
        self._file.close()

    def _rotate(self) -> None:
        if self._written == 0:
            return
        self._file.close()
        self._path.replace(self._path.with_name(self._path.name + ".1"))
        self._file = self._path.open("wb")
        self._written = 0
