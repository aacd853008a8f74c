"""The kernel's bench drives whole slots through it."""

from monitor.core.chain import Commitment
from monitor.ports import Endpoint
from monitor.wire.pb import geyser_pb2
from monitor.wire.plan import compile_plan
from tests.bench.corpus import read_corpus
from tests.bench.kernel import MONITORS, kernel_pass
from tests.bench.slots import MESSAGES, names_asked, templates


def test_each_feed_brings_every_row_of_every_slot() -> None:
    plan = compile_plan(MONITORS, Commitment.CONFIRMED, Endpoint("bench", "http://127.0.0.1:1"))
    asked = geyser_pb2.SubscribeRequest.FromString(plan.request(1))
    slots = templates(read_corpus(), names_asked(asked), 2)
    cost = kernel_pass(plan, slots, feeds=2, length=40)
    assert cost.rows == 2 * 40 * MESSAGES
    assert cost.deciding > 0
