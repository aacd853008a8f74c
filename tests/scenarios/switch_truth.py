"""What monitors must get of a block at each level, from the chain's own objects: nothing here knows the daemon."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from monitor.core.chain import Commitment
from monitor.simulator.model import Bank, Slot
from monitor.simulator.truth import record
from tests.e2e.expected import Record, Wants, bare

LEVELS = tuple(level.name.lower() for level in Commitment)
"""The words of the levels, ascending."""


@dataclass(frozen=True)
class Watcher:
    """One monitor, as its user knows it."""

    name: str
    wants: Wants
    level: str
    """Its own; or the daemon's at the start where it follows."""
    follows: bool = False


@dataclass(frozen=True)
class Told:
    """One bank of a slot, whether it stayed on the chain or not."""

    slot: int
    blockhash: str
    canonical: bool
    records: Sequence[Record]
    """All that there was to hear of it, as a file would have it."""


def told_of(slot: Slot) -> tuple[Told, ...]:
    """Every bank of the slot."""
    return tuple(
        Told(
            bank.slot,
            bank.blockhash,
            bank.canonical,
            orjson.loads(orjson.dumps([*bank.truth.records(bank), *_statuses(bank)])),
        )
        for bank in slot.banks
    )


def rows_of(told: Told, watcher: Watcher, level: str) -> Mapping[str, Record]:
    """By id, all that the monitor wants of the bank: every write at processed, an account's last one above it."""
    found: dict[str, Record] = {}
    newest: dict[str, int] = {}
    for each in told.records:
        if not watcher.wants(each):
            continue
        key = each["id"]
        if each["kind"] == "account" and level != "processed":
            pubkey = each["pubkey"]
            if each["write"] < newest.get(pubkey, 0):
                continue
            newest[pubkey] = each["write"]
            key = f"{told.slot}:account:{pubkey}"
        found[key] = plain({**each, "id": key})
    return found


def _statuses(bank: Bank) -> list[Record]:
    """A fork is processed, and no more ever comes of it."""
    parent = {"parent": bank.parent, "dead_error": None, "observed": False}
    levels = LEVELS if bank.canonical else LEVELS[:1]
    return [record(bank.slot, "slot", level, {"status": level, **parent}) for level in levels]


def plain(event: Record) -> Record:
    """The event without how it came, whose it is, and its version; unsigned writes are named as the truth names them."""
    slot, kind = event["slot"], event["kind"]
    key = event["id"].partition(":")[2]
    if kind == "account" and event["txn_signature"] is None and key.count(":") == 2:
        key = f"account:{event['pubkey']}:unsigned"
    return {
        name: value
        for name, value in {**bare(event), "id": f"{slot}:{key}"}.items()
        if name not in ("monitors", "version")
    }
