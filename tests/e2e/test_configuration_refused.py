"""What a daemon says that cannot start: one line a reason, and the exit code of DESIGN 10."""

import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.adapters.grpc.servers import unused_port
from tests.e2e.processes import ROOT, daemon, until
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time

TEN_MISTAKES = """\
profile: calm
state_dir: state
endpoints:
  - {name: ams, url: "https://grpc.ams.example/path"}
  - {name: ams, url: "grpc.nyc.example:10000", token: "${NO_SUCH_TOKEN}"}
ingest: {reader: fast}
commitment: {level: final}
monitors:
  - {name: usdc, transactions: {}}
  - {name: empty}
sinks:
  - {name: file, kind: jsonl, monitors: [usdc, gone], path: events.jsonl, rotate_every: 1week}
limit: {}
"""

TOLD = (
    "1: profile: is none of the words known here; write aggressive, balanced or conservative",
    "4: endpoints[0].url: has more than a host and a port; put a token under `token`, not in the url",
    "5: endpoints[1].name: is the name of endpoints[0] too; give each its own name",
    "5: endpoints[1].token: needs the variable NO_SUCH_TOKEN, which is not set; "
    "set NO_SUCH_TOKEN in the environment of the daemon",
    "6: ingest.reader: is none of the words known here; "
    "write auto, segregated, single_threaded or plain",
    "7: commitment.level: is none of the words known here; write processed, confirmed or finalized",
    "10: monitors[1]: has no filter; add one of transactions, transactions_status, accounts, slots, "
    "blocks, blocks_meta, entry, deshred",
    "12: sinks[0].monitors[1]: names no monitor: gone; write one of usdc, empty",
    "12: sinks[0].rotate_every: is no duration; "
    "write a number of seconds, or one with a unit: 100ms, 5s, 2m, 1h, 1d",
    "13: limit: is no key of this place; did you mean limits?",
)

SOUND = """\
state_dir: {dir}/state
endpoints: [{name: ams, url: "http://127.0.0.1:PORT"}]
monitors: [{name: all, transactions: {}}]
sinks: [{name: file, kind: jsonl, monitors: [all], path: "{dir}/events.jsonl"}]
api: {listen: "127.0.0.1:0"}
log: {level: warning}
"""


def _ran(*words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *words],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def _refused(directory: Path, configuration: str) -> tuple[int, str]:
    """Exit code and the one line of a daemon that does not start."""
    file = directory / "refused.yaml"
    text = configuration.replace("{dir}", str(directory)).replace("PORT", str(unused_port()))
    file.write_text(text)
    code, output, error = _ran("run", "--config", str(file))
    assert output == ""
    (line,) = error.splitlines()
    return code, line


@pytest.mark.parametrize("words", [("check-config",), ("run", "--config")])
def test_ten_mistakes_are_ten_lines_with_place_and_remedy(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(TEN_MISTAKES)
    assert len(TOLD) == 10
    wanted = "".join(f"{file}:{line}\n" for line in TOLD)
    assert _ran(*words, str(file)) == (78, "", wanted)
    assert list(tmp_path.iterdir()) == [file]


def test_keys_over_an_endpoints_limit_are_one_line(tmp_path: Path) -> None:
    keys = f"SysvarC1ock{'1' * 32}, SysvarRent{'1' * 33}"
    text = SOUND.replace("name: ams,", "name: ams, limits: {pubkeys: 1},")
    text = text.replace("transactions: {}", f"transactions: {{account_exclude: [{keys}]}}")
    assert _refused(tmp_path, text) == (
        78,
        "endpoint ams: limits.pubkeys is 1, and transactions.account_exclude of monitor all has 2 keys; "
        "shorten the list, or use an endpoint that allows more",
    )


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        told = _refused(tmp_path, SOUND.replace('"127.0.0.1:0"', f'"127.0.0.1:{port}"'))
    assert told == (
        1,
        f"api.listen: 127.0.0.1:{port} cannot be listened on: Address already in use; "
        "stop what uses it or change api.listen (port 0 picks a free one)",
    )


def test_a_file_in_the_place_of_the_state_directory_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    assert _refused(tmp_path, SOUND) == (
        1,
        f"{tmp_path}/state: Not a directory; make it writable or change state_dir",
    )


def test_a_sink_that_cannot_write_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").mkdir()
    assert _refused(tmp_path, SOUND) == (
        1,
        f"{tmp_path}/events.jsonl: Is a directory; make it writable or change `path`",
    )


def test_a_sink_below_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "events").write_text("")
    assert _refused(tmp_path, SOUND.replace("events.jsonl", "events/all.jsonl")) == (
        1,
        f"{tmp_path}/events/all.jsonl: Not a directory; make it writable or change `path`",
    )


def test_a_second_daemon_names_the_pid_of_the_first(tmp_path: Path) -> None:
    with daemon(tmp_path, SOUND.replace("PORT", str(unused_port()))) as running:
        until(lambda: (tmp_path / "state" / "api.url").exists())
        assert _refused(tmp_path, SOUND) == (
            1,
            f"{tmp_path}/state is in use by process {running.process.pid}; "
            "stop it or change state_dir",
        )
        assert running.get("/healthz")[0] == 200
        assert running.stop() == 0


@pytest.mark.parametrize("words", [("nonsense",), ("run", "--loud"), ("run",)])
def test_wrong_words_are_a_matter_of_usage(words: tuple[str, ...]) -> None:
    code, output, error = _ran(*words)
    assert (code, output) == (2, "")
    assert error.startswith("Usage: chain-monitor")
    assert "Traceback" not in error
