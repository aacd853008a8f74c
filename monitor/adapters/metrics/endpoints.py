"""The metrics of what endpoints are like: how far behind they are, what they leave out, and what was found of them."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.metrics_core import Metric

from monitor.adapters.metrics.families import Samples, counter, gauge
from monitor.adapters.metrics.snapshot import EndpointState
from monitor.core.endpoint_health import Circuit, EndpointHealth, Role
from monitor.core.findings import Cause

STAGE = "block_meta"
"""What of a slot delays are measured by: its BlockMeta, which ends it."""


def of_states(known: Mapping[str, EndpointState]) -> Iterator[Metric]:
    """Everything that is known by endpoint; what is unknown is left out."""

    def each(value: Callable[[EndpointHealth], float | None]) -> Samples:
        found = ((name, value(state.health)) for name, state in known.items())
        return (([name], number) for name, number in found if number is not None)

    yield gauge(
        "chain_monitor_slot_lag_seconds",
        "Time for which two endpoints have had a slot that this one has not.",
        ["endpoint"],
        each(lambda health: health.lag),
    )
    yield gauge(
        "chain_monitor_endpoint_silence_seconds",
        "Time without a new slot on an open stream of the endpoint.",
        ["endpoint"],
        each(lambda health: health.silent_for if health.is_open else None),
    )
    yield gauge(
        "chain_monitor_endpoint_delay_seconds",
        "Time after the earliest endpoint, slot by slot, over the last minutes.",
        ["endpoint", "region", "stage", "quantile"],
        _delays(known),
    )
    yield gauge(
        "chain_monitor_endpoint_first_ratio",
        "Share of slots that the endpoint told first, over the last minutes.",
        ["endpoint"],
        each(lambda health: health.first_share),
    )
    yield gauge(
        "chain_monitor_endpoint_miss_ratio",
        "Share of updates that others brought and the endpoint should have, over the last minutes.",
        ["endpoint"],
        each(lambda health: health.miss_rate),
    )
    yield gauge(
        "chain_monitor_endpoint_duplicate_ratio",
        "Share of the endpoint's updates that another copy preceded, over the last minutes.",
        ["endpoint"],
        each(lambda health: health.duplicate_rate),
    )
    yield gauge(
        "chain_monitor_endpoint_trust",
        "1: nothing speaks against the endpoint; lowered by audits and disagreements.",
        ["endpoint"],
        each(lambda health: health.trust),
    )
    yield gauge(
        "chain_monitor_endpoint_circuit",
        "1 for the state that the endpoint's circuit breaker is in.",
        ["endpoint", "state"],
        (
            ([name, circuit], state.health.circuit is circuit)
            for name, state in known.items()
            for circuit in Circuit
        ),
    )
    yield gauge(
        "chain_monitor_endpoint_role",
        "1 for what the endpoint is used for.",
        ["endpoint", "role"],
        (([name, role], state.role is role) for name, state in known.items() for role in Role),
    )
    yield counter(
        "chain_monitor_endpoint_findings_total",
        "Faults that were found of the endpoint, by cause.",
        ["endpoint", "cause"],
        (
            ([name, cause], state.findings.get(cause, 0))
            for name, state in known.items()
            for cause in Cause
        ),
    )


def _delays(known: Mapping[str, EndpointState]) -> Samples:
    for name, state in known.items():
        delay = state.health.delay
        for quantile, seconds in (("0.5", delay.p50), ("0.95", delay.p95), ("0.99", delay.p99)):
            if seconds is not None:
                yield [name, state.region, STAGE, quantile], seconds
