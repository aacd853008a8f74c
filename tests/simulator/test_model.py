"""An update gives its message with and without keeping it."""

import pytest
from google.protobuf.message import Message

from monitor.core.chain import Kind
from monitor.simulator.encoding import update
from monitor.wire.pb import geyser_pb2

MESSAGES = [
    (Kind.ACCOUNT, geyser_pb2.SubscribeUpdateAccount(slot=5)),
    (Kind.TRANSACTION, geyser_pb2.SubscribeUpdateTransaction(slot=5)),
    (Kind.ENTRY, geyser_pb2.SubscribeUpdateEntry(slot=5, index=3, hash=b"h" * 32)),
    (Kind.BLOCK_META, geyser_pb2.SubscribeUpdateBlockMeta(slot=5, blockhash="x")),
]


@pytest.mark.parametrize(("kind", "message"), MESSAGES)
def test_a_thinned_update_reads_its_message_from_its_bytes(kind: Kind, message: Message) -> None:
    made = update(kind, 5, message)
    assert made.message is message
    made.thin()
    assert made.message is not message
    assert made.message == message
    assert (made.kind, made.slot) == (kind, 5)
