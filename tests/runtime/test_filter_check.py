"""Judging one update in a thousand both ways."""

from monitor.core.chain import Kind
from monitor.core.events import Row
from monitor.runtime.filter_check import EVERY, FilterCheck
from monitor.wire.names import NameTable
from tests.runtime.fakes import Journal


def _row(kind: Kind, mask: int) -> Row:
    return (int(kind), 5, b"key", mask, 0, 1, b"frame")


def _names(ours: int) -> NameTable:
    return NameTable(1, {"a": 1}, lambda _kind, _frame: ours)


def test_looks_at_one_row_in_a_thousand() -> None:
    looked: list[int] = []
    names = NameTable(1, {"a": 1}, lambda kind, _frame: looked.append(kind) or 1)  # type: ignore[func-returns-value]
    check = FilterCheck(["ams"], Journal(), data_is_cut=False)
    for _ in range(3 * EVERY):
        check.look(0, names, [_row(Kind.TRANSACTION, 1)])
    assert len(looked) == 3


def test_agreement_is_silent() -> None:
    journal = Journal()
    check = FilterCheck(["ams"], journal, data_is_cut=False)
    check.look(0, _names(1), [_row(Kind.TRANSACTION, 1)] * EVERY)
    assert (check.disagreements, journal.reports) == ([0], [])


def test_a_difference_is_counted_for_its_endpoint_and_said() -> None:
    journal = Journal()
    check = FilterCheck(["ams", "nyc"], journal, data_is_cut=False)
    check.look(1, _names(2), [_row(Kind.ACCOUNT, 1)] * EVERY)
    assert check.disagreements == [0, 1]
    assert journal.reports[0].facts == {
        "endpoint": "nyc",
        "slot": 5,
        "kind": "account",
        "server": "1",
        "ours": "10",
    }


def test_cut_account_data_is_not_judged() -> None:
    check = FilterCheck(["ams"], Journal(), data_is_cut=True)
    check.look(0, _names(2), [_row(Kind.ACCOUNT, 1)] * EVERY)
    assert check.disagreements == [0]


def test_kinds_without_filters_are_passed_over_until_one_can_be_judged() -> None:
    check = FilterCheck(["ams"], Journal(), data_is_cut=False)
    check.look(0, _names(2), [_row(Kind.BLOCK_META, 1)] * EVERY)
    check.look(0, _names(2), [_row(Kind.ENTRY, 1)])
    assert check.disagreements == [1]
