"""Trap 7: a slots filter that names its commitment, or leaves lifecycle statuses out, hides what a proof needs."""

import pytest

from monitor.core.chain import Commitment, SlotStatus
from monitor.core.monitors import Monitor, SlotsFilter
from monitor.ports import Endpoint
from monitor.wire.pb import geyser_pb2
from monitor.wire.plan import compile_plan
from tests.core.play import Play, confirmed, created, finalized, meta, processed
from tests.simulator.subscriber import make_region, updates
from tests.simulator.tiny_chain import plain_chain

NARROW = Monitor("narrow", slots=SlotsFilter(filter_by_commitment=True))
WIDE = Monitor("wide", slots=SlotsFilter(interslot_updates=True))


def request(*monitors: Monitor) -> bytes:
    plan = compile_plan(monitors, Commitment.CONFIRMED, Endpoint("ams", "http://ams"))
    return plan.request(1)


@pytest.mark.parametrize("monitor", [NARROW, WIDE], ids=lambda monitor: monitor.name)
def test_a_server_tells_every_status_whatever_the_monitors_want(monitor: Monitor) -> None:
    region = make_region(plain_chain(1))
    session = region.open({}, 0.0)
    session.receive(request(monitor), 0.0)
    region.advance(9.0)
    told = {SlotStatus(one.slot.status) for one in updates(session) if one.HasField("slot")}
    assert told == set(SlotStatus) - {SlotStatus.DEAD}


def test_the_hidden_filter_names_no_commitment_and_wants_lifecycle_statuses() -> None:
    asked = geyser_pb2.SubscribeRequest.FromString(request(NARROW)).slots
    assert [name for name in asked if not name.startswith("~")] == []
    assert all(one.interslot_updates and not one.filter_by_commitment for one in asked.values())


def test_each_monitor_gets_the_statuses_that_its_own_filter_means() -> None:
    play = Play(NARROW, WIDE)
    play.says(1, created(5), meta(5, transactions=0), processed(5), confirmed(5), finalized(5))
    told = [(word, mask) for word, mask in map(_split, play.take()) if word != "5 created_bank"]
    assert _split("5 created_bank for 10") == ("5 created_bank", "10")
    assert [word for word, mask in told if mask in ("1", "11")] == ["5 confirmed"]
    assert [word for word, mask in told if mask in ("10", "11")] == [
        "5 processed",
        "5 confirmed",
        "5 finalized",
    ]


def _split(line: str) -> tuple[str, str]:
    """What happened, and the mask of those who are told."""
    word, _, mask = line.partition(" for ")
    return word, mask or "1"
