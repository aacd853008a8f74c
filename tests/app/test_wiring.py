"""Wiring: each part of the configuration reaches the part of the daemon that it is for."""

import json
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from monitor.adapters.grpc.settings import GrpcSettings, Reader
from monitor.adapters.sinks.jsonl import JsonlSink
from monitor.adapters.sinks.null import NullSink
from monitor.adapters.sinks.stdout import StdoutSink
from monitor.app.configuration import Sink
from monitor.app.outset import set_out
from monitor.app.wiring import assemble, grpc_settings, hold_of, judged_of, make_sink
from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Fetch, OpenFeed, Release, Report
from monitor.core.events import FramesArrived, Started
from monitor.core.jobs import Job, JobState
from monitor.core.monitors import BlocksFilter, Monitor
from monitor.core.origins import Origins
from monitor.core.rungs import Rung
from monitor.core.scope import Scope
from monitor.ports import Clock, Endpoint
from monitor.ports import Sink as SinkPort
from monitor.runtime.driver import World
from monitor.stored import StoredSlot
from monitor.wire.plan import compile_plan
from tests.app.configurations import KEY, LEAST, loaded
from tests.app.daemons import NOBODY, StillClock, assembled, configuration, until
from tests.core.play import created, tx
from tests.runtime.fakes import (
    EvenDice,
    Journal,
    MemoryLedger,
    MemorySink,
    ScriptedBlocks,
    ScriptedFeeds,
)
from tests.runtime.test_delivery import transaction

SINKS = """\
endpoints: [{name: ams, url: "http://127.0.0.1:1"}]
state_dir: state
monitors: [{name: one, transactions: {}}, {name: two, transactions: {}}]
sinks:
"""


RPCS = """\
rpc:
  - {name: main, url: "http://127.0.0.1:1"}
  - {name: old, url: "http://127.0.0.1:1", archive: true}
"""


def sinks(directory: Path, *lines: str) -> tuple[Sink, ...]:
    """Sinks of a configuration."""
    return loaded(directory, SINKS + "".join(f"  - {line}\n" for line in lines)).sinks


@pytest.mark.parametrize(
    ("line", "adapter"),
    [
        ("{name: s, kind: jsonl, monitors: [one], path: events.jsonl}", JsonlSink),
        ("{name: s, kind: stdout, monitors: [one]}", StdoutSink),
        ('{name: s, kind: "null", monitors: [one]}', NullSink),
    ],
)
def test_each_kind_of_sink_has_its_adapter(tmp_path: Path, line: str, adapter: type) -> None:
    (sink,) = sinks(tmp_path, line)
    assert isinstance(make_sink(sink, StillClock()), adapter)


async def test_a_file_is_kept_as_the_configuration_says(tmp_path: Path) -> None:
    (sink,) = sinks(
        tmp_path,
        "{name: s, kind: jsonl, monitors: [one], path: e.jsonl, rotate_mb: 0.0001, keep: 1}",
    )
    file = make_sink(sink, StillClock())
    await file.open()
    for _ in range(4):
        await file.write([b"x" * 80 + b"\n"])
    await file.close()
    assert len(list(tmp_path.glob("e*.jsonl"))) == 2


def test_the_most_patient_ordered_sink_says_how_long_slots_are_held(tmp_path: Path) -> None:
    found = sinks(
        tmp_path,
        "{name: a, kind: stdout, monitors: [one], hold: 3s}",
        '{name: b, kind: "null", monitors: [one], hold: 1s}',
        '{name: c, kind: "null", monitors: [one], hold: 9s, order: arrival}',
    )
    assert hold_of(found) == 3.0
    assert hold_of(found[2:]) == 0.0
    assert hold_of(()) == 0.0


def test_the_policy_is_the_configurations(tmp_path: Path) -> None:
    daemon = assembled(configuration(tmp_path, {"ams": NOBODY}, more="start_slot: 77\n"))
    kernel = daemon.driver.kernel
    assert kernel.gate.history.current.of_monitor == (Commitment.PROCESSED,)
    assert kernel.gate.terms.hold == 2.0
    assert kernel.handle(Started(), 0.0) == [OpenFeed(1, 0, 1, 77)]


def test_blocks_are_believed_as_the_configuration_says(tmp_path: Path) -> None:
    ends = {"ams": NOBODY, "nyc": NOBODY}
    one = assembled(configuration(tmp_path, ends)).driver.kernel
    more = "failover: {confirm_quorum: 2}\n"
    two = assembled(configuration(tmp_path, ends, more=more)).driver.kernel
    assert one.join.quorum is None
    assert two.join.quorum is not None


def test_one_endpoint_is_asked_for_everything_at_standby(tmp_path: Path) -> None:
    text = "failover: {strategy: standby}\n"
    daemon = assembled(configuration(tmp_path, {"ams": NOBODY, "nyc": NOBODY}, more=text))
    commands = daemon.driver.kernel.handle(Started(), 0.0)
    opened = [each.scope for each in commands if isinstance(each, OpenFeed)]
    assert opened == [Scope.EVERYTHING, Scope.CHAIN]
    assert daemon.driver.kernel.gate.terms.witnesses == 1


def test_a_probe_that_is_decided_on_is_made(tmp_path: Path) -> None:
    daemon = assembled(configuration(tmp_path, {"ams": NOBODY}))
    assert daemon.driver.probe == daemon.probing.ask


def test_frames_that_wait_for_their_level_are_bounded_by_the_memory_limit(tmp_path: Path) -> None:
    sink = '  - {name: s, kind: "null", monitors: [one]}\n'
    daemon = assembled(loaded(tmp_path, SINKS + sink + "limits: {memory_mb: 160}\n"))
    kernel = daemon.driver.kernel
    kernel.handle(Started(), 0.0)
    kernel.handle(FramesArrived(1, [created(5), (*tx(5, 0)[:6], bytes(13 * 2**20))]), 0.0)
    assert kernel.tally.shed == 1
    assert kernel.gate.held_bytes == 0


@pytest.mark.parametrize(
    ("reader", "can_amend"), [("segregated", True), ("plain", True), ("single_threaded", False)]
)
def test_a_reader_that_cannot_send_twice_is_never_asked_to(
    tmp_path: Path, reader: str, can_amend: bool
) -> None:
    daemon = assembled(configuration(tmp_path, {"ams": NOBODY}), reader=reader)
    assert daemon.driver.kernel.connections.can_amend == can_amend


async def test_each_sink_gets_the_monitors_that_it_names(tmp_path: Path) -> None:
    watched = loaded(
        tmp_path,
        SINKS
        + "  - {name: a, kind: stdout, monitors: [two]}\n"
        + "  - {name: b, kind: stdout, monitors: [two, one]}\n",
    )
    made: dict[str, MemorySink] = {}

    def make(sink: Sink, _clock: Clock) -> SinkPort:
        return made.setdefault(sink.name, MemorySink())

    daemon = assembled(watched, make=make)
    daemon.delivery.hand_on(Release(Commitment.CONFIRMED, [transaction(0b01), transaction(0b11)]))
    for outbox in daemon.outboxes:
        outbox.finish()
        await outbox.run()
    assert [b'"monitors":["two"]' in line for line in made["a"].lines] == [True]
    assert len(made["b"].lines) == 2


def test_the_ladder_is_the_configurations(tmp_path: Path) -> None:
    store = MemoryLedger(settled=9)
    store.found_jobs = [Job(3, 4, Rung.RPC, 1, JobState.OPEN)]
    store.certificates = {3: left_open(3)}
    text = SINKS + '  - {name: s, kind: "null", monitors: [one]}\n' + RPCS
    watched = loaded(tmp_path, text + "recovery: {max_retries: 7}\n")
    daemon = assembled(watched, store=store, blocks=ScriptedBlocks("main", "old"))
    policy = daemon.driver.kernel.repair.policy
    assert (policy.attempts, policy.jobs) == (7, tuple(store.found_jobs))
    assert policy.rungs == (Rung.REPLAY, Rung.RPC, Rung.ARCHIVE)
    assert daemon.driver.kernel.origins == Origins(endpoints=1, rpcs=2)
    assert daemon.driver.recovering is daemon.recovering


def test_slots_that_an_earlier_process_left_open_are_open(tmp_path: Path) -> None:
    store = MemoryLedger(settled=9)
    store.certificates = {slot: left_open(slot) for slot in (3, 4, 7)}
    text = SINKS + '  - {name: s, kind: "null", monitors: [one]}\n'
    assert assembled(loaded(tmp_path, text), store=store).driver.kernel.open_slots() == 3


def left_open(slot: int) -> StoredSlot:
    """A certificate of a slot of which something is missing."""
    return StoredSlot(slot, SlotEnd.PARTIAL, "", None, None, None, (), (), (), None, 0)


async def test_records_name_the_rpc_that_brought_them(tmp_path: Path) -> None:
    sink = MemorySink()
    text = SINKS + "  - {name: a, kind: stdout, monitors: [one]}\n" + RPCS
    blocks = ScriptedBlocks("main", "old")
    daemon = assembled(loaded(tmp_path, text), make=lambda *_: sink, blocks=blocks)
    origins = daemon.driver.kernel.origins
    came = [
        (mask, origin, *rest)
        for origin in (0, origins.replay(0), origins.rpc(0), origins.rpc(1))
        for mask, _, *rest in [transaction(0b01)]
    ]
    daemon.delivery.hand_on(Release(Commitment.CONFIRMED, came))  # type: ignore[arg-type]
    daemon.outboxes[0].finish()
    await daemon.outboxes[0].run()
    assert [(r["source"], r["endpoint"]) for r in map(json.loads, sink.lines)] == [
        ("live", "ams"),
        ("replay", "ams"),
        ("rpc", "main"),
        ("archive", "old"),
    ]


async def test_no_more_blocks_are_asked_for_at_once_than_the_configuration_says(
    tmp_path: Path,
) -> None:
    blocks = ScriptedBlocks("main", "old", delay=0.01)
    text = SINKS + '  - {name: s, kind: "null", monitors: [one]}\n' + RPCS
    daemon = assembled(loaded(tmp_path, text + "recovery: {batch_size: 3}\n"), blocks=blocks)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(daemon.recovering.run)
        for slot in range(9):
            daemon.recovering.perform(Fetch(slot, Rung.RPC, 1))

        async def are_asked() -> bool:
            return len(blocks.asked) == 9

        await until(are_asked)
        tasks.cancel_scope.cancel()
    assert blocks.most_under_way == 3


def test_what_any_endpoint_was_not_asked_for_exactly_is_judged_here() -> None:
    monitors = [Monitor(name, blocks=BlocksFilter()) for name in ("one", "two")]
    exact = compile_plan(monitors, Commitment.CONFIRMED, Endpoint("a", "http://a"))
    joined = compile_plan(monitors, Commitment.CONFIRMED, Endpoint("b", "http://b", max_filters=1))
    assert judged_of([exact]) == {}
    assert judged_of([exact, joined, exact]) == {Kind.BLOCK: 0b11}
    parts = [replace(joined, judged={Kind.BLOCK: mask}) for mask in (0b01, 0b10)]
    assert judged_of(parts) == {Kind.BLOCK: 0b11}


def test_a_monitor_that_names_accounts_is_judged_here_on_the_last_write(tmp_path: Path) -> None:
    watched = loaded(
        tmp_path,
        f"""\
endpoints:
  - {{name: ams, url: "http://127.0.0.1:1"}}
  - {{name: nyc, url: "http://127.0.0.1:1"}}
state_dir: state
monitors:
  - {{name: one, slots: {{}}}}
  - {{name: two, accounts: {{account: [{KEY}], owner: [{KEY}]}}}}
sinks: [{{name: n, kind: "null", monitors: [one, two]}}]
""",
    )
    plans = [
        compile_plan(watched.monitors, watched.commitment.level, endpoint)
        for endpoint in watched.endpoints
    ]
    assert judged_of(plans) == {Kind.ACCOUNT: 0b10}


def test_streams_are_read_as_the_configuration_says(tmp_path: Path) -> None:
    more = "ingest: {reader: segregated, max_message_mb: 2, gzip: true, feed_buffer_mb: 0.5}\n"
    watched = loaded(tmp_path, LEAST + more)
    assert grpc_settings(watched) == GrpcSettings(
        reader=Reader.SEGREGATED, max_message_mb=2, gzip=True, feed_buffer_bytes=2**19
    )


def test_whom_decisions_have_probed_is_asked_out_of_turn(tmp_path: Path) -> None:
    made = assembled(configuration(tmp_path, {"ams": NOBODY}))
    assert made.driver.probe == made.probing.ask


def test_who_was_drained_before_this_start_stays_so_and_it_is_said(tmp_path: Path) -> None:
    store, journal, clock = MemoryLedger(), Journal(), StillClock()
    store.keep_drain("nyc", 10**9)
    store.keep_drain("gone", 7)
    world = World(ScriptedFeeds(), clock, EvenDice(), journal)
    configured = configuration(tmp_path, {"ams": NOBODY, "nyc": NOBODY})
    outset = set_out(configured, world, store, lambda *_: MemorySink())
    kernel = assemble(configured, world, "plain", outset).driver.kernel
    opened = [c.endpoint for c in kernel.handle(Started(), 0.0) if isinstance(c, OpenFeed)]
    assert (opened, kernel.steering.wishes.drained) == ([0], frozenset({1}))
    assert [report for report in journal.reports if "drained" in report.sentence] == [
        Report(
            "warning",
            "an endpoint stayed drained",
            {
                "endpoint": "nyc",
                "since": "1970-01-01T00:00:01.000000Z",
                "remedy": "chain-monitor endpoints release nyc",
            },
        )
    ]


async def test_endpoints_are_checked_as_often_as_the_configuration_says(tmp_path: Path) -> None:
    more = "failover: {health_check_interval: 7s}\n"
    daemon = assembled(configuration(tmp_path, {"ams": NOBODY}, more=more))
    assert daemon.probing.checked_every == 7.0
