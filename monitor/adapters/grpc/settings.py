"""What may be set about streams to endpoints."""

from dataclasses import dataclass
from enum import StrEnum


class Reader(StrEnum):
    """How frames are taken from grpcio (`ingest.reader`), in the order of preference."""

    AUTO = "auto"
    """The first of the others that passes its test at the start."""
    SEGREGATED = "segregated"
    """A call with a completion queue of its own, driven by the reading thread. Fastest; a private form of grpcio."""
    SINGLE_THREADED = "single_threaded"
    """The same by a public option, at the price of the request side: an open stream takes no second request."""
    PLAIN = "plain"
    """The ordinary iterator: two changes of thread a message."""


class Workers(StrEnum):
    """Where streams are read (`ingest.workers`)."""

    THREAD = "thread"
    """In threads of this process: one core for all of Python, and the least processor time a message."""
    PROCESS = "process"
    """In a process for each endpoint: worth its memory only where one core is not enough (SPEED 6)."""


@dataclass(frozen=True, slots=True)
class GrpcSettings:
    """Of all feeds alike; what differs between endpoints is in `Endpoint`."""

    reader: Reader = Reader.AUTO
    workers: Workers = Workers.THREAD
    max_message_mb: float | None = None
    """Largest message taken; None: no limit. A mainnet block is 4.65 MB, over grpcio's own default of 4."""
    gzip: bool = False
    """Offer gzip. Off, because a Yellowstone server compresses every message for whoever names it (PROTOCOL 5.4)."""
    feed_buffer_bytes: int = 64 * 1024 * 1024
    """Frames of one feed that may wait for the loop; at the bound its thread stops reading."""
    connect_timeout: float = 10.0
    """From the first packet to the server's HTTP/2 settings."""
    keepalive: float = 30.0
    """A ping over HTTP/2 after this much silence."""
    keepalive_timeout: float = 10.0
    """The connection is dead when nothing comes for this long after the ping."""
