"""What the daemon answers when it is asked how things are: its status, its slots, its metrics."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from monitor.adapters.http.routes import Answers
from monitor.adapters.metrics.snapshot import Snapshot
from monitor.app.commitment import level_policy
from monitor.app.commitment_view import choosing, commitment_view, level_since, level_view
from monitor.app.configuration import JsonlSink
from monitor.app.decision_view import decision_views
from monitor.app.endpoints_view import ending_view, endpoint_view
from monitor.app.failover import carried_names
from monitor.app.profile_view import profile_view
from monitor.app.readiness import unready
from monitor.app.recovery_view import RecoveryState, recovery_view
from monitor.app.snapshot import exposition, snapshot
from monitor.app.wiring import Daemon
from monitor.core.certificates import SlotEnd
from monitor.stored import SlotTally

NEWEST_DECISIONS: Final = 20
"""Decisions that are told of each endpoint."""


def answers(daemon: Daemon) -> Answers:
    """Everything that the API asks for."""
    return Answers(
        metrics=exposition(daemon, daemon.reader).text,
        ready=lambda: unready(daemon),
        status=lambda: status(daemon),
        recovery=lambda: recovery(daemon),
        commitment=lambda: commitment(daemon),
        endpoints=lambda: endpoints(daemon),
        newest_slot=lambda: daemon.books.newest_slot,
        slots=daemon.books.slots,
    )


def status(daemon: Daemon) -> dict[str, object]:
    """The daemon in short, as plain JSON values; a number that is not known is None."""
    counts = snapshot(daemon, daemon.reader)
    tally = daemon.driver.kernel.tally.slots
    reasons = unready(daemon)
    return {
        "ready": not reasons,
        "reasons": reasons,
        "frontiers": dict(counts.frontiers),
        "durable_slot": counts.durable_slot,
        "tip_slot": counts.tip_slot,
        "commitment": level_view(choosing(daemon), level_since(daemon)),
        "slots": {end.value: tally[end] for end in SlotEnd if tally.get(end)},
        "slots_stored": _stored(daemon.books.tally),
        "coverage": coverage_of(counts),
        "endpoints": list(_endpoints(daemon, counts)),
        "sinks": list(_sinks(daemon, counts)),
        "store": {"failures": daemon.books.failures, "failing": daemon.books.failing},
    }


def recovery(daemon: Daemon) -> dict[str, object]:
    """How far recovery is, as plain JSON values."""
    counts = snapshot(daemon, daemon.reader)
    kernel = daemon.driver.kernel
    state = RecoveryState(kernel.standing(), counts.rpcs, coverage_of(counts), kernel.open_slots())
    return recovery_view(state, counts.now, daemon.clock.utc_ns)


def commitment(daemon: Daemon) -> dict[str, object]:
    """At which commitment events are released, and why, as plain JSON values."""
    policy = level_policy(daemon.configuration)
    since = level_since(daemon)
    return commitment_view(choosing(daemon), policy, since, daemon.clock.utc_ns)


def endpoints(daemon: Daemon) -> dict[str, object]:
    """What each endpoint is like, as plain JSON values."""
    kernel = daemon.driver.kernel
    states = snapshot(daemon, daemon.reader).states
    return {
        "endpoints": [
            endpoint_view(
                endpoint,
                states[endpoint.name],
                connection.last_ending,
                findings.newest(),
                daemon.clock.utc_ns,
            )
            | {
                "carries": carried_names(connection, daemon.configuration.monitors),
                "profile": profile_view(profile, daemon.clock.utc_ns),
                "decisions": _decisions(daemon, index),
            }
            for index, (endpoint, connection, findings, profile) in enumerate(
                zip(
                    daemon.configuration.endpoints,
                    kernel.connections.all,
                    kernel.health.findings,
                    daemon.probing.profiles,
                    strict=True,
                )
            )
        ]
    }


def _decisions(daemon: Daemon, endpoint: int) -> list[dict[str, object]]:
    """What was decided about an endpoint, and about all: the newest first."""
    names = [each.name for each in daemon.configuration.endpoints]
    told = daemon.driver.kernel.decisions.told(names, endpoint)
    return decision_views(told[: -NEWEST_DECISIONS - 1 : -1], daemon.clock.utc_ns)


def coverage_of(counts: Snapshot) -> dict[str, object] | None:
    """The coverage and how it was counted; None while no block is finalized."""
    coverage = counts.coverage
    if coverage is None:
        return None
    return {
        "complete": coverage.complete,
        "produced": coverage.produced,
        "counted_by": "block_height" if coverage.by_height else "parent_slot",
    }


def _stored(tally: SlotTally | None) -> dict[str, dict[str, int]] | None:
    """Slots by what they came to, over all restarts: ever, and of the certificates that are kept."""
    if tally is None:
        return None
    by_name = (("ever", tally.ever), ("kept", tally.kept))
    return {name: {end.value: of[end] for end in SlotEnd if end in of} for name, of in by_name}


def _endpoints(daemon: Daemon, counts: Snapshot) -> Iterator[dict[str, object]]:
    connections = daemon.driver.kernel.connections.all
    for endpoint, connection in zip(daemon.configuration.endpoints, connections, strict=True):
        known = counts.endpoints[endpoint.name]
        age = known.last_message_age
        yield {
            "endpoint": endpoint.name,
            "region": endpoint.region,
            "provider": endpoint.provider,
            "open_feeds": known.open_feeds,
            "last_message_age": None if age is None else round(age, 3),
            "last_ending": ending_view(connection.last_ending),
            "duplicates": known.duplicates,
            "missed": known.missed,
        }


def _sinks(daemon: Daemon, counts: Snapshot) -> Iterator[dict[str, object]]:
    for outbox, sink in zip(daemon.outboxes, daemon.configuration.sinks, strict=True):
        known = counts.sinks[outbox.name]
        yield {
            "sink": outbox.name,
            "file": str(Path(sink.path).absolute()) if isinstance(sink, JsonlSink) else None,
            "queued_bytes": known.queued_bytes,
            "records": known.records,
            "failures": known.failures,
            "failing": outbox.failing,
        }
