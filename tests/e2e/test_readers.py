"""Every way of reading a stream gives the same events, and they are the truth's."""

from contextlib import ExitStack

import pytest

from tests.e2e.expected import Record, bare, expected, records, stream
from tests.e2e.logs import lines
from tests.e2e.processes import Daemon, cluster, daemon, until

pytestmark = pytest.mark.real_time

READERS = {
    "segregated": "{reader: segregated}",
    "single_threaded": "{reader: single_threaded}",
    "plain": "{reader: plain}",
    "process": "{reader: segregated, workers: process}",
    "without_event_engine": "{reader: segregated, event_engine: off}",
}
"""Ways of reading, and what the configuration says of them."""
FIRST = 300_000_000
SLOTS = range(FIRST, FIRST + 40)

CONFIGURATION = """\
state_dir: {dir}/state
endpoints: [{name: ams, url: "AMS"}]
ingest: INGEST
monitors:
  - {name: all, transactions: {}}
  - {name: chain, slots: {}, blocks_meta: {}, entry: {}}
sinks: [{name: file, kind: jsonl, monitors: [all, chain], path: "{dir}/events.jsonl"}]
api: {listen: "127.0.0.1:0"}
"""

WANTS = {
    "all": lambda r: r["kind"] == "transaction",
    "chain": lambda r: r["kind"] in ("slot", "block_meta", "entry"),
}


def _has_ended(running: Daemon) -> bool:
    last = f'"id":"{SLOTS[-1]}:slot:finalized"'.encode()
    return running.events.exists() and last in running.events.read_bytes()


@pytest.fixture(scope="module")
def watched(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, Record], dict[str, Daemon]]:
    """The truth by id, and a daemon a reader, all stopped: they watched one region at the same time."""
    directory = tmp_path_factory.mktemp("readers")
    truth = directory / "truth.jsonl"
    options = ("--slot-time", "0.15", "--start-when", str(len(READERS)))
    with ExitStack() as stack:
        regions = stack.enter_context(cluster(directory, *options, regions="ams"))
        text = CONFIGURATION.replace("AMS", regions.addresses["ams"])
        running = {
            reader: stack.enter_context(daemon(directory / reader, text.replace("INGEST", ingest)))
            for reader, ingest in READERS.items()
        }
        until(lambda: all(_has_ended(each) for each in running.values()))
        for each in running.values():
            assert each.stop() == 0
        until(lambda: f'"id":"{SLOTS[-1]}:slot:finalized"'.encode() in truth.read_bytes())
    return expected(records(truth), WANTS, SLOTS), running


@pytest.mark.parametrize("reader", READERS)
def test_the_events_are_the_truth(
    watched: tuple[dict[str, Record], dict[str, Daemon]], reader: str
) -> None:
    wanted, running = watched
    events = [event for event in stream(running[reader].directory) if event["slot"] in SLOTS]
    found = {event["id"]: bare(event) for event in events}
    assert len(found) == len(events)
    assert sorted(wanted.keys() ^ found.keys()) == []
    assert [key for key, record in wanted.items() if found[key] != record] == []


@pytest.mark.parametrize("reader", READERS)
def test_the_reader_is_the_one_that_was_asked_for(
    watched: tuple[dict[str, Record], dict[str, Daemon]], reader: str
) -> None:
    told = lines(watched[1][reader].log())
    chosen = [line["reader"] for line in told if line["event"] == "a reader was chosen"]
    assert len(chosen) == 1
    assert f"reader: {chosen[0]}" in READERS[reader]
    warnings = [line["event"] for line in told if line["level"] in ("warning", "error")]
    assert [event for event in warnings if "endpoint" not in event] == []  # the machine may stall
