"""The daemon's numbers at one moment, gathered when Prometheus asks."""

from collections import Counter

from monitor import __version__
from monitor.adapters.metrics.exposition import Exposition
from monitor.adapters.metrics.snapshot import EndpointCounts, SinkCounts, Snapshot
from monitor.app.wiring import Daemon
from monitor.core.certificates import SlotEnd
from monitor.core.chain import KIND_WORDS, Commitment, Kind


def exposition(daemon: Daemon, reader: str) -> Exposition:
    """What `/metrics` answers; `reader` is how streams are read."""
    return Exposition(lambda: snapshot(daemon, reader), __version__)


def snapshot(daemon: Daemon, reader: str) -> Snapshot:
    """All counts now."""
    join = daemon.driver.kernel.join
    tally = daemon.driver.kernel.tally
    frontier = daemon.driver.kernel.gate.frontier
    return Snapshot(
        endpoints={
            endpoint.name: _endpoint(daemon, index, reader)
            for index, endpoint in enumerate(daemon.configuration.endpoints)
        },
        sinks=_sinks(daemon),
        slots={end.value: tally.slots.get(end, 0) for end in SlotEnd},
        missing_slots=tally.slots.get(SlotEnd.PARTIAL, 0),
        frontiers={
            level.name.lower(): frontier[level] for level in Commitment if frontier[level] >= 0
        },
        tip_slot=join.tip if join.tip >= 0 else None,
        shed={"stale": tally.stale, "malformed": daemon.delivery.malformed},
    )


def _endpoint(daemon: Daemon, index: int, reader: str) -> EndpointCounts:
    kernel = daemon.driver.kernel
    traffic = daemon.driver.traffic[index]
    age = None if traffic.last_at is None else max(0.0, daemon.clock.now() - traffic.last_at)
    return EndpointCounts(
        messages={KIND_WORDS[Kind(kind)]: count for kind, count in traffic.kinds.items()},
        frames_bytes=traffic.frames_bytes,
        duplicates=kernel.tally.duplicates[index],
        missed=kernel.tally.missed[index],
        errors={reason.value: n for reason, n in kernel.connections.errors[index].items()},
        filter_disagreements=daemon.driver.check.disagreements[index],
        open_feeds=traffic.open_feeds,
        last_message_age=age,
        reader=reader,
    )


def _sinks(daemon: Daemon) -> dict[str, SinkCounts]:
    events: list[Counter[tuple[str, str]]] = [Counter() for _ in daemon.outboxes]
    monitors = daemon.configuration.monitors
    for (route, kind, mask), count in daemon.delivery.events.items():
        for bit, monitor in enumerate(monitors):
            if mask >> bit & 1:
                events[route][monitor.name, KIND_WORDS[Kind(kind)]] += count
    return {
        outbox.name: SinkCounts(
            dict(events[i]), outbox.queued_bytes, outbox.written, outbox.failures
        )
        for i, outbox in enumerate(daemon.outboxes)
    }
