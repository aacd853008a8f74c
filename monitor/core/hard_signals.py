"""What costs an endpoint its place at once, in the order in which it is worse."""

from enum import IntEnum
from typing import Final, assert_never

from monitor.core.endpoint_health import Circuit, EndpointHealth
from monitor.core.failover import FailoverPolicy

CLOSED_PATIENCE: Final = 5.0
"""Seconds that a stream may take to be open again, where another is hot. A guess: longer than a server's restart."""
DISTRUSTED: Final = 0.5
"""Trust below which an endpoint is isolated (`EndpointHealth.trust`)."""
TRUSTED_AGAIN: Final = 0.6
"""Trust at which an isolated one is believed again. A guess: apart from the other, so that it does not flap."""


class Fault(IntEnum):
    """A hard signal; the higher, the less the endpoint brings."""

    LAGGING = 1
    PROVING = 2
    """It failed often, and the stream that its circuit is tried with brings slots so far."""
    DRAINED = 3
    """An operator took it out of use: nothing else is wrong with it, or it is late or proving itself."""
    SILENT = 4
    CLOSED = 5
    BROKEN = 6
    """Its circuit is not closed, and nothing comes of it."""
    NEEDS_PERSON = 7
    DISTRUSTED = 8


LATE: Final = frozenset((Fault.LAGGING, Fault.PROVING))
"""Faults of those who bring something that can be relied on, if late or not for long."""


def fault_of(health: EndpointHealth, policy: FailoverPolicy, was: Fault | None) -> Fault | None:
    """The worst that the figures alone say; `was`: what was found the last time."""
    if health.trust < (TRUSTED_AGAIN if was is Fault.DISTRUSTED else DISTRUSTED):
        return Fault.DISTRUSTED
    if health.needs_person:
        return Fault.NEEDS_PERSON
    if health.circuit is not Circuit.CLOSED:
        return Fault.PROVING if brings(health, policy) else Fault.BROKEN
    if health.is_open and health.silent_for > policy.silence:
        return Fault.SILENT
    bound = policy.lag / 2 if was is Fault.LAGGING else policy.lag
    if health.lag is not None and health.lag > bound:
        return Fault.LAGGING
    return None


def brings(health: EndpointHealth, policy: FailoverPolicy) -> bool:
    """Whether slots come of its stream, believed or not."""
    return health.is_open and health.silent_for <= policy.silence


def is_opening(
    health: EndpointHealth, policy: FailoverPolicy, opened_before: bool, in_role_for: float
) -> bool:
    """Whether a stream that is closed is only just being opened: for the first time, or for another role."""
    is_first = not opened_before and not any(health.errors.values())
    return is_first or in_role_for < policy.settled


def told(fault: Fault, health: EndpointHealth, closed_for: float) -> str:
    """The fault in words, with its figure."""
    match fault:
        case Fault.LAGGING:
            return f"it lags {health.lag or 0.0:.1f} s behind the tip"
        case Fault.SILENT:
            return f"it is silent for {health.silent_for:.1f} s"
        case Fault.CLOSED:
            return f"its stream is closed for {closed_for:.1f} s"
        case Fault.BROKEN:
            return f"its circuit is {health.circuit.value}"
        case Fault.PROVING:
            return f"its circuit is {health.circuit.value}, and its stream is on trial"
        case Fault.NEEDS_PERSON:
            return "it refuses us until somebody cures that"
        case Fault.DISTRUSTED:
            return f"its trust is {health.trust:.2f}"
        case Fault.DRAINED:
            return "an operator drained it"
        case _:
            assert_never(fault)
