"""What is asked of a stream changes before it is open."""

from monitor.core.commands import AmendFeed
from monitor.core.connections import Connections
from monitor.core.scope import Scope


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
