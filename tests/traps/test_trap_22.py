"""Trap 22: a stream ended for slowness is our own fault, and no endpoint pays for it; a node that lags says nothing and is found."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.core.circuit import FAILURES
from monitor.core.endings import EndReason
from monitor.core.endpoint_health import Circuit, EndpointHealth
from monitor.core.events import FeedEnded
from monitor.core.failover import FailoverPolicy, Load
from monitor.core.findings import Cause
from monitor.simulator.families import MANNERS, Family
from monitor.wire.status import STREAMING, classify
from tests.core.play import ALL, Play, confirmed, tx
from tests.core.test_repair import Recovery
from tests.simulator.subscriber import make_region, request_all, subscribe
from tests.simulator.tiny_chain import plain_chain
from tests.traps.managing import Manager

FAMILIES = list(Family)
POLICY = FailoverPolicy(hot=3)


def endpoints(count: int) -> list[EndpointHealth]:
    return [EndpointHealth(i, f"provider {i}", is_open=True) for i in range(count)]


def lagged(health: Sequence[EndpointHealth], *, times: int) -> list[EndpointHealth]:
    """All streams ended so many times, since they were read too slowly, and are closed now."""
    return [replace(each, is_open=False, errors={EndReason.LAGGED: times}) for each in health]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_ends_a_slow_stream_and_is_understood(family: Family) -> None:
    region = make_region(plain_chain(20), family=family, channel_capacity=20)
    session = subscribe(region, request_all())
    region.advance(30.0)
    assert session.ending is not None
    assert classify(*session.ending, STREAMING).reason is EndReason.LAGGED
    for ending in (MANNERS[family].lagged_queue, MANNERS[family].lagged_ring):
        assert classify(*ending, STREAMING).reason is EndReason.LAGGED


@pytest.mark.parametrize("family", FAMILIES)
def test_no_number_of_such_endings_opens_the_circuit(family: Family) -> None:
    play = Recovery(ALL)
    for _ in range(3 * FAILURES):
        feed = play.opened()[-1]
        play.accepts(feed)
        play.hears(FeedEnded(feed, classify(*MANNERS[family].lagged_queue, STREAMING), 0.0))
        play.at(play.now + 31)
    (health,) = play.kernel.health.snapshot(play.now)
    assert health.circuit is Circuit.CLOSED
    assert health.errors == {EndReason.LAGGED: 3 * FAILURES}


def test_we_ask_for_less_and_nobody_loses_its_place() -> None:
    healthy = endpoints(4)
    manager = Manager(POLICY, healthy)
    before = manager.hot
    manager.look(1.0, lagged(healthy, times=1))
    assert (manager.hot, manager.load) == (before, Load.NARROW)
    manager.look(9.0, lagged(healthy, times=1))
    assert manager.hot == before
    assert "read too slowly" in manager.why[-1]


def test_when_less_is_not_little_enough_monitors_are_divided() -> None:
    healthy = endpoints(4)
    manager = Manager(replace(POLICY, units=(1, 2, 4, 8)), healthy)
    manager.look(1.0, lagged(healthy, times=1))
    manager.look(5.0, healthy)
    manager.look(20.0, lagged(healthy, times=2))
    assert manager.load is Load.SPREAD


def lagging(slots: int, *, behind: int) -> Play:
    """Three endpoints, one of them so many slots late, and no error anywhere."""
    play = Play(ALL, feeds=3)
    for slot in range(5, 5 + slots):
        play.at(play.now + 0.4)
        play.block(1, slot, tx(slot, 0)).block(2, slot, tx(slot, 0)).says(1, confirmed(slot))
        if slot - behind >= 5:
            play.block(3, slot - behind, tx(slot - behind, 0))
    return play


def test_a_node_that_serves_old_slots_is_found_though_it_makes_no_error() -> None:
    play = lagging(60, behind=20)
    late = play.kernel.health.snapshot(play.now)[2]
    assert late.lag == pytest.approx(8.0, abs=0.5)
    assert late.errors == {}
    assert late.silent_for < 1
    assert [each.cause for each in play.kernel.health.findings[2].newest()] == [Cause.LAGGING]


def test_a_node_that_lags_is_replaced_by_one_that_does_not() -> None:
    play = lagging(60, behind=20)
    late = play.kernel.health.snapshot(play.now)[2].lag
    healthy = endpoints(4)
    manager = Manager(POLICY, healthy)
    assert manager.hot == {0, 1, 2}
    now = 0.0
    for _ in range(4):
        now += 40.0
        manager.look(
            now,
            [replace(each, covered=99) for each in healthy[:2]]
            + [replace(healthy[2], lag=late), healthy[3]],
        )
    assert 3 in manager.hot
    assert any("it lags 8" in why or "it lags 7" in why for why in manager.why)


def test_one_lagging_endpoint_says_nothing_of_the_others() -> None:
    play = lagging(60, behind=20)
    assert [each.lag for each in play.kernel.health.snapshot(play.now)[:2]] == [0.0, 0.0]
    assert not any(play.kernel.health.findings[each].newest() for each in (0, 1))
