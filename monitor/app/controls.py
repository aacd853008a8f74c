"""What the operator can change in a running daemon."""

from monitor.adapters.http.control import Controls
from monitor.app.wiring import Daemon
from monitor.app.wishing import wished
from monitor.core.events import SignedOff


def controls(daemon: Daemon) -> Controls:
    """Everything that the control socket can ask for."""
    return Controls(
        sign_off=lambda slot, reason: sign_off(daemon, slot, reason),
        endpoints=tuple(endpoint.name for endpoint in daemon.configuration.endpoints),
        wish=lambda want, name, lease: wished(daemon, want, name, lease),
    )


async def sign_off(daemon: Daemon, slot: int, reason: str) -> bool:
    """Take responsibility for a lost slot; False when it is not lost. The kernel hears of it in the loop's next turn.

    Returns once the store keeps it, so that what was acknowledged is never undone by a restart.
    """
    if not daemon.driver.kernel.is_lost(slot):
        return False
    signed = daemon.books.sign_off(slot, reason)
    daemon.recovering.inbox.post(SignedOff(slot, reason))
    await daemon.books.kept(signed)
    return True
