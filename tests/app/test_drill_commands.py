"""The command `drill`, as a process of its own and on a daemon of this one."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from monitor.core.errors import DrillBroken
from monitor.stored import StoredSlot
from tests.adapters.http.answers import ANSWERS, stored
from tests.adapters.http.controlling import Lost, Wishes, controlled
from tests.app.test_api_client import answering
from tests.app.test_cli import invoke, ran
from tests.app.test_endpoints_view import well

pytestmark = pytest.mark.real_time

STATUS: dict[str, Any] = {
    "ready": True,
    "reasons": [],
    "tip_slot": 5,
    "endpoints": [],
    "sinks": [{"file": None}],
}


def open_ones(*names: str) -> list[dict[str, Any]]:
    return [well() | {"endpoint": name, "open": True, "covered": 9} for name in names]


async def _proved(first: int, end: int, _limit: int) -> list[StoredSlot]:
    return [stored(slot) for slot in range(first, end)]


async def drilled(directory: Path, wishes: Wishes, *words: str) -> tuple[int, str, str]:
    """How a drill ends on a daemon with these endpoints."""
    endpoints = open_ones(*wishes.names)
    answers = replace(
        ANSWERS,
        status=lambda: STATUS,
        endpoints=lambda: {"endpoints": endpoints},
        slots=_proved,
    )
    line = ("drill", "--state-dir", str(directory), *words)
    async with answering(answers) as address, controlled(directory, Lost(), wishes):
        (directory / "api.url").write_text(address + "\n")
        return await anyio.to_thread.run_sync(lambda: ran(*line))


async def test_a_dry_run_says_who_would_be_drained(tmp_path: Path) -> None:
    wishes = Wishes("ams", "nyc")
    assert await drilled(tmp_path, wishes, "--dry-run", "--json") == (
        0,
        '{"walk":["ams","nyc"],"left_out":[]}\n',
        "",
    )
    code, output, _ = await drilled(tmp_path, wishes, "--dry-run", "nyc")
    assert (code, output) == (0, "nyc would be drained, and promoted back\n")
    assert wishes.asked == []


async def test_a_failover_that_does_not_go_through_is_1(tmp_path: Path) -> None:
    wishes = Wishes("ams", "nyc")
    wishes.answer = {"outcome": "kept", "decisions": []}
    words = ("ams", "--window", "0.1", "--json")
    code, output, error = await drilled(tmp_path, wishes, *words)

    told = json.loads(output)
    assert (code, told["endpoint"], told["clean"]) == (1, "ams", False)
    assert told["fault"] == "it kept its place, since no other endpoint is sound"
    assert error == "duplicates and pauses are not measured: no sink is of kind jsonl\n"


async def test_it_is_the_same_within_a_process(tmp_path: Path) -> None:
    endpoints = open_ones("ams", "nyc")
    line = ("drill", "--state-dir", str(tmp_path))
    async with answering(replace(ANSWERS, endpoints=lambda: {"endpoints": endpoints})) as address:
        (tmp_path / "api.url").write_text(address + "\n")
        code, output = await anyio.to_thread.run_sync(lambda: invoke(*line, "--dry-run"))
        endpoints.pop()
        with pytest.raises(DrillBroken, match="only ams is usable"):
            await anyio.to_thread.run_sync(lambda: invoke(*line))
    assert (code, len(output.splitlines())) == (0, 2)


@pytest.mark.parametrize(
    ("names", "words", "told"),
    [
        (["ams"], [], "only ams is usable, so nobody could take over; a drill needs two\n"),
        (["ams", "nyc"], ["tyo"], "there is no endpoint 'tyo'; there are: ams, nyc\n"),
        (["ams"], ["--dry-run"], "only ams is usable, so nobody could take over; a drill needs two\n"),
    ],
)  # fmt: skip
async def test_what_cannot_be_drilled_is_1_in_one_line(
    tmp_path: Path, names: list[str], words: list[str], told: str
) -> None:
    wishes = Wishes(*names)
    assert await drilled(tmp_path, wishes, *words) == (1, "", told)
    assert wishes.asked == []


def test_without_a_daemon_it_is_1_in_one_line(tmp_path: Path) -> None:
    code, output, error = ran("drill", "--state-dir", str(tmp_path))
    assert (code, output) == (1, "")
    assert error.startswith(f"{tmp_path / 'api.url'}: No such file")


def test_it_has_to_be_said_where_the_daemon_is() -> None:
    assert invoke("drill")[0] == 2
