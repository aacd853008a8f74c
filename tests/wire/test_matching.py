"""Transactions and account writes match as PROTOCOL 4.1 and 4.3 say."""

from typing import Any

import pytest
from solders.pubkey import Pubkey
from solders.signature import Signature

from monitor.core.monitors import (
    AccountsFilter,
    AccountState,
    Lamports,
    Memcmp,
    TokenAccounts,
    TransactionsFilter,
)
from monitor.wire.matching import (
    AccountMatcher,
    StatusFacts,
    TransactionFacts,
    TransactionMatcher,
    is_token_account,
)
from monitor.wire.pb import geyser_pb2
from tests.wire.test_cuckoo import filled

STATIC, WRITABLE, READONLY, ABSENT, HOLDER, OTHER = (bytes([n]) * 32 for n in range(1, 7))
SIGNATURE = bytes(range(64))
ALL, CHANGED = TokenAccounts.ALL, TokenAccounts.BALANCE_CHANGED


def text(*keys: bytes) -> tuple[str, ...]:
    return tuple(str(Pubkey.from_bytes(key)) for key in keys)


def transaction(**fields: Any) -> geyser_pb2.SubscribeUpdateTransactionInfo:
    info = geyser_pb2.SubscribeUpdateTransactionInfo(signature=SIGNATURE, **fields)
    info.transaction.message.account_keys.append(STATIC)
    info.meta.loaded_writable_addresses.append(WRITABLE)
    info.meta.loaded_readonly_addresses.append(READONLY)
    return info


def with_balances(
    before: dict[int, tuple[str, str]], after: dict[int, tuple[str, str]]
) -> geyser_pb2.SubscribeUpdateTransactionInfo:
    info = transaction()
    for balances, held in (
        (info.meta.pre_token_balances, before),
        (info.meta.post_token_balances, after),
    ):
        for index, (owner, amount) in held.items():
            balances.add(account_index=index, owner=owner).ui_token_amount.amount = amount
    return info


def failed_transaction() -> geyser_pb2.SubscribeUpdateTransactionInfo:
    info = transaction()
    info.meta.err.err = b"\x08\x00\x00\x00"
    return info


def wants(
    info: geyser_pb2.SubscribeUpdateTransactionInfo, expansion: Any = None, **wanted: Any
) -> bool:
    matcher = TransactionMatcher(TransactionsFilter(token_accounts=expansion, **wanted))
    return matcher.wants(TransactionFacts(info))


@pytest.mark.parametrize(
    ("wanted", "is_wanted"),
    [
        ({}, True),
        ({"vote": False}, True),
        ({"vote": True}, False),
        ({"failed": False}, True),
        ({"failed": True}, False),
        ({"signature": str(Signature.from_bytes(SIGNATURE))}, True),
        ({"signature": str(Signature.default())}, False),
        ({"account_include": text(STATIC)}, True),
        ({"account_include": text(WRITABLE)}, True),
        ({"account_include": text(READONLY)}, True),
        ({"account_include": text(ABSENT)}, False),
        ({"account_include": text(ABSENT, STATIC)}, True),
        ({"account_required": text(STATIC, READONLY)}, True),
        ({"account_required": text(STATIC, ABSENT)}, False),
        ({"account_exclude": text(ABSENT)}, True),
        ({"account_exclude": text(WRITABLE)}, False),
        ({"account_include": text(STATIC), "account_exclude": text(STATIC)}, False),
        ({"account_include": text(STATIC), "vote": True}, False),
        ({"cuckoo_account_include": filled([WRITABLE], 4)}, True),
        ({"cuckoo_account_include": filled([ABSENT], 4)}, False),
        ({"cuckoo_account_include": filled([ABSENT], 4), "account_include": text(STATIC)}, True),
        ({"cuckoo_account_include": filled([STATIC], 4), "account_include": text(ABSENT)}, True),
        ({"cuckoo_account_include": filled([], 4)}, False),
        ({"cuckoo_account_include": filled([STATIC], 4), "account_exclude": text(STATIC)}, False),
    ],
)
def test_all_criteria_of_a_transactions_filter_must_hold(
    wanted: dict[str, Any], is_wanted: bool
) -> None:
    assert wants(transaction(), **wanted) == is_wanted


def test_votes_and_failures_are_told_by_the_update() -> None:
    assert wants(transaction(is_vote=True), vote=True)
    assert wants(failed_transaction(), failed=True)
    assert not wants(failed_transaction(), failed=False)


HELD = text(HOLDER)[0]
HELD_OTHER = text(OTHER)[0]


@pytest.mark.parametrize(
    ("before", "after", "by_all", "by_changed"),
    [
        pytest.param({}, {}, False, False, id="none"),
        pytest.param({0: (HELD, "5")}, {0: (HELD, "5")}, True, False, id="unchanged"),
        pytest.param({0: (HELD, "5")}, {0: (HELD, "6")}, True, True, id="changed"),
        pytest.param({}, {0: (HELD, "0")}, True, True, id="new"),
        pytest.param({0: (HELD, "5")}, {}, True, True, id="vanished"),
        pytest.param({0: (HELD, "5")}, {1: (HELD, "5")}, True, True, id="moved"),
        pytest.param({0: (HELD, "5")}, {0: (HELD_OTHER, "5")}, True, False, id="owner-only"),
        pytest.param({0: (HELD, "5")}, {0: (HELD_OTHER, "6")}, True, False, id="taken-over"),
        pytest.param({0: (HELD_OTHER, "5")}, {0: (HELD, "6")}, True, True, id="took-over"),
        pytest.param({0: (HELD, "5")}, {0: ("", "6")}, True, True, id="owner-after-unreadable"),
        pytest.param({0: ("", "5")}, {0: (HELD, "5")}, True, True, id="owner-before-unreadable"),
        pytest.param(
            {0: (HELD, "5"), 1: (HELD, "1")},
            {0: (HELD, "5"), 1: (HELD, "2")},
            True,
            True,
            id="one-of-two",
        ),
    ],
)
def test_owners_of_token_balances_count_as_keys(
    before: dict[int, tuple[str, str]],
    after: dict[int, tuple[str, str]],
    by_all: bool,
    by_changed: bool,
) -> None:
    info = with_balances(before, after)
    holder = text(HOLDER)

    assert not wants(info, account_include=holder)
    assert wants(info, ALL, account_include=holder) == by_all
    assert wants(info, CHANGED, account_include=holder) == by_changed
    assert wants(info, CHANGED, account_required=holder) == by_changed
    assert wants(info, CHANGED, account_exclude=holder) != by_changed
    assert wants(info, CHANGED, cuckoo_account_include=filled([HOLDER], 4)) == by_changed


def test_a_balance_of_unreadable_owner_is_no_key() -> None:
    info = with_balances({}, {0: ("not a key", "1"), 1: (HELD, "1")})

    assert wants(info, ALL, account_include=text(HOLDER))


def test_a_status_names_no_accounts() -> None:
    update = geyser_pb2.SubscribeUpdateTransactionStatus(signature=SIGNATURE, is_vote=True)
    update.err.err = b"\x01"
    facts = StatusFacts(update)

    def takes(**wanted: Any) -> bool:
        return TransactionMatcher(TransactionsFilter(**wanted)).wants(facts)

    assert takes()
    assert takes(vote=True, failed=True, signature=str(Signature.from_bytes(SIGNATURE)))
    assert not takes(vote=False)
    assert not takes(account_include=text(STATIC))
    assert not takes(account_exclude=text(STATIC))


def write(**fields: Any) -> geyser_pb2.SubscribeUpdateAccountInfo:
    content: dict[str, Any] = {"pubkey": STATIC, "owner": HOLDER, "lamports": 10, "data": b"abcdef"}
    return geyser_pb2.SubscribeUpdateAccountInfo(**{**content, **fields})


@pytest.mark.parametrize(
    ("wanted", "is_wanted"),
    [
        ({}, True),
        ({"account": text(STATIC)}, True),
        ({"account": text(ABSENT)}, False),
        ({"owner": text(HOLDER)}, True),
        ({"owner": text(OTHER)}, False),
        ({"account": text(STATIC), "owner": text(HOLDER)}, True),
        ({"account": text(STATIC), "owner": text(OTHER)}, False),
        ({"account": text(ABSENT), "owner": text(HOLDER)}, False),
        ({"cuckoo_accounts_filter": filled([STATIC], 4)}, True),
        ({"cuckoo_accounts_filter": filled([ABSENT], 4)}, False),
        ({"cuckoo_accounts_filter": filled([STATIC], 4), "account": text(ABSENT)}, True),
        ({"cuckoo_accounts_filter": filled([STATIC], 4), "owner": text(OTHER)}, False),
        ({"cuckoo_accounts_filter": filled([HOLDER], 4)}, False),
        ({"nonempty_txn_signature": True}, False),
        ({"nonempty_txn_signature": False}, True),
    ],
)
def test_account_and_owner_and_state_must_all_hold(wanted: dict[str, Any], is_wanted: bool) -> None:
    assert AccountMatcher(AccountsFilter(**wanted)).wants(write()) == is_wanted


def test_a_signed_write_is_told_by_its_signature() -> None:
    signed = write(txn_signature=SIGNATURE)

    assert AccountMatcher(AccountsFilter(nonempty_txn_signature=True)).wants(signed)
    assert not AccountMatcher(AccountsFilter(nonempty_txn_signature=False)).wants(signed)


@pytest.mark.parametrize(
    ("state", "is_wanted"),
    [
        (AccountState(datasize=6), True),
        (AccountState(datasize=5), False),
        (AccountState(datasize=0), False),
        (AccountState(memcmp=(Memcmp(2, b"cd"),)), True),
        (AccountState(memcmp=(Memcmp(2, b"ce"),)), False),
        (AccountState(memcmp=(Memcmp(4, b"efg"),)), False),
        (AccountState(memcmp=(Memcmp(7, b""),)), False),
        (AccountState(memcmp=(Memcmp(6, b""),)), True),
        (AccountState(memcmp=(Memcmp(0, b"a"), Memcmp(5, b"f"))), True),
        (AccountState(memcmp=(Memcmp(0, b"a"), Memcmp(5, b"x"))), False),
        (AccountState(lamports=(Lamports("eq", 10),)), True),
        (AccountState(lamports=(Lamports("eq", 9),)), False),
        (AccountState(lamports=(Lamports("ne", 9),)), True),
        (AccountState(lamports=(Lamports("ne", 10),)), False),
        (AccountState(lamports=(Lamports("lt", 11),)), True),
        (AccountState(lamports=(Lamports("lt", 10),)), False),
        (AccountState(lamports=(Lamports("gt", 9),)), True),
        (AccountState(lamports=(Lamports("gt", 10),)), False),
        (AccountState(lamports=(Lamports("gt", 5), Lamports("lt", 9))), False),
        (AccountState(token_account_state=True), False),
        (AccountState(datasize=6, memcmp=(Memcmp(0, b"x"),)), False),
    ],
)
def test_state_is_judged_on_lamports_and_whole_data(state: AccountState, is_wanted: bool) -> None:
    assert AccountMatcher(AccountsFilter(state=state)).wants(write()) == is_wanted


def test_a_token_account_passes_the_token_state() -> None:
    matcher = AccountMatcher(AccountsFilter(state=AccountState(token_account_state=True)))

    assert matcher.wants(write(data=token_account(165)))


def token_account(size: int, state: int = 1, account_type: int = 2) -> bytes:
    made = bytearray(size)
    if size > 108:
        made[108] = state
    if size > 165:
        made[165] = account_type
    return bytes(made)


@pytest.mark.parametrize(
    ("made", "is_one"),
    [
        (token_account(0), False),
        (token_account(164), False),
        (token_account(165), True),
        (token_account(165, state=0), False),
        (token_account(166), True),
        (token_account(170, account_type=1), False),
        (token_account(170, state=0), False),
        (token_account(355), False),
        (token_account(356), True),
    ],
)
def test_token_accounts_are_told_by_size_state_and_type(made: bytes, is_one: bool) -> None:
    assert is_token_account(made) == is_one


def test_keys_are_gathered_once_for_all_filters() -> None:
    facts = TransactionFacts(with_balances({1: (text(HOLDER)[0], "5")}, {}))
    assert facts.keys(ALL) is facts.keys(ALL)
    assert facts.keys(ALL) == frozenset((STATIC, WRITABLE, READONLY, HOLDER))
