"""Real blocks in files: getBlock answers, as JSON lines or one answer a file, plain or zstd."""

from pathlib import Path
from typing import Any

import orjson
import zstandard

from monitor.core.errors import ConfigurationRefused


def read_block_file(path: Path, slot: int | None = None) -> dict[int, bytes]:
    """Results of getBlock (JSON) by slot.

    A line is `{"slot": N, "result": {...}}`. A file with one bare answer (a JSON-RPC response or its result) names no
    slot: it is `slot`, or one above its parent. Raises ConfigurationRefused for anything else, and OSError.
    """
    content = path.read_bytes()
    try:
        if path.suffix == ".zst":
            unpacker = zstandard.ZstdDecompressor().decompressobj(read_across_frames=True)
            content = unpacker.decompress(content)
        lines = content.splitlines()
        found = _read_lines(lines) if _is_line(lines[:1]) else _read_answer(content, slot)
    except (zstandard.ZstdError, orjson.JSONDecodeError, KeyError, TypeError) as mistake:
        raise ConfigurationRefused(
            f"{path}: holds no getBlock answers ({mistake!r}); "
            'write one {"slot": N, "result": {...}} a line'
        ) from mistake
    if not found:
        raise ConfigurationRefused(f"{path}: holds no block; give at least one")
    return found


def _is_line(first: list[bytes]) -> bool:
    try:
        return all({"slot", "result"} <= orjson.loads(line).keys() for line in first)
    except (orjson.JSONDecodeError, AttributeError):
        return False


def _read_lines(lines: list[bytes]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for line in lines:
        if line.strip():
            answer = orjson.loads(line)
            if answer["result"] is not None:
                found[answer["slot"]] = line
    return found


def _read_answer(content: bytes, slot: int | None) -> dict[int, bytes]:
    answer: Any = orjson.loads(content)
    result = answer["result"] if "result" in answer else answer
    number = result["parentSlot"] + 1 if slot is None else slot
    return {number: orjson.dumps({"slot": number, "result": result})}
