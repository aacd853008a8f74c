"""A daemon that is killed again and again: its file holds every event of the truth, and none twice."""

from collections import Counter
from pathlib import Path

import pytest

from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.cluster import Cluster
from monitor.simulator.options import SimulateOptions
from monitor.simulator.region import RegionSettings
from tests.e2e.expected import bare, expected, records, sliced, stream
from tests.e2e.processes import daemon, until
from tests.e2e.test_three_regions import CONFIGURATION, FIRST, REGIONS, highest_slot
from tests.scenarios.test_three_regions import WANTS

pytestmark = pytest.mark.real_time

SLOTS = 100
SLOT_TIME = 0.2
"""Seconds: a daemon that starts again has to read faster than the chain goes on, on a busy machine too."""
REPLAY_SLOTS = 10_000
"""What servers can replay: all, since a busy machine takes seconds, and so many slots, to start a process."""
KILLED_AT = (20, 24, 45, 46, 80, 81)
"""Slots from the first; some in a row, so that a daemon dies while it makes good what the last one left."""


def test_kills_cost_no_event_and_make_no_duplicate(tmp_path: Path) -> None:
    folder = tmp_path / "daemon"
    truth = tmp_path / "truth.jsonl"
    options = SimulateOptions(
        regions=REGIONS,
        slot_time=SLOT_TIME,
        ports=0,
        control="127.0.0.1:0",
        truth=truth,
        start_when=len(REGIONS),
        chain=ChainSettings(votes=8, transactions=6),
        server=RegionSettings(replay_stored_slots=REPLAY_SLOTS),
    )
    with Cluster(options) as simulated:
        configuration = CONFIGURATION
        for name in REGIONS:
            configuration = configuration.replace(
                f'"{name.upper()}"', f'"{simulated.endpoints[name]}"'
            )
        for slot in KILLED_AT:
            with daemon(folder, configuration) as running:
                until(lambda: highest_slot(running) >= FIRST + slot)  # noqa: B023
                running.process.kill()
                running.process.wait()
        with daemon(folder, configuration) as running:
            until(lambda: highest_slot(running) >= FIRST + SLOTS + 40)
            assert running.stop() == 0
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
