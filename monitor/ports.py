"""What the core and the runtime need of the world, as Protocols; adapters provide it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monitor.core.commands import Report


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One Yellowstone URL, as the user wrote it."""

    name: str
    url: str
    """`http://host:port`, `https://host:port`, or `host:port` (cleartext)."""
    region: str = ""
    provider: str = ""
    priority: int = 1
    token: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    max_streams: int | None = None
    max_filters: int | None = None
    max_pubkeys: int | None = None


@dataclass(frozen=True, slots=True)
class FramesTaken:
    """Raw frames of one feed, in stream order, each with its stamp (nanoseconds, monotonic)."""

    feed: int
    frames: list[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """The server's initial metadata came."""

    feed: int


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The stream is over: the gRPC status code's name and the status message as they came."""

    feed: int
    code: str
    text: str


Taken = FramesTaken | StreamOpened | StreamEnded


class Feeds(Protocol):
    """Streams to endpoints. All calls are made by the loop; reading goes on in threads behind it."""

    def open(self, feed: int, endpoint: Endpoint, request: bytes) -> None:
        """Begin a stream under this number; what becomes of it arrives through `take`. Never raises for the network."""

    def send(self, feed: int, request: bytes) -> None:
        """Send a request on the stream; the latest unsent one wins. A feed that has ended ignores it."""

    def close(self, feed: int) -> None:
        """Cancel the stream; its StreamEnded still comes."""

    async def wait(self, seconds: float | None) -> None:
        """Return when something can be taken, or after `seconds` (None: no limit)."""

    def take(self, limit_bytes: int) -> list[Taken]:
        """All that arrived, at most about `limit_bytes` of frames; order is kept within each feed."""

    async def stop(self) -> None:
        """Cancel every stream and join its thread; returns within about a second."""


class Sink(Protocol):
    """Where events go. One writer calls it; it never sees two calls at once."""

    @property
    def takes_records(self) -> bool:
        """False when the sink has no use for the records themselves, so that none need be made."""

    async def open(self) -> None:
        """Prepare to write. Raises SinkFailed saying what, where, and what to do."""

    async def write(self, lines: Sequence[bytes]) -> None:
        """Take whole records, each ending in a newline. Returning is the acknowledgement.

        Raises SinkFailed; the next call then brings the same lines again, and the sink goes on where it stopped.
        """

    async def flush(self) -> None:
        """Make safe what was acknowledged; called when nothing came for a while. Raises SinkFailed."""

    async def close(self) -> None:
        """Flush and close; what was acknowledged is safe when this returns."""


class Clock(Protocol):
    """Time. `now` never goes back; `utc_ns` is for stamps that people read."""

    def now(self) -> float:
        """Seconds of a monotonic clock."""

    def utc_ns(self, stamp_ns: int) -> int:
        """Nanoseconds since 1970 of a monotonic nanosecond stamp."""


class Dice(Protocol):
    """Randomness for back-off."""

    def jitter(self) -> float:
        """Uniform in [0, 1)."""


class Reporter(Protocol):
    """The log."""

    def report(self, report: Report) -> None:
        """Write one line."""
