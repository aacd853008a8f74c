"""Whatever a plan makes of an endpoint's limits, what a server sends for it comes out as each monitor's own filter says."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.chain import Commitment, Kind
from monitor.core.errors import PlanRefused
from monitor.core.monitors import AccountsFilter, Monitor, TransactionsFilter
from monitor.core.scope import EVERY_MONITOR
from monitor.ports import Endpoint
from monitor.simulator.encoding import update
from monitor.simulator.filters import Filter
from monitor.simulator.limits import AccountsLimits, FilterLimits, TransactionsLimits
from monitor.simulator.received import Received
from monitor.wire import watch_lists
from monitor.wire.filters import LocalFilters
from monitor.wire.matching import TransactionFacts
from monitor.wire.pb import geyser_pb2
from monitor.wire.peek import peek
from monitor.wire.plan import Plan, compile_plan
from tests.wire.test_superset import TEXTS, transactions, writes

seldom = st.sampled_from([None, None, None, True, False])
few = st.one_of(st.just(()), st.just(()), st.lists(st.sampled_from(TEXTS), max_size=2).map(tuple))
many = st.lists(st.sampled_from(TEXTS), max_size=5, unique=True).map(tuple)
most = st.sampled_from([None, 1, 2, 3])
endpoints = st.builds(
    Endpoint,
    name=st.just("fra"),
    url=st.just(""),
    max_filters=most,
    max_pubkeys=most,
    cuckoo=st.booleans(),
)


@pytest.fixture(autouse=True, scope="module")
def _short_lists_are_long() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch_lists, "LONG_LIST", 1)
        yield


def served(
    plan: Plan | None,
    endpoint: Endpoint,
    kind: Kind,
    message: Any,
    carried: int = EVERY_MONITOR,
) -> int:
    """The monitors for which the message comes out, once it went through a server that has these limits.

    `carried`: the monitors that the server is asked for.
    """
    assert plan is not None
    count, keys = endpoint.max_filters, endpoint.max_pubkeys
    limits = FilterLimits(
        accounts=AccountsLimits(max=count, account_max=keys, owner_max=keys),
        transactions=TransactionsLimits(
            max=count,
            account_include_max=keys,
            account_exclude_max=keys,
            account_required_max=keys,
        ),
    )
    request = geyser_pb2.SubscribeRequest.FromString(plan.request(1, carried=carried))
    sent = Filter(request, limits).frames(Received(update(kind, 5, message), 1))
    names = plan.names(1, carried)
    rows = peek([(1, frame) for frame in sent], names)
    assert names.strangers == 0
    return sum(row[3] for row in rows)


def planned(monitors: list[Monitor], endpoint: Endpoint) -> Plan | None:
    try:
        return compile_plan(monitors, Commitment.PROCESSED, endpoint)
    except PlanRefused:
        return None


@given(
    st.lists(
        st.builds(AccountsFilter, account=many, owner=many, nonempty_txn_signature=seldom),
        min_size=1,
        max_size=3,
    ),
    endpoints,
    st.lists(writes(), min_size=5, max_size=10),
)
def test_accounts(
    filters: list[AccountsFilter],
    endpoint: Endpoint,
    infos: list[geyser_pb2.SubscribeUpdateAccountInfo],
) -> None:
    monitors = [Monitor(f"m{n}", accounts=wanted) for n, wanted in enumerate(filters)]
    plan = planned(monitors, endpoint)
    for info in infos if plan is not None else ():
        message = geyser_pb2.SubscribeUpdateAccount(slot=5, account=info)
        wanted = LocalFilters(monitors).account(info)

        assert served(plan, endpoint, Kind.ACCOUNT, message) == wanted


@given(
    st.lists(
        st.builds(
            TransactionsFilter,
            vote=seldom,
            account_include=many,
            account_exclude=few,
            account_required=few,
        ),
        min_size=1,
        max_size=3,
    ),
    endpoints,
    st.lists(transactions(), min_size=3, max_size=6),
)
def test_transactions(
    filters: list[TransactionsFilter],
    endpoint: Endpoint,
    infos: list[geyser_pb2.SubscribeUpdateTransactionInfo],
) -> None:
    monitors = [Monitor(f"m{n}", transactions=wanted) for n, wanted in enumerate(filters)]
    plan = planned(monitors, endpoint)
    for info in infos if plan is not None else ():
        message = geyser_pb2.SubscribeUpdateTransaction(slot=5, transaction=info)
        wanted = LocalFilters(monitors).transaction(TransactionFacts(info))

        assert served(plan, endpoint, Kind.TRANSACTION, message) == wanted


@given(
    st.lists(
        st.builds(TransactionsFilter, vote=seldom, account_include=many, account_exclude=few),
        min_size=2,
        max_size=4,
    ),
    endpoints,
    st.lists(transactions(), min_size=3, max_size=6),
    st.integers(1, 15),
)
def test_a_share_brings_what_its_monitors_want_and_names_all_who_want_it(
    filters: list[TransactionsFilter],
    endpoint: Endpoint,
    infos: list[geyser_pb2.SubscribeUpdateTransactionInfo],
    carried: int,
) -> None:
    monitors = [Monitor(f"m{n}", transactions=wanted) for n, wanted in enumerate(filters)]
    plan = planned(monitors, endpoint)
    for info in infos if plan is not None else ():
        message = geyser_pb2.SubscribeUpdateTransaction(slot=5, transaction=info)
        wanted = LocalFilters(monitors).transaction(TransactionFacts(info))
        came = served(plan, endpoint, Kind.TRANSACTION, message, carried)

        assert came in ((wanted,) if wanted & carried else (0, wanted))
