"""The numbers of recovery under their public names."""

import subprocess
from dataclasses import replace

from monitor.adapters.metrics.exposition import Exposition
from monitor.adapters.metrics.snapshot import Snapshot
from tests.adapters.metrics.recoveries import BUSY, IDLE, NOW, RPCS
from tests.adapters.metrics.test_exposition import promtool, samples


def test_jobs_are_counted_by_state_and_rung_and_none_is_0() -> None:
    shown = samples(Snapshot(recovery=BUSY, now=NOW))
    jobs = {labels: n for (name, labels), n in shown.items() if name.endswith("recovery_jobs")}

    assert len(jobs) == 9
    assert {labels: n for labels, n in jobs.items() if n} == {
        "rung=replay,state=open": 9,
        "rung=rpc,state=open": 2,
        "rung=rpc,state=leased": 4,
        "rung=archive,state=lost": 3,
    }


def test_what_was_recovered_and_lost_is_told() -> None:
    shown = samples(Snapshot(recovery=BUSY, now=NOW))

    assert [
        shown[("chain_monitor_recovery_recovered_total", f"rung={rung}")]
        for rung in ("replay", "rpc", "archive")
    ] == [200, 100, 0]
    assert shown[("chain_monitor_recovery_lost_total", "")] == 4
    assert shown[("chain_monitor_recovery_signed_off_total", "")] == 1
    assert shown[("chain_monitor_recovery_catch_up_slots", "")] == 1800


def test_repairs_are_a_histogram_of_seconds() -> None:
    shown = samples(Snapshot(recovery=BUSY, now=NOW))
    name = "chain_monitor_recovery_repair_seconds"

    assert shown[(f"{name}_bucket", "le=0.5")] == 200
    assert shown[(f"{name}_bucket", "le=3600.0")] == 300
    assert shown[(f"{name}_bucket", "le=+Inf")] == 300
    assert (shown[(f"{name}_count", "")], shown[(f"{name}_sum", "")]) == (300, 240.0)


def test_the_oldest_deadline_counts_down_and_below_0() -> None:
    name = ("chain_monitor_recovery_oldest_deadline_seconds", "")

    assert samples(Snapshot(recovery=BUSY, now=NOW))[name] == 35.0
    assert samples(Snapshot(recovery=BUSY, now=NOW + 40.0))[name] == -5.0


def test_what_is_unknown_is_left_out() -> None:
    shown = samples(Snapshot(recovery=IDLE))

    assert ("chain_monitor_recovery_oldest_deadline_seconds", "") not in shown
    assert ("chain_monitor_recovery_catch_up_slots", "") not in shown
    assert samples(Snapshot(recovery=replace(IDLE, oldest_deadline=2.0)))


def test_calls_to_rpcs_are_told_by_rpc_and_what_went_wrong() -> None:
    assert samples(Snapshot(rpcs=RPCS)) == {
        ("chain_monitor_rpc_calls_total", "rpc=main"): 120,
        ("chain_monitor_rpc_calls_total", "rpc=spare"): 0,
        ("chain_monitor_rpc_errors_total", "code=-32004,rpc=main"): 6,
        ("chain_monitor_rpc_errors_total", "code=http 429,rpc=main"): 2,
        ("chain_monitor_rpc_waits_total", "rpc=main"): 5,
        ("chain_monitor_rpc_waits_total", "rpc=spare"): 0,
        ("chain_monitor_rpc_wait_seconds_total", "rpc=main"): 1.5,
        ("chain_monitor_rpc_wait_seconds_total", "rpc=spare"): 0,
    }


def test_promtool_finds_nothing_to_blame() -> None:
    snapshot = Snapshot(recovery=BUSY, rpcs=RPCS, now=NOW)
    checked = subprocess.run(
        [promtool(), "check", "metrics"],
        input=Exposition(lambda: snapshot, "1.2.3").text(),
        capture_output=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
