"""Ranges in a table behave as the set of their numbers does, and what else a row tells stays with its rests."""

import apsw
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.stores.cutting import CutTable

NUMBER = st.integers(0, 30)
SPANS = st.lists(st.tuples(NUMBER, st.integers(1, 9)), max_size=10)


def empty() -> CutTable:
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE spans(first INTEGER PRIMARY KEY, end INTEGER, why TEXT)")
    return CutTable(connection, "spans", columns=3)


@given(SPANS, NUMBER, st.integers(1, 9))
def test_what_is_cut_is_in_no_more_and_the_rest_stays(
    spans: list[tuple[int, int]], first: int, length: int
) -> None:
    table, numbers = empty(), dict[int, str]()
    for count, (begin, size) in enumerate(spans):
        span = range(begin, begin + size)
        assert table.cut(begin, begin + size) == len(numbers.keys() & set(span))
        table.put((begin, begin + size, f"{count}"))
        numbers.update(dict.fromkeys(span, f"{count}"))
    end = first + length
    taken = {number for number in numbers if first <= number < end}
    touched = {why for number, why in numbers.items() if number in taken}
    assert {row[2] for row in table.between(first, end)} == touched
    assert table.cut(first, end) == len(taken)
    assert table.between(first, end) == []
    rows = table.between(0, 100)
    assert rows == sorted(rows)
    left = [(number, why) for begin, stop, why in rows for number in range(begin, stop)]
    assert left == [each for each in sorted(numbers.items()) if each[0] not in taken]
