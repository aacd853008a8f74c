"""What a newcomer sees of the demo: the commands that it prints, its slots and their proofs, its metrics."""

import json
import re
import subprocess
import urllib.request
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import chain_monitor, demo, free_ports, until
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time

ENOUGH = 60
"""Certificates to look at: with 5 % of slots skipped and 4 % forked, some of each end is among them."""
KEYS = (
    *("slot", "state", "proof", "blockhash", "parent_slot", "block_height", "sources"),
    *("missed_by", "delay_ms", "recovered_by", "closed_at"),
)
ON_CHAIN = ("complete", "partial", "recovered")


def _printed(process: subprocess.Popen[bytes], command: str) -> list[str]:
    """The words of a command that the demo tells to type."""
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(rf"scripts/run ({command}( --\S+ \S+)*)", line.decode())
        if found is not None:
            return found[1].split()
    raise AssertionError(f"the demo does not tell of {command}")


def _slots(directory: Path, *words: str) -> list[dict[str, Any]]:
    output = chain_monitor("slots", *words, "--json", "--state-dir", str(directory / "state"))
    return [json.loads(line) for line in output.splitlines()]


def _metric(text: str, name: str) -> float:
    (value,) = re.findall(rf"^{name} (\S+)$", text, re.M)
    return float(value)


def test_a_demo_shows_what_became_of_each_slot_and_how_it_does(tmp_path: Path) -> None:
    ports = free_ports()
    with demo(tmp_path, ports) as process:
        status = _printed(process, "status")
        drill = _printed(process, "drill")
        until((tmp_path / "state" / "api.url").exists)
        until(lambda: len(_slots(tmp_path)) >= ENOUGH)
        slots = _slots(tmp_path)
        first, last = slots[0]["slot"], slots[-1]["slot"]
        assert _slots(tmp_path, str(first), str(last + 1)) == slots
        told = json.loads(chain_monitor(*status, "--json"))
        shown = chain_monitor(*status)
        walk = chain_monitor(*drill, "--dry-run", "--json")
        table = chain_monitor("slots", str(first), str(first + 9), "--api", told_address(tmp_path))
        metrics_url = f"http://127.0.0.1:{ports + 9}/metrics"
        with urllib.request.urlopen(metrics_url, timeout=PATIENCE) as answer:
            metrics = answer.read().decode()
    assert [slot["slot"] for slot in slots] == list(range(first, last + 1))
    assert {tuple(slot) for slot in slots} == {KEYS}
    states = Counter(slot["state"] for slot in slots)
    assert set(states) <= {"complete", "skipped", "forked", "dead"}
    assert states["complete"] > ENOUGH / 2
    _are_a_chain(slots)
    assert [slot["slot"] for slot in slots if slot["missed_by"]] == []
    for slot in slots:
        if slot["state"] == "complete":
            assert {source["endpoint"] for source in slot["sources"]} <= {"ams", "nyc", "tyo"}
            assert slot["sources"]
            assert slot["proof"]
    assert (told["ready"], told["reasons"]) == (True, [])
    assert told["coverage"]["complete"] == told["coverage"]["produced"] > 0
    assert [endpoint["open_feeds"] for endpoint in told["endpoints"]] == [1, 1, 1]
    assert [endpoint["missed"] for endpoint in told["endpoints"]] == [0, 0, 0]
    assert json.loads(walk) == {"walk": ["ams", "nyc", "tyo"], "left_out": []}
    assert shown.startswith("ready\n")
    assert "coverage   100 % (" in shown
    assert table.splitlines()[-1].startswith("9 slots: ")
    assert _metric(metrics, "chain_monitor_slot_coverage_ratio") == 1.0
    assert _metric(metrics, "chain_monitor_gap_open_slots") == 0.0
    assert _metric(metrics, "chain_monitor_durable_frontier_slot") >= first


def told_address(directory: Path) -> str:
    """Where the demo's daemon is."""
    return (directory / "state" / "api.url").read_text().strip()


def _are_a_chain(slots: list[dict[str, Any]]) -> None:
    """Each block's parent is the block before it, and its height is one more."""
    blocks = [slot for slot in slots if slot["state"] in ON_CHAIN]
    for parent, child in pairwise(blocks):
        assert child["parent_slot"] == parent["slot"]
        assert child["block_height"] == parent["block_height"] + 1
    assert len({block["blockhash"] for block in blocks}) == len(blocks)
    assert all(slot["blockhash"] is None for slot in slots if slot not in blocks)


def test_a_broken_region_is_named_with_why_its_stream_ended(tmp_path: Path) -> None:
    ports = free_ports()
    with demo(tmp_path, ports) as process:
        fault = _printed(process, "fault")
        until(lambda: (tmp_path / "events.jsonl").exists())
        chain_monitor(*fault, "nyc", "kill")

        def ended() -> bool:
            told = chain_monitor("status", "--json", "--state-dir", str(tmp_path / "state"))
            nyc = json.loads(told)["endpoints"][1]
            return nyc["open_feeds"] == 0 and nyc["last_ending"] is not None

        until(ended)
        told = chain_monitor("status", "--state-dir", str(tmp_path / "state"))
    (row,) = [line for line in told.splitlines() if line.split()[:1] == ["nyc"]]
    assert re.search(r"(unreachable|transient|end): \S", row)
    assert told.startswith("ready\n")
