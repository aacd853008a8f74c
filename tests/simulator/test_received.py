"""Messages as the server holds them: encoded late and once, account writes de-duplicated."""

from monitor.core.chain import Kind, SlotStatus
from monitor.simulator.received import FrozenBlock, Received, StatusNews, last_writes
from monitor.wire.pb import geyser_pb2
from tests.simulator.tiny_chain import tiny_bank, tiny_transaction, tiny_write


def versions(writes: list[tuple[int, int]]) -> list[int]:
    arrived = [Received(tiny_write(100, key, version), 1) for key, version in writes]
    return [message.message.account.write_version for message in last_writes(arrived)]


def test_only_the_highest_write_of_a_key_stays() -> None:
    assert versions([(1, 5), (2, 6), (1, 9), (1, 7)]) == [6, 9]


def test_equal_versions_all_stay() -> None:
    assert versions([(1, 9), (1, 3), (1, 9)]) == [9, 9]


def test_version_zero_counts() -> None:
    assert versions([(1, 0)]) == [0]


def test_transactions_and_entries_keep_their_places() -> None:
    bank = tiny_bank(100, 99, writes=[(1, 1), (1, 2)])
    arrived = [Received(update, 1) for _, update in bank.updates]
    block = FrozenBlock(arrived, Received(bank.meta, 1), 1)
    assert [message.kind for message in block.contents] == [
        Kind.ACCOUNT,
        Kind.TRANSACTION,
        Kind.TRANSACTION,
        Kind.ENTRY,
    ]
    assert (block.slot, block.parent, len(block.of(Kind.TRANSACTION))) == (100, 99, 2)


def test_pieces_are_encoded_once() -> None:
    received = Received(tiny_transaction(100, 0), 5)
    assert received.stamp is received.stamp
    assert received.status_body is received.status_body
    assert received.transaction is received.transaction
    write = Received(tiny_write(100, 1, 1), 5)
    assert write.account is write.account


def test_status_has_a_parent_only_when_told() -> None:
    for parent in (None, 0, 99):
        news = StatusNews(100, SlotStatus.DEAD, 5, parent, "why")
        update = geyser_pb2.SubscribeUpdate.FromString(news.body + news.stamp)
        assert update.slot.HasField("parent") == (parent is not None)
        assert (update.slot.parent, update.slot.dead_error) == (parent or 0, "why")
        assert update.created_at.ToNanoseconds() == 5
        assert news.body is news.body
