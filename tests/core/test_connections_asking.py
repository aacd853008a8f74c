"""What is asked of a stream changes before it is open."""

from typing import Final

import pytest

from monitor.core.commands import AmendFeed, OpenFeed
from monitor.core.connections import Connections
from monitor.core.scope import EVERY_MONITOR, Scope

EVERYTHING: Final = Scope.EVERYTHING


def test_what_changes_while_a_stream_is_being_opened_is_asked_for_when_it_is() -> None:
    connections = Connections(1, generation=1, silence=15.0)
    list(connections.start(0.0, None))
    connection = connections.all[0]
    assert list(connections.ask(connection, Scope.CHAIN, lambda *_: None, 0.0)) == []
    assert AmendFeed(1, 2, None, Scope.CHAIN) in list(connections.opened(1, 1.0))


def test_nothing_is_asked_anew_of_a_stream_that_was_asked_for_the_same() -> None:
    connections = Connections(1, generation=1, silence=15.0)
    list(connections.start(0.0, None))
    connection = connections.all[0]
    for scope in (Scope.CHAIN, Scope.EVERYTHING):
        assert list(connections.ask(connection, scope, lambda *_: None, 0.0)) == []
    assert not any(isinstance(each, AmendFeed) for each in connections.opened(1, 1.0))


def amended(connections: Connections, carried: int) -> list[AmendFeed]:
    """The endpoint is asked for these monitors from now on; what its stream is sent."""
    told = connections.ask(connections.all[0], EVERYTHING, lambda *_: None, 2.0, carried)
    return [each for each in told if isinstance(each, AmendFeed)]


def opened(carried: int = EVERY_MONITOR) -> Connections:
    """One endpoint that is asked for these monitors."""
    connections = Connections(1, generation=1, silence=15.0)
    connections.all[0].carried = carried
    list(connections.start(0.0, None))
    list(connections.opened(1, 1.0))
    return connections


def test_a_stream_is_opened_for_the_monitors_that_its_endpoint_carries() -> None:
    connections = Connections(1, generation=1, silence=15.0)
    connections.all[0].carried = 0b10
    assert list(connections.start(0.0, None)) == [OpenFeed(1, 0, 1, carried=0b10)]
    assert not any(isinstance(each, AmendFeed) for each in connections.opened(1, 1.0))


def test_other_monitors_are_asked_for_on_the_open_stream_and_covered_anew() -> None:
    connections = opened()
    connection = connections.all[0]
    connection.complete = connection.first_covered = 7
    assert amended(connections, 0b01) == [AmendFeed(1, 2, None, EVERYTHING, 0b01)]
    assert connection.complete == 0
    assert connections.all[0].first_covered is None
    assert connections.by_feed == {1: connection}


def test_monitors_that_change_while_a_stream_is_being_opened_are_asked_for_when_it_is() -> None:
    connections = Connections(1, generation=1, silence=15.0)
    list(connections.start(0.0, None))
    assert amended(connections, 0b01) == []
    assert AmendFeed(1, 2, None, EVERYTHING, 0b01) in list(connections.opened(1, 1.0))


def test_a_replay_is_asked_for_the_monitors_that_its_stream_carries() -> None:
    connections = opened(0b10)
    taken = connections.meta_taken(1, 9, covers=True, missing=lambda *_: 5, now=2.0)
    assert AmendFeed(1, 1, 5, EVERYTHING, 0b10) in list(taken)


@pytest.mark.parametrize(("carried", "below"), [(0b01, 50), (0b111, 0)])
def test_who_gains_monitors_has_replayed_nothing_of_them(carried: int, below: int) -> None:
    connections = opened(0b11)
    connections.all[0].replayed_below = 50
    amended(connections, carried)
    assert connections.replayed_below() == (below, below)
