"""What the operator can change in a running daemon."""

from monitor.adapters.http.control import Controls
from monitor.app.wiring import Daemon
from monitor.core.events import SignedOff


def controls(daemon: Daemon) -> Controls:
    """Everything that the control socket can ask for."""
    return Controls(sign_off=lambda slot, reason: sign_off(daemon, slot, reason))


def sign_off(daemon: Daemon, slot: int, reason: str) -> bool:
    """Take responsibility for a lost slot; False when it is not lost. The kernel hears of it in the loop's next turn.

    The store keeps it, so that a restart does not begin to recover the slot again.
    """
    if not daemon.driver.kernel.is_lost(slot):
        return False
    daemon.books.sign_off(slot, reason)
    daemon.recovering.inbox.post(SignedOff(slot, reason))
    return True
