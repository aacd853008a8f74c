"""Every ending that a server or the transport is known to give has its class."""

import pytest

from monitor.core.endings import Ending, EndReason
from monitor.wire.status import OPENING, STREAMING, classify

EXPIRED = "broadcast from 90 is not available, last available: 100"
TO = "failed to connect to all addresses; last error: "
FRAME = "Failed parsing HTTP/2 (Expected SETTINGS frame as the first frame, got frame type 80)"
HTTP1 = (
    f"{TO}INTERNAL: ipv4:10.0.0.1:80: {FRAME}"
    " (Trying to connect an http1.x server (HTTP status 400))"
)
TLS = (
    f"{TO}UNKNOWN: ipv4:10.0.0.1:443: Tls handshake failed (TSI_PROTOCOL_FAILURE): SSL_ERROR_SSL: "
)
LARGE = "decoded message length too large: found 5000000 bytes, the limit is: 4194304 bytes"
STATUS = "Received http2 header with status: "

R = EndReason

SERVERS = [
    # the end without an error
    ("OK", "", R.END),
    # replay, PROTOCOL 3.2, 2.9
    ("OUT_OF_RANGE", EXPIRED, R.REPLAY_EXPIRED),
    ("INTERNAL", EXPIRED, R.REPLAY_EXPIRED),
    ("OUT_OF_RANGE", "some other words", R.REPLAY_EXPIRED),
    ("INTERNAL", "from_slot is not supported", R.REPLAY_OFF),
    ("INTERNAL", "failed to get replay response", R.REPLAY_AHEAD),
    ("INTERNAL", "failed to send from_slot request", R.TRANSIENT),
    # replay, richat, PROTOCOL 3.8
    (
        "INVALID_ARGUMENT",
        "replay `from_slot` available only for `processed` commitment",
        R.REPLAY_OFF,
    ),
    ("INVALID_ARGUMENT", "failed to get replay position for slot 7", R.REPLAY_EXPIRED),
    ("INVALID_ARGUMENT", "blocks are not possible to replay", R.REPLAY_OFF),
    # replay, LaserStream, TRAPS 13
    ("DATA_LOSS", "requested slot is no longer stored", R.REPLAY_EXPIRED),
    # sizes
    ("OUT_OF_RANGE", f"Error, {LARGE}", R.TOO_LARGE),
    ("RESOURCE_EXHAUSTED", "Received message larger than max (5 vs. 4)", R.TOO_LARGE),
    (
        "RESOURCE_EXHAUSTED",
        "Stream removed (CLIENT: Received message larger than max (5242880 vs. 4194304))",
        R.TOO_LARGE,
    ),
    ("RESOURCE_EXHAUSTED", "CLIENT: Sent message larger than max (9 vs. 8)", R.TOO_LARGE),
    # slow client, PROTOCOL 5.2
    ("INTERNAL", "lagged to send an update", R.LAGGED),
    ("INTERNAL", "lagged to receive geyser messages", R.LAGGED),
    ("INTERNAL", "lagged to receive deshred messages", R.LAGGED),
    ("DATA_LOSS", "lagged", R.LAGGED),
    # shutdown
    ("UNAVAILABLE", "server is shutting down try again later", R.TRANSIENT),
    ("UNAVAILABLE", "server is shutting down", R.TRANSIENT),
    ("INTERNAL", "server is shutting down try again later", R.TRANSIENT),
    ("DATA_LOSS", "closed", R.TRANSIENT),
    ("INTERNAL", "shutdown", R.TRANSIENT),
    # status table, PROTOCOL 5.3
    ("UNAUTHENTICATED", "No valid auth token", R.AUTH),
    ("UNAUTHENTICATED", "", R.AUTH),
    ("PERMISSION_DENIED", "plan does not include gRPC", R.AUTH),
    ("INTERNAL", "", R.TRANSIENT),
    ("RESOURCE_EXHAUSTED", "rate limit exceeded", R.LIMIT),
    ("RESOURCE_EXHAUSTED", "max subscription limit exceeded", R.LIMIT),
    (
        "INVALID_ARGUMENT",
        "failed to create filter: Max amount of Pubkeys reached, only 10 allowed",
        R.LIMIT,
    ),
    ("INVALID_ARGUMENT", "failed to check filter: NameError", R.LIMIT),
    ("UNKNOWN", "failed to create CommitmentLevel from 9", R.LIMIT),
    ("UNIMPLEMENTED", "Content is compressed with `zstd` which isn't supported", R.LIMIT),
    ("UNIMPLEMENTED", "", R.FOREIGN),
    ("UNIMPLEMENTED", "Method not found!", R.FOREIGN),
]

TRANSPORT = [
    # no connection
    (
        "UNAVAILABLE",
        f"{TO}UNKNOWN: ipv4:10.0.0.1:1: Failed to connect to remote host: Connection refused",
        R.UNREACHABLE,
    ),
    (
        "UNAVAILABLE",
        f"{TO}UNAVAILABLE: ipv4:10.0.0.1:1: recvmsg:Connection reset by peer (104)",
        R.UNREACHABLE,
    ),
    (
        "UNAVAILABLE",
        f"{TO}UNAVAILABLE: ipv4:10.0.0.1:1: Handshake read failed"
        " (recvmsg:Connection reset by peer (104))",
        R.UNREACHABLE,
    ),
    (
        "UNAVAILABLE",
        "errors resolving x.invalid:443: [field:hostname lookup error:address lookup failed]",
        R.UNREACHABLE,
    ),
    (
        "UNAVAILABLE",
        "DNS resolution failed for x.invalid:443: C-ares status is not ARES_SUCCESS",
        R.UNREACHABLE,
    ),
    ("UNAVAILABLE", "Connection reset by peer", R.UNREACHABLE),
    ("DEADLINE_EXCEEDED", "Deadline Exceeded", R.UNREACHABLE),
    # something else answers
    ("UNAVAILABLE", f"{TO}UNAVAILABLE: ipv4:10.0.0.1:80: {FRAME}", R.FOREIGN),
    ("UNAVAILABLE", HTTP1, R.FOREIGN),
    (
        "UNAVAILABLE",
        f"{TLS}error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER: Invalid",
        R.FOREIGN,
    ),
    (
        "UNAVAILABLE",
        f"{TLS}error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED: self signed",
        R.FOREIGN,
    ),
    (
        "UNAVAILABLE",
        f"{TO}UNKNOWN: ipv4:10.0.0.1:443: Custom verification check failed with error:"
        " UNAUTHENTICATED: Hostname Verification Check failed.",
        R.FOREIGN,
    ),
    (
        "UNAVAILABLE",
        f"{TO}UNKNOWN: ipv4:10.0.0.1:443: Cannot check peer: missing selected ALPN property.",
        R.FOREIGN,
    ),
    ("UNKNOWN", "Stream removed (Data frame with END_STREAM flag received)", R.FOREIGN),
    # a proxy answers for the server
    ("UNKNOWN", f"{STATUS}301", R.FOREIGN),
    ("INTERNAL", f"{STATUS}400", R.FOREIGN),
    ("UNAUTHENTICATED", f"{STATUS}401", R.AUTH),
    ("PERMISSION_DENIED", f"{STATUS}403", R.AUTH),
    ("UNIMPLEMENTED", f"{STATUS}404", R.FOREIGN),
    ("UNAVAILABLE", f"{STATUS}429", R.LIMIT),
    ("UNKNOWN", f"{STATUS}500", R.TRANSIENT),
    ("UNAVAILABLE", f"{STATUS}502", R.TRANSIENT),
    ("UNAVAILABLE", f"{STATUS}503", R.TRANSIENT),
    ("UNAVAILABLE", f"{STATUS}504", R.TRANSIENT),
    # cut before it spoke
    (
        "INTERNAL",
        "Stream removed (RST_STREAM (Received RST_STREAM with error code 2))",
        R.TRANSIENT,
    ),
    (
        "RESOURCE_EXHAUSTED",
        "Stream removed (RST_STREAM (Received RST_STREAM with error code 11))",
        R.TRANSIENT,
    ),
    (
        "CANCELLED",
        "Stream removed (RST_STREAM (Received RST_STREAM with error code 8))",
        R.TRANSIENT,
    ),
    (
        "UNAVAILABLE",
        "Stream removed (GOAWAY received; Error code: 11; Debug Text: too_many_pings)",
        R.TRANSIENT,
    ),
]

CUT_WHILE_STREAMING = [
    ("UNAVAILABLE", "Stream removed (recvmsg:Connection reset by peer (104))", R.TRANSIENT),
    ("UNAVAILABLE", "Cancelling all calls", R.TRANSIENT),
    ("UNKNOWN", "No status received", R.TRANSIENT),
    ("UNKNOWN", "Stream removed (Data frame with END_STREAM flag received)", R.TRANSIENT),
    ("UNKNOWN", "Exception iterating responses: boom", R.TRANSIENT),
    ("INTERNAL", "Stream removed (Error parsing 'grpc-encoding' metadata)", R.TRANSIENT),
    ("CANCELLED", "Locally cancelled by application!", R.TRANSIENT),
    ("DEADLINE_EXCEEDED", "Deadline Exceeded", R.TRANSIENT),
    ("ABORTED", "", R.TRANSIENT),
    ("A_CODE_OF_TOMORROW", "", R.TRANSIENT),
]


@pytest.mark.parametrize(("code", "text", "reason"), SERVERS)
@pytest.mark.parametrize("phase", [OPENING, STREAMING])
def test_what_a_server_says_means_the_same_in_both_phases(
    code: str, text: str, reason: EndReason, phase: str
) -> None:
    ending = classify(code, text, phase)

    assert (ending.reason, ending.code, ending.text) == (reason, code, text)


@pytest.mark.parametrize(("code", "text", "reason"), TRANSPORT)
def test_a_stream_that_never_opened_is_told_by_the_transports_words(
    code: str, text: str, reason: EndReason
) -> None:
    assert classify(code, text, OPENING).reason == reason


@pytest.mark.parametrize(("code", "text", "reason"), CUT_WHILE_STREAMING)
def test_an_open_stream_that_is_cut_may_be_tried_again(
    code: str, text: str, reason: EndReason
) -> None:
    assert classify(code, text, STREAMING).reason == reason


def test_an_expired_replay_names_the_oldest_slot_that_is_left() -> None:
    assert classify("OUT_OF_RANGE", EXPIRED, STREAMING) == Ending(
        R.REPLAY_EXPIRED, "OUT_OF_RANGE", EXPIRED, floor=100
    )


def test_an_expired_replay_of_other_words_has_no_floor() -> None:
    assert classify("DATA_LOSS", "gone", STREAMING).floor is None


def test_a_server_that_stores_nothing_yet_is_ahead_not_expired() -> None:
    text = f"broadcast from 90 is not available, last available: {2**64 - 1}"

    assert classify("OUT_OF_RANGE", text, STREAMING) == Ending(R.REPLAY_AHEAD, "OUT_OF_RANGE", text)


def test_too_large_wins_over_expired() -> None:
    assert classify("OUT_OF_RANGE", f"Error, {LARGE}", STREAMING).reason == R.TOO_LARGE
