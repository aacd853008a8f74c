"""What the operator can change in a running daemon."""

from monitor.adapters.http.control import Controls
from monitor.app.snapshot import standing_of
from monitor.app.wiring import Daemon


def controls(daemon: Daemon) -> Controls:
    """Everything that the control socket can ask for."""
    return Controls(sign_off=lambda slot, reason: sign_off(daemon, slot, reason))


def sign_off(daemon: Daemon, slot: int, _reason: str) -> bool:
    """Take responsibility for a lost slot; False when it is not lost."""
    return any(first <= slot < end for first, end in standing_of(daemon).lost_ranges)
