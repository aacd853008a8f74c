"""Drains outlive the process that was asked for them."""

from pathlib import Path

import apsw
import pytest

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.core.errors import StoreFailed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def reopened(store: SqliteLedger, path: Path) -> SqliteLedger:
    store.close()
    return SqliteLedger(path)


def test_a_drain_is_there_after_a_restart_until_it_is_taken_out(path: Path) -> None:
    store = SqliteLedger(path)
    assert store.drains() == {}
    store.keep_drain("ams", 7)
    store.keep_drain("nyc", 8)
    store = reopened(store, path)
    assert store.drains() == {"ams": 7, "nyc": 8}
    store.keep_drain("ams", None)
    store.keep_drain("lon", None)
    assert reopened(store, path).drains() == {"nyc": 8}


def test_a_drain_that_is_asked_for_again_is_as_old_as_it_was(path: Path) -> None:
    store = SqliteLedger(path)
    store.keep_drain("ams", 7)
    store.keep_drain("ams", 9)
    assert store.drains() == {"ams": 7}


@pytest.mark.parametrize("at_ns", [7, None])
def test_a_drain_that_cannot_be_stored_is_told_with_the_file(path: Path, at_ns: int | None) -> None:
    store = SqliteLedger(path)
    other = apsw.Connection(str(path))
    other.execute("DROP TABLE drains")
    with pytest.raises(StoreFailed, match=r"ledger\.sqlite: .*drains; move it away"):
        store.keep_drain("ams", at_ns)
    with pytest.raises(StoreFailed, match=r"ledger\.sqlite: .*drains; move it away"):
        store.drains()
