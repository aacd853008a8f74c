"""What a file of records holds from a place on: the ids, and who each was for.

The beginning of a line says it all, and is cut out without parsing the rest: records of blocks have megabytes.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

import orjson

from monitor.ports import Written

# No text in JSON can hold the mark that ends the names, since a quotation mark in it would have a backslash.
_BEGINNING: Final = re.compile(
    rb'\{"id":"([^"]+)","kind":"[a-z_]+","monitors":(\[.*?\]),"slot":(\d+),'
)
_BUFFER_BYTES: Final = 2**20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands in a file that is rotated by and by."""

    path: str
    """Of the file that is written now."""
    number: int
    """That the file had when it was rotated, or would have had next."""
    inode: int
    """Tells the file from one that took its name."""
    offset: int

    def text(self) -> str:
        """As it is kept."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The place of a text; None where it says no place of ours."""
        with suppress(orjson.JSONDecodeError, TypeError):
            return cls(**orjson.loads(text))
        return None


def written_in(parts: Iterable[tuple[Path, int]], monitors: Mapping[str, int]) -> Written:
    """The ids of all whole lines of these files, each from an offset on. `monitors`: name to bit.

    A file that is gone, and a line that is no record, give nothing. Raises OSError.
    """
    written: Written = {}
    masks: dict[bytes, int] = {}
    for path, offset in parts:
        with suppress(FileNotFoundError), path.open("rb", buffering=_BUFFER_BYTES) as lines:
            lines.seek(offset)
            for line in lines:
                _note(line, monitors, masks, written)
    return written


def _note(
    line: bytes, monitors: Mapping[str, int], masks: dict[bytes, int], written: Written
) -> None:
    begun = _BEGINNING.match(line)
    if begun is None or not line.endswith(b"\n"):
        return
    key, names, slot = begun.groups()
    mask = masks.get(names)
    if mask is None:
        mask = masks[names] = sum(monitors.get(name, 0) for name in set(orjson.loads(names)))
    if mask:
        ids = written.setdefault(int(slot), {})
        ids[key] = ids.get(key, 0) | mask
