import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.adapters.metrics import exposition
from monitor.adapters.metrics.exposition import Exposition
from monitor.adapters.metrics.snapshot import EndpointCounts, SinkCounts, Snapshot
from monitor.core.certificates import Coverage
from monitor.core.chain import Commitment

TOOLS = Path(__file__).resolve().parents[3] / ".tools" / "bin"

FULL = Snapshot(
    endpoints={
        "ams": EndpointCounts(
            messages={"transaction": 5, "slot": 2},
            frames_bytes=700,
            duplicates=3,
            missed=9,
            filter_disagreements=6,
            errors={"lagged": 1},
            open_feeds=1,
            last_message_age=0.25,
            reader="segregated",
        ),
        "nyc": EndpointCounts(),
    },
    sinks={
        "file": SinkCounts(
            events={("usdc", "transaction"): 4}, queued_bytes=90, records=31, failures=7
        )
    },
    slots={"complete": 8, "skipped": 1},
    gaps=5,
    open_slots=2,
    store_failures=4,
    frontiers={"processed": 12, "confirmed": 11},
    durable_slot=10,
    coverage=Coverage(complete=6, produced=8, by_height=True),
    tip_slot=13,
    shed={"memory": 2},
    commitment=Commitment.CONFIRMED,
    commitment_decisions={"tightened": 2, "loosened": 1},
    undos=3,
)


def samples(snapshot: Snapshot) -> dict[tuple[str, str], float]:
    """Value by name and labels, of our own metrics."""
    text = Exposition(lambda: snapshot, "1.2.3").text().decode()
    return {
        (sample.name, ",".join(f"{key}={sample.labels[key]}" for key in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("chain_monitor_") and "build" not in sample.name
    }  # fmt: skip


def test_every_count_of_a_snapshot_is_shown_under_its_name() -> None:
    assert samples(FULL) == {
        ("chain_monitor_messages_total", "endpoint=ams,kind=transaction"): 5,
        ("chain_monitor_messages_total", "endpoint=ams,kind=slot"): 2,
        ("chain_monitor_received_bytes_total", "endpoint=ams"): 700,
        ("chain_monitor_received_bytes_total", "endpoint=nyc"): 0,
        ("chain_monitor_duplicates_total", "endpoint=ams"): 3,
        ("chain_monitor_duplicates_total", "endpoint=nyc"): 0,
        ("chain_monitor_endpoint_missed_total", "endpoint=ams"): 9,
        ("chain_monitor_endpoint_missed_total", "endpoint=nyc"): 0,
        ("chain_monitor_filter_disagreements_total", "endpoint=ams"): 6,
        ("chain_monitor_filter_disagreements_total", "endpoint=nyc"): 0,
        ("chain_monitor_endpoint_errors_total", "endpoint=ams,reason=lagged"): 1,
        ("chain_monitor_endpoint_open_feeds", "endpoint=ams"): 1,
        ("chain_monitor_endpoint_open_feeds", "endpoint=nyc"): 0,
        ("chain_monitor_stream_last_message_age_seconds", "endpoint=ams"): 0.25,
        ("chain_monitor_reader_info", "endpoint=ams,reader=segregated"): 1,
        ("chain_monitor_slots_total", "state=complete"): 8,
        ("chain_monitor_slots_total", "state=skipped"): 1,
        ("chain_monitor_frontier_slot", "commitment=processed"): 12,
        ("chain_monitor_frontier_slot", "commitment=confirmed"): 11,
        ("chain_monitor_durable_frontier_slot", ""): 10,
        ("chain_monitor_tip_slot", ""): 13,
        ("chain_monitor_blocks_expected_total", ""): 8,
        ("chain_monitor_blocks_received_total", ""): 6,
        ("chain_monitor_slot_coverage_ratio", ""): 0.75,
        ("chain_monitor_gap_open_slots", ""): 2,
        ("chain_monitor_slots_missing_total", ""): 5,
        ("chain_monitor_store_failures_total", ""): 4,
        ("chain_monitor_shed_total", "reason=memory"): 2,
        ("chain_monitor_commitment_level", ""): 1,
        ("chain_monitor_commitment_decisions_total", "direction=tightened"): 2,
        ("chain_monitor_commitment_decisions_total", "direction=loosened"): 1,
        ("chain_monitor_undos_total", ""): 3,
        ("chain_monitor_events_total", "kind=transaction,monitor=usdc,sink=file"): 4,
        ("chain_monitor_sink_queued_bytes", "sink=file"): 90,
        ("chain_monitor_sink_records_total", "sink=file"): 31,
        ("chain_monitor_sink_failures_total", "sink=file"): 7,
    }


def test_what_is_unknown_is_left_out_and_not_0() -> None:
    assert samples(Snapshot()) == {}


def test_a_chain_without_a_block_yet_has_no_coverage_ratio() -> None:
    shown = samples(Snapshot(coverage=Coverage(complete=0, produced=0, by_height=True)))

    assert shown == {
        ("chain_monitor_blocks_expected_total", ""): 0,
        ("chain_monitor_blocks_received_total", ""): 0,
    }


def test_each_scrape_reads_a_new_snapshot() -> None:
    snapshots = [Snapshot(tip_slot=2), Snapshot(tip_slot=1)]
    shown = Exposition(lambda: snapshots.pop(), "1.2.3")

    assert b"chain_monitor_tip_slot 1.0" in shown.text()
    assert b"chain_monitor_tip_slot 2.0" in shown.text()


def test_the_release_and_the_process_are_shown() -> None:
    text = Exposition(Snapshot, "1.2.3").text().decode()

    assert re.search(
        r'^chain_monitor_build_info\{python="3[^"]*",version="1\.2\.3"\} 1', text, re.M
    )
    for name in ("process_start_time_seconds", "process_resident_memory_bytes"):
        assert re.search(rf"^{name} [0-9]", text, re.M)
    assert re.search(r"^process_cpu_seconds_total [0-9]", text, re.M)


def test_labels_keep_what_prometheus_would_misread() -> None:
    tricky = Snapshot(endpoints={'a"b\\c\n': EndpointCounts(open_feeds=1)})

    assert samples(tricky)[("chain_monitor_endpoint_open_feeds", 'endpoint=a"b\\c\n')] == 1


def test_each_metric_name_is_written_once() -> None:
    source = Path(exposition.__file__).read_text(encoding="utf-8")
    names = re.findall(r'"(chain_monitor_\w+)"', source)

    assert len(names) == len(set(names)) == 25


def promtool() -> str:
    found = shutil.which("promtool", path=f"{TOOLS}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        reason = "promtool is not here; scripts/tools fetches it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.mark.parametrize("snapshot", [FULL, Snapshot()])
def test_promtool_finds_nothing_to_blame(snapshot: Snapshot) -> None:
    checked = subprocess.run(
        [promtool(), "check", "metrics"],
        input=Exposition(lambda: snapshot, "1.2.3").text(),
        capture_output=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
