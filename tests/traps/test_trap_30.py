"""Trap 30: all endpoints of one provider share its fate, so that the active ones are of different providers."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.core.endpoint_health import Delay, EndpointHealth
from monitor.core.failover import FailoverPolicy, Strategy
from tests.traps.managing import Manager

NEAR, FAR = Delay(p50=0.01), Delay(p50=0.2)


def fleet(*providers: str) -> list[EndpointHealth]:
    """Open endpoints; those of the provider `near` are faster than all others."""
    return [
        EndpointHealth(i, name, is_open=True, delay=NEAR if name == "near" else FAR)
        for i, name in enumerate(providers)
    ]


def providers(manager: Manager, health: Sequence[EndpointHealth]) -> list[str]:
    return sorted(health[i].provider for i in manager.hot)


def fallen(health: Sequence[EndpointHealth], provider: str) -> list[EndpointHealth]:
    """Every endpoint of this provider is closed."""
    return [replace(each, is_open=each.provider != provider) for each in health]


def test_a_slower_provider_is_chosen_beside_the_faster_one() -> None:
    health = fleet("near", "near", "near", "other")
    manager = Manager(FailoverPolicy(hot=2), health)
    assert providers(manager, health) == ["near", "other"]


def test_three_places_go_to_three_providers() -> None:
    health = fleet("near", "near", "other", "other", "third")
    manager = Manager(FailoverPolicy(hot=3), health)
    assert providers(manager, health) == ["near", "other", "third"]


def test_an_endpoint_of_no_known_provider_is_one_of_its_own() -> None:
    health = fleet("near", "near", "", "")
    manager = Manager(FailoverPolicy(hot=3), health)
    assert providers(manager, health) == ["", "", "near"]


def test_when_a_provider_falls_whole_another_goes_on_without_a_break() -> None:
    health = fleet("near", "near", "other", "third")
    manager = Manager(FailoverPolicy(hot=2), health)
    left = set(manager.hot)
    gone = fallen(health, "near")
    left = {i for i in left if gone[i].is_open}
    assert len(left) == 1
    now = 100.0
    for _ in range(3):
        now += 10.0
        manager.look(now, gone)
    assert left < manager.hot
    assert all(gone[i].is_open for i in manager.hot)


def test_the_place_of_a_fallen_one_goes_to_a_provider_that_is_not_there_yet() -> None:
    health = fleet("near", "near", "other", "other", "third")
    manager = Manager(FailoverPolicy(hot=2), health)
    assert providers(manager, health) == ["near", "other"]
    now = 100.0
    for _ in range(3):
        now += 10.0
        manager.look(now, fallen(health, "near"))
    assert providers(manager, health) == ["other", "third"]


def test_a_new_provider_takes_the_place_of_a_second_endpoint_of_one() -> None:
    health = fleet("near", "near", "other")
    alone = [*health[:2], replace(health[2], is_open=False, needs_person=True)]
    manager = Manager(FailoverPolicy(hot=2), alone)
    assert providers(manager, health) == ["near", "near"]
    for now in (100.0, 140.0, 180.0, 220.0):
        manager.look(now, [replace(each, covered=99) for each in health])
    assert providers(manager, health) == ["near", "other"]
    assert any("one provider more" in why for why in manager.why)


@pytest.mark.parametrize("strategy", [Strategy.RACE, Strategy.SPREAD])
def test_whoever_shares_its_work_shares_it_with_another_provider(strategy: Strategy) -> None:
    health = fleet("near", "near", "other", "other")
    manager = Manager(FailoverPolicy(strategy, hot=2, units=(1, 2, 4)), health)
    assert providers(manager, health) == ["near", "other"]
