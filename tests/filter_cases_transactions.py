"""Filter cases of `transactions` and `transactions_status`; the rows are explained in filter_cases.py."""

from collections.abc import Sequence

from monitor.core.monitors import Monitor, TokenAccounts, TransactionsFilter
from monitor.wire.pb import geyser_pb2
from tests.filter_updates import (
    FIRST,
    FOUND,
    HOLDS_NOTHING,
    HOLDS_ZERO,
    MISSING,
    OWNED,
    SECOND,
    T_LOADED,
    T_STATIC,
    ZERO,
    A,
    B,
    Balance,
    C,
    D,
    FilterCase,
    X,
    Y,
    status,
    text,
    transaction,
    transaction_info,
)


def _transactions(
    name: str,
    expected: bool,
    wanted: TransactionsFilter,
    info: geyser_pb2.SubscribeUpdateTransactionInfo,
) -> FilterCase:
    return f"transactions: {name}", Monitor("m", transactions=wanted), transaction(info), expected


def _status(
    name: str, expected: bool, wanted: TransactionsFilter, update: geyser_pb2.SubscribeUpdate
) -> FilterCase:
    return f"status: {name}", Monitor("m", transactions_status=wanted), update, expected


_ALL, _CHANGED = TokenAccounts.ALL, TokenAccounts.BALANCE_CHANGED


def _token(
    name: str,
    expected: bool,
    before: Sequence[Balance],
    after: Sequence[Balance],
    mode: TokenAccounts | None = _CHANGED,
) -> FilterCase:
    """Owner X is wanted; the transaction's own key is A."""
    wanted = TransactionsFilter(account_include=OWNED, token_accounts=mode)
    return _transactions(name, expected, wanted, transaction_info(before=before, after=after))


_TF = TransactionsFilter
TRANSACTION_CASES: list[FilterCase] = [
    _transactions("an empty filter takes a plain one", True, _TF(), transaction_info()),
    _transactions("an empty filter takes a vote", True, _TF(), transaction_info(vote=True)),
    _transactions("an empty filter takes a failed one", True, _TF(), transaction_info(failed=True)),
    _transactions("vote true takes a vote", True, _TF(vote=True), transaction_info(vote=True)),
    _transactions("vote true leaves others", False, _TF(vote=True), transaction_info()),
    _transactions("vote false leaves votes", False, _TF(vote=False), transaction_info(vote=True)),
    _transactions("vote false takes others", True, _TF(vote=False), transaction_info()),
    _transactions("failed true takes it", True, _TF(failed=True), transaction_info(failed=True)),
    _transactions("failed true leaves success", False, _TF(failed=True), transaction_info()),
    _transactions(
        "failed false leaves it", False, _TF(failed=False), transaction_info(failed=True)
    ),
    _transactions("failed false takes success", True, _TF(failed=False), transaction_info()),
    _transactions("its signature", True, _TF(signature=text(FIRST)), transaction_info()),
    _transactions("another signature", False, _TF(signature=text(SECOND)), transaction_info()),
    _transactions("include by a static key", True, _TF(account_include=FOUND), T_STATIC),
    _transactions(
        "include by a loaded writable key",
        True,
        _TF(account_include=FOUND),
        transaction_info(keys=(C,), writable=(A,)),
    ),
    _transactions("include by a loaded readonly key", True, _TF(account_include=FOUND), T_LOADED),
    _transactions("include without any of its keys", False, _TF(account_include=MISSING), T_STATIC),
    _transactions(
        "include with one of several keys", True, _TF(account_include=MISSING + FOUND), T_STATIC
    ),
    _transactions("exclude by a static key", False, _TF(account_exclude=FOUND), T_STATIC),
    _transactions("exclude by a loaded key", False, _TF(account_exclude=FOUND), T_LOADED),
    _transactions("exclude of other keys", True, _TF(account_exclude=MISSING), T_STATIC),
    _transactions("required, all there", True, _TF(account_required=(text(A), text(B))), T_STATIC),
    _transactions(
        "required, one missing", False, _TF(account_required=(text(A), text(D))), T_STATIC
    ),
    _transactions(
        "required, static and loaded", True, _TF(account_required=(text(C), text(A))), T_LOADED
    ),
    _transactions(
        "exclude wins over include",
        False,
        _TF(account_include=FOUND, account_exclude=(text(B),)),
        T_STATIC,
    ),
    _transactions(
        "include and required both hold",
        True,
        _TF(account_include=FOUND, account_required=(text(B),)),
        T_STATIC,
    ),
    _transactions(
        "include holds, required not",
        False,
        _TF(account_include=FOUND, account_required=MISSING),
        T_STATIC,
    ),
    _transactions(
        "include holds, vote not", False, _TF(vote=True, account_include=FOUND), T_STATIC
    ),
    _transactions(
        "all criteria hold",
        True,
        _TF(
            vote=False,
            failed=False,
            signature=text(FIRST),
            account_include=FOUND,
            account_exclude=MISSING,
            account_required=(text(B),),
        ),
        T_STATIC,
    ),
    _transactions(
        "cuckoo holds a key",
        True,
        _TF(cuckoo_account_include=HOLDS_ZERO),
        transaction_info(keys=(A, ZERO)),
    ),
    _transactions(
        "cuckoo holds a loaded key",
        True,
        _TF(cuckoo_account_include=HOLDS_ZERO),
        transaction_info(readonly=(ZERO,)),
    ),
    _transactions("cuckoo holds none", False, _TF(cuckoo_account_include=HOLDS_ZERO), T_STATIC),
    _transactions(
        "an empty cuckoo matches nothing",
        False,
        _TF(cuckoo_account_include=HOLDS_NOTHING),
        T_STATIC,
    ),
    _transactions(
        "cuckoo or list: the list holds",
        True,
        _TF(account_include=FOUND, cuckoo_account_include=HOLDS_NOTHING),
        T_STATIC,
    ),
    _transactions(
        "cuckoo or list: the cuckoo holds",
        True,
        _TF(account_include=MISSING, cuckoo_account_include=HOLDS_ZERO),
        transaction_info(keys=(ZERO,)),
    ),
    _transactions(
        "cuckoo with owners",
        True,
        _TF(cuckoo_account_include=HOLDS_ZERO, token_accounts=_ALL),
        transaction_info(before=[(1, text(ZERO), "5")]),
    ),
    _token("an owner is no key without expansion", False, [(1, text(X), "5")], [], None),
    _token("ALL takes an owner before", True, [(1, text(X), "5")], [], _ALL),
    _token("ALL takes an owner after", True, [], [(1, text(X), "5")], _ALL),
    _token("ALL takes unchanged", True, [(1, text(X), "5")], [(1, text(X), "5")], _ALL),
    _token("ALL without that owner", False, [(1, text(Y), "5")], [(1, text(Y), "5")], _ALL),
    _token("CHANGED takes another amount", True, [(1, text(X), "5")], [(1, text(X), "6")]),
    _token("CHANGED leaves the same amount", False, [(1, text(X), "5")], [(1, text(X), "5")]),
    _token("CHANGED takes a new balance", True, [], [(1, text(X), "0")]),
    _token("CHANGED takes one that vanished", True, [(1, text(X), "0")], []),
    _token("CHANGED compares by index", True, [(1, text(X), "5")], [(2, text(X), "5")]),
    _token(
        "CHANGED, but of another owner",
        False,
        [(1, text(X), "5"), (2, text(Y), "5")],
        [(1, text(X), "5"), (2, text(Y), "6")],
    ),
    _token("an owner that is no key is ignored", False, [(1, "nobody", "5")], [(1, "", "6")]),
    _token("beside one that is no key", True, [(1, "nobody", "5"), (2, text(X), "5")], []),
    _transactions(
        "exclude sees owners",
        False,
        _TF(account_exclude=OWNED, token_accounts=_ALL),
        transaction_info(after=[(1, text(X), "5")]),
    ),
    _transactions(
        "required sees owners",
        True,
        _TF(account_required=(text(A), text(X)), token_accounts=_ALL),
        transaction_info(after=[(1, text(X), "5")]),
    ),
    _transactions(
        "own keys count with expansion too",
        True,
        _TF(account_include=FOUND, token_accounts=_CHANGED),
        T_STATIC,
    ),
    _status("an empty filter takes all", True, _TF(), status(failed=True)),
    _status("vote false leaves votes", False, _TF(vote=False), status(vote=True)),
    _status("vote true takes votes", True, _TF(vote=True), status(vote=True)),
    _status("failed true leaves success", False, _TF(failed=True), status()),
    _status("failed true takes it", True, _TF(failed=True), status(failed=True)),
    _status("its signature", True, _TF(signature=text(FIRST)), status()),
    _status("another signature", False, _TF(signature=text(SECOND)), status()),
]
