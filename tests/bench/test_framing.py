"""The server's side of HTTP/2 keeps to both windows and the client's frame size."""

import pytest

from tests.bench.framing import (
    DATA,
    DEFAULT_WINDOW,
    HEADERS,
    MAX_FRAME_SIZE,
    PING,
    PREFACE,
    SETTINGS,
    SUBSCRIBE,
    SUBSCRIBE_HUFFMAN,
    WINDOW_UPDATE,
    Connection,
    frame_head,
)
from tests.bench.peers.raw import opening
from tests.bench.peers.reading import request

CALL = bytes([len(SUBSCRIBE)]) + SUBSCRIBE


def sizes(parts: list[bytes | memoryview]) -> list[int]:
    return [len(part) for part in parts[1::2]]


def opened() -> Connection:
    connection = Connection()
    connection.receive(opening())
    return connection


def test_a_call_is_answered_and_its_request_read_however_it_is_cut() -> None:
    connection = Connection()
    for each in opening():
        connection.receive(bytes([each]))
    assert connection.stream == 1
    assert connection.request == request().SerializeToString()
    assert b"application/grpc" in connection.outbox


def test_bytes_that_are_no_http2_are_refused() -> None:
    with pytest.raises(ValueError, match="preface"):
        Connection().receive(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


def test_a_ping_is_acknowledged_with_its_payload() -> None:
    connection = opened()
    connection.outbox.clear()
    connection.receive(frame_head(8, PING, 0, 0) + b"abcdefgh")
    assert bytes(connection.outbox) == frame_head(8, PING, 1, 0) + b"abcdefgh"


def test_data_is_cut_at_the_largest_frame_of_the_client() -> None:
    connection = opened()
    assert sizes(connection.frames(memoryview(bytes(40_000)))) == [16_384, 16_384, 7_232]
    larger = MAX_FRAME_SIZE.to_bytes(2, "big") + (32_768).to_bytes(4, "big")
    connection.receive(frame_head(6, SETTINGS, 0, 0) + larger)
    assert sizes(connection.frames(memoryview(bytes(40_000)))) == [32_768, 7_232]


def test_both_windows_bound_what_is_allowed() -> None:
    connection = Connection()
    connection.receive(PREFACE + frame_head(len(CALL), HEADERS, 4, 1) + CALL)
    assert connection.allowed() == DEFAULT_WINDOW
    connection.frames(memoryview(bytes(DEFAULT_WINDOW)))
    assert connection.allowed() == 0
    wider = (1_000).to_bytes(4, "big")
    connection.receive(frame_head(4, WINDOW_UPDATE, 0, 0) + wider)
    assert connection.allowed() == 0
    connection.receive(frame_head(4, WINDOW_UPDATE, 0, 1) + wider)
    assert connection.allowed() == 1_000


@pytest.mark.parametrize("path", [b"/geyser.Geyser/GetVersion", SUBSCRIBE + b"ReplayInfo"])
def test_another_method_is_unimplemented_and_leaves_the_stream_free(path: bytes) -> None:
    connection = Connection()
    path = bytes([len(path)]) + path
    connection.receive(PREFACE + frame_head(len(path), HEADERS, 4, 1) + path)
    assert connection.stream is None
    assert b"grpc-status\x0212" in connection.outbox


def test_a_path_in_huffman_code_is_understood() -> None:
    connection = Connection()
    path = bytes([0x80 | len(SUBSCRIBE_HUFFMAN)]) + SUBSCRIBE_HUFFMAN
    connection.receive(PREFACE + frame_head(len(path), HEADERS, 4, 1) + path)
    assert connection.stream == 1


def test_a_request_in_two_frames_is_joined() -> None:
    connection = Connection()
    body = b"\x00\x00\x00\x00\x04abcd"
    connection.receive(
        PREFACE + frame_head(len(CALL), HEADERS, 4, 1) + CALL + frame_head(3, DATA, 0, 1) + body[:3]
    )
    assert connection.request is None
    connection.receive(frame_head(len(body) - 3, DATA, 0, 1) + body[3:])
    assert connection.request == b"abcd"
