"""One region of three lags, lies, or drops a few: it is named within 30 slots, the others are not, and nothing is lost."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core.endpoint_health import EndpointHealth
from monitor.core.findings import Cause
from monitor.simulator.chain_settings import ChainSettings
from monitor.wire.pb import geyser_pb2
from tests.scenarios.run import REGIONS, START, Fault, Outcome, watch
from tests.scenarios.test_three_regions import MONITORS, assert_complete

TAIL = 40
"""Slots after those of interest: until these are finalized."""
SOON = 30
"""Slots within which a fault is to be named."""
NAMES = list(REGIONS)
LIGHT = ChainSettings(slot_time=0.1, votes=8, transactions=6, account_writes=20, entries=3)
"""For what is told by whole slots: how much happens in them is of no account."""


def named(outcome: Outcome) -> list[tuple[str, str, float]]:
    """The endpoint and the cause of every line about a finding, and when it was written, in slots from the first."""
    slot_time = outcome.chain.settings.slot_time
    return [
        (report.facts["endpoint"], report.facts["cause"], (moment - START) / slot_time)
        for report, moment in zip(outcome.journal.reports, outcome.journal.moments, strict=True)
        if report.sentence == "something was found against an endpoint"
    ]


def health(outcome: Outcome, name: str) -> EndpointHealth:
    """What the endpoint came to, at the end of the chain."""
    return outcome.kernel.health.snapshot(outcome.kernel.join.now)[NAMES.index(name)]


def first_lacking(outcome: Outcome, name: str) -> int:
    """The first slot of which the endpoint brought fewer transactions than another, in slots from the first."""
    brought: dict[int, dict[int, int]] = {}
    for feed, frame in outcome.feeds.delivered:
        update = geyser_pb2.SubscribeUpdate.FromString(frame)
        if update.WhichOneof("update_oneof") == "transaction":
            counts = brought.setdefault(update.transaction.slot, {})
            counts[feed] = counts.get(feed, 0) + 1
    own = NAMES.index(name) + 1
    lacking = [
        slot
        for slot, counts in brought.items()
        if slot in outcome.slots[5:] and counts.get(own, 0) < max(counts.values())
    ]
    return min(lacking) - outcome.slots[0]


@pytest.mark.parametrize("liar", ["ams", "tyo"])
async def test_a_region_that_tells_other_blocks_is_named_and_not_trusted(
    tmp_path: Path, liar: str
) -> None:
    faults = [Fault(10, liar, "lie")]
    outcome = await watch(
        MONITORS, tmp_path, tail=TAIL, slots=40, faults=faults, chain_settings=LIGHT
    )
    found = named(outcome)
    assert {each[:2] for each in found} == {(liar, Cause.BLOCK)}
    assert 10 <= found[0][2] <= 10 + SOON
    assert health(outcome, liar).trust < 0.5
    assert_complete(outcome)


async def test_a_region_that_drops_a_transaction_in_a_thousand_is_named(tmp_path: Path) -> None:
    faults = [Fault(20, "nyc", "drop-tx", "0.001")]
    outcome = await watch(MONITORS, tmp_path, tail=TAIL, slots=70, faults=faults)
    found = named(outcome)
    assert {each[:2] for each in found} == {("nyc", Cause.MISSED)}
    first = first_lacking(outcome, "nyc")
    assert first <= found[0][2] <= first + SOON
    assert 0.0 < health(outcome, "nyc").miss_rate < 0.005
    assert health(outcome, "ams").miss_rate == health(outcome, "tyo").miss_rate == 0.0
    assert_complete(outcome)


async def test_a_region_that_lags_is_named(tmp_path: Path) -> None:
    faults = [Fault(10, "ams", "lag", "5")]
    outcome = await watch(
        MONITORS,
        tmp_path,
        tail=TAIL,
        slots=40,
        slot_time=0.4,
        faults=faults,
        chain_settings=replace(LIGHT, slot_time=0.4),
    )
    found = named(outcome)
    assert {each[:2] for each in found} == {("ams", Cause.LAGGING)}
    assert 10 <= found[0][2] <= 10 + SOON
    lag = health(outcome, "ams").lag
    assert lag is not None
    assert 4 < lag < 6
    assert_complete(outcome)


async def test_nothing_is_found_against_regions_that_do_their_work(tmp_path: Path) -> None:
    outcome = await watch(MONITORS, tmp_path, tail=TAIL, slots=30, chain_settings=LIGHT)
    assert named(outcome) == []
    told = [health(outcome, name) for name in NAMES]
    assert [each.miss_rate for each in told] == [0.0, 0.0, 0.0]
    assert [each.trust for each in told] == [1.0, 1.0, 1.0]
    assert told[0].first_share > 0.9
    delays = [each.delay.p50 for each in told]
    assert delays[0] == 0.0
    assert delays[1] == pytest.approx(0.04, abs=0.01)
    assert delays[2] == pytest.approx(0.1, abs=0.01)
