import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.adapters.grpc import environment
from monitor.adapters.grpc.environment import EventEngine, for_child, prepare, trial
from tests.patience import PATIENCE

OFF = "-event_engine_client"


def works(_environment: Mapping[str, str]) -> None:
    """A trial that succeeds."""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"GRPC_EXPERIMENTS": OFF}),
        ({"GRPC_EXPERIMENTS": ""}, {"GRPC_EXPERIMENTS": OFF}),
        ({"GRPC_EXPERIMENTS": "call_v3"}, {"GRPC_EXPERIMENTS": f"call_v3,{OFF}"}),
        ({"GRPC_EXPERIMENTS": OFF}, {"GRPC_EXPERIMENTS": OFF}),
    ],
)
def test_engine_off_joins_what_the_user_set(before: dict[str, str], after: dict[str, str]) -> None:
    assert prepare(EventEngine.OFF, before, works) is None
    assert before == after


def test_engine_that_fails_its_trial_stays_on() -> None:
    seen: list[Mapping[str, str]] = []

    def fails(environment: Mapping[str, str]) -> str:
        seen.append(environment)
        return "three frames of four"

    before = {"GRPC_EXPERIMENTS": "call_v3", "HOME": "/"}
    assert prepare(EventEngine.OFF, before, fails) == "three frames of four"
    assert before == {"GRPC_EXPERIMENTS": "call_v3", "HOME": "/"}
    assert seen == [{"GRPC_EXPERIMENTS": f"call_v3,{OFF}", "HOME": "/"}]


def test_default_engine_touches_nothing_and_tries_nothing() -> None:
    found: dict[str, str] = {}
    assert prepare(EventEngine.DEFAULT, found, lambda _: "tried") is None
    assert found == {}


def test_grpc_is_not_imported_by_preparing() -> None:
    code = "import sys, monitor.adapters.grpc.environment; sys.exit('grpc' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE)


def test_streams_work_without_the_event_engine() -> None:
    assert trial({**os.environ, "GRPC_EXPERIMENTS": OFF}) is None


def test_trial_tells_that_grpcio_has_no_such_switch() -> None:
    told = trial({**os.environ, "GRPC_EXPERIMENTS": "-no_such_thing"})
    assert told == "the installed grpcio has no such switch"


def test_trial_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "PATIENCE", 0.001)
    assert trial(os.environ) == "the trial took more than 0.001 s"


def test_trial_that_fails_without_a_word_is_told_by_its_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(environment.sys, "executable", "/bin/false")  # type: ignore[attr-defined]
    assert trial(os.environ) == "the trial ended with status 1"


def test_child_finds_this_package_from_anywhere(tmp_path: Path) -> None:
    code = "import monitor.adapters.grpc.environment"
    command = [sys.executable, "-c", code]
    found = for_child({"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)})
    subprocess.run(command, check=True, timeout=PATIENCE, cwd=tmp_path, env=found)
    assert found["PYTHONPATH"].endswith(f"{os.pathsep}{tmp_path}")
