"""Frames become rows in the layout that core/events.py names."""

from monitor.core.chain import Commitment, Kind
from monitor.core.monitors import BlocksMetaFilter, Monitor, SlotsFilter, TransactionsFilter
from monitor.ports import Endpoint
from monitor.wire.pb import geyser_pb2
from monitor.wire.peek import peek
from monitor.wire.plan import compile_plan

MONITORS = [
    Monitor("usdc", transactions=TransactionsFilter()),
    Monitor("chain", slots=SlotsFilter(), blocks_meta=BlocksMetaFilter()),
]
PLAN = compile_plan(MONITORS, Commitment.CONFIRMED, Endpoint("fra", "http://127.0.0.1:1"))


def test_reads_a_transaction() -> None:
    update = geyser_pb2.SubscribeUpdate(filters=["usdc"])
    update.transaction.slot = 7
    update.transaction.transaction.signature = b"s" * 64
    update.transaction.transaction.index = 3
    frame = update.SerializeToString()

    rows = peek([(11, frame)], PLAN.names(1))

    assert rows == [(Kind.TRANSACTION, 7, b"s" * 64, 1, 3, 11, frame)]


def test_a_slot_under_the_hidden_name_serves_the_slots_monitors() -> None:
    update = geyser_pb2.SubscribeUpdate(filters=["~4"])
    update.slot.slot = 7
    update.slot.status = geyser_pb2.SLOT_CONFIRMED
    update.slot.parent = 6
    frame = update.SerializeToString()

    rows = peek([(11, frame)], PLAN.names(4))

    assert rows == [(Kind.SLOT, 7, 1, 2, (6, None, 4), 11, frame)]
