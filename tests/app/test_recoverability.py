"""What a configuration leaves beyond recovery."""

from pathlib import Path

import pytest

from monitor.app.recoverability import beyond_recovery
from tests.app.configurations import KEY, LEAST, loaded

RPC = "rpc: [{name: a, url: 'http://a'}]\n"


def told(directory: Path, text: str) -> list[str]:
    return list(beyond_recovery(loaded(directory, LEAST + text)))


def test_without_an_rpc_only_replays_recover(tmp_path: Path) -> None:
    assert told(tmp_path, "") == [
        "there is no rpc: slots that no endpoint can replay any more cannot be recovered"
    ]


def test_recovery_that_is_off_recovers_nothing(tmp_path: Path) -> None:
    expected = ["recovery is off: what no stream brings stays partial"]
    assert told(tmp_path, RPC + "recovery: {enabled: false}\n") == expected


def test_deshred_comes_once_or_never(tmp_path: Path) -> None:
    first, *_ = told(tmp_path, RPC + "monitors: [{name: m, deshred: {}}]\n")
    assert first.startswith("deshred (m) is neither replayed nor certified: ")


@pytest.mark.parametrize(
    "monitor",
    [
        "entry: {}",
        "accounts: {}",
        f"accounts: {{owner: [{KEY}]}}",
        "blocks: {}",
    ],
)
def test_some_kinds_are_told_by_streams_alone(tmp_path: Path, monitor: str) -> None:
    text = RPC + f"monitors: [{{name: m, slots: {{}}}}, {{name: n, {monitor}}}]\n"
    (sentence,) = told(tmp_path, text)
    assert sentence.startswith(
        "no rpc tells whole blocks as one event, entries, or accounts without a list of pubkeys (n): "
    )


def test_a_monitor_without_pubkeys_keeps_the_others_from_states(tmp_path: Path) -> None:
    monitors = (
        f"{{name: m, accounts: {{account: [{KEY}]}}}}",
        f"{{name: n, accounts: {{owner: [{KEY}]}}}}",
    )
    first, second = told(tmp_path, RPC + f"monitors: [{', '.join(monitors)}]\n")
    assert "(n)" in first
    assert second.startswith("beside monitors of accounts without a list of pubkeys those with one")
    assert "(m) get no states in place of lost writes" in second


@pytest.mark.parametrize(
    "monitor",
    [
        "transactions: {}",
        "transactions_status: {}",
        "slots: {}",
        "blocks_meta: {}",
        f"accounts: {{account: [{KEY}]}}",
    ],
)
def test_other_kinds_are_told_by_rpcs_too(tmp_path: Path, monitor: str) -> None:
    assert told(tmp_path, RPC + f"monitors: [{{name: m, {monitor}}}]\n") == []
