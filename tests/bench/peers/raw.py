"""The server's ceiling: a plain socket that swallows the stream and looks at nothing."""

import select
import socket
from typing import Final

from tests.bench.framing import (
    DATA,
    END_HEADERS,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    PREFACE,
    SETTINGS,
    WINDOW_UPDATE,
    frame_head,
)
from tests.bench.framing import SUBSCRIBE as PATH
from tests.bench.peers.reading import parser, report, request
from tests.bench.window import Figures, Window, pin

WIDEST: Final = 2**31 - 1
GRANT: Final = 2**28
BUFFER_BYTES: Final = 1024 * 1024


def opening() -> bytes:
    """All that a client says before it listens: preface, settings, windows, call, request."""
    body = request().SerializeToString()
    block = b"\x83\x86\x04" + bytes([len(PATH)]) + PATH
    settings = INITIAL_WINDOW_SIZE.to_bytes(2, "big") + WIDEST.to_bytes(4, "big")
    grant = (WIDEST - 65_535).to_bytes(4, "big")
    message = b"\x00" + len(body).to_bytes(4, "big") + body
    return b"".join(
        (
            PREFACE,
            frame_head(len(settings), SETTINGS, 0, 0) + settings,
            frame_head(4, WINDOW_UPDATE, 0, 0) + grant,
            frame_head(len(block), HEADERS, END_HEADERS, 1) + block,
            frame_head(len(message), DATA, 0, 1) + message,
        )
    )


def regrant(size: int) -> bytes:
    """Widen both windows by so much."""
    grant = size.to_bytes(4, "big")
    head = frame_head(4, WINDOW_UPDATE, 0, 0)
    return head + grant + frame_head(4, WINDOW_UPDATE, 0, 1) + grant


def read(port: int, window: Window, message_bytes: float) -> Figures:
    """Swallow until the window is full; messages are counted by their mean size."""
    buffer = bytearray(BUFFER_BYTES)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(opening())
        received = granted = 0
        while not window.is_over(int(received / message_bytes)):
            select.select([sock], [], [], 1.0)
            received += sock.recv_into(buffer)
            if received - granted > GRANT:
                sock.sendall(regrant(received - granted))
                granted = received
        return window.figures(int(received / message_bytes))


def main() -> None:
    """One run, as its own process."""
    command = parser(__doc__)
    command.add_argument("--message-bytes", type=float, default=1_022.0)
    given = command.parse_args()
    pin(given.core)
    report(read(given.port[0], Window(given.seconds), given.message_bytes))


if __name__ == "__main__":
    main()
