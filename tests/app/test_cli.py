import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import anyio.to_thread
import pytest
from typer.testing import CliRunner

from monitor import __version__
from monitor.adapters.http.routes import Answers
from monitor.adapters.http.slots import lines_of
from monitor.app.cli import app, bug_report, exit_code, main
from monitor.core.errors import (
    ConfigurationRefused,
    ListenRefused,
    PlanRefused,
    SinkFailed,
    StateDirectoryBusy,
)
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.cluster import Cluster
from monitor.simulator.options import SimulateOptions
from monitor.stored import StoredSlot
from tests.adapters.http.answers import ANSWERS, stored
from tests.app.configurations import LEAST, THREE, written
from tests.app.daemons import NOBODY
from tests.app.test_api_client import answering
from tests.app.test_tables import STATUS

ROOT = Path(__file__).resolve().parents[2]


def invoke(*words: str, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200", **(environ or {})})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def ran(*words: str, environ: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *words],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_version_is_said() -> None:
    assert invoke("version") == (0, f"chain-monitor {__version__}\n")


def test_help_names_every_command() -> None:
    code, output = invoke("--help")

    assert code == 0
    for command in (
        "run",
        "demo",
        "check-config",
        "simulate",
        "fault",
        "slots",
        "status",
        "commitment",
        "recovery",
        "endpoints",
        "drill",
        "version",
    ):
        assert re.search(rf"^\W*{command}\s", output, re.M)


def test_help_imports_nothing_heavy() -> None:
    listing = (
        "import sys, monitor.app.cli;"
        "print(*sorted({'grpc', 'pydantic', 'uvicorn', 'yaml', 'google.protobuf'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout == "\n"


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["run", "--config"],
        ["nonsense"],
        ["version", "--loud"],
        ["check-config"],
        ["fault", "nyc"],
        ["demo", "--slot-time", "0"],
        ["simulate", "--ports", "-1"],
        ["simulate", "--regions", "ams,ams"],
        ["simulate", "--regions", "a b"],
        ["simulate", "--regions", ""],
        ["simulate", "--regions", "ams,rpc1"],
        ["simulate", "--rpcs", "0"],
        ["slots", "x", "5"],
        ["slots", "--", "-1", "5"],
        ["slots", "-1", "5"],
        ["fault", "nyc", "lag", "-1"],
        ["slots", "9", "5"],
        ["slots", "1", "999999999"],
        ["status", "now"],
        ["drill"],
        ["drill", "--state-dir", "x", "--config", "y"],
        ["drill", "--state-dir", "x", "--window", "0"],
    ],
)
def test_wrong_usage_is_2(words: Sequence[str]) -> None:
    assert invoke(*words)[0] == 2


@pytest.mark.parametrize("words", [["slots", "-5", "5"], ["fault", "nyc", "lag", "-5"]])
def test_a_number_below_0_is_no_unknown_option(words: Sequence[str]) -> None:
    assert "-5 is below 0; numbers begin at 0" in invoke(*words)[1]


def test_a_sound_configuration_is_told_in_one_line(tmp_path: Path) -> None:
    text = "rpc: [{name: a, url: 'http://a'}]\nmonitors: [{name: m, slots: {}}, {name: n, blocks_meta: {}}]\n"
    file = written(tmp_path, LEAST + text)

    assert invoke("check-config", str(file)) == (
        0,
        f"{file}: in order: 1 endpoint, 1 rpc, 2 monitors, 0 sinks, "
        "confirmed, adaptive from processed to finalized (profile balanced)\n",
    )
    assert (
        "finalized (profile conservative)"
        in invoke("check-config", str(file), "--profile", "conservative")[1]
    )


def test_what_has_no_effect_yet_is_told(tmp_path: Path) -> None:
    file = written(tmp_path, LEAST + "alerting: {x: 1}\nsignals: {chain: full}\n")
    _, output = invoke("check-config", str(file))

    assert output.splitlines()[1] == (
        f"{file}: read, but without effect in this release: alerting, signals"
    )


def test_what_cannot_be_recovered_is_a_warning_and_no_mistake(tmp_path: Path) -> None:
    file = written(tmp_path, LEAST)
    code, output = invoke("check-config", str(file))

    assert code == 0
    assert output.splitlines()[1:] == [
        f"{file}: warning: there is no rpc: "
        "slots that no endpoint can replay any more cannot be recovered"
    ]


def test_monitors_that_spread_cannot_divide_are_a_warning(tmp_path: Path) -> None:
    text = "failover: {strategy: spread}\nmonitors: [{name: m, entry: {}}]\n"
    code, output = invoke("check-config", str(written(tmp_path, THREE + text)))

    assert code == 0
    assert "warning: spread carries all monitors on two feeds" in output.splitlines()[-1]


@pytest.mark.real_time
def test_a_refused_configuration_is_78_with_one_line_a_mistake(tmp_path: Path) -> None:
    file = written(tmp_path, "endpoints: []\nprofil: x\n")

    for words in (["check-config", str(file)], ["run", "--config", str(file)]):
        assert ran(*words) == (
            78,
            "",
            f"{file}:1: endpoints: is empty; write at least one item\n"
            f"{file}:2: profil: is no key of this place; did you mean profile?\n",
        )


def left(monkeypatch: pytest.MonkeyPatch, *words: str) -> object:
    """The exit code of `main` with this command line."""
    monkeypatch.setattr(sys, "argv", ["chain-monitor", *words])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


def test_main_maps_how_it_ended_to_a_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = written(tmp_path, "endpoints: []\n")

    assert left(monkeypatch, "run", "--config", str(file)) == 78
    assert capsys.readouterr().err == f"{file}:1: endpoints: is empty; write at least one item\n"
    assert left(monkeypatch, "version") == 0
    assert left(monkeypatch, "nonsense") == 2


def test_main_counts_a_stop_before_the_start_as_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("monitor.app.configuration.load", stopped)

    assert left(monkeypatch, "check-config", "x.yaml") == 0


def test_main_tells_a_bug_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("slot")

    monkeypatch.setattr("monitor.app.configuration.load", broken)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))

    assert left(monkeypatch, "check-config", "x.yaml") == 70
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.real_time
def test_a_fault_without_a_simulator_is_1_with_a_remedy() -> None:
    code, output, error = ran("fault", "nyc", "kill", "--control", "127.0.0.1:1")

    assert (code, output) == (1, "")
    assert "scripts/run" in error
    assert len(error.splitlines()) == 1


@pytest.mark.real_time
def test_the_words_of_a_fault_reach_a_region_or_an_rpc() -> None:
    small = ChainSettings(votes=2, transactions=1, account_writes=6)
    options = SimulateOptions(ports=0, control="127.0.0.1:0", chain=small)
    with Cluster(options) as cluster:
        control = ("--control", cluster.control)
        told = [
            invoke("fault", "nyc", "lag", "2.5", *control),
            invoke("fault", "rpc1", "errors", "32004", "0.5", *control),
            invoke("fault", "rpc1", "heal", *control),
        ]

    assert told == [
        (0, "nyc runs 2.5 s late\n"),
        (0, "rpc1 has errors -32004 0.5\n"),
        (0, "rpc1 is healed of errors -32004 0.5\n"),
    ]


@pytest.mark.real_time
@pytest.mark.parametrize(
    "words",
    [["slots", "100", "120"], ["status"], ["status", "--json"], ["commitment"], ["recovery"]],
)
def test_a_view_without_a_daemon_is_1_in_one_line(words: Sequence[str]) -> None:
    code, output, error = ran(*words, "--api", NOBODY)

    assert (code, output) == (1, "")
    assert error.startswith(f"no daemon answers at {NOBODY}: Connection refused; ")
    assert len(error.splitlines()) == 1


async def viewed(answers: Answers, *words: str) -> tuple[int, str]:
    """Exit code and output of a view of a daemon that answers so."""
    async with answering(answers) as address:
        return await anyio.to_thread.run_sync(lambda: invoke(*words, "--api", address))


@pytest.mark.real_time
@pytest.mark.parametrize(
    "words", [["slots", "5", "9"], ["status"], ["commitment"], ["endpoints"], ["recovery"]]
)
async def test_a_view_finds_the_daemon_by_its_configuration_too(
    tmp_path: Path, words: Sequence[str]
) -> None:
    file = written(tmp_path, LEAST + "state_dir: kept\n")
    (tmp_path / "kept").mkdir()
    line = (*words, "--json", "--config", str(file))
    answers = replace(ANSWERS, slots=_two_slots)
    async with answering(answers) as address:
        (tmp_path / "kept" / "api.url").write_text(f"{address}\n")
        code, output = await anyio.to_thread.run_sync(lambda: invoke(*line))
        assert (code, output) == await viewed(answers, *words, "--json")
    assert code == 0
    code, output = invoke(*line, "--state-dir", str(tmp_path))
    assert code == 2
    assert "one of the two is enough" in output


async def _two_slots(first: int, end: int, _limit: int) -> list[StoredSlot]:
    return [stored(slot) for slot in range(first, end) if slot % 2]


@pytest.mark.real_time
async def test_slots_are_shown_as_a_table_or_one_object_a_line() -> None:
    answers = replace(ANSWERS, slots=_two_slots)

    code, output = await viewed(answers, "slots", "5", "9")
    assert code == 0
    assert [line.split()[:2] for line in output.splitlines()[-4:-2]] == [
        ["5", "complete"],
        ["7", "complete"],
    ]
    assert output.splitlines()[-1] == (
        "4 slots: 2 complete, 2 without a certificate; coverage 100 % (2 of 2 blocks)"
    )
    code, output = await viewed(answers, "slots", "5", "9", "--json")
    assert code == 0
    assert output.encode() == lines_of([stored(5), stored(7)])


@pytest.mark.real_time
async def test_the_status_is_shown_in_words_or_as_one_object() -> None:
    answers = replace(ANSWERS, status=lambda: STATUS)

    code, output = await viewed(answers, "status")
    assert (code, output.splitlines()[0]) == (0, "ready")
    code, output = await viewed(answers, "status", "--json")
    assert code == 0
    assert [json.loads(line) for line in output.splitlines()] == [STATUS]


@pytest.mark.real_time
async def test_a_state_directory_says_where_its_daemon_is(tmp_path: Path) -> None:
    async with answering(replace(ANSWERS, status=lambda: STATUS)) as address:
        (tmp_path / "api.url").write_text(address + "\n")
        code, _ = await anyio.to_thread.run_sync(
            lambda: invoke("status", "--state-dir", str(tmp_path))
        )
    assert code == 0


@pytest.mark.real_time
def test_a_bug_is_70_in_one_line_that_names_the_traceback(tmp_path: Path) -> None:
    broken = (
        "import monitor.app.cli as cli\n"
        "@cli.app.command()\n"
        "def breaks() -> None:\n"
        "    raise KeyError('slot')\n"
        "cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", broken, "breaks"],
        cwd=ROOT,
        env={**os.environ, "STATE_DIRECTORY": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    (log,) = tmp_path.iterdir()
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr == f"chain-monitor has a bug: KeyError: 'slot'; the traceback is in {log}\n"
    assert "raise KeyError('slot')" in log.read_text() or "in breaks" in log.read_text()


def test_a_bug_is_told_even_where_nothing_can_be_written(tmp_path: Path) -> None:
    told = bug_report(ValueError("two\nlines"), {"STATE_DIRECTORY": str(tmp_path / "nowhere")})

    assert told.startswith("chain-monitor has a bug: ValueError: two lines; ")
    assert "could not be kept" in told


def test_exit_codes_say_whether_another_try_makes_sense() -> None:
    assert exit_code(ConfigurationRefused("x")) == 78
    assert exit_code(PlanRefused("x")) == 78
    for error in (StateDirectoryBusy("x"), SinkFailed("x"), ListenRefused("x")):
        assert exit_code(error) == 1
