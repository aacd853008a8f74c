"""The daemon's numbers at one moment, gathered when Prometheus asks."""

from collections import Counter
from dataclasses import replace

from monitor import __version__
from monitor.adapters.metrics.exposition import Exposition
from monitor.adapters.metrics.snapshot import EndpointCounts, EndpointState, SinkCounts, Snapshot
from monitor.app.commitment_view import choosing
from monitor.app.wiring import Daemon
from monitor.core.certificates import SlotEnd
from monitor.core.chain import KIND_WORDS, Commitment, Kind
from monitor.wire.deshred import WORD


def exposition(daemon: Daemon, reader: str) -> Exposition:
    """What `/metrics` answers; `reader` is how streams are read."""
    return Exposition(lambda: snapshot(daemon, reader), __version__)


def snapshot(daemon: Daemon, reader: str) -> Snapshot:
    """All counts now."""
    kernel = daemon.driver.kernel
    tally = kernel.tally
    chosen = choosing(daemon)
    tip, gaps = kernel.join.tip, kernel.join.ledger.gaps
    levels = {level.name.lower(): kernel.frontier(level) for level in Commitment}
    closed = {end.value: tally.slots.get(end, 0) for end in SlotEnd}
    return Snapshot(
        endpoints={
            endpoint.name: _endpoint(daemon, index, reader)
            for index, endpoint in enumerate(daemon.configuration.endpoints)
        },
        states=_states(daemon),
        sinks=_sinks(daemon),
        # A partial slot that was completed leaves the tally's count, and a counter must not fall.
        slots={**closed, SlotEnd.PARTIAL.value: gaps},
        gaps=gaps,
        open_slots=kernel.open_slots(),
        coverage=kernel.coverage(),
        frontiers={level: slot for level, slot in levels.items() if slot is not None},
        durable_slot=daemon.books.durable_slot,
        tip_slot=tip if tip >= 0 else None,
        shed={"stale": tally.stale, "memory": tally.shed, "malformed": daemon.delivery.malformed},
        store_failures=daemon.books.failures,
        commitment=chosen.level,
        commitment_decisions=dict(chosen.counts),
        undos=_undos(daemon),
        recovery=kernel.standing(),
        rpcs=() if daemon.recovering.blocks is None else daemon.recovering.blocks.tallies,
        now=daemon.clock.now(),
    )


def _undos(daemon: Daemon) -> int:
    """As the sink counts them that got the most."""
    counts: Counter[int] = Counter()
    for (route, kind, _), count in daemon.delivery.events.items():
        if kind == Kind.UNDO:
            counts[route] += count
    return max(counts.values(), default=0)


def _endpoint(daemon: Daemon, index: int, reader: str) -> EndpointCounts:
    kernel = daemon.driver.kernel
    replay = kernel.origins.replay(index)
    traffic = daemon.driver.traffic[index]
    age = None if traffic.last_at is None else max(0.0, daemon.clock.now() - traffic.last_at)
    messages = {KIND_WORDS[Kind(kind)]: count for kind, count in traffic.kinds.items()}
    if daemon.deshredding is not None:
        messages[WORD] = daemon.deshredding.received[index]
    return EndpointCounts(
        messages=messages,
        frames_bytes=traffic.frames_bytes,
        duplicates=sum(kernel.tally.duplicates[origin] for origin in (index, replay)),
        missed=kernel.tally.missed[index],
        errors={reason.value: n for reason, n in kernel.connections.errors[index].items()},
        filter_disagreements=daemon.driver.check.disagreements[index],
        open_feeds=traffic.open_feeds,
        last_message_age=age,
        reader=reader,
    )


def _states(daemon: Daemon) -> dict[str, EndpointState]:
    kernel, now = daemon.driver.kernel, daemon.clock.now()
    wishes = kernel.steering.wishes
    ends_in = {index: max(0.0, at - now) for index, at in wishes.ends_at.items()}
    return {
        endpoint.name: EndpointState(
            replace(health, is_drained=index in wishes.drained),
            endpoint.region,
            kernel.health.roles[index],
            dict(kernel.health.findings[index].counts),
            is_promoted=index in wishes.promoted,
            drain_ends_in=ends_in.get(index) if index in wishes.drained else None,
            promotion_ends_in=ends_in.get(index) if index in wishes.promoted else None,
        )
        for index, (endpoint, health) in enumerate(
            zip(daemon.configuration.endpoints, kernel.health.snapshot(now), strict=True)
        )
    }


def _sinks(daemon: Daemon) -> dict[str, SinkCounts]:
    events: list[Counter[tuple[str, str]]] = [Counter() for _ in daemon.outboxes]
    monitors = daemon.configuration.monitors
    for (route, kind, mask), count in daemon.delivery.events.items():
        for bit, monitor in enumerate(monitors):
            if mask >> bit & 1:
                events[route][monitor.name, KIND_WORDS[Kind(kind)]] += count
    if daemon.deshredding is not None:
        for (route, mask), count in daemon.deshredding.events.items():
            for bit, monitor in enumerate(monitors):
                if mask >> bit & 1:
                    events[route][monitor.name, WORD] += count
    return {
        outbox.name: SinkCounts(
            dict(events[i]), outbox.queued_bytes, outbox.written, outbox.failures
        )
        for i, outbox in enumerate(daemon.outboxes)
    }
