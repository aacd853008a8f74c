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
    if path.suffix == ".zst":
        content = (
            zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress(content)
        )
    try:
        found = _read_lines(content.splitlines()) or _read_answer(content, slot)
    except (orjson.JSONDecodeError, KeyError, TypeError) as mistake:
        raise ConfigurationRefused(
            f"{path}: holds no getBlock answers ({mistake!r}); "
            'write one {"slot": N, "result": {...}} a line'
        ) from mistake
    if not found:
        raise ConfigurationRefused(f"{path}: holds no block; give at least one")
    return found


def _read_lines(lines: list[bytes]) -> dict[int, bytes]:
    """Empty when the first line is not of this form."""
    found: dict[int, bytes] = {}
    for line in lines:
        if not found and not line.lstrip().startswith(b'{"slot"'):
            return {}
        if line.strip():
            answer = orjson.loads(line)
            if answer["result"] is not None:
                found[answer["slot"]] = line
    return found


def _read_answer(content: bytes, slot: int | None) -> dict[int, bytes]:
    answer: dict[str, Any] = orjson.loads(content)
    result = answer.get("result", answer)
    number = result["parentSlot"] + 1 if slot is None else slot
    return {number: orjson.dumps({"slot": number, "result": result})}
