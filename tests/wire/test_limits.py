"""What an endpoint does not allow is refused with its name, the limit and the monitor."""

import pytest

from monitor.core.errors import PlanRefused
from monitor.core.monitors import AccountsFilter, BlocksFilter, EntryFilter, TransactionsFilter
from monitor.ports import Endpoint
from monitor.wire.limits import AnyFilter, check_keys, check_name, refuse_filters

SMALL = Endpoint("fra", "http://10.0.0.1", max_filters=1, max_pubkeys=2)
FREE = Endpoint("ams", "http://10.0.0.2")
THREE = ("a", "b", "c")


def test_names_of_the_daemon_are_refused() -> None:
    with pytest.raises(PlanRefused, match=r"monitor ~1: .* rename"):
        check_name("~1", FREE)


def test_names_longer_than_a_server_takes_are_refused() -> None:
    check_name("é" * 64, FREE)
    with pytest.raises(PlanRefused, match="130 bytes and endpoint ams takes 128"):
        check_name("é" * 65, FREE)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (TransactionsFilter(account_include=THREE), "account_include"),
        (TransactionsFilter(account_exclude=THREE), "account_exclude"),
        (TransactionsFilter(account_required=THREE), "account_required"),
        (AccountsFilter(account=THREE), "account"),
        (AccountsFilter(owner=THREE), "owner"),
        (BlocksFilter(account_include=THREE), "account_include"),
    ],
)
def test_a_list_over_the_limit_is_refused(wanted: AnyFilter, field: str) -> None:
    check_keys(wanted, "kind", ["m"], FREE)
    with pytest.raises(
        PlanRefused,
        match=rf"endpoint fra: limits.pubkeys is 2, and kind.{field} of monitor m has 3",
    ):
        check_keys(wanted, "kind", ["m"], SMALL)


@pytest.mark.parametrize(
    "wanted",
    [
        TransactionsFilter(account_include=("a", "b"), account_exclude=("c", "d")),
        AccountsFilter(account=("a", "b"), owner=("c",)),
        EntryFilter(),
    ],
)
def test_each_list_is_counted_by_itself(wanted: AnyFilter) -> None:
    check_keys(wanted, "kind", ["m"], SMALL)


def test_a_refusal_of_filters_names_all_monitors() -> None:
    refusal = refuse_filters("blocks", ["m", "n"], SMALL, "do this")

    assert str(refusal) == (
        "endpoint fra: limits.filters is 1, and 2 filters of blocks are asked for by monitors m, n;"
        " do this"
    )
