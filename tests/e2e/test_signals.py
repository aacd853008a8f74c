"""What signals do to a running daemon."""

import signal
from pathlib import Path

import pytest

from tests.adapters.grpc.servers import unused_port
from tests.e2e.logs import lines
from tests.e2e.processes import daemon, until

pytestmark = pytest.mark.real_time

CONFIGURATION = """\
state_dir: {dir}/state
endpoints: [{name: ams, url: "http://127.0.0.1:PORT"}]
monitors: [{name: all, transactions: {}}]
sinks: [{name: file, kind: jsonl, monitors: [all], path: "{dir}/events.jsonl"}]
api: {listen: "127.0.0.1:0"}
"""


def test_a_hang_up_does_not_end_the_daemon_and_an_interrupt_does(tmp_path: Path) -> None:
    text = CONFIGURATION.replace("PORT", str(unused_port()))
    with daemon(tmp_path, text) as running:
        until(lambda: "a feed ended" in running.log())
        for _ in range(3):
            running.process.send_signal(signal.SIGHUP)
            assert running.get("/healthz")[0] == 200
        tries = running.log().count("a feed ended")
        until(lambda: running.log().count("a feed ended") > tries)
        assert running.stop(signal.SIGINT) == 0
    told = [line["event"] for line in lines(running.log())]
    assert told[-2:] == ["a signal to stop came", "the daemon stopped"]
    assert lines(running.log())[-2]["signal"] == "SIGINT"
