"""Lines that begin as records do."""

import orjson


def line(key: str, slot: int, *monitors: str, more: str = "") -> bytes:
    """A record of this id."""
    record = {"id": key, "kind": "entry", "monitors": monitors, "slot": slot, "hash": more}
    return orjson.dumps(record) + b"\n"
