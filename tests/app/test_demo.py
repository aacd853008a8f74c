"""The demo's own text, ports and refusals; how it runs is tested end to end."""

import fcntl
import io
import os
import re
import socket
from pathlib import Path

import pytest

from monitor.app.configuration import JsonlSink, load
from monitor.app.demo import REGIONS, USUAL_PORT, Places, configuration_text, run_demo
from monitor.core.chain import Commitment
from tests.app.configurations import written


def test_the_usual_ports_are_those_that_the_documents_name(tmp_path: Path) -> None:
    places = Places.of(tmp_path, USUAL_PORT)
    assert places.ports() == [10000, 10001, 10002, 10003, 9999, 3002]


def test_other_ports_lie_next_to_each_other(tmp_path: Path) -> None:
    ports = Places.of(tmp_path, 20000).ports()
    assert ports == [20000, 20001, 20002, 20003, 20008, 20009]


@pytest.mark.parametrize(
    "folder", ["plain", "with space", "it's, {odd}: #1", "käse", "costs ${MONEY}"]
)
def test_the_configuration_that_it_writes_loads(tmp_path: Path, folder: str) -> None:
    directory = tmp_path / folder
    directory.mkdir()
    text = configuration_text(Places.of(directory, 20000))
    configuration = load(written(directory, text), {})
    assert [endpoint.name for endpoint in configuration.endpoints] == [r[0] for r in REGIONS]
    assert configuration.endpoints[2].url == "http://127.0.0.1:20002"
    assert [rpc.url for rpc in configuration.rpc] == ["http://127.0.0.1:20003"]
    assert configuration.commitment.level == Commitment.CONFIRMED
    assert configuration.state_dir == directory.resolve() / "state"
    assert configuration.api.listen == "127.0.0.1:20009"
    (sink,) = configuration.sinks
    assert isinstance(sink, JsonlSink)
    assert sink.path == str(directory.resolve() / "events.jsonl")
    assert set(sink.monitors) == {monitor.name for monitor in configuration.monitors}
    assert configuration.without_effect == ()


@pytest.mark.real_time
def test_taken_ports_are_named_and_nothing_is_touched(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("kept\n")
    said = io.StringIO()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run_demo(tmp_path, 0.3, port, io.StringIO(), said) == 1
    assert re.match(rf"port {port}(, \d+)* (is|are) taken", said.getvalue())  # or some behind it
    assert len(said.getvalue().splitlines()) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["events.jsonl"]
    assert said.getvalue().endswith("scripts/run demo --ports 20000\n")


def test_a_folder_where_a_demo_runs_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("kept\n")
    said = io.StringIO()
    running = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(running, fcntl.LOCK_EX)
    try:
        assert run_demo(tmp_path, 0.3, 20000, io.StringIO(), said) == 1
    finally:
        os.close(running)
    assert said.getvalue().startswith(f"a demo is running in {tmp_path}; ")
    assert [entry.name for entry in tmp_path.iterdir()] == ["events.jsonl"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = io.StringIO()
    assert run_demo(tmp_path / "file" / "demo", 0.3, 20000, io.StringIO(), said) == 1
    where = tmp_path / "file" / "demo"
    assert said.getvalue() == f"{where}: Not a directory; choose another folder with --dir\n"
