"""A lie about a block is well-formed and always the same."""

from monitor.simulator.meta_lies import lied
from monitor.wire.pb import geyser_pb2
from tests.simulator.tiny_chain import tiny_bank


def test_only_the_blockhash_is_false() -> None:
    true = tiny_bank(100, 99).meta
    told = geyser_pb2.SubscribeUpdateBlockMeta()
    told.CopyFrom(lied(true).message)  # type: ignore[arg-type]
    assert told.blockhash != true.message.blockhash  # type: ignore[attr-defined]
    assert 32 <= len(told.blockhash) <= 44
    told.blockhash = true.message.blockhash  # type: ignore[attr-defined]
    assert told == true.message
    assert lied(true).body == lied(true).body
