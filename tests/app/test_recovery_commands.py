"""The command `recovery`, on daemons of this process."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from tests.adapters.http.answers import ANSWERS
from tests.adapters.http.controlling import Lost, controlled
from tests.app.configurations import LEAST, written
from tests.app.test_api_client import answering
from tests.app.test_cli import invoke, left, ran, viewed
from tests.app.test_recovery_tables import idle
from tests.app.test_recovery_view import told

pytestmark = pytest.mark.real_time


async def aside(*words: str) -> tuple[int, str]:
    """Exit code and output of a command that is run beside the loop."""
    return await anyio.to_thread.run_sync(lambda: invoke(*words))


async def test_recovery_is_shown_in_words_or_as_one_object() -> None:
    answers = replace(ANSWERS, recovery=told)

    code, output = await viewed(answers, "recovery")
    assert (code, output.splitlines()[0]) == (
        0,
        "coverage   99 % (99 of 100 blocks), counted by block_height",
    )
    code, output = await viewed(answers, "recovery", "--json")
    assert code == 0
    assert [json.loads(line) for line in output.splitlines()] == [told()]


async def test_a_watch_looks_again_until_it_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("monitor.app.recovery_commands.time.sleep", pause)
    looks: list[dict[str, Any]] = []

    def look() -> dict[str, Any]:
        looks.append(idle() | {"lost": len(looks)})
        return looks[-1]

    async with answering(replace(ANSWERS, recovery=look)) as address:
        _, output = await aside("recovery", "--json", "--watch", "--api", address)

    assert [json.loads(line)["lost"] for line in output.splitlines()[:3]] == [0, 1, 2]
    assert pauses == [1.0, 1.0, 1.0]


async def test_the_daemon_is_found_by_its_state_directory(tmp_path: Path) -> None:
    async with answering(replace(ANSWERS, recovery=idle)) as address:
        (tmp_path / "api.url").write_text(address + "\n")
        assert (await aside("recovery", "--state-dir", str(tmp_path)))[0] == 0


async def test_a_lost_slot_is_signed_off_by_state_directory(tmp_path: Path) -> None:
    lost = Lost(300_000_123)
    words = ("sign-off", "300000123", "--reason", "seen by hand", "--state-dir", str(tmp_path))
    async with controlled(tmp_path, lost):
        assert await aside("recovery", *words) == (0, "slot 300000123 is signed off\n")

    assert lost.signed_off == [(300_000_123, "seen by hand")]


@pytest.mark.parametrize(
    ("slots", "told"),
    [((7, 9, 12), "2 lost slots are"), ((7,), "1 lost slot is")],
)
async def test_the_lost_slots_of_a_range_are_signed_off(
    tmp_path: Path, slots: Sequence[int], told: str
) -> None:
    lost = Lost(*slots)
    words = ("sign-off", "7", "10", "--reason", "seen by hand", "--state-dir", str(tmp_path))
    async with controlled(tmp_path, lost):
        assert await aside("recovery", *words) == (0, f"{told} signed off, of 7 to 10\n")

    assert [slot for slot, _ in lost.signed_off] == [slot for slot in slots if slot <= 10]


@pytest.mark.parametrize("option", ["--state-dir", "--config"])
async def test_where_the_state_is_may_stand_before_the_sign_off(
    tmp_path: Path, option: str
) -> None:
    lost = Lost(7)
    file = written(tmp_path, LEAST + "state_dir: kept\n")
    (tmp_path / "kept").mkdir()
    where = {"--state-dir": tmp_path / "kept", "--config": file}[option]
    words = (option, str(where), "sign-off", "7", "--reason", "seen by hand")
    async with controlled(tmp_path / "kept", lost):
        assert (await aside("recovery", *words))[0] == 0

    assert lost.signed_off == [(7, "seen by hand")]


async def test_a_lost_slot_is_signed_off_by_the_daemons_configuration(tmp_path: Path) -> None:
    lost = Lost(7)
    file = written(tmp_path, LEAST + "state_dir: kept\n")
    (tmp_path / "kept").mkdir()
    async with controlled(tmp_path / "kept", lost):
        code, _ = await aside(
            "recovery", "sign-off", "7", "--reason", "seen by hand", "--config", str(file)
        )

    assert (code, lost.signed_off) == (0, [(7, "seen by hand")])


@pytest.mark.parametrize(
    "words",
    [
        ["7", "--state-dir", "x"],
        ["--reason", "x", "--state-dir", "x"],
        ["7", "--reason", "x"],
        ["7", "--reason", "x", "--state-dir", "x", "--config", "y"],
        ["-7", "--reason", "x", "--state-dir", "x"],
        ["seven", "--reason", "x", "--state-dir", "x"],
        ["7", "6", "--reason", "x", "--state-dir", "x"],
    ],
)
def test_a_sign_off_that_leaves_something_open_is_wrong_usage(words: Sequence[str]) -> None:
    assert invoke("recovery", "sign-off", *words)[0] == 2


def test_other_words_are_wrong_usage() -> None:
    assert invoke("recovery", "nonsense")[0] == 2


async def test_a_slot_that_is_not_lost_is_1_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("recovery", "sign-off", "8", "--reason", "x", "--state-dir", str(tmp_path))
    async with controlled(tmp_path, Lost(7)):
        assert await anyio.to_thread.run_sync(lambda: left(monkeypatch, *words)) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("slot 8 is not lost; ")


def test_without_a_daemon_it_is_1_in_one_line(tmp_path: Path) -> None:
    words = ("recovery", "sign-off", "8", "--reason", "x", "--state-dir", str(tmp_path))
    code, output, error = ran(*words)

    assert (code, output) == (1, "")
    assert error.startswith(f"no daemon runs with its state in {tmp_path}: ")
    assert len(error.splitlines()) == 1
