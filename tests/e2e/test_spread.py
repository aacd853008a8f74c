"""Monitors divided over three regions on real sockets, one loses its streams and one dies: the event file equals the truth."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.expected import bare, expected, records, sliced, stream
from tests.e2e.processes import Daemon, cluster, daemon, until
from tests.e2e.test_three_regions import FIRST, REGIONS, SLOT_TIME, configured, highest_slot
from tests.scenarios.test_three_regions import WANTS

pytestmark = pytest.mark.real_time

WHOLE = 20
"""Slots that are taken between one trouble and the next."""
UNTIL_FINALIZED = 40
"""Slots until what is told of the last one of interest is whole."""
CARRIERS = 2
"""Regions that each monitor is asked of."""


def carried(running: Daemon) -> Counter[str]:
    """By monitor, how many regions it is asked of while each has some and none has all; else empty."""
    told = json.loads(running.get("/api/v1/performance/endpoints")[1])["endpoints"]
    parts = [each["carries"] for each in told if each["open"] and each["carries"]]
    is_divided = len(parts) == len(REGIONS) and all(len(part) < len(WANTS) for part in parts)
    return Counter(name for part in parts for name in part) if is_divided else Counter()


def is_divided(running: Daemon) -> bool:
    """Whether each monitor is asked of as many regions as it should be."""
    return carried(running) == dict.fromkeys(WANTS, CARRIERS)


def run_on(running: Daemon, slots: int) -> None:
    """Until so many more slots are in the file."""
    last = highest_slot(running)
    until(lambda: highest_slot(running) >= last + slots)


def test_cut_streams_and_a_dead_region_cost_divided_monitors_no_event(tmp_path: Path) -> None:
    with cluster(tmp_path, "--slot-time", str(SLOT_TIME), "--start-when", "3") as regions:
        configuration = f"{configured(regions)}failover: {{strategy: spread}}\n"
        with daemon(tmp_path / "daemon", configuration) as running:
            run_on(running, WHOLE)
            until(lambda: is_divided(running))
            run_on(running, WHOLE)
            regions.fault("ams", "cut")
            run_on(running, WHOLE)
            until(lambda: is_divided(running))
            regions.fault("nyc", "kill")
            run_on(running, WHOLE)
            assert not is_divided(running)
            last = highest_slot(running)
            run_on(running, UNTIL_FINALIZED)
            assert running.stop() == 0
        truth = tmp_path / "truth.jsonl"
        until(lambda: f'"id":"{last}:slot:finalized"'.encode() in truth.read_bytes())
    slots = range(FIRST, last)
    events = [event for event in stream(running.directory) if event["slot"] in slots]
    ids = Counter(event["id"] for event in events)
    assert [key for key, count in ids.items() if count > 1] == []
    assert {event["id"]: bare(event) for event in events} == {
        key: sliced(record, 8, 24) if record["kind"] == "account" else record
        for key, record in expected(records(truth), WANTS, slots).items()
    }
