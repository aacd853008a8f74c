"""Kept values: made once, bounded, and never of an error."""

import pytest

from monitor.wire.kept import Kept


def test_a_value_is_made_once() -> None:
    made: list[bytes] = []

    def make(key: bytes) -> str:
        made.append(key)
        return key.decode()

    kept = Kept(make, 10)
    assert [kept[b"a"], kept[b"b"], kept[b"a"]] == ["a", "b", "a"]
    assert made == [b"a", b"b"]


def test_never_more_are_kept_than_asked_for() -> None:
    kept = Kept(str, 3)
    for number in range(10):
        assert kept[number] == str(number)
        assert len(kept) <= 3
    assert set(kept) == {9}


def test_an_error_is_raised_each_time_and_leaves_the_rest() -> None:
    kept = Kept(int, 1)
    assert kept["1"] == 1
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            kept["x"]
    assert set(kept) == {"1"}
