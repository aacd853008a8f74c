"""The metrics in Prometheus' text form: those of endpoints, the chain and sinks."""

import platform
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from monitor.adapters.metrics.commitment import of_commitment
from monitor.adapters.metrics.endpoints import of_states
from monitor.adapters.metrics.families import Samples, counter, gauge, one
from monitor.adapters.metrics.recovery import of_recovery, of_rpcs
from monitor.adapters.metrics.snapshot import EndpointCounts, Snapshot
from monitor.core.certificates import Coverage


class Exposition:
    """Turns snapshots into what `/metrics` answers."""

    def __init__(self, snapshot: Callable[[], Snapshot], version: str) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._registry.register(_SnapshotCollector(snapshot, version))

    def text(self) -> bytes:
        """The exposition now, in the text format 0.0.4."""
        return generate_latest(self._registry)


class _SnapshotCollector(Collector):
    def __init__(self, snapshot: Callable[[], Snapshot], version: str) -> None:
        self._snapshot = snapshot
        self._version = version

    @override
    def collect(self) -> Iterator[Metric]:
        snapshot = self._snapshot()
        build = InfoMetricFamily("chain_monitor_build", "The running release.")
        build.add_metric([], {"version": self._version, "python": platform.python_version()})
        yield build
        yield from _of_endpoints(snapshot)
        yield from of_states(snapshot.states)
        yield from _of_the_chain(snapshot)
        yield from of_commitment(snapshot)
        yield from _of_sinks(snapshot)
        if snapshot.recovery is not None:
            yield from of_recovery(snapshot.recovery, snapshot.now)
        yield from of_rpcs(snapshot.rpcs)


def _of_endpoints(snapshot: Snapshot) -> Iterator[Metric]:
    known = snapshot.endpoints

    def each(value: Callable[[EndpointCounts], float | None]) -> Samples:
        found = ((name, value(counts)) for name, counts in known.items())
        return (([name], number) for name, number in found if number is not None)

    yield counter(
        "chain_monitor_messages_total",
        "Updates received from the endpoint, duplicates included, by kind.",
        ["endpoint", "kind"],
        (([n, kind], count) for n, c in known.items() for kind, count in c.messages.items()),
    )
    yield counter(
        "chain_monitor_received_bytes_total",
        "Bytes of updates received from the endpoint, after decompression.",
        ["endpoint"],
        each(lambda counts: counts.frames_bytes),
    )
    yield counter(
        "chain_monitor_duplicates_total",
        "Updates of the endpoint that another copy preceded.",
        ["endpoint"],
        each(lambda counts: counts.duplicates),
    )
    yield counter(
        "chain_monitor_endpoint_missed_total",
        "Updates that the endpoint's unbroken stream should have brought, and did not.",
        ["endpoint"],
        each(lambda counts: counts.missed),
    )
    yield counter(
        "chain_monitor_filter_disagreements_total",
        "Updates on which the server's filter and ours disagreed; one in 1,000 is judged both ways.",
        ["endpoint"],
        each(lambda counts: counts.filter_disagreements),
    )
    yield counter(
        "chain_monitor_endpoint_errors_total",
        "Streams of the endpoint that ended, by reason.",
        ["endpoint", "reason"],
        (([n, reason], count) for n, c in known.items() for reason, count in c.errors.items()),
    )
    yield gauge(
        "chain_monitor_endpoint_open_feeds",
        "Streams of the endpoint that its server has accepted and that have not ended.",
        ["endpoint"],
        each(lambda counts: counts.open_feeds),
    )
    yield gauge(
        "chain_monitor_stream_last_message_age_seconds",
        "Time since the endpoint sent anything, pings included.",
        ["endpoint"],
        each(lambda counts: counts.last_message_age),
    )
    yield gauge(
        "chain_monitor_reader_info",
        "How the endpoint's stream is read.",
        ["endpoint", "reader"],
        (([name, c.reader], 1) for name, c in known.items() if c.reader is not None),
    )


def _of_the_chain(snapshot: Snapshot) -> Iterator[Metric]:
    yield counter(
        "chain_monitor_slots_total",
        "Slots by what became of them; one that was partial first is counted in both states.",
        ["state"],
        (([state], count) for state, count in snapshot.slots.items()),
    )
    yield gauge(
        "chain_monitor_frontier_slot",
        "Highest slot up to which nothing is open at the commitment.",
        ["commitment"],
        (([commitment], slot) for commitment, slot in snapshot.frontiers.items()),
    )
    yield gauge(
        "chain_monitor_durable_frontier_slot",
        "Highest slot up to which everything is safe in every sink.",
        [],
        one(snapshot.durable_slot),
    )
    yield gauge(
        "chain_monitor_tip_slot",
        "Highest slot seen on any endpoint.",
        [],
        one(snapshot.tip_slot),
    )
    yield counter(
        "chain_monitor_shed_total",
        "Events given up, by reason.",
        ["reason"],
        (([reason], count) for reason, count in snapshot.shed.items()),
    )
    yield counter(
        "chain_monitor_store_failures_total",
        "Tries to keep certificates and cursors that the disk refused; the same are tried again.",
        [],
        one(snapshot.store_failures),
    )
    yield from _of_coverage(snapshot)


def _of_coverage(snapshot: Snapshot) -> Iterator[Metric]:
    known = snapshot.coverage

    def shown(value: Callable[[Coverage], float | None]) -> Samples:
        return one(None if known is None else value(known))

    yield counter(
        "chain_monitor_blocks_expected_total",
        "Finalized blocks that there are since the first slot of ours, held or not.",
        [],
        shown(lambda coverage: coverage.produced),
    )
    yield counter(
        "chain_monitor_blocks_received_total",
        "Finalized blocks that are held whole.",
        [],
        shown(lambda coverage: coverage.complete),
    )
    yield gauge(
        "chain_monitor_slot_coverage_ratio",
        "Finalized blocks held whole, of those that there are; skipped slots do not count.",
        [],
        shown(
            lambda coverage: coverage.complete / coverage.produced if coverage.produced else None
        ),
    )
    yield gauge(
        "chain_monitor_gap_open_slots",
        "Finalized slots of which something is missing, or may be.",
        [],
        one(snapshot.open_slots),
    )
    yield counter(
        "chain_monitor_slots_missing_total",
        "Slots that were finalized with something of them missing.",
        [],
        one(snapshot.gaps),
    )


def _of_sinks(snapshot: Snapshot) -> Iterator[Metric]:
    known = snapshot.sinks
    yield counter(
        "chain_monitor_events_total",
        "Events handed to the sink for the monitor, by kind.",
        ["monitor", "kind", "sink"],
        (
            ([monitor, kind, name], count)
            for name, counts in known.items()
            for (monitor, kind), count in counts.events.items()
        ),
    )
    yield gauge(
        "chain_monitor_sink_queued_bytes",
        "Bytes of records that wait for the sink.",
        ["sink"],
        (([name], counts.queued_bytes) for name, counts in known.items()),
    )
    yield counter(
        "chain_monitor_sink_records_total",
        "Records that the sink acknowledged.",
        ["sink"],
        (([name], counts.records) for name, counts in known.items()),
    )
    yield counter(
        "chain_monitor_sink_failures_total",
        "Tries to write that the sink refused; the same records are tried again.",
        ["sink"],
        (([name], counts.failures) for name, counts in known.items()),
    )
