"""What the end of a stream means: gRPC's code and text become a class that decisions are made with.

One table, read from the top; the first row that fits is the answer. Texts of servers are those of
Yellowstone (PROTOCOL 3.2, 5.2, 5.3; before 2026-04 refusals of replay came as INTERNAL, 2.9),
richat (3.8, 5.2) and LaserStream (TRAPS 13). Texts of the transport were observed with grpcio
1.85.1 against loopback servers: HTTP/1.1, garbage, TLS to a plain port and the reverse, wrong
certificates, HTTP/2 without gRPC, resets, refusals, unknown names and services.
"""

import re
from dataclasses import dataclass
from typing import Final

from monitor.core.endings import Ending, EndReason

OPENING: Final = "opening"
"""The phase before the server accepted the stream: no initial metadata yet."""
STREAMING: Final = "streaming"
"""The phase after it."""

_NEVER_STORED: Final = 2**64 - 1
"""What a server names as its oldest slot while it holds none (TRAPS 20)."""

_EXPIRED: Final = re.compile(r"broadcast from \d+ is not available, last available: (\d+)")
"""The slot named last is the OLDEST that the server can replay, whatever the words say (PROTOCOL
3.2).
"""


@dataclass(frozen=True, slots=True)
class _Row:
    """Fits where code (if given), text (if given, a part of it) and phase (if given) all do."""

    reason: EndReason
    code: str | None = None
    part: str | None = None
    phase: str | None = None

    def fits(self, code: str, text: str, phase: str) -> bool:
        """Whether this row speaks of such an ending."""
        return (
            (self.code is None or self.code == code)
            and (self.part is None or self.part in text)
            and (self.phase is None or self.phase == phase)
        )


_R = EndReason

_TABLE: Final[tuple[_Row, ...]] = (
    _Row(_R.END, "OK"),
    # Replay. The code is not asked: it has changed between versions.
    _Row(_R.REPLAY_EXPIRED, part="is not available, last available: "),
    _Row(_R.REPLAY_OFF, part="from_slot is not supported"),
    _Row(_R.REPLAY_AHEAD, part="failed to get replay response"),
    _Row(_R.TRANSIENT, part="failed to send from_slot request"),
    _Row(_R.REPLAY_OFF, part="replay `from_slot` available only for"),  # richat
    _Row(_R.REPLAY_OFF, part="blocks are not possible to replay"),  # richat
    _Row(_R.REPLAY_EXPIRED, part="failed to get replay position for slot"),  # richat
    # Sizes. tonic says it under OUT_OF_RANGE, which is also the code of an expired replay.
    _Row(_R.TOO_LARGE, part="message length too large"),
    _Row(_R.TOO_LARGE, part="Received message larger than max"),  # grpcio
    _Row(_R.TOO_LARGE, part="Sent message larger than max"),  # grpcio
    # We were slow.
    _Row(_R.LAGGED, part="lagged to send an update"),
    _Row(_R.LAGGED, part="lagged to receive geyser messages"),
    _Row(_R.LAGGED, part="lagged to receive deshred messages"),
    _Row(_R.LAGGED, "DATA_LOSS", "lagged"),  # richat
    # The server goes away, and will be back.
    _Row(_R.TRANSIENT, part="server is shutting down"),
    _Row(_R.TRANSIENT, "DATA_LOSS", "closed"),  # richat
    _Row(_R.TRANSIENT, "INTERNAL", "shutdown"),  # richat
    # What answers is no gRPC server, or not the one that was meant.
    _Row(_R.FOREIGN, part="Trying to connect an http1.x server"),
    _Row(_R.FOREIGN, part="Failed parsing HTTP/2"),
    _Row(_R.FOREIGN, part="WRONG_VERSION_NUMBER"),  # TLS to a plain port
    _Row(_R.FOREIGN, part="CERTIFICATE_VERIFY_FAILED"),
    _Row(_R.FOREIGN, part="Hostname Verification Check failed"),
    _Row(_R.FOREIGN, part="missing selected ALPN property"),
    # A proxy's HTTP status where a gRPC answer should be.
    _Row(_R.AUTH, part="http2 header with status: 401"),
    _Row(_R.AUTH, part="http2 header with status: 403"),
    _Row(_R.LIMIT, part="http2 header with status: 429"),
    _Row(_R.TRANSIENT, part="http2 header with status: 5"),
    _Row(_R.FOREIGN, part="http2 header with status: "),
    _Row(_R.FOREIGN, "UNKNOWN", "Data frame with END_STREAM flag received", OPENING),
    # A stream or connection cut in its life: RST_STREAM and GOAWAY come under many codes.
    _Row(_R.TRANSIENT, part="RST_STREAM"),
    _Row(_R.TRANSIENT, part="GOAWAY"),
    # What is left, by its code.
    _Row(_R.AUTH, "UNAUTHENTICATED"),
    _Row(_R.AUTH, "PERMISSION_DENIED"),
    _Row(_R.LIMIT, "INVALID_ARGUMENT"),
    _Row(_R.LIMIT, "RESOURCE_EXHAUSTED"),
    _Row(_R.LIMIT, "UNKNOWN", "failed to create CommitmentLevel"),
    _Row(_R.LIMIT, "UNIMPLEMENTED", "Content is compressed with"),
    _Row(_R.FOREIGN, "UNIMPLEMENTED"),
    _Row(_R.REPLAY_EXPIRED, "OUT_OF_RANGE"),
    _Row(_R.REPLAY_EXPIRED, "DATA_LOSS"),  # LaserStream
    _Row(_R.UNREACHABLE, part="failed to connect to all addresses"),
    _Row(_R.UNREACHABLE, part="errors resolving "),
    _Row(_R.UNREACHABLE, part="DNS resolution failed"),
    _Row(_R.UNREACHABLE, "UNAVAILABLE", phase=OPENING),
    _Row(_R.UNREACHABLE, "DEADLINE_EXCEEDED", phase=OPENING),
)


def classify(code: str, text: str, phase: str) -> Ending:
    """The ending of a stream that ended so, in the phase OPENING or STREAMING. Unknown endings are
    TRANSIENT.
    """
    reason = next((row.reason for row in _TABLE if row.fits(code, text, phase)), _R.TRANSIENT)
    floor = None
    if reason == _R.REPLAY_EXPIRED and (said := _EXPIRED.search(text)):
        floor = int(said[1])
        if floor == _NEVER_STORED:
            return Ending(_R.REPLAY_AHEAD, code, text)
    return Ending(reason, code, text, floor)
