"""Filters with long lists take the same in parts as they take whole."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from monitor.core.chain import Kind
from monitor.core.monitors import AccountsFilter, BlocksFilter, TransactionsFilter
from monitor.ports import Endpoint
from monitor.wire.limits import AnyFilter
from monitor.wire.matching import AccountMatcher
from monitor.wire.pb import geyser_pb2
from monitor.wire.watch_lists import LONG_LIST, Named, parts, whole_name

KEYS = [bytes([number]) * 32 for number in range(1, 8)]
TEXTS = [str(Pubkey.from_bytes(key)) for key in KEYS]
MANY = tuple(str(Pubkey.from_bytes(n.to_bytes(32, "big"))) for n in range(LONG_LIST + 1))

some = st.lists(st.sampled_from(TEXTS), max_size=5, unique=True).map(tuple)


def sent(
    kind: Kind, wanted: AnyFilter, pubkeys: int | None = None, *, has_cuckoo: bool = False
) -> list[Named]:
    endpoint = Endpoint("fra", "http://10.0.0.1", max_pubkeys=pubkeys)
    return parts(kind, "m", wanted, endpoint, has_cuckoo=has_cuckoo)


@given(some, some, st.integers(1, 4), st.sampled_from(KEYS), st.sampled_from(KEYS))
def test_chunks_together_take_what_the_filter_takes(
    account: Any, owner: Any, most: int, pubkey: bytes, owned_by: bytes
) -> None:
    wanted = AccountsFilter(account=account, owner=owner)
    write = geyser_pb2.SubscribeUpdateAccountInfo(pubkey=pubkey, owner=owned_by)

    chunks: list[Any] = [chunk for _, chunk in sent(Kind.ACCOUNT, wanted, most)]

    assert all(len(chunk.account) <= most and len(chunk.owner) <= most for chunk in chunks)
    assert any(AccountMatcher(chunk).wants(write) for chunk in chunks) == AccountMatcher(
        wanted
    ).wants(write)


@pytest.mark.parametrize("kind", [Kind.TRANSACTION, Kind.TRANSACTION_STATUS])
def test_only_the_list_of_which_one_key_is_enough_is_cut(kind: Kind) -> None:
    wanted = TransactionsFilter(
        vote=False, account_include=tuple(TEXTS[:3]), account_required=tuple(TEXTS[3:6])
    )

    chunks: list[Any] = sent(kind, wanted, 2)

    assert [(name, chunk.account_include) for name, chunk in chunks] == [
        ("m~1", tuple(TEXTS[:2])),
        ("m~2", (TEXTS[2],)),
    ]
    assert all((c.vote, c.account_required) == (False, wanted.account_required) for _, c in chunks)


def test_the_list_that_trims_a_block_is_not_cut() -> None:
    wanted = BlocksFilter(account_include=tuple(TEXTS))

    assert sent(Kind.BLOCK, wanted, 2) == [("m", wanted)]


@pytest.mark.parametrize("length", [LONG_LIST, LONG_LIST + 1])
def test_a_list_becomes_a_set_above_a_thousand_keys(length: int) -> None:
    wanted = AccountsFilter(account=MANY[:length], owner=(TEXTS[0],))

    ((name, found),) = sent(Kind.ACCOUNT, wanted, has_cuckoo=True)

    assert isinstance(found, AccountsFilter)
    assert found.owner == wanted.owner
    if length > LONG_LIST:
        assert (name, found.account) == ("~saccount.m", ())
        assert found.cuckoo_accounts_filter is not None
    else:
        assert (name, found) == ("m", wanted)


def test_a_set_stands_for_the_included_keys_of_transactions() -> None:
    wanted = TransactionsFilter(account_include=MANY, account_exclude=(TEXTS[0],))

    ((name, found),) = sent(Kind.TRANSACTION, wanted, 5, has_cuckoo=True)

    assert isinstance(found, TransactionsFilter)
    assert name == "~stransaction.m"
    assert (found.account_include, found.account_exclude) == ((), (TEXTS[0],))
    assert found.cuckoo_account_include is not None


def test_statuses_keep_their_list_because_they_cannot_be_judged_here() -> None:
    wanted = TransactionsFilter(account_include=MANY)

    assert sent(Kind.TRANSACTION_STATUS, wanted, has_cuckoo=True) == [("m", wanted)]


def test_a_superset_keeps_its_name() -> None:
    endpoint = Endpoint("fra", "http://10.0.0.1")
    wanted = AccountsFilter(account=MANY)

    ((name, _),) = parts(Kind.ACCOUNT, "~saccount", wanted, endpoint, has_cuckoo=True)

    assert name == "~saccount"


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("m~2", "m"),
        ("m", "m"),
        ("~saccount", "~saccount"),
        ("~saccount~3", "~saccount"),
        ("~7", "~7"),
    ],
)
def test_a_chunk_names_its_whole(name: str, whole: str) -> None:
    assert whole_name(name) == whole
