"""Endpoints that operators took out of use, in the ledger's file: by name, so that another order of them changes nothing."""

from collections.abc import Iterable
from typing import Any, Final

import apsw

_PUT: Final = "INSERT INTO drains VALUES (?, ?) ON CONFLICT DO NOTHING"


class DrainTable:
    """This table of one connection. The names of errors are the caller's. All raise apsw.Error."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def put(self, endpoint: str, at_ns: int) -> None:
        """It is drained since then, unless it was drained before."""
        self._connection.execute(_PUT, (endpoint, at_ns))

    def take_out(self, endpoint: str) -> None:
        """It is drained no more."""
        self._connection.execute("DELETE FROM drains WHERE endpoint = ?", (endpoint,))

    def all(self) -> dict[str, int]:
        """Since when each is drained."""
        rows: Iterable[Any] = self._connection.execute("SELECT endpoint, at_ns FROM drains")
        return dict(rows)
