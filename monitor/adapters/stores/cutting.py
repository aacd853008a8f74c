"""Tables of ranges that never overlap: taking numbers out of them, whatever else a row tells."""

from typing import Any, Final

import apsw

_OVERLAPPING: Final = """
SELECT * FROM {table}
WHERE first >= coalesce((SELECT max(first) FROM {table} WHERE first <= :first), :first)
    AND first < :end AND end > :first
ORDER BY first
"""


class CutTable:
    """One table whose first two columns are `first` and `end`. Transactions are the caller's. All raise apsw.Error."""

    def __init__(self, connection: apsw.Connection, table: str, columns: int) -> None:
        self._connection = connection
        self._overlapping = _OVERLAPPING.format(table=table)
        self._put = f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})"
        self._delete = f"DELETE FROM {table} WHERE first = ?"

    def put(self, row: tuple[Any, ...]) -> None:
        """Insert a row that overlaps none."""
        self._connection.execute(self._put, row)

    def between(self, first: int, end: int) -> list[tuple[Any, ...]]:
        """Whole rows of which a part is in [first, end), ascending."""
        return self._connection.execute(self._overlapping, {"first": first, "end": end}).fetchall()

    def cut(self, first: int, end: int) -> int:
        """Take [first, end) out of all rows, whose rests stay as they are; answers how many numbers were in."""
        taken = 0
        for row_first, row_end, *rest in self.between(first, end):
            self._connection.execute(self._delete, (row_first,))
            for begin, stop in ((row_first, first), (end, row_end)):
                if begin < stop:
                    self.put((begin, stop, *rest))
            taken += min(end, row_end) - max(first, row_first)
        return taken
