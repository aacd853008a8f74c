"""The metrics of recovery: its jobs, what it brought and lost, how long it took, and its RPCs."""

from collections.abc import Iterator, Sequence

from prometheus_client.metrics_core import Metric

from monitor.adapters.metrics.families import counter, gauge, histogram, one
from monitor.core.jobs import JobState
from monitor.core.rungs import LADDER
from monitor.core.standing import REPAIR_BOUNDS, Standing
from monitor.ports import RpcTally


def of_recovery(standing: Standing, now: float) -> Iterator[Metric]:
    """What the queue says. `now`: seconds of the clock that its deadlines are told in."""
    yield gauge(
        "chain_monitor_recovery_jobs",
        "Slots that wait for recovery, by what becomes of them and the rung that is asked next.",
        ["state", "rung"],
        (
            ([state, rung], standing.jobs.get((state, rung), 0))
            for state in JobState
            for rung in LADDER
        ),
    )
    yield counter(
        "chain_monitor_recovery_recovered_total",
        "Slots closed by what a rung brought.",
        ["rung"],
        (([rung], standing.recovered.get(rung, 0)) for rung in LADDER),
    )
    yield counter(
        "chain_monitor_recovery_lost_total",
        "Slots given up, signed off or not; tried again slowly for ever.",
        [],
        one(standing.lost),
    )
    yield counter(
        "chain_monitor_recovery_signed_off_total",
        "Lost slots that an operator signed off.",
        [],
        one(standing.signed_off),
    )
    yield histogram(
        "chain_monitor_recovery_repair_seconds",
        "From the moment a slot was known to need recovery to its closing.",
        REPAIR_BOUNDS,
        standing.repairs,
        standing.repair_seconds,
    )
    deadline = standing.oldest_deadline
    yield gauge(
        "chain_monitor_recovery_oldest_deadline_seconds",
        "Time until the first job's cheapest rung will no longer serve it; below 0 when it passed.",
        [],
        one(None if deadline is None else deadline - now),
    )
    gap = standing.catch_up
    yield gauge(
        "chain_monitor_recovery_catch_up_slots",
        "Slots still open of the gap that the last start found.",
        [],
        one(None if gap is None else gap.slots - gap.done),
    )


def of_rpcs(tallies: Sequence[RpcTally]) -> Iterator[Metric]:
    """What became of calls to each RPC."""
    yield counter(
        "chain_monitor_rpc_calls_total",
        "Calls to the RPC.",
        ["rpc"],
        (([tally.name], tally.calls) for tally in tallies),
    )
    yield counter(
        "chain_monitor_rpc_errors_total",
        "Calls that brought nothing, by JSON-RPC code, HTTP status or what went wrong.",
        ["rpc", "code"],
        (([tally.name, code], count) for tally in tallies for code, count in tally.errors.items()),
    )
    yield counter(
        "chain_monitor_rpc_waits_total",
        "Calls that had to wait for the RPC's rate limit.",
        ["rpc"],
        (([tally.name], tally.waits) for tally in tallies),
    )
    yield counter(
        "chain_monitor_rpc_wait_seconds_total",
        "Time that calls waited for the RPC's rate limit.",
        ["rpc"],
        (([tally.name], tally.wait_seconds) for tally in tallies),
    )
