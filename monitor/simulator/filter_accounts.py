"""Filters of `accounts`: a request's message made into a predicate (PROTOCOL 4.1)."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable

from monitor.simulator.base58 import text_bytes
from monitor.simulator.facts import AccountFacts
from monitor.simulator.filter_checks import (
    FilterRefused,
    all_of,
    check_any,
    check_count,
    check_keys,
    decode_keys,
)
from monitor.simulator.filter_transactions import cuckoo_table
from monitor.simulator.limits import AccountsLimits
from monitor.wire.pb import geyser_pb2

Takes = Callable[[AccountFacts], bool]
_Wanted = geyser_pb2.SubscribeRequestFilterAccounts
_Criterion = geyser_pb2.SubscribeRequestFilterAccountsFilter

_MAX_CRITERIA = 4
_MAX_BYTES = 128
_MAX_BASE58 = 175
_MAX_BASE64 = 172
_TOKEN_ACCOUNT = 165
_MULTISIG = 355
_STATE = 108
"""Where a token account says that it is in use."""


def compile_accounts(wanted: _Wanted, limits: AccountsLimits) -> Takes | None:
    """The filter's test, or None when it takes everything. Raises FilterRefused."""
    has_cuckoo = wanted.HasField("cuckoo_accounts_filter")
    check_any(not (wanted.account or wanted.owner or has_cuckoo), limits.any)
    check_keys(wanted.account, limits.account_max)
    check_keys(wanted.owner, limits.owner_max)
    check_count(len(wanted.cuckoo_accounts_filter.data), limits.cuckoo_max_size)
    pubkeys = decode_keys(wanted.account, limits.account_reject)
    owners = decode_keys(wanted.owner, limits.owner_reject)
    checks: list[Takes] = []
    if wanted.HasField("nonempty_txn_signature"):
        signed = wanted.nonempty_txn_signature
        checks.append(lambda facts: facts.signed == signed)
    if has_cuckoo:
        table = cuckoo_table(wanted.cuckoo_accounts_filter)
        checks.append(lambda facts: facts.pubkey in pubkeys or facts.pubkey in table)
    elif pubkeys:
        checks.append(lambda facts: facts.pubkey in pubkeys)
    if owners:
        checks.append(lambda facts: facts.owner in owners)
    checks += _state_checks(wanted)
    return all_of(checks)


def _state_checks(wanted: _Wanted) -> list[Takes]:
    if len(wanted.filters) > _MAX_CRITERIA:
        raise FilterRefused(f"Too many filters provided; max {_MAX_CRITERIA}")
    sizes = 0
    checks = []
    for criterion in wanted.filters:
        sizes += criterion.WhichOneof("filter") == "datasize"
        if sizes > 1:
            raise FilterRefused("datasize used more than once")
        checks.append(_compile_criterion(criterion))
    return checks


def _compile_criterion(criterion: _Criterion) -> Takes:
    match criterion.WhichOneof("filter"):
        case "memcmp":
            offset, expected = criterion.memcmp.offset, _memcmp_bytes(criterion.memcmp)
            end = offset + len(expected)
            return lambda facts: facts.content[offset:end] == expected and end <= len(facts.content)
        case "datasize":
            size = criterion.datasize
            return lambda facts: len(facts.content) == size
        case "token_account_state":
            if not criterion.token_account_state:
                raise FilterRefused("token_account_state only allowed to be true")
            return lambda facts: is_token_account(facts.content)
        case "lamports":
            return _compile_lamports(criterion.lamports)
        case _:
            raise FilterRefused("filter should be defined")


def _compile_lamports(wanted: geyser_pb2.SubscribeRequestFilterAccountsFilterLamports) -> Takes:
    match wanted.WhichOneof("cmp"):
        case "eq":
            return lambda facts: facts.lamports == wanted.eq
        case "ne":
            return lambda facts: facts.lamports != wanted.ne
        case "lt":
            return lambda facts: facts.lamports < wanted.lt
        case "gt":
            return lambda facts: facts.lamports > wanted.gt
        case _:
            raise FilterRefused("cmp for lamports should be defined")


def _memcmp_bytes(wanted: geyser_pb2.SubscribeRequestFilterAccountsFilterMemcmp) -> bytes:
    match wanted.WhichOneof("data"):
        case "bytes":
            expected = wanted.bytes
        case "base58":
            expected = _decode_base58(wanted.base58)
        case "base64":
            expected = _decode_base64(wanted.base64)
        case _:
            raise FilterRefused("data for memcmp should be defined")
    if len(expected) > _MAX_BYTES:
        raise FilterRefused("data too large")
    return expected


def _decode_base58(text: str) -> bytes:
    if len(text.encode()) > _MAX_BASE58:
        raise FilterRefused("data too large")
    try:
        return text_bytes(text)
    except ValueError:
        raise FilterRefused("invalid base58") from None


def _decode_base64(text: str) -> bytes:
    if len(text.encode()) > _MAX_BASE64:
        raise FilterRefused("data too large")
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError) as wrong:
        raise FilterRefused("invalid base64") from wrong


def is_token_account(content: bytes) -> bool:
    """Whether these are the data of a token account in use, of SPL token or token-2022 with extensions."""
    size = len(content)
    if size == _TOKEN_ACCOUNT:
        return content[_STATE] != 0
    return (
        size > _TOKEN_ACCOUNT
        and size != _MULTISIG
        and content[_TOKEN_ACCOUNT] == 2
        and content[_STATE] != 0
    )
