"""The command `endpoints`, on daemons of this process."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import anyio.to_thread
import pytest

from monitor.app.profile_view import profile_view
from monitor.core.wishes import Want
from tests.adapters.http.answers import ANSWERS
from tests.adapters.http.controlling import Lost, Wishes, controlled
from tests.app.configurations import LEAST, written
from tests.app.daemons import NOBODY
from tests.app.test_cli import invoke, left, ran, viewed
from tests.app.test_endpoints_tables import decision
from tests.app.test_endpoints_view import ill, well
from tests.runtime.test_probing import PROFILE

pytestmark = pytest.mark.real_time
KNOWN = replace(ANSWERS, endpoints=lambda: {"endpoints": [ill(), well()]})


async def test_endpoints_are_shown_as_a_table_or_one_object_a_line() -> None:
    code, output = await viewed(KNOWN, "endpoints")
    assert code == 0
    assert {"ams", "nyc"} <= {line.split()[0] for line in output.splitlines() if line.split()}
    assert "it told block" not in output
    code, output = await viewed(KNOWN, "endpoints", "--json")
    assert code == 0
    assert [json.loads(line) for line in output.splitlines()] == [ill(), well()]


async def test_why_tells_what_was_found() -> None:
    code, output = await viewed(KNOWN, "endpoints", "--why")
    assert code == 0
    assert "block: it told block A of slot 9, and others told B, 3 times since slot 7" in output


async def test_profiles_tell_what_endpoints_run() -> None:
    profile = profile_view(PROFILE, lambda stamp: stamp)
    endpoints = {"endpoints": [well() | {"profile": profile}]}
    known = replace(ANSWERS, endpoints=lambda: endpoints)
    code, output = await viewed(known, "endpoints", "--profiles")
    assert code == 0
    assert "131 slots, from 70" in output


def test_without_a_daemon_it_is_1_in_one_line() -> None:
    code, output, error = ran("endpoints", "--api", NOBODY)
    assert (code, output) == (1, "")
    assert error.startswith(f"no daemon answers at {NOBODY}: ")


async def asked(directory: Path, wishes: Wishes, *words: str) -> tuple[int, str]:
    """Exit code and output of this question to a daemon whose state is in the directory."""
    line = ("endpoints", *words, "--state-dir", str(directory))
    async with controlled(directory, Lost(), wishes):
        return await anyio.to_thread.run_sync(lambda: invoke(*line))


def wishes(outcome: str | None, **more: object) -> Wishes:
    """A daemon of two endpoints that answers each wish so."""
    made = Wishes("ams", "nyc")
    made.answer = {"outcome": outcome, "decisions": [], **more}
    return made


async def test_a_drain_tells_what_was_decided(tmp_path: Path) -> None:
    daemon = wishes("drained", decisions=[decision("replaced", "ams", "nyc")])

    assert await asked(tmp_path, daemon, "drain", "ams") == (
        0,
        "ams is drained, until it is promoted or released\n  replaced ams -> nyc: it is silent for 6.0 s\n",
    )
    assert daemon.asked == [(Want.DRAIN, "ams")]


@pytest.mark.parametrize(
    ("words", "outcome", "code", "told"),
    [
        (["drain", "ams"], "kept", 1, "ams keeps its place, since no other endpoint is sound; "),
        (["drain", "ams"], None, 1, "ams was asked for, but nothing was decided about it in time"),
        (["promote", "nyc"], "promoted", 0, "nyc has a place among the hot feeds"),
        (["promote", "nyc"], "waits", 0, "nyc gets a place once it is sound"),
        (["release", "nyc"], "released", 0, "nyc is used as its figures say again"),
    ],
)
async def test_what_became_of_a_wish_is_told_and_what_is_undone_is_1(
    tmp_path: Path, words: Sequence[str], outcome: str | None, code: int, told: str
) -> None:
    ended, output = await asked(tmp_path, wishes(outcome), *words)
    assert (ended, output.startswith(told)) == (code, True)


async def test_a_probe_tells_what_it_found(tmp_path: Path) -> None:
    profile = profile_view(PROFILE, lambda stamp: stamp)
    daemon = wishes("probed", profile=profile)
    code, output = await asked(tmp_path, daemon, "probe", "nyc")
    assert (code, output.splitlines()[0]) == (0, "nyc was probed")
    assert "131 slots, from 70" in output
    assert daemon.asked == [(Want.PROBE, "nyc")]


async def test_a_probe_that_nobody_answers_is_1(tmp_path: Path) -> None:
    assert await asked(tmp_path, wishes("probed", profile=None), "probe", "nyc") == (
        1,
        "nyc was probed\nit did not answer in time\n",
    )


async def test_what_a_restart_undoes_is_told(tmp_path: Path) -> None:
    _, output = await asked(tmp_path, wishes("drained", unstored="full"), "drain", "ams")
    assert output.splitlines()[1:] == [
        "  a restart undoes this, since it could not be stored: full"
    ]


async def test_a_wish_may_be_answered_as_json(tmp_path: Path) -> None:
    code, output = await asked(tmp_path, wishes("kept"), "drain", "ams", "--json")
    assert code == 1
    assert json.loads(output) == {
        "endpoint": "ams",
        "want": "drain",
        "outcome": "kept",
        "decisions": [],
    }


@pytest.mark.parametrize("before", [["promote", "nyc"], []])
async def test_the_daemon_is_found_by_its_configuration_too(
    tmp_path: Path, before: Sequence[str]
) -> None:
    file = written(tmp_path, LEAST + "state_dir: kept\n")
    (tmp_path / "kept").mkdir()
    daemon = wishes("promoted")
    after = [word for word in ("promote", "nyc") if word not in before]
    words = ("endpoints", *before, "--config", str(file), *after)
    async with controlled(tmp_path / "kept", Lost(), daemon):
        assert (await anyio.to_thread.run_sync(lambda: invoke(*words)))[0] == 0
    assert daemon.asked == [(Want.PROMOTE, "nyc")]


async def test_an_endpoint_that_is_none_is_1_with_those_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("endpoints", "--state-dir", str(tmp_path), "drain", "tyo")
    async with controlled(tmp_path, Lost(), wishes("drained")):
        assert await anyio.to_thread.run_sync(lambda: left(monkeypatch, *words)) == 1
    assert capsys.readouterr().err == "there is no endpoint 'tyo'; there are: ams, nyc\n"


@pytest.mark.parametrize("words", [["drain"], ["drain", "ams"], ["nonsense"]])
def test_a_wish_that_leaves_something_open_is_wrong_usage(words: Sequence[str]) -> None:
    assert invoke("endpoints", *words)[0] == 2
