"""A drill as a process: signals, files and what is shown; the daemon is one that does as it is told at once."""

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from typing_extensions import override

from monitor.app.drill_run import run_drill, show_drill
from monitor.app.tables import Object
from monitor.core.errors import DaemonNotAsked, DrillBroken
from monitor.core.wishes import Want
from tests.app.drills import GONE, Drilled

pytestmark = pytest.mark.real_time


def nothing() -> None:
    """What happens at a drain, usually."""


class Quick(Drilled):
    """It needs no time, and writes an event whenever it is looked at."""

    def __init__(self, file: Path | None) -> None:
        super().__init__()
        self.closes_after = self.sound_after = self.proved_after = 0.0
        self.file = file
        self.written = 0
        self.on_drain: Callable[[], None] = nothing

    @override
    def endpoints(self) -> list[Object]:
        self.write(f"{self.written}:slot:x")
        return list(super().endpoints())

    @override
    def status(self) -> Object:
        sinks = [{"file": None if self.file is None else str(self.file)}]
        return {**super().status(), "tip_slot": 99, "sinks": sinks}

    @override
    def wish(self, want: Want, endpoint: str, lease: float | None = None) -> Object:
        told = super().wish(want, endpoint, lease)
        if want is Want.DRAIN:
            self.on_drain()
        return told

    def write(self, identity: str) -> None:
        self.written += 1
        if self.file is not None:
            with self.file.open("a") as file:
                file.write(json.dumps({"id": identity, "commitment": "confirmed"}) + "\n")


@pytest.fixture
def daemon(tmp_path: Path) -> Quick:
    return Quick(tmp_path / "events.jsonl")


def test_each_failover_is_a_line_of_json(daemon: Quick, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_drill(daemon, ["nyc", "ams"], 0.1, as_json=True)

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(cost["endpoint"], cost["clean"]) for cost in told] == [("nyc", True), ("ams", True)]
    assert told[0]["records"] > 0
    assert told[0]["added_ms"] is not None


def test_without_json_it_is_a_table(daemon: Quick, capsys: pytest.CaptureFixture[str]) -> None:
    daemon.more = {"tyo": {"open": False}}
    assert run_drill(daemon, [], 0.1, as_json=False)

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "left out: the stream of tyo is closed"
    assert lines[-1].rstrip() == (
        "2 failovers, 2 of them went through without a lost or doubled event"
    )


def test_a_line_that_came_twice_is_no_success(daemon: Quick) -> None:
    def doubles() -> None:
        daemon.write("7:slot:x")
        daemon.write("7:slot:x")

    daemon.on_drain = doubles
    assert not run_drill(daemon, ["ams"], 0.1, as_json=True)


def test_a_dry_run_drains_nothing(daemon: Quick, capsys: pytest.CaptureFixture[str]) -> None:
    show_drill(daemon, ["tyo", "ams"], as_json=True)
    assert json.loads(capsys.readouterr().out) == {"walk": ["tyo", "ams"], "left_out": []}
    show_drill(daemon, ["tyo"], as_json=False)
    assert capsys.readouterr().out == "tyo would be drained, and promoted back\n"
    assert daemon.asked == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_gives_back_what_is_drained_and_shows_what_is_known(
    daemon: Quick, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop_at_the_second() -> None:
        if daemon.asked[-1][2] == "nyc":
            signal.raise_signal(number)

    daemon.on_drain = stop_at_the_second
    before = signal.getsignal(number)
    assert not run_drill(daemon, ["ams", "nyc", "tyo"], 0.1, as_json=False)

    told = capsys.readouterr()
    assert told.err == "interrupted\nnyc was promoted back\n"
    assert told.out.splitlines()[-1].startswith("1 failover, 1 of them")
    assert daemon.asked[-1][1:] == (Want.PROMOTE, "nyc")
    assert signal.getsignal(number) is before


def test_a_second_signal_does_not_leave_it_drained(
    daemon: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish, heeded = daemon.wish, []

    def interrupted(want: Want, endpoint: str, lease: float | None = None) -> Object:
        told = wish(want, endpoint, lease)
        heeded.append((want, signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)))
        if want is Want.DRAIN:
            signal.raise_signal(signal.SIGINT)
        return told

    monkeypatch.setattr(daemon, "wish", interrupted)
    assert not run_drill(daemon, ["ams"], 0.1, as_json=True)
    assert heeded == [
        (Want.DRAIN, signal.default_int_handler, signal.default_int_handler),
        (Want.PROMOTE, signal.SIG_IGN, signal.SIG_IGN),
    ]


def test_a_daemon_that_leaves_is_told_after_what_is_known(
    daemon: Quick, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("monitor.app.drill.RETURNS_WITHIN", 0.0)

    def leaves() -> None:
        daemon.down = [(0.0, 1.0)]
        raise GONE

    daemon.on_drain = leaves
    with pytest.raises(DaemonNotAsked):
        run_drill(daemon, ["ams"], 0.1, as_json=False)

    told = capsys.readouterr()
    assert told.err.startswith("ams was drained, and could not be promoted back: ")
    assert told.out.splitlines()[-1].startswith("0 failovers, ")


def test_without_a_file_it_says_what_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_drill(Quick(None), ["ams"], 0.1, as_json=True)
    told = capsys.readouterr()
    assert told.err == "duplicates and pauses are not measured: no sink is of kind jsonl\n"
    assert json.loads(told.out)["duplicates"] is None

    file = tmp_path / "events.jsonl"
    file.touch()
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read everything
    assert run_drill(Quick(file), ["ams"], 0.1, as_json=True)
    assert capsys.readouterr().err == (
        f"duplicates and pauses are not measured: {file} cannot be read\n"
    )


def test_too_few_endpoints_are_refused_before_anything_is_done(daemon: Quick) -> None:
    daemon.more = {name: {"open": False} for name in ("nyc", "tyo")}
    with pytest.raises(DrillBroken, match="only ams is usable"):
        run_drill(daemon, [], 0.1, as_json=False)
    assert daemon.asked == []
    assert "following" not in [thread.name for thread in threading.enumerate()]
