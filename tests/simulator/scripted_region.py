"""A region that does as a test tells it: what the server carries can then be told apart from what a region decides."""

import threading
from collections.abc import Mapping

from monitor.simulator.refused import Refused


class ScriptedSession:
    """Echoes each request, and sends what the test puts into `queue`. Counts what is taken."""

    def __init__(self, metadata: Mapping[str, str]) -> None:
        self.metadata = metadata
        self.queue: list[bytes] = []
        self.ending: tuple[str, str] | None = None
        self.taken = 0
        self.half_closed = threading.Event()
        self.broken = threading.Event()
        self.over = threading.Event()

    def receive(self, request: bytes, now: float) -> None:
        if request == b"bye":
            self.ending = ("OUT_OF_RANGE", "broadcast from 1 is not available, last available: 2")
        else:
            self.queue.append(b"echo " + request)

    def half_close(self, now: float) -> None:
        self.half_closed.set()

    def break_request_stream(self, now: float) -> None:
        self.broken.set()
        self.ending = ("OK", "")

    def frames(self, limit: int) -> list[bytes]:
        taken, self.queue = self.queue[:limit], self.queue[limit:]
        self.taken += len(taken)
        return taken

    def cancel(self) -> None:
        self.over.set()


class ScriptedRegion:
    """Opens sessions for whoever does not send the token `wrong`; echoes unary calls."""

    def __init__(self) -> None:
        self.sessions: list[ScriptedSession] = []

    @property
    def deshred(self) -> "ScriptedRegion":
        return self

    def open(self, metadata: Mapping[str, str], now: float) -> ScriptedSession:
        self._admit(metadata)
        session = ScriptedSession(metadata)
        self.sessions.append(session)
        return session

    def call(self, method: str, request: bytes, metadata: Mapping[str, str], now: float) -> bytes:
        self._admit(metadata)
        return method.encode() + b" " + request

    def _admit(self, metadata: Mapping[str, str]) -> None:
        if metadata.get("x-token") == "wrong":
            raise Refused("UNAUTHENTICATED", "No valid auth token")
