"""Block files of each form are read; others are refused with the path."""

from pathlib import Path

import orjson
import pytest
import zstandard

from monitor.core.errors import ConfigurationRefused
from monitor.simulator.block_files import read_block_file
from tests.simulator.answers import answer


def slots(found: dict[int, bytes]) -> dict[int, int]:
    """Slot to parent slot."""
    return {
        slot: orjson.loads(line)["result"]["parentSlot"]
        for slot, line in found.items()
        if orjson.loads(line)["slot"] == slot
    }


def json_lines() -> bytes:
    lines = [{"slot": 101, "result": answer(1, 0)}, {"slot": 103, "result": answer(3, 1)}]
    return b"\n".join(orjson.dumps(line) for line in lines) + b"\n"


def test_lines_are_read_plain_and_compressed(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.jsonl", tmp_path / "a.jsonl.zst"
    plain.write_bytes(json_lines())
    compress = zstandard.ZstdCompressor().compress
    packed.write_bytes(compress(json_lines()[:40]) + compress(json_lines()[40:]))
    assert slots(read_block_file(plain)) == {101: 100, 103: 101}
    assert read_block_file(packed) == read_block_file(plain)


def test_a_skipped_slot_among_the_lines_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(json_lines() + b'{"slot":104,"result":null}\n')
    assert slots(read_block_file(path)) == {101: 100, 103: 101}


def test_one_answer_is_read_bare_and_as_a_response(tmp_path: Path) -> None:
    bare, response = tmp_path / "bare.json", tmp_path / "response.json"
    bare.write_bytes(orjson.dumps(answer(1, 0), option=orjson.OPT_INDENT_2))
    response.write_bytes(orjson.dumps({"jsonrpc": "2.0", "id": 1, "result": answer(1, 0)}))
    assert slots(read_block_file(bare)) == {101: 100}
    assert slots(read_block_file(response)) == {101: 100}
    assert slots(read_block_file(bare, slot=105)) == {105: 100}


@pytest.mark.parametrize(
    "content", [b"", b"no json", b'{"slot":1}', b"[1]", b'{"jsonrpc":"2.0","result":null}']
)
def test_anything_else_is_refused_with_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(ConfigurationRefused, match=r"a\.jsonl: holds no"):
        read_block_file(path)


def test_a_broken_archive_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a.zst"
    path.write_bytes(b"not zstd")
    with pytest.raises(ConfigurationRefused, match=r"a\.zst: holds no"):
        read_block_file(path)
