"""What every streaming call inside a server does: judges requests, queues frames, and ends (PROTOCOL 2, 5.2)."""

from abc import ABC, abstractmethod
from collections import deque
from typing import ClassVar, Final, Protocol

from google.protobuf.message import DecodeError

from monitor.simulator.families import Manners
from monitor.simulator.filter_checks import FilterRefused
from monitor.simulator.limits import FilterLimits


class CallHost(Protocol):
    """What a call needs of its server."""

    @property
    def channel_capacity(self) -> int:
        """Messages that wait for one client, and batches that a ring holds."""

    @property
    def limits(self) -> FilterLimits:
        """Of requests."""

    @property
    def max_request_bytes(self) -> int:
        """Above it, the request stream breaks."""

    @property
    def is_mute(self) -> bool:
        """No frame leaves the server."""

    @property
    def manners(self) -> Manners:
        """Of the server's family."""

    def utc_ns(self, now: float) -> int:
        """Nanoseconds since 1970."""


class Call(ABC):
    """Whoever carries its bytes takes `frames` until there are none, then looks at `ending`."""

    _of_filter: ClassVar[str]
    """What the server calls that which it makes of a request."""

    def __init__(self, host: CallHost, subscriber: str) -> None:
        self._host = host
        self.subscriber: Final = subscriber
        self.ending: tuple[str, str] | None = None
        """(status code name, message), to be delivered when `frames` gives nothing more."""
        self._queue: deque[bytes] = deque()

    def receive(self, request: bytes, now: float) -> None:
        """One request of the client."""
        if self.ending is not None:
            return
        if len(request) > self._host.max_request_bytes:
            self.break_request_stream(now)
            return
        try:
            self._judge(request, now)
        except DecodeError:
            self.break_request_stream(now)
        except FilterRefused as refused:
            self._end("INVALID_ARGUMENT", f"failed to create {self._of_filter}: {refused}")

    def break_request_stream(self, now: float) -> None:
        """The client's side was reset or made no sense: the server ends the stream without a word."""
        if self.ending is None:
            self._end("OK", "")

    def cancel(self) -> None:
        """The client is gone."""
        self.end_now("CANCELLED", "")

    def frames(self, limit: int) -> list[bytes]:
        """Take up to `limit` frames, oldest first."""
        return [] if self._host.is_mute else self._from_queue(limit)

    def end_now(self, code: str, text: str) -> None:
        """End without delivering what is queued."""
        self._queue.clear()
        if self.ending is None:
            self._end(code, text)

    @abstractmethod
    def _judge(self, request: bytes, now: float) -> None:
        """Read the request and keep what it asks for. Raises DecodeError and FilterRefused."""

    def _from_queue(self, limit: int) -> list[bytes]:
        queue = self._queue
        if len(queue) <= limit:
            taken = list(queue)
            queue.clear()
            return taken
        return [queue.popleft() for _ in range(limit)]

    def _end(self, code: str, text: str) -> None:
        self.ending = (code, text)
