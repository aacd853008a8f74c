"""Every refusal of a request by its filters (PROTOCOL 4): what was asked, under which limits, and the server's text.

A row is (name, request, limits, text); the status is INVALID_ARGUMENT "failed to create filter: {text}".
"""

from collections.abc import Callable, Mapping

from monitor.simulator.limits import (
    AccountsLimits,
    BlocksLimits,
    CountLimits,
    FilterLimits,
    TransactionsLimits,
)
from monitor.wire.pb import geyser_pb2
from tests.filter_updates import A, B, text

RefusalCase = tuple[str, geyser_pb2.SubscribeRequest, FilterLimits, str]

_Request = geyser_pb2.SubscribeRequest
_NO_LIMITS = FilterLimits()
_ANY = "Subscribe on full stream with `any` is not allowed, at least one filter required"
_ONE_FILTER = "Max amount of filters/data_slices reached, only 1 allowed"
_ONE_KEY = "Max amount of Pubkeys reached, only 1 allowed"
_REJECTED = f"Pubkey {text(A)} in filters is not allowed"
_TWO_KEYS = (text(B), text(B))


def _row(
    name: str,
    expected: str,
    ask: Callable[[_Request], object],
    limits: FilterLimits = _NO_LIMITS,
) -> RefusalCase:
    request = _Request()
    ask(request)
    return name, request, limits, expected


def _accounts(limits: AccountsLimits) -> FilterLimits:
    return FilterLimits(accounts=limits)


def _transactions(limits: TransactionsLimits) -> FilterLimits:
    return FilterLimits(transactions=limits)


def _statuses(limits: TransactionsLimits) -> FilterLimits:
    return FilterLimits(transactions_status=limits)


def _blocks(limits: BlocksLimits) -> FilterLimits:
    return FilterLimits(blocks=limits)


def _two(kind: str) -> Callable[[_Request], object]:
    def ask(request: _Request) -> None:
        for name in ("one", "two"):
            getattr(request, kind)[name].SetInParent()

    return ask


def _state(*criteria: Mapping[str, object]) -> Callable[[_Request], object]:
    return lambda request: request.accounts["a"].filters.extend(
        geyser_pb2.SubscribeRequestFilterAccountsFilter(**criterion)  # type: ignore[arg-type]
        for criterion in criteria
    )


def _memcmp(**content: object) -> dict[str, object]:
    return {"memcmp": geyser_pb2.SubscribeRequestFilterAccountsFilterMemcmp(**content)}  # type: ignore[arg-type]


def _slices(*cuts: tuple[int, int]) -> Callable[[_Request], object]:
    return lambda request: request.accounts_data_slice.extend(
        geyser_pb2.SubscribeRequestAccountsDataSlice(offset=offset, length=length)
        for offset, length in cuts
    )


def _commitment(request: _Request) -> None:
    request.MergeFromString(b"\x30\x07")  # commitment = 7, which the generated setter would refuse


def _token_mode(request: _Request) -> None:
    # The field by its number, as the generated setter would refuse a 5.
    request.transactions["t"].MergeFromString(b"\xf0\x01\x05")


_COUNTS: list[RefusalCase] = [
    _row("two of accounts", _ONE_FILTER, _two("accounts"), _accounts(AccountsLimits(max=1))),
    _row("two of slots", _ONE_FILTER, _two("slots"), FilterLimits(slots=CountLimits(1))),
    _row(
        "two of transactions",
        _ONE_FILTER,
        _two("transactions"),
        _transactions(TransactionsLimits(max=1)),
    ),
    _row(
        "two of transactions_status",
        _ONE_FILTER,
        _two("transactions_status"),
        _statuses(TransactionsLimits(max=1)),
    ),
    _row("two of blocks", _ONE_FILTER, _two("blocks"), _blocks(BlocksLimits(max=1))),
    _row(
        "two of blocks_meta",
        _ONE_FILTER,
        _two("blocks_meta"),
        FilterLimits(blocks_meta=CountLimits(1)),
    ),
    _row("two of entry", _ONE_FILTER, _two("entry"), FilterLimits(entries=CountLimits(1))),
    _row(
        "two data slices",
        _ONE_FILTER,
        _slices((0, 1), (1, 1)),
        _accounts(AccountsLimits(data_slice_max=1)),
    ),
]

_FULL_STREAMS: list[RefusalCase] = [
    _row(
        "accounts by state alone",
        _ANY,
        lambda request: request.accounts["a"].filters.add(datasize=1),
        _accounts(AccountsLimits(any=False)),
    ),
    _row(
        "transactions by signature alone",
        _ANY,
        lambda request: setattr(request.transactions["t"], "signature", text(A * 2)),
        _transactions(TransactionsLimits(any=False)),
    ),
    _row(
        "transactions_status",
        _ANY,
        lambda request: request.transactions_status["t"].SetInParent(),
        _statuses(TransactionsLimits(any=False)),
    ),
    _row(
        "blocks by include_accounts alone",
        _ANY,
        lambda request: setattr(request.blocks["b"], "include_accounts", True),
        _blocks(BlocksLimits(account_include_any=False)),
    ),
]

_KEYS: list[RefusalCase] = [
    _row(
        "account list counted before it is made a set",
        _ONE_KEY,
        lambda request: request.accounts["a"].account.extend(_TWO_KEYS),
        _accounts(AccountsLimits(account_max=1)),
    ),
    _row(
        "owner list",
        _ONE_KEY,
        lambda request: request.accounts["a"].owner.extend(_TWO_KEYS),
        _accounts(AccountsLimits(owner_max=1)),
    ),
    _row(
        "account rejected",
        _REJECTED,
        lambda request: request.accounts["a"].account.append(text(A)),
        _accounts(AccountsLimits(account_reject=frozenset({text(A)}))),
    ),
    _row(
        "owner rejected",
        _REJECTED,
        lambda request: request.accounts["a"].owner.append(text(A)),
        _accounts(AccountsLimits(owner_reject=frozenset({text(A)}))),
    ),
    _row(
        "accounts cuckoo too large",
        "Max amount of filters/data_slices reached, only 8 allowed",
        lambda request: setattr(request.accounts["a"].cuckoo_accounts_filter, "data", bytes(16)),
        _accounts(AccountsLimits(cuckoo_max_size=8)),
    ),
    _row(
        "account_include",
        _ONE_KEY,
        lambda request: request.transactions["t"].account_include.extend(_TWO_KEYS),
        _transactions(TransactionsLimits(account_include_max=1)),
    ),
    _row(
        "account_exclude",
        _ONE_KEY,
        lambda request: request.transactions["t"].account_exclude.extend(_TWO_KEYS),
        _transactions(TransactionsLimits(account_exclude_max=1)),
    ),
    _row(
        "account_required",
        _ONE_KEY,
        lambda request: request.transactions_status["t"].account_required.extend(_TWO_KEYS),
        _statuses(TransactionsLimits(account_required_max=1)),
    ),
    _row(
        "account_include rejected",
        _REJECTED,
        lambda request: request.transactions["t"].account_include.append(text(A)),
        _transactions(TransactionsLimits(account_include_reject=frozenset({text(A)}))),
    ),
    _row(
        "transactions cuckoo too large",
        "Max amount of filters/data_slices reached, only 8 allowed",
        lambda request: setattr(
            request.transactions["t"].cuckoo_account_include, "data", bytes(16)
        ),
        _transactions(TransactionsLimits(cuckoo_max_size=8)),
    ),
    _row(
        "blocks account_include",
        _ONE_KEY,
        lambda request: request.blocks["b"].account_include.extend(_TWO_KEYS),
        _blocks(BlocksLimits(account_include_max=1)),
    ),
    _row(
        "blocks account_include rejected",
        _REJECTED,
        lambda request: request.blocks["b"].account_include.append(text(A)),
        _blocks(BlocksLimits(account_include_reject=frozenset({text(A)}))),
    ),
    _row(
        "blocks cuckoo too large",
        "Max amount of filters/data_slices reached, only 8 allowed",
        lambda request: setattr(request.blocks["b"].cuckoo_account_include, "data", bytes(16)),
        _blocks(BlocksLimits(cuckoo_max_size=8)),
    ),
    _row(
        "key of a wrong size",
        "String is the wrong size",
        lambda request: request.accounts["a"].account.append("abc"),
    ),
    _row(
        "key that is no base58",
        "Invalid Base58 string",
        lambda request: request.transactions["t"].account_exclude.append("0OIl"),
    ),
    _row(
        "signature of a wrong size",
        "string decoded to wrong size for signature",
        lambda request: setattr(request.transactions["t"], "signature", "abc"),
    ),
    _row(
        "signature that is no base58",
        "failed to decode string to signature",
        lambda request: setattr(request.transactions["t"], "signature", "0OIl"),
    ),
]

_PARTS: list[RefusalCase] = [
    _row(
        "blocks with transactions, by default",
        "`include_transactions` is not allowed",
        lambda request: request.blocks["b"].SetInParent(),
        _blocks(BlocksLimits(include_transactions=False)),
    ),
    _row(
        "blocks with accounts",
        "`include_accounts` is not allowed",
        lambda request: setattr(request.blocks["b"], "include_accounts", True),
        _blocks(BlocksLimits(include_accounts=False)),
    ),
    _row(
        "blocks with entries are judged by the limit of accounts",
        "`include_entries` is not allowed",
        lambda request: setattr(request.blocks["b"], "include_entries", True),
        _blocks(BlocksLimits(include_accounts=False)),
    ),
]

_STATES: list[RefusalCase] = [
    _row("five criteria", "Too many filters provided; max 4", _state(*[{"datasize": 1}] * 5)),
    _row("memcmp of 129 bytes", "data too large", _state(_memcmp(bytes=bytes(129)))),
    _row("base58 text of 176", "data too large", _state(_memcmp(base58="1" * 176))),
    _row("base58 that becomes 175 bytes", "data too large", _state(_memcmp(base58="1" * 175))),
    _row("base64 text of 176", "data too large", _state(_memcmp(base64="AAAA" * 44))),
    _row("memcmp no base58", "invalid base58", _state(_memcmp(base58="0"))),
    _row("memcmp no base64", "invalid base64", _state(_memcmp(base64="?"))),
    _row("memcmp of nothing", "data for memcmp should be defined", _state(_memcmp(offset=1))),
    _row(
        "datasize twice", "datasize used more than once", _state({"datasize": 1}, {"datasize": 1})
    ),
    _row(
        "token_account_state false",
        "token_account_state only allowed to be true",
        _state({"token_account_state": False}),
    ),
    _row(
        "lamports without comparison",
        "cmp for lamports should be defined",
        _state({"lamports": geyser_pb2.SubscribeRequestFilterAccountsFilterLamports()}),
    ),
    _row("an empty criterion", "filter should be defined", _state({})),
]

_REST: list[RefusalCase] = [
    _row(
        "slices out of order",
        "failed to create filter: data slices out of order",
        _slices((5, 1), (0, 1)),
    ),
    _row(
        "slices that overlap",
        "failed to create filter: data slices overlapped",
        _slices((0, 5), (4, 1)),
    ),
    _row(
        "a name of 129 bytes",
        "oversized filter name (max allowed size 128), found 129",
        lambda request: request.slots["n" * 129].SetInParent(),
    ),
    _row(
        "a name of 65 letters of two bytes",
        "oversized filter name (max allowed size 128), found 130",
        lambda request: request.blocks_meta["ü" * 65].SetInParent(),
    ),
    _row("bad commitment", "failed to create CommitmentLevel from 7", _commitment),
    _row(
        "bad mode of token_accounts",
        "invalid token_accounts mode value 5; expected ALL (0) or BALANCE_CHANGED (1)",
        _token_mode,
    ),
]

REFUSAL_CASES: list[RefusalCase] = [
    *_COUNTS,
    *_FULL_STREAMS,
    *_KEYS,
    *_PARTS,
    *_STATES,
    *_REST,
]
