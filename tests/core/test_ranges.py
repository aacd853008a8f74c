"""Ranges behave as the set of their numbers does."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.ranges import Ranges

NUMBER = st.integers(0, 40)
SPANS = st.lists(st.tuples(NUMBER, NUMBER), max_size=12)


def filled(spans: list[tuple[int, int]]) -> tuple[Ranges, set[int]]:
    """The same spans as ranges and as a set."""
    ranges, numbers = Ranges(), set[int]()
    for first, end in spans:
        ranges.add(first, end)
        numbers.update(range(first, end))
    return ranges, numbers


@given(SPANS, NUMBER)
def test_a_number_is_in_when_a_span_had_it(spans: list[tuple[int, int]], number: int) -> None:
    ranges, numbers = filled(spans)
    assert (number in ranges) == (number in numbers)


@given(SPANS)
def test_ranges_are_ascending_and_never_touch(spans: list[tuple[int, int]]) -> None:
    ranges, numbers = filled(spans)
    edges = [edge for each in ranges for edge in each]
    assert edges == sorted(set(edges))
    assert {number for first, end in ranges for number in range(first, end)} == numbers
    assert len(ranges) == sum(number - 1 not in numbers for number in numbers)


@given(SPANS, NUMBER, NUMBER)
def test_what_is_absent_is_what_the_set_lacks(
    spans: list[tuple[int, int]], first: int, end: int
) -> None:
    ranges, numbers = filled(spans)
    absent = [n for n in range(first, end) if n not in numbers]
    assert list(ranges.absent(first, end)) == absent
    gaps = list(ranges.gaps(first, end))
    assert [n for begin, stop in gaps for n in range(begin, stop)] == absent
    assert len(gaps) == sum(n - 1 not in absent for n in absent)
    assert ranges.first_absent(first) == min(set(range(first, 42)) - numbers)


def test_an_empty_span_adds_nothing() -> None:
    ranges = Ranges()
    ranges.add(5, 5)
    assert list(ranges) == []


@given(SPANS, NUMBER, NUMBER)
def test_what_is_taken_out_is_in_no_more_and_the_rest_stays(
    spans: list[tuple[int, int]], first: int, end: int
) -> None:
    ranges, numbers = filled(spans)
    ranges.remove(first, end)
    left = numbers - set(range(first, end))
    assert {number for low, high in ranges for number in range(low, high)} == left
    edges = [edge for each in ranges for edge in each]
    assert edges == sorted(set(edges))


def test_an_empty_span_takes_nothing_out_and_one_between_ranges_neither() -> None:
    ranges, _ = filled([(1, 5), (8, 9)])
    ranges.remove(3, 3)
    ranges.remove(5, 8)
    assert list(ranges) == [(1, 5), (8, 9)]
