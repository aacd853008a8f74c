"""What the event file must hold, worked out from the truth by the test's own reading of the monitors.

Nothing here knows the daemon: filters are Python functions over truth records, and slices are cut by hand.
"""

import base64
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

Record = dict[str, Any]
Wants = Callable[[Record], bool]

ENVELOPE = ("commitment", "endpoint", "late", "received_at", "source")
"""Keys that say how an event came, not what it is."""


def records(*paths: Path) -> list[Record]:
    """All records of the files, in order."""
    return [orjson.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def stream(directory: Path) -> list[Record]:
    """The event file with its rotated parts, in stream order."""
    return records(*sorted(directory.glob("events.*.jsonl")), directory / "events.jsonl")


def bare(record: Mapping[str, Any]) -> Record:
    """The record without what differs from road to road, and without truth's own keys."""
    return {key: value for key, value in record.items() if key not in (*ENVELOPE, "write")}


def expected(
    truth: Iterable[Record], monitors: Mapping[str, Wants], slots: range
) -> dict[str, Record]:
    """By id, the events of these slots at confirmed: monitors by name, in the order of the configuration."""
    found: dict[str, Record] = {}
    last_write: dict[tuple[int, str], Record] = {}
    for record in truth:
        if record["slot"] not in slots:
            continue
        if record["kind"] == "account":
            key = (record["slot"], record["pubkey"])
            if key not in last_write or record["write"] >= last_write[key]["write"]:
                last_write[key] = record
            continue
        _add(found, record, monitors)
    for (slot, pubkey), record in last_write.items():
        _add(found, {**record, "id": f"{slot}:account:{pubkey}"}, monitors)
    return found


def sliced(record: Record, offset: int, length: int) -> Record:
    """The record with its data cut to one slice: whole or nothing."""
    data = base64.b64decode(record["data"])
    part = data[offset : offset + length] if len(data) >= offset + length else b""
    return {**record, "data": base64.b64encode(part).decode()}


def _add(found: dict[str, Record], record: Record, monitors: Mapping[str, Wants]) -> None:
    names = [name for name, wants in monitors.items() if wants(record)]
    if names:
        found[record["id"]] = bare({**record, "monitors": names})
