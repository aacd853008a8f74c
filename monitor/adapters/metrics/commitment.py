"""The metrics of the commitment that events are released at."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from monitor.adapters.metrics.families import counter, gauge, one
from monitor.adapters.metrics.snapshot import Snapshot


def of_commitment(snapshot: Snapshot) -> Iterator[Metric]:
    """The level, its changes, and what was taken back."""
    yield gauge(
        "chain_monitor_commitment_level",
        "Commitment that events of new slots are released at: 0 processed, 1 confirmed, 2 finalized.",
        [],
        one(snapshot.commitment),
    )
    yield counter(
        "chain_monitor_commitment_decisions_total",
        "Changes of that commitment, by direction.",
        ["direction"],
        (([direction], count) for direction, count in snapshot.commitment_decisions.items()),
    )
    yield counter(
        "chain_monitor_undos_total",
        "Versions of slots that were taken back.",
        [],
        one(snapshot.undos),
    )
