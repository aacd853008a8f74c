"""One update in a thousand is judged both ways: what the server's filter names say, and what ours say.

A difference means that one of the two misreads a filter, and so may have kept events from a monitor: it is
counted and said, and the server's word stands.
"""

from typing import Final

from monitor.core.chain import KIND_WORDS, Kind
from monitor.core.commands import Report
from monitor.core.events import Row
from monitor.ports import Reporter
from monitor.wire.names import NameTable

EVERY: Final = 1000
"""DESIGN 4."""

_JUDGED: Final = frozenset((int(Kind.TRANSACTION), int(Kind.ACCOUNT), int(Kind.ENTRY)))
"""Kinds whose frames hold all that their filters ask about."""


class FilterCheck:
    """Counts updates of all feeds together."""

    def __init__(self, endpoint_names: list[str], reporter: Reporter, *, data_is_cut: bool) -> None:
        """`data_is_cut`: servers cut account data, so that filters on data cannot be judged here."""
        self.disagreements = [0] * len(endpoint_names)
        """By endpoint."""
        self._names = endpoint_names
        self._reporter = reporter
        self._kinds = _JUDGED - {int(Kind.ACCOUNT)} if data_is_cut else _JUDGED
        self._seen = 0

    def look(self, endpoint: int, names: NameTable, rows: list[Row]) -> None:
        """Judge one of these rows when a thousand have come since the last."""
        self._seen += len(rows)
        if self._seen < EVERY:
            return
        row = next((row for row in reversed(rows) if row[0] in self._kinds), None)
        if row is None or row[6] is None:
            return
        self._seen = 0
        ours = names.judge(row[0], row[6])
        if ours != row[3]:
            self.disagreements[endpoint] += 1
            facts = {
                "endpoint": self._names[endpoint],
                "slot": row[1],
                "kind": KIND_WORDS[Kind(row[0])],
                "server": f"{row[3]:b}",
                "ours": f"{ours:b}",
            }
            self._reporter.report(
                Report("error", "a server's filter and ours disagreed on an update", facts)
            )
