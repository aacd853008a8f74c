"""Three regions on real sockets, broken in turn: the event file equals the truth."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.expected import Record, bare, expected, records, sliced, stream
from tests.e2e.processes import Cluster, Daemon, cluster, daemon, until
from tests.scenarios.test_three_regions import WANTS

pytestmark = pytest.mark.real_time

SLOTS = 300
SLOT_TIME = 0.1
FIRST = 300_000_000
REGIONS = ("ams", "nyc", "tyo")

CONFIGURATION = """\
profile: balanced
state_dir: {dir}/state
endpoints:
  - {name: ams, url: "AMS", region: europe, provider: one}
  - {name: nyc, url: "NYC", region: us, provider: two}
  - {name: tyo, url: "TYO", region: asia, provider: three}
monitors:
  - {name: all, transactions: {}}
  - {name: failed, transactions: {failed: true}}
  - {name: tokens, transactions: {vote: false, account_include: [TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA]}}
  - {name: chain, slots: {}, blocks_meta: {}, entry: {}}
  - name: sysvars
    accounts: {account: [SysvarC1ock11111111111111111111111111111111, SysvarS1otHistory11111111111111111111111111]}
    data_slices: [{offset: 8, length: 24}]
sinks:
  - {name: file, kind: jsonl, monitors: [all, failed, tokens, chain, sysvars], path: "{dir}/events.jsonl", rotate_mb: 8}
api: {listen: "127.0.0.1:0"}
"""

RECEIVED_AT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")

FAULTS = (
    (20, "nyc", "kill"),
    (60, "nyc", "heal"),
    (90, "ams", "mute"),
    (130, "ams", "heal"),
    (150, "tyo", "kill"),
    (170, "tyo", "heal"),
    (200, "ams", "cut"),
    (215, "nyc", "cut"),
)
"""(slots from the first, region, fault): two regions are always up."""


def configured(regions: Cluster) -> str:
    """The configuration for the cluster's ports."""
    text = CONFIGURATION
    for name in REGIONS:
        text = text.replace(f'"{name.upper()}"', f'"{regions.addresses[name]}"')
    return text


def highest_slot(running: Daemon) -> int:
    """Of the last whole line that was written."""
    lines = running.events.read_bytes().rpartition(b"\n")[0] if running.events.exists() else b""
    last = lines.rpartition(b"\n")[2]
    return int(last.split(b":", 2)[1].strip(b' "')) if last else 0


def _says_how_it_came(event: Record) -> bool:
    """Whether the envelope tells where an event comes from, and when it came; `tests/scenarios` ask whether in time.

    A slot event has no endpoint where the ledger itself made it.
    """
    endpoint = event["endpoint"]
    return (endpoint in REGIONS or (endpoint is None and event["kind"] == "slot")) and (
        RECEIVED_AT.fullmatch(event["received_at"]) is not None
    )


def test_killed_muted_and_cut_regions_cost_no_event_and_make_no_duplicate(tmp_path: Path) -> None:
    with cluster(tmp_path, "--slot-time", str(SLOT_TIME), "--start-when", "3") as regions:
        with daemon(tmp_path / "daemon", configured(regions)) as running:
            for slot, region, name in FAULTS:
                until(lambda slot=slot: highest_slot(running) >= FIRST + slot)  # type: ignore[misc]
                regions.fault(region, name)
            until(lambda: highest_slot(running) >= FIRST + SLOTS + 40)
            assert running.stop() == 0
        truth = tmp_path / "truth.jsonl"
        until(lambda: f'"id":"{FIRST + SLOTS}:slot:finalized"'.encode() in truth.read_bytes())
    slots = range(FIRST, FIRST + SLOTS)
    events = [event for event in stream(running.directory) if event["slot"] in slots]
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
    assert [event for event in events if not _says_how_it_came(event)] == []
