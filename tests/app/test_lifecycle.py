"""A daemon's life on real sockets: it starts, watches, answers, stops, and says why it cannot."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import anyio
import orjson
import pytest
from typing_extensions import override

from monitor.adapters.systemd.notify import Notifier
from monitor.app.configuration import Sink
from monitor.app.lifecycle import cause_of, running
from monitor.app.state_directory import StateDirectory
from monitor.core.errors import (
    ConfigurationRefused,
    ListenRefused,
    MonitorError,
    PlanRefused,
    ReaderLeft,
    SinkFailed,
)
from monitor.ports import Clock
from monitor.ports import Sink as SinkPort
from tests.app.configurations import loaded
from tests.app.daemons import NOBODY, cluster, configuration, get, surroundings, until
from tests.patience import PATIENCE
from tests.runtime.fakes import Abandoned, Journal, MemorySink

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.real_time


class Slow(MemorySink):
    """Takes nothing in time, once it was told so."""

    @override
    async def write(self, lines: Sequence[bytes]) -> None:
        await anyio.sleep(3600)


async def test_watches_a_cluster_and_stops_with_every_sink_flushed(tmp_path: Path) -> None:
    journal = Journal()
    with cluster("ams", "nyc") as simulated:
        watched = configuration(tmp_path, simulated.endpoints)
        events = tmp_path / "events.jsonl"
        async with running(watched, surroundings(journal)) as daemon:

            async def flows() -> bool:
                return daemon.outboxes[0].written > 200

            await until(flows)
            address = (tmp_path / "state" / "api.url").read_text().strip()

            async def is_ready() -> bool:
                return (await get(f"{address}/readyz"))[0] == 200

            await until(is_ready)
            assert (await get(f"{address}/healthz"))[0] == 200
            status, metrics = await get(f"{address}/metrics")
            assert status == 200
            assert 'chain_monitor_messages_total{endpoint="nyc",kind="transaction"}' in metrics
        assert daemon.outboxes[0].queued_bytes == 0
        records = [orjson.loads(line) for line in events.read_bytes().splitlines()]
        assert len(records) == daemon.outboxes[0].written
        assert len({record["id"] for record in records}) == len(records)
    sentences = journal.sentences()
    assert sentences[0] == "a reader was chosen"
    assert "the API listened" in sentences
    assert sentences.count("a feed opened") == 2
    assert sentences[-1] == "the daemon stopped"


async def test_every_endpoint_is_asked_for_its_version_while_others_cannot_be_reached(
    tmp_path: Path,
) -> None:
    journal = Journal()
    with cluster("nyc") as simulated:
        watched = configuration(tmp_path, {"ams": NOBODY, **simulated.endpoints})

        async def are_told() -> bool:
            return len([line for line in journal.sentences() if "an endpoint" in line]) == 2

        async with running(watched, surroundings(journal)):
            await until(are_told)
    told = {r.facts["endpoint"]: r for r in journal.reports if "an endpoint" in r.sentence}
    assert told["nyc"].facts["version"] == "yellowstone-grpc-geyser 15.1.2"
    assert told["ams"].facts["why"].startswith("UNAVAILABLE")


async def test_a_mute_probe_does_not_keep_the_daemon_from_stopping(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        watched = configuration(tmp_path, {"ams": f"http://127.0.0.1:{mute.getsockname()[1]}"})
        journal = Journal()
        async with running(watched, surroundings(journal)):
            pass
    assert journal.sentences()[-1] == "the daemon stopped"
    assert not any("an endpoint" in line for line in journal.sentences())


async def test_is_not_ready_while_no_endpoint_can_be_reached(tmp_path: Path) -> None:
    journal = Journal()
    async with running(configuration(tmp_path, {"ams": NOBODY}), surroundings(journal)) as daemon:
        address = (tmp_path / "state" / "api.url").read_text().strip()

        async def failed() -> bool:
            return bool(daemon.driver.kernel.connections.errors[0])

        await until(failed)
        status, body = await get(f"{address}/readyz")
    assert status == 503
    reasons = orjson.loads(body)["reasons"]
    assert reasons[0] == "no feed has brought a whole slot yet"
    assert reasons[1].startswith("endpoint ams is not streaming: unreachable (")
    (ended,) = [r for r in journal.reports if r.sentence == "a feed ended"][:1]
    assert ended.facts["reason"] == "unreachable"


async def test_systemd_is_asked_for_time_until_the_daemon_is_ready(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, cluster("ams") as simulated:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        around = replace(surroundings(), notifier=Notifier(str(tmp_path / "notify")))
        told: list[str] = []

        async def says(word: str) -> bool:
            with suppress(BlockingIOError):
                told.append(systemd.recv(4096).decode())
            return any(line.startswith(word) for line in told)

        async with running(configuration(tmp_path, {"ams": NOBODY}), around):
            await until(lambda: says("EXTEND_TIMEOUT_USEC="))
        await until(lambda: says("STOPPING=1"))
        down = told.copy()
        told.clear()
        async with running(configuration(tmp_path, simulated.endpoints), around):
            await until(lambda: says("READY=1"))
    assert {line.partition("\n")[0] for line in down[:-1]} == {"EXTEND_TIMEOUT_USEC=30000000"}
    reasons = "no feed has brought a whole slot yet; endpoint ams is not streaming: "
    assert f"\nSTATUS={reasons}" in down[0]
    assert told[-1].startswith("READY=1\nSTATUS=watching, slot ")


async def test_a_reader_that_leaves_stops_the_daemon_in_order_and_other_sinks_keep_all(
    tmp_path: Path,
) -> None:
    journal = Journal()
    sinks = {"pipe": Abandoned(batches=3), "file": MemorySink()}
    two = (
        "{name: pipe, kind: stdout, monitors: [all]}\n"
        "  - {name: file, kind: stdout, monitors: [all]}"
    )
    around = surroundings(journal, lambda sink, _clock: sinks[sink.name])
    with cluster("ams") as simulated, pytest.raises(ReaderLeft, match="its reader has left"):
        async with running(configuration(tmp_path, simulated.endpoints, sinks=two), around):
            await anyio.sleep_forever()
    kept, taken = sinks["file"], sinks["pipe"]
    assert kept.closed
    assert kept.lines[: len(taken.lines)] == taken.lines
    assert len(kept.lines) > len(taken.lines)
    assert "sinks did not take all before the stop" not in journal.sentences()
    assert journal.sentences()[-1] == "the daemon stopped"


async def test_warns_of_sections_that_have_no_effect(tmp_path: Path) -> None:
    journal = Journal()
    more = "signals: {chain: full}\n"
    async with running(configuration(tmp_path, {"ams": NOBODY}, more=more), surroundings(journal)):
        pass
    warnings = [report.facts for report in journal.reports if report.level == "warning"]
    assert warnings[0] == {"section": "signals"}


async def test_tells_what_cannot_be_recovered(tmp_path: Path) -> None:
    journal = Journal()
    async with running(configuration(tmp_path, {"ams": NOBODY}), surroundings(journal)):
        pass
    (told,) = [r for r in journal.reports if r.sentence == "some losses cannot be recovered"]
    assert told.level == "info"
    assert str(told.facts["what"]).startswith("there is no rpc: ")


async def test_tells_of_monitors_that_spread_cannot_divide(tmp_path: Path) -> None:
    journal, more = Journal(), "failover: {strategy: spread}"
    three = dict.fromkeys(("ams", "nyc", "tyo"), NOBODY)
    async with running(configuration(tmp_path, three, more=more), surroundings(journal)):
        pass
    (told,) = [r for r in journal.reports if r.sentence == "monitors are not divided"]
    assert told.level == "warning"
    assert str(told.facts["why"]).startswith("spread carries all monitors on two feeds, since ")


async def test_a_sink_that_cannot_be_opened_is_told_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sinks = "{name: file, kind: jsonl, monitors: [all], path: file/events.jsonl}"
    watched = configuration(tmp_path, {"ams": NOBODY}, sinks=sinks)
    with pytest.raises(SinkFailed, match=r"file/events\.jsonl: .*; "):
        async with running(watched, surroundings()):
            pytest.fail("it ran")


async def test_a_taken_port_is_told_as_it_is_and_sinks_are_closed(tmp_path: Path) -> None:
    sink = MemorySink()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        api = f"127.0.0.1:{taken.getsockname()[1]}"
        watched = configuration(tmp_path, {"ams": NOBODY}, api=api)
        with pytest.raises(ListenRefused, match=f"{api} cannot be listened on"):
            async with running(watched, surroundings(make=lambda *_: sink)):
                pytest.fail("it ran")
    assert sink.closed


async def test_monitors_that_do_not_fit_an_endpoint_are_refused(tmp_path: Path) -> None:
    watched = loaded(
        tmp_path,
        """\
endpoints: [{name: ams, url: "http://127.0.0.1:1", limits: {filters: 1}}]
state_dir: state
ingest: {reader: plain}
monitors:
  - {name: one, transactions_status: {account_include: ["11111111111111111111111111111111"]}}
  - {name: two, transactions_status: {}}
sinks: [{name: none, kind: "null", monitors: [one, two]}]
api: {listen: "127.0.0.1:0"}
""",
    )
    with pytest.raises(PlanRefused, match=r"endpoint ams: limits\.filters is 1"):
        async with running(watched, surroundings()):
            pytest.fail("it ran")


async def test_cores_that_the_process_may_not_use_are_a_mistake_of_the_configuration(
    tmp_path: Path,
) -> None:
    watched = configuration(tmp_path, {"ams": NOBODY})
    elsewhere = replace(watched, ingest=replace(watched.ingest, cores=(1023,)))
    with pytest.raises(ConfigurationRefused, match=r"config\.yaml: ingest\.cores: this process"):
        async with running(elsewhere, surroundings()):
            pytest.fail("it ran")


async def test_keeps_to_the_cores_that_it_is_given(tmp_path: Path) -> None:
    allowed = os.sched_getaffinity(0)
    core = min(allowed)
    watched = configuration(tmp_path, {"ams": NOBODY})
    try:
        async with running(
            replace(watched, ingest=replace(watched.ingest, cores=(core,))), surroundings()
        ):
            assert os.sched_getaffinity(0) == {core}
    finally:
        os.sched_setaffinity(0, allowed)


async def test_a_failure_of_the_caller_comes_out_as_it_is(tmp_path: Path) -> None:
    sink = MemorySink()
    watched = configuration(tmp_path, {"ams": NOBODY})
    with pytest.raises(KeyError, match="slot"):
        async with running(watched, surroundings(make=lambda *_: sink)):
            raise KeyError("slot")
    assert sink.closed


async def test_a_sink_that_takes_nothing_does_not_keep_the_daemon_from_stopping(
    tmp_path: Path,
) -> None:
    journal = Journal()

    def make(_sink: Sink, _clock: Clock) -> SinkPort:
        return Slow()

    async with running(
        configuration(tmp_path, {"ams": NOBODY}), surroundings(journal, make)
    ) as daemon:
        daemon.outboxes[0].put(b"a record\n", 5)
    (left,) = [r for r in journal.reports if r.sentence.startswith("sinks did not take all")]
    assert left.facts == {"bytes": {"file": 9}}


async def test_a_sink_that_fails_shows_while_it_does(tmp_path: Path) -> None:
    sink = MemorySink(failures=1_000_000)
    with cluster("ams") as simulated:
        watched = configuration(tmp_path, simulated.endpoints)
        async with running(watched, surroundings(make=lambda *_: sink)):
            address = (tmp_path / "state" / "api.url").read_text().strip()

            async def is_told() -> bool:
                return "sink file fails: memory: full; forget something" in (
                    await get(f"{address}/readyz")
                )[1].split('"')

            await until(is_told)
            metrics = (await get(f"{address}/metrics"))[1]
            assert 'chain_monitor_sink_records_total{sink="file"} 0.0' in metrics
            assert 'chain_monitor_sink_failures_total{sink="file"} 0.0' not in metrics
            sink.failures = 0

            async def is_ready() -> bool:
                return (await get(f"{address}/readyz"))[0] == 200

            await until(is_ready)


def test_of_several_errors_of_ours_the_first_is_told() -> None:
    first, second = SinkFailed("a"), ListenRefused("b")
    assert cause_of(ExceptionGroup("", [ExceptionGroup("", [first]), second])) is first


def test_a_bug_among_several_errors_is_not_hidden() -> None:
    group = ExceptionGroup("", [SinkFailed("a"), KeyError("b")])
    assert cause_of(group) is group


def test_an_only_bug_is_told_without_its_wrapping() -> None:
    bug = KeyError("b")
    assert cause_of(ExceptionGroup("", [ExceptionGroup("", [bug])])) is bug
    assert not isinstance(bug, MonitorError)


def run(directory: Path) -> subprocess.Popen[str]:
    """`chain-monitor run` as a process, with its log on standard error."""
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", "run", "--config", str(directory / "config.yaml")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_command_line_says_in_one_line_that_the_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        api = f"127.0.0.1:{taken.getsockname()[1]}"
        configuration(tmp_path, {"ams": NOBODY}, api=api)
        process = run(tmp_path)
        output, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (1, "")
    told = [line for line in error.splitlines() if not line.startswith("{")]
    assert len(told) == 1
    assert told[0].startswith(f"api.listen: {api} cannot be listened on")


def test_a_second_daemon_is_refused_naming_the_first_ones_pid(tmp_path: Path) -> None:
    configuration(tmp_path, {"ams": NOBODY})
    with StateDirectory(tmp_path / "state"):
        process = run(tmp_path)
        output, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (1, "")
    assert error == (
        f"{tmp_path / 'state'} is in use by process {os.getpid()}; stop it or change state_dir\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_daemon_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    configuration(tmp_path, {"ams": NOBODY})
    process = run(tmp_path)
    assert process.stderr is not None
    for line in process.stderr:
        if "the API listened" in line:
            break
    process.send_signal(signal.SIGHUP)
    process.send_signal(number)
    output, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (0, "")
    logged = [orjson.loads(line) for line in error.splitlines()]
    assert [line["signal"] for line in logged if "signal" in line] == [number.name]
    assert logged[-1]["event"] == "the daemon stopped"
