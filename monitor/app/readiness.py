"""What keeps the daemon from being ready; nothing when it is."""

from collections.abc import Iterator

from monitor.app.wiring import Daemon
from monitor.core.endings import Ending


def unready(daemon: Daemon) -> list[str]:
    """Reasons in words: ready is a daemon with an advancing feed and every sink, and the store, open and writing.

    An endpoint that is not streaming is named when no other advances either: with one that does, all is well.
    """
    reasons = [
        f"sink {outbox.name} is not open" for outbox in daemon.outboxes if not outbox.is_open
    ]
    reasons += [
        f"sink {outbox.name} fails: {outbox.failing}"
        for outbox in daemon.outboxes
        if outbox.failing is not None
    ]
    if daemon.books.failing is not None:
        reasons.append(f"the ledger's store fails: {daemon.books.failing}")
    if not any(connection.complete for connection in daemon.driver.kernel.connections.all):
        reasons.append("no feed has brought a whole slot yet")
        reasons += _not_streaming(daemon)
    return reasons


def ending_words(ending: Ending) -> str:
    """Why a stream ended, in one line: the class, and what the server or gRPC said."""
    said = " ".join(ending.text.split()) or ending.code
    return f"{ending.reason.value} ({said})"


def _not_streaming(daemon: Daemon) -> Iterator[str]:
    connections = daemon.driver.kernel.connections.all
    for endpoint, connection in zip(daemon.configuration.endpoints, connections, strict=True):
        if not connection.opened:
            ending = connection.last_ending
            why = "it has not answered yet" if ending is None else ending_words(ending)
            yield f"endpoint {endpoint.name} is not streaming: {why}"
