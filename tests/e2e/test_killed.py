"""A daemon that is killed again and again: its file holds every event of the truth, and none twice."""

from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.expected import bare, expected, records, sliced, stream
from tests.e2e.processes import cluster, daemon, until
from tests.e2e.test_three_regions import FIRST, REGIONS, SLOT_TIME, configured, highest_slot
from tests.scenarios.test_three_regions import WANTS

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(300)]

SLOTS = 160
KILLED_AT = (20, 24, 45, 46, 80, 110, 111, 130)
"""Slots from the first; some in a row, so that a daemon dies while it makes good what the last one left."""


def test_kills_cost_no_event_and_make_no_duplicate(tmp_path: Path) -> None:
    folder = tmp_path / "daemon"
    with cluster(tmp_path, "--slot-time", str(SLOT_TIME), "--start-when", "3") as regions:
        for slot in KILLED_AT:
            with daemon(folder, configured(regions)) as running:
                until(lambda: highest_slot(running) >= FIRST + slot)  # noqa: B023
                running.process.kill()
                running.process.wait()
        with daemon(folder, configured(regions)) as running:
            until(lambda: highest_slot(running) >= FIRST + SLOTS + 40)
            assert running.stop() == 0
        truth = tmp_path / "truth.jsonl"
        until(lambda: f'"id":"{FIRST + SLOTS}:slot:finalized"'.encode() in truth.read_bytes())
    slots = range(FIRST, FIRST + SLOTS)
    events = [event for event in stream(folder) if event["slot"] in slots]
    wanted = {
        key: sliced(record, 8, 24) if record["kind"] == "account" else record
        for key, record in expected(records(truth), WANTS, slots).items()
    }
    found = {event["id"]: bare(event) for event in events}
    twice = [key for key, count in Counter(event["id"] for event in events).items() if count > 1]
    assert twice == []
    assert sorted(wanted.keys() - found.keys()) == []
    assert sorted(found.keys() - wanted.keys()) == []
    assert [key for key, record in wanted.items() if found[key] != record] == []
    assert {event["endpoint"] for event in events} <= {*REGIONS, None}
