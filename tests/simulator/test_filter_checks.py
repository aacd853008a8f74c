"""Single checks of filters; the whole table of refusals is run in test_filters."""

from collections.abc import Callable

import pytest

from monitor.simulator.filter_checks import (
    FilterRefused,
    all_of,
    check_any,
    check_count,
    check_keys,
    check_name,
    decode_keys,
    decode_signature,
)
from tests.filter_updates import FIRST, A, text


def test_limits_themselves_are_allowed() -> None:
    check_count(2, 2)
    check_count(10**9, None)
    check_keys(("a", "b"), 2)
    check_any(is_full_stream=True, allowed=True)
    check_any(is_full_stream=False, allowed=False)
    check_name("n" * 128, 128)


def test_bad_key_is_named_before_a_rejected_one() -> None:
    with pytest.raises(FilterRefused, match="wrong size"):
        decode_keys(("abc", text(A)), frozenset({text(A)}))


def test_keys_and_signatures_become_bytes() -> None:
    assert decode_keys((text(A), text(A))) == {A}
    assert decode_signature(text(FIRST)) == FIRST


def test_all_of_asks_in_order_and_stops_at_the_first_no() -> None:
    asked: list[str] = []

    def check(name: str, answer: bool) -> Callable[[object], bool]:
        def ask(_facts: object) -> bool:
            asked.append(name)
            return answer

        return ask

    assert all_of([]) is None
    only = check("only", True)
    assert all_of([only]) is only
    holds = all_of([check("a", True), check("b", False), check("c", True)])
    assert holds is not None
    assert not holds(None)
    assert asked == ["a", "b"]
    both = all_of([check("d", True), check("e", True)])
    assert both is not None
    assert both(None)
