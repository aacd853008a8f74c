"""Streams that break all the time cost no event, make no duplicate, and no server is asked for the same over and over."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.certificates import SlotEnd
from monitor.simulator.chain_settings import ChainSettings
from monitor.wire.pb import geyser_pb2
from tests.scenarios.reconnects import (
    LOST,
    MINUTE,
    Plan,
    asked_too_often,
    draw_cuts,
    reconnects,
)
from tests.scenarios.run import REGIONS, Fault, Rpcs, watch
from tests.scenarios.test_three_regions import MONITORS, assert_complete
from tests.scenarios.virtual import Sent, Span

SLOT_TIME = 0.4
"""The real one: endpoints are left alone for seconds, and a minute is a minute."""
CHAIN = ChainSettings(
    slot_time=SLOT_TIME, votes=3, transactions=3, account_writes=2, entries=1, skipped=0.05
)
TAIL = 300
"""Slots in which RPCs that refuse most calls bring the last of it."""
LATE_RPCS = Rpcs(
    2,
    [
        (name, *fault)
        for name in ("rpc1", "rpc2")
        for fault in (("slow", "4"), ("errors", "429 0.8"))
    ],
)
"""What no region has stays away for many seconds, and each reconnect finds it missing."""
SEEDS = st.integers(0, 2**32 - 1)


async def prove(directory: Path, seed: int, wanted: int) -> int:
    """So many reconnects at least; returns how many there were. Of odd seeds readers send one request a stream."""
    plan = draw_cuts(seed, wanted)
    outcome = await watch(
        MONITORS,
        directory,
        slots=plan.slots,
        faults=plan.faults,
        seed=seed,
        slot_time=SLOT_TIME,
        chain_settings=replace(CHAIN, window=plan.slots + 2 * TAIL),
        can_amend=seed % 2 == 0,
        rpcs=LATE_RPCS,
        tail=TAIL,
    )
    assert_complete(outcome)
    ends = {slot: one.end for slot, one in outcome.certificates().items()}
    open_slots = (None, SlotEnd.PARTIAL, SlotEnd.LOST)
    assert [slot for slot in outcome.slots if ends.get(slot) in open_slots] == []
    assert asked_too_often(outcome.feeds.log) == []
    count = reconnects(outcome.feeds.spans)
    assert count >= wanted, f"{count} reconnects"
    return count


async def test_sixty_reconnects_cost_nothing_and_repeat_no_request(tmp_path: Path) -> None:
    await prove(tmp_path, seed=2, wanted=60)


def _sent(at: float, region: str, from_slot: int | None = None) -> Sent:
    request = geyser_pb2.SubscribeRequest(from_slot=from_slot)
    return Sent(at, region, request.SerializeToString())


def test_a_third_request_for_one_slot_within_a_minute_is_too_often() -> None:
    log = [_sent(0.0, "ams", 7), _sent(1.0, "ams", 7), _sent(MINUTE - 0.1, "ams", 7)]
    assert asked_too_often(log) == [("ams", 7, MINUTE - 0.1)]


def test_other_slots_other_regions_and_other_minutes_are_counted_apart() -> None:
    log = [_sent(at, region, 7) for at in (0.0, 1.0) for region in REGIONS]
    log += [_sent(2.0, "ams", 8), _sent(3.0, "ams"), _sent(4.0, "ams"), _sent(5.0, "ams")]
    assert asked_too_often([*log, _sent(MINUTE, "ams", 7), _sent(MINUTE + 1, "ams", 7)]) == []


def test_the_first_stream_of_a_region_is_no_reconnect() -> None:
    assert reconnects([Span("ams", 0.0), Span("nyc", 0.0), Span("ams", 5.0), Span("ams", 9.0)]) == 2


@given(SEEDS)
def test_cuts_come_in_the_order_of_time_to_every_region(seed: int) -> None:
    plan = draw_cuts(seed, 60)
    moments = [fault.at_slot for fault in plan.faults]
    assert moments == sorted(moments)
    assert moments[-1] < plan.slots
    cuts = Counter(fault.region for fault in _cuts(plan))
    assert cuts.keys() == REGIONS.keys()
    assert cuts.total() >= 60


@given(SEEDS)
def test_every_region_loses_the_same_all_along(seed: int) -> None:
    others = set(draw_cuts(seed, 9).faults) - set(_cuts(draw_cuts(seed, 9)))
    assert others == {Fault(-2.0, region, "lose-tx", LOST) for region in REGIONS}


def _cuts(plan: Plan) -> list[Fault]:
    return [fault for fault in plan.faults if fault.name in ("cut", "end")]
