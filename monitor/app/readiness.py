"""What keeps the daemon from being ready; nothing when it is."""

from monitor.app.wiring import Daemon


def unready(daemon: Daemon) -> list[str]:
    """Reasons in words: ready is a daemon with an advancing feed and every sink open and writing."""
    reasons = [
        f"sink {outbox.name} is not open" for outbox in daemon.outboxes if not outbox.is_open
    ]
    reasons += [
        f"sink {outbox.name} fails: {outbox.failing}"
        for outbox in daemon.outboxes
        if outbox.failing is not None
    ]
    kernel = daemon.driver.kernel
    if not any(connection.complete for connection in kernel.connections.all):
        reasons.append("no feed has brought a whole slot yet")
    return reasons
