"""The ladder: what the configuration says of recovery reaches the kernel and the RPCs."""

import os
from pathlib import Path

import pytest

from monitor.adapters.recovery.rpc import RpcEndpoint
from monitor.app.ladder import pubkeys_of, recovery_policy, rpc_endpoints, rungs_of, workers_of
from monitor.core.jobs import Job, JobState
from monitor.core.rungs import Rung
from tests.app.configurations import KEY, LEAST, SYSTEM_PROGRAM, loaded

MAIN = "{name: main, url: 'http://a'}"
OLD = "{name: old, url: 'http://b', archive: true}"
NAMED = f"{{name: vault, accounts: {{account: [{KEY}]}}}}"
VAULT = f"monitors: [{NAMED}]\n"


@pytest.mark.parametrize(
    ("text", "rungs"),
    [
        ("", (Rung.REPLAY,)),
        (f"rpc: [{MAIN}]\n", (Rung.REPLAY, Rung.RPC)),
        (f"rpc: [{OLD}]\n", (Rung.REPLAY, Rung.ARCHIVE)),
        (f"rpc: [{OLD}, {MAIN}]\n", (Rung.REPLAY, Rung.RPC, Rung.ARCHIVE)),
        (f"rpc: [{MAIN}]\nrecovery: {{enabled: false}}\n", ()),
    ],
)
def test_there_are_the_rungs_that_the_configuration_has_something_for(
    tmp_path: Path, text: str, rungs: tuple[Rung, ...]
) -> None:
    assert rungs_of(loaded(tmp_path, LEAST + text)) == rungs


def test_the_kernel_recovers_as_the_configuration_says(tmp_path: Path) -> None:
    text = (
        "endpoints: [{name: a, url: 'a:1'}, {name: b, url: 'b:1'}]\n"
        f"rpc: [{MAIN}, {OLD}]\n"
        "recovery: {batch_size: 20, max_retries: 5, max_catchup_slots: 9, "
        "on_catchup_exceeded: skip, on_lost: continue}\n"
    )
    jobs = [Job(7, 9, Rung.RPC, 1, JobState.OPEN)]
    policy = recovery_policy(loaded(tmp_path, text), jobs)

    assert policy.rungs == (Rung.REPLAY, Rung.RPC, Rung.ARCHIVE)
    assert policy.workers == {Rung.REPLAY: 2, Rung.RPC: 16, Rung.ARCHIVE: 16}
    assert (policy.attempts, policy.passes_lost) == (5, True)
    assert (policy.max_catchup, policy.on_exceeded) == (9, "skip")
    assert policy.jobs == tuple(jobs)


@pytest.mark.parametrize(("rate", "leases"), [(0.2, 2), (1, 4), (2.5, 10), (10, 16), (500, 16)])
def test_a_slow_rpc_is_asked_for_few_slots_at_a_time(
    tmp_path: Path, rate: float, leases: int
) -> None:
    rpc = f"{{name: main, url: 'http://a', requests_per_second: {rate}}}"
    policy = recovery_policy(loaded(tmp_path, LEAST + f"rpc: [{rpc}]\n"), [])
    assert policy.workers[Rung.RPC] == leases


def test_lost_slots_hold_the_frontier_unless_told_otherwise(tmp_path: Path) -> None:
    assert not recovery_policy(loaded(tmp_path, LEAST), []).passes_lost


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        (VAULT, False),
        (f"rpc: [{MAIN}]\n" + VAULT, True),
        (f"rpc: [{MAIN}]\nmonitors: [{NAMED}, {{name: all, transactions: {{}}}}]\n", True),
        (f"rpc: [{MAIN}]\nmonitors: [{NAMED}, {{name: p, accounts: {{owner: [{KEY}]}}}}]\n", False),
        (f"rpc: [{MAIN}]\nmonitors: [{{name: all, accounts: {{}}}}]\n", False),
        (f"rpc: [{MAIN}]\nmonitors: [{{name: all, transactions: {{}}}}]\n", False),
    ],
)
def test_accounts_are_read_where_monitors_name_them_and_somebody_can_tell(
    tmp_path: Path, text: str, reads: bool
) -> None:
    assert recovery_policy(loaded(tmp_path, LEAST + text), []).reads_accounts == reads


@pytest.mark.parametrize(
    ("rpcs", "batch", "workers"),
    [
        (f"{MAIN}", 100, (16, 0)),
        (f"{MAIN}", 3, (3, 0)),
        (f"{OLD}, {MAIN}, {{name: more, url: 'http://c'}}", 100, (32, 16)),
        (f"{OLD}, {MAIN}, {{name: more, url: 'http://c'}}", 20, (20, 16)),
    ],
)
def test_no_rpc_is_asked_for_more_than_it_can_answer_in_time(
    tmp_path: Path, rpcs: str, batch: int, workers: tuple[int, int]
) -> None:
    text = f"rpc: [{rpcs}]\nrecovery: {{batch_size: {batch}}}\n"
    policy = recovery_policy(loaded(tmp_path, LEAST + text), [])
    assert (policy.workers[Rung.RPC], policy.workers[Rung.ARCHIVE]) == workers


def test_rpcs_are_asked_as_they_were_written(tmp_path: Path) -> None:
    text = (
        "rpc:\n"
        " - {name: main, url: 'http://a', requests_per_second: 7, headers: {X-Key: k}}\n"
        f" - {OLD}\n"
    )
    assert rpc_endpoints(loaded(tmp_path, LEAST + text)) == [
        RpcEndpoint("main", "http://a", 7, headers={"X-Key": "k"}),
        RpcEndpoint("old", "http://b", 50, archive=True),
    ]


def test_half_of_the_processors_read_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    least = loaded(tmp_path, LEAST)
    for processors, workers in ((1, 1), (2, 1), (3, 1), (8, 4), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=processors: count)
        assert workers_of(least) == workers
    assert workers_of(loaded(tmp_path, LEAST + "recovery: {workers: 5}\n")) == 5


def test_accounts_of_several_monitors_are_read_once(tmp_path: Path) -> None:
    monitors = (
        "monitors:\n"
        f" - {{name: m, accounts: {{account: [{KEY}]}}}}\n"
        f" - {{name: n, accounts: {{account: [{SYSTEM_PROGRAM}, {KEY}]}}}}\n"
        f" - {{name: o, accounts: {{owner: [{KEY}]}}}}\n"
        " - {name: p, transactions: {}}\n"
    )
    assert pubkeys_of(loaded(tmp_path, LEAST + monitors).monitors) == (KEY, SYSTEM_PROGRAM)
