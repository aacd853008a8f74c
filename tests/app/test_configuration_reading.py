from pathlib import Path

import pytest

from monitor.app.configuration_reading import known_keys
from monitor.app.configuration_shape import ConfigurationShape
from tests.app.configurations import LEAST, mistakes


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("start_slot: '5'", "start_slot: is no whole number; write digits, without quotes"),
        ("start_slot: 1.5", "start_slot: is no whole number; write digits, without quotes"),
        ("start_slot: -1", "start_slot: is less than 0; write a larger number"),
        ("state_dir: 5", "state_dir: is no text; write text, in quotes if it looks like a number"),
        ("state_dir: ''", "state_dir: is empty; write a value, or leave the key out"),
        ('state_dir: "a\\0b"', "state_dir: has control characters; write it in one line"),
        ("limits: {cpu_percent: 0}", "limits.cpu_percent: is not above 0; write a larger number"),
        ("limits: {cpu_percent: all}", "limits.cpu_percent: is no number; write digits, without quotes"),
        ("limits: 5", "limits: is no mapping; write {key: value}, or indented `key: value` lines"),
        ("limits:", "limits: is no mapping; write {key: value}, or indented `key: value` lines"),
        ("alerting: []", "alerting: is no mapping; write {key: value}, or indented `key: value` lines"),
        ("ingest: {cores: 1}", "ingest.cores: is no list; write [item, item], or lines that begin with -"),
        ("ingest: {cores: []}", "ingest.cores: is empty; write at least one item"),
        ("failover: {enabled: 1}", "failover.enabled: is neither true nor false; write true or false"),
        ("failover: {strategy: spreads}", "failover.strategy: is none of the words known here; write race, standby or spread"),
        ("ingest: {workers: fork}", "ingest.workers: is none of the words known here; write thread or process"),
        ("failover: {health_check_interval: 0}", "failover.health_check_interval: must be longer than nothing; write 1s, for example"),
        ("profile: fast", "profile: is none of the words known here; write aggressive, balanced or conservative"),
        ("sinks: [{name: s, kind: kafka, monitors: [m]}]", "sinks[0].kind: is no kind of sink; write jsonl, stdout, null"),
        ("sinks: [{name: s, monitors: [m]}]", "sinks[0].kind: is missing; write jsonl, stdout or null"),
        ("sinks: [{name: s, kind: jsonl, monitors: [m]}]", "sinks[0].path: is missing; add it"),
        ("sinks: [{name: s, kind: jsonl, path: p, monitors: []}]", "sinks[0].monitors: is empty; write at least one item"),
        ("sinks: [{name: s, kind: stdout, monitors: [m], pth: p}]", "sinks[0].pth: is no key of this place; did you mean path?"),
        ("sinks: [{name: s, kind: stdout, monitors: [m], path: p}]", "sinks[0].path: is no key of this place; it belongs to another kind; remove it"),
        ("signals: {x: 1}", "signals.x: is no key of this place; known are chain"),
        ("monitors: [{name: m, entry: {x: 1}}]", "monitors[0].entry.x: is no key of this place; remove it"),
        ("monitors: [{name: m, slots: {interslot: true}}]", "monitors[0].slots.interslot: is no key of this place; did you mean interslot_updates?"),
    ],
)  # fmt: skip
def test_each_kind_of_mistake_is_told_with_a_remedy(tmp_path: Path, line: str, told: str) -> None:
    assert f"2: {told}" in mistakes(tmp_path, f"{LEAST}{line}\n")


def test_a_list_of_bad_items_is_not_called_empty(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "endpoints:\n  - 5\n") == [
        "2: endpoints[0]: is no mapping; write {key: value}, or indented `key: value` lines"
    ]


def test_known_keys_follow_optional_sections_lists_and_kinds() -> None:
    assert known_keys(ConfigurationShape, ("endpoints", 0, "limits")) == [
        "cuckoo",
        "filters",
        "pubkeys",
        "streams",
    ]
    assert "token_accounts" in known_keys(ConfigurationShape, ("monitors", 3, "transactions"))
    assert {"path", "hold"} <= set(known_keys(ConfigurationShape, ("sinks", 0)))
    assert known_keys(ConfigurationShape, ("profile", "x")) == []
