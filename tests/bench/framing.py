"""As much of HTTP/2 (RFC 9113) as a server needs that streams one gRPC answer over cleartext.

Sans-I/O: bytes in through `receive`, bytes out through `outbox` and `frames`. The client's header block is
searched for the method's path and not decoded; the answer's headers are literals that touch no table.
"""

import struct
from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0,
    1,
    3,
    4,
    6,
    7,
    8,
    9,
)
END_STREAM: Final = 1
ACK: Final = 1
END_HEADERS: Final = 4
PADDED: Final = 8
INITIAL_WINDOW_SIZE: Final = 4
MAX_FRAME_SIZE: Final = 5
DEFAULT_WINDOW: Final = 65_535
DEFAULT_FRAME: Final = 16_384
SUBSCRIBE: Final = b"/geyser.Geyser/Subscribe"
SUBSCRIBE_HUFFMAN: Final = bytes.fromhex("6262fa416c5f117d20b631bad8d04b0d197f")
"""The same path in the Huffman code of RFC 7541, appendix B, as clients in Rust send it."""
OK_HEADERS: Final = b"\x88\x0f\x10\x10application/grpc"
""":status 200 from the static table, then content-type (index 31), literal and not indexed."""
UNIMPLEMENTED: Final = OK_HEADERS + b"\x00\x0bgrpc-status\x0212"

_HEAD = struct.Struct(">HBBBL")


def frame_head(length: int, kind: int, flags: int, stream: int) -> bytes:
    """The nine bytes before a frame's payload."""
    return _HEAD.pack(length >> 8, length & 0xFF, kind, flags, stream)


class Connection:
    """One client's connection, and the one stream of it that is served."""

    def __init__(self) -> None:
        self._inbox = bytearray()
        self._greeted = False
        self._request = bytearray()
        self._initial_window = DEFAULT_WINDOW
        self._connection_window = DEFAULT_WINDOW
        self._stream_window = DEFAULT_WINDOW
        self._max_frame = DEFAULT_FRAME
        self.outbox = bytearray(frame_head(0, SETTINGS, 0, 0))
        """Control frames to be sent before any more data."""
        self.stream: int | None = None
        """The stream of the Subscribe call, once it began."""
        self.request: bytes | None = None
        """The first request message."""
        self.is_over = False

    def receive(self, received: bytes) -> None:
        """Take what came from the socket. Raises ValueError when it is no HTTP/2."""
        self._inbox += received
        if not self._greeted:
            if len(self._inbox) < len(PREFACE):
                return
            if not self._inbox.startswith(PREFACE):
                raise ValueError("the client did not send the HTTP/2 preface")
            del self._inbox[: len(PREFACE)]
            self._greeted = True
        while len(self._inbox) >= 9:
            high, low, kind, flags, stream = _HEAD.unpack_from(self._inbox)
            end = 9 + (high << 8 | low)
            if len(self._inbox) < end:
                return
            payload = bytes(self._inbox[9:end])
            del self._inbox[:end]
            self._take(kind, flags, stream, payload)

    def allowed(self) -> int:
        """Bytes of data that both windows let through now."""
        return max(0, min(self._connection_window, self._stream_window))

    def frames(self, body: memoryview) -> list[bytes | memoryview]:
        """Frame this data, which must be `allowed`, in frames that the client takes."""
        assert self.stream is not None
        self._connection_window -= len(body)
        self._stream_window -= len(body)
        out: list[bytes | memoryview] = []
        for start in range(0, len(body), self._max_frame):
            part = body[start : start + self._max_frame]
            out += (frame_head(len(part), DATA, 0, self.stream), part)
        return out

    def _send(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        self.outbox += frame_head(len(payload), kind, flags, stream) + payload

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        match kind:
            case 4 if not flags & ACK:
                self._take_settings(payload)
                self._send(SETTINGS, ACK, 0, b"")
            case 6 if not flags & ACK:
                self._send(PING, ACK, 0, payload)
            case 8:
                self._widen(stream, int.from_bytes(payload, "big") & 0x7FFFFFFF)
            case 1:
                self._begin(stream, payload)
            case 0:
                self._take_request(flags, stream, payload)
            case 3 | 7:
                self.is_over = self.is_over or kind == GOAWAY or stream == self.stream
            case _:
                return

    def _take_settings(self, payload: bytes) -> None:
        for name, value in struct.iter_unpack(">HL", payload):
            if name == INITIAL_WINDOW_SIZE:
                self._stream_window += value - self._initial_window
                self._initial_window = value
            elif name == MAX_FRAME_SIZE:
                self._max_frame = value

    def _widen(self, stream: int, by: int) -> None:
        if stream == 0:
            self._connection_window += by
        elif stream == self.stream:
            self._stream_window += by

    def _begin(self, stream: int, block: bytes) -> None:
        """A first call is Subscribe when its path says so; others are not served."""
        if self.stream is None and _names_subscribe(block):
            self.stream = stream
            self._stream_window = self._initial_window
            self._send(HEADERS, END_HEADERS, stream, OK_HEADERS)
        else:
            self._send(HEADERS, END_HEADERS | END_STREAM, stream, UNIMPLEMENTED)

    def _take_request(self, flags: int, stream: int, payload: bytes) -> None:
        if payload:
            grant = len(payload).to_bytes(4, "big")
            self._send(WINDOW_UPDATE, 0, 0, grant)
            self._send(WINDOW_UPDATE, 0, stream, grant)
        if stream != self.stream or self.request is not None:
            return
        if flags & PADDED:
            payload = payload[1 : len(payload) - payload[0]]
        self._request += payload
        if len(self._request) >= 5:
            length = int.from_bytes(self._request[1:5], "big")
            if len(self._request) >= 5 + length:
                self.request = bytes(self._request[5 : 5 + length])


def _names_subscribe(block: bytes) -> bool:
    """Whether a header block holds the path of Subscribe, each of its two spellings after its length."""
    plain = bytes([len(SUBSCRIBE)]) + SUBSCRIBE
    coded = bytes([0x80 | len(SUBSCRIBE_HUFFMAN)]) + SUBSCRIBE_HUFFMAN
    return plain in block or coded in block
