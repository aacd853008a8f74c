"""Filters of `transactions` and `transactions_status`: a request's message made into a predicate (PROTOCOL 4.3)."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from monitor.simulator.cuckoo import CuckooTable
from monitor.simulator.facts import TransactionFacts
from monitor.simulator.filter_checks import (
    FilterRefused,
    all_of,
    check_any,
    check_count,
    check_keys,
    decode_keys,
    decode_signature,
)
from monitor.simulator.limits import TransactionsLimits
from monitor.wire.pb import geyser_pb2

Takes = Callable[[TransactionFacts], bool]
_Wanted = geyser_pb2.SubscribeRequestFilterTransactions
_Keys = Callable[[TransactionFacts], frozenset[bytes]]

_EXPANSIONS = {
    0: attrgetter("keys_and_owners"),
    1: attrgetter("keys_and_changed_owners"),
}


def compile_transactions(wanted: _Wanted, limits: TransactionsLimits) -> Takes | None:
    """The filter's test, or None when it takes everything. Raises FilterRefused."""
    _check(wanted, limits)
    checks = _simple_checks(wanted)
    checks += _key_checks(wanted, limits)
    return all_of(checks)


def _check(wanted: _Wanted, limits: TransactionsLimits) -> None:
    is_full_stream = not (
        wanted.HasField("vote")
        or wanted.HasField("failed")
        or wanted.account_include
        or wanted.account_exclude
        or wanted.account_required
        or wanted.HasField("cuckoo_account_include")
        or wanted.HasField("token_accounts")
    )
    check_any(is_full_stream, limits.any)
    check_keys(wanted.account_include, limits.account_include_max)
    check_keys(wanted.account_exclude, limits.account_exclude_max)
    check_keys(wanted.account_required, limits.account_required_max)
    check_count(len(wanted.cuckoo_account_include.data), limits.cuckoo_max_size)


def _simple_checks(wanted: _Wanted) -> list[Takes]:
    checks: list[Takes] = []
    if wanted.HasField("vote"):
        vote = wanted.vote
        checks.append(lambda facts: facts.is_vote == vote)
    if wanted.HasField("failed"):
        failed = wanted.failed
        checks.append(lambda facts: facts.failed == failed)
    if wanted.HasField("signature"):
        signature = decode_signature(wanted.signature)
        checks.append(lambda facts: facts.signature == signature)
    return checks


def _key_checks(wanted: _Wanted, limits: TransactionsLimits) -> list[Takes]:
    include = decode_keys(wanted.account_include, limits.account_include_reject)
    exclude = decode_keys(wanted.account_exclude)
    required = decode_keys(wanted.account_required)
    keys = _keys(wanted)
    checks: list[Takes] = []
    if wanted.HasField("cuckoo_account_include"):
        table = cuckoo_table(wanted.cuckoo_account_include)
        checks.append(
            lambda facts: not include.isdisjoint(keys(facts)) or table.holds_any(keys(facts))
        )
    elif include:
        checks.append(lambda facts: not include.isdisjoint(keys(facts)))
    if exclude:
        checks.append(lambda facts: exclude.isdisjoint(keys(facts)))
    if required:
        checks.append(lambda facts: required <= keys(facts))
    return checks


def _keys(wanted: _Wanted) -> _Keys:
    """How this filter reads the keys of a transaction."""
    if not wanted.HasField("token_accounts"):
        return attrgetter("keys")
    mode: Any = wanted.token_accounts
    if mode not in _EXPANSIONS:
        raise FilterRefused(
            f"invalid token_accounts mode value {mode}; expected ALL (0) or BALANCE_CHANGED (1)"
        )
    return _EXPANSIONS[mode]


def cuckoo_table(wanted: geyser_pb2.CuckooFilter) -> CuckooTable:
    """The table of a request: of the message's fields the server reads two."""
    return CuckooTable(wanted.data, wanted.hash_seed)
