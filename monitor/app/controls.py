"""What the operator can change in a running daemon."""

from typing import Final

from monitor.adapters.http.control import Controls, SignedOffSlots
from monitor.app.wiring import Daemon
from monitor.app.wishing import wished
from monitor.core.events import SignedOff

AT_ONCE: Final = 256
"""Slots that are signed off in one turn of the loop. Guessed: some twenty milliseconds."""


def controls(daemon: Daemon) -> Controls:
    """Everything that the control socket can ask for."""
    return Controls(
        sign_off=lambda first, last, reason: sign_off(daemon, first, last, reason),
        endpoints=tuple(endpoint.name for endpoint in daemon.configuration.endpoints),
        wish=lambda want, name, lease: wished(daemon, want, name, lease),
    )


async def sign_off(daemon: Daemon, first: int, last: int, reason: str) -> SignedOffSlots:
    """Take responsibility for the slots from `first` to `last` that are lost, the lowest of them where they are many.

    The kernel hears of it in the loop's next turn.

    Returns once the store keeps it, so that what was acknowledged is never undone by a restart.
    """
    lost = daemon.driver.kernel.lost_between(first, last + 1, AT_ONCE + 1)
    now = lost[:AT_ONCE]
    signed = [daemon.books.sign_off(slot, reason) for slot in now]
    for slot in now:
        daemon.recovering.inbox.post(SignedOff(slot, reason))
    if signed:
        await daemon.books.kept(signed[-1])  # they are stored in order
    return SignedOffSlots(len(now), lost[AT_ONCE] if len(lost) > AT_ONCE else None)
