"""Scopes are ordered by how much is asked for."""

from monitor.core.scope import Scope


def test_each_scope_asks_for_more_than_the_one_before() -> None:
    assert sorted(Scope, reverse=True) == [Scope.EVERYTHING, Scope.CHAIN, Scope.SLOTS]
