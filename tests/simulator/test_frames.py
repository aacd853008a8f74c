"""Frames put together by hand are what protobuf itself would write."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from monitor.core.chain import Kind
from monitor.simulator.frames import encode_body, frame, varint
from monitor.wire.pb import geyser_pb2


def test_frame_equals_the_bytes_that_protobuf_writes() -> None:
    entry = geyser_pb2.SubscribeUpdateEntry(slot=300_000_000, index=3, hash=bytes(range(32)))
    expected = geyser_pb2.SubscribeUpdate(
        filters=["all", "~7", "ü" * 100],
        entry=entry,
        created_at=Timestamp(seconds=1_795_000_000, nanos=123_456_789),
    )
    body = encode_body(Kind.ENTRY, entry.SerializeToString())
    built = frame(["all", "~7", "ü" * 100], body, 1_795_000_000_123_456_789)
    assert built == expected.SerializeToString(deterministic=True)


@pytest.mark.parametrize("stamp", [0, 1, 999_999_999, 1_000_000_000, 1_795_000_000_000_000_000])
def test_created_at_is_exact(stamp: int) -> None:
    parsed = geyser_pb2.SubscribeUpdate.FromString(frame([], encode_body(Kind.PING, b""), stamp))
    assert parsed.HasField("ping")
    assert parsed.created_at.ToNanoseconds() == stamp


def test_body_of_a_two_byte_tag_is_readable() -> None:
    footer = geyser_pb2.SubscribeUpdateBlockFooter(slot=5, bank_hash=b"h" * 300)
    body = encode_body(Kind.BLOCK_FOOTER, footer.SerializeToString())
    assert geyser_pb2.SubscribeUpdate.FromString(body).block_footer == footer


@pytest.mark.parametrize(("value", "encoded"), [(0, b"\x00"), (127, b"\x7f"), (300, b"\xac\x02")])
def test_varint_follows_the_protobuf_examples(value: int, encoded: bytes) -> None:
    assert varint(value) == encoded
