"""What costs an endpoint its place at once, in the order in which it is worse."""

from enum import IntEnum
from typing import Final, assert_never

from monitor.core.endpoint_health import Circuit, EndpointHealth
from monitor.core.failover import FailoverPolicy, Strategy

CLOSED_PATIENCE: Final = 5.0
"""Seconds that a stream may take to be open again. A guess: longer than a server's restart of its service."""
DISTRUSTED: Final = 0.5
"""Trust below which an endpoint is isolated (`EndpointHealth.trust`)."""
TRUSTED_AGAIN: Final = 0.6
"""Trust at which an isolated one is believed again. A guess: apart from the other, so that it does not flap."""


class Fault(IntEnum):
    """A hard signal; the higher, the less the endpoint brings."""

    LAGGING = 1
    DRAINED = 2
    """An operator took it out of use: nothing else is wrong with it, or it lags."""
    SILENT = 3
    CLOSED = 4
    BROKEN = 5
    """Its circuit is not closed."""
    NEEDS_PERSON = 6
    DISTRUSTED = 7


def fault_of(health: EndpointHealth, policy: FailoverPolicy, was: Fault | None) -> Fault | None:
    """The worst that the figures alone say; `was`: what was found the last time."""
    if health.trust < (TRUSTED_AGAIN if was is Fault.DISTRUSTED else DISTRUSTED):
        return Fault.DISTRUSTED
    if health.needs_person:
        return Fault.NEEDS_PERSON
    if health.circuit is not Circuit.CLOSED:
        return Fault.BROKEN
    if health.is_open and health.silent_for > policy.silence:
        return Fault.SILENT
    bound = policy.lag / 2 if was is Fault.LAGGING else policy.lag
    if health.lag is not None and health.lag > bound:
        return Fault.LAGGING
    return None


def closed_patience(policy: FailoverPolicy, opened_before: bool, in_role_for: float) -> float:
    """Seconds that a closed stream is waited for.

    None at standby, where nobody else brings anything, unless it is only just being opened for its role.
    """
    is_opening = not opened_before or in_role_for < policy.settled
    waits = policy.strategy is not Strategy.STANDBY or is_opening
    return CLOSED_PATIENCE if waits else 0.0


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
        case Fault.NEEDS_PERSON:
            return "it refuses us until somebody cures that"
        case Fault.DISTRUSTED:
            return f"its trust is {health.trust:.2f}"
        case Fault.DRAINED:
            return "an operator drained it"
        case _:
            assert_never(fault)
