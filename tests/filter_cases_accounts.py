"""Filter cases of `accounts` and of data slices; the rows are explained in filter_cases.py."""

from collections.abc import Sequence

from monitor.core.monitors import AccountsFilter, AccountState, DataSlice, Lamports, Memcmp, Monitor
from monitor.wire.pb import geyser_pb2
from tests.filter_updates import (
    FOUND,
    HOLDS_NOTHING,
    HOLDS_ZERO,
    MISSING,
    OWNED,
    ZERO,
    A,
    B,
    FilterCase,
    X,
    Y,
    account,
    account_info,
    text,
)


def _accounts(
    name: str,
    expected: bool,
    wanted: AccountsFilter,
    info: geyser_pb2.SubscribeUpdateAccountInfo,
) -> FilterCase:
    return f"accounts: {name}", Monitor("m", accounts=wanted), account(info), expected


def _state(
    name: str,
    expected: bool,
    state: AccountState,
    info: geyser_pb2.SubscribeUpdateAccountInfo,
) -> FilterCase:
    return _accounts(name, expected, AccountsFilter(state=state), info)


def _sliced(name: str, cuts: Sequence[tuple[int, int]], left: bytes) -> FilterCase:
    monitor = Monitor(
        "m",
        accounts=AccountsFilter(),
        data_slices=tuple(DataSlice(offset, length) for offset, length in cuts),
    )
    return f"slices: {name}", monitor, account(), account(account_info(content=left))


_AF, _AS = AccountsFilter, AccountState
_TOKEN = bytes(108) + b"\x01" + bytes(56)
ACCOUNT_CASES: list[FilterCase] = [
    _accounts("an empty filter takes all", True, _AF(), account_info(signature=None)),
    _accounts("listed", True, _AF(account=(text(B), text(A))), account_info()),
    _accounts("not listed", False, _AF(account=(text(B),)), account_info()),
    _accounts("of the owner", True, _AF(owner=(text(Y), text(X))), account_info()),
    _accounts("of another owner", False, _AF(owner=(text(Y),)), account_info()),
    _accounts("a list of owners is no list of keys", False, _AF(owner=FOUND), account_info()),
    _accounts("listed, and of the owner", True, _AF(account=FOUND, owner=OWNED), account_info()),
    _accounts(
        "listed, of another owner", False, _AF(account=FOUND, owner=(text(Y),)), account_info()
    ),
    _accounts("of the owner, not listed", False, _AF(account=MISSING, owner=OWNED), account_info()),
    _accounts("signed wanted, signed", True, _AF(nonempty_txn_signature=True), account_info()),
    _accounts(
        "signed wanted, unsigned",
        False,
        _AF(nonempty_txn_signature=True),
        account_info(signature=None),
    ),
    _accounts("unsigned wanted, signed", False, _AF(nonempty_txn_signature=False), account_info()),
    _accounts(
        "unsigned wanted, unsigned",
        True,
        _AF(nonempty_txn_signature=False),
        account_info(signature=None),
    ),
    _accounts(
        "listed, but unsigned",
        False,
        _AF(account=FOUND, nonempty_txn_signature=True),
        account_info(signature=None),
    ),
    _accounts(
        "cuckoo holds it", True, _AF(cuckoo_accounts_filter=HOLDS_ZERO), account_info(pubkey=ZERO)
    ),
    _accounts("cuckoo does not", False, _AF(cuckoo_accounts_filter=HOLDS_ZERO), account_info()),
    _accounts(
        "an empty cuckoo matches nothing",
        False,
        _AF(cuckoo_accounts_filter=HOLDS_NOTHING),
        account_info(),
    ),
    _accounts(
        "cuckoo does not, but listed",
        True,
        _AF(account=FOUND, cuckoo_accounts_filter=HOLDS_ZERO),
        account_info(),
    ),
    _accounts(
        "not listed, but cuckoo holds it",
        True,
        _AF(account=MISSING, cuckoo_accounts_filter=HOLDS_ZERO),
        account_info(pubkey=ZERO),
    ),
    _accounts(
        "cuckoo holds it, of another owner",
        False,
        _AF(owner=(text(Y),), cuckoo_accounts_filter=HOLDS_ZERO),
        account_info(pubkey=ZERO),
    ),
    _state("datasize", True, _AS(datasize=10), account_info()),
    _state("datasize, longer", False, _AS(datasize=9), account_info()),
    _state("datasize 0 of no data", True, _AS(datasize=0), account_info(content=b"")),
    _state("memcmp at the start", True, _AS(memcmp=(Memcmp(0, b"01"),)), account_info()),
    _state("memcmp at the end", True, _AS(memcmp=(Memcmp(8, b"89"),)), account_info()),
    _state("memcmp over the end", False, _AS(memcmp=(Memcmp(9, b"9x"),)), account_info()),
    _state("memcmp beyond the end", False, _AS(memcmp=(Memcmp(11, b"0"),)), account_info()),
    _state("memcmp of nothing at the end", True, _AS(memcmp=(Memcmp(10, b""),)), account_info()),
    _state("memcmp of nothing beyond it", False, _AS(memcmp=(Memcmp(11, b""),)), account_info()),
    _state("memcmp of other bytes", False, _AS(memcmp=(Memcmp(0, b"1"),)), account_info()),
    _state(
        "two memcmp hold", True, _AS(memcmp=(Memcmp(0, b"0"), Memcmp(5, b"56"))), account_info()
    ),
    _state(
        "one of two memcmp holds",
        False,
        _AS(memcmp=(Memcmp(0, b"0"), Memcmp(5, b"55"))),
        account_info(),
    ),
    _state("lamports eq", True, _AS(lamports=(Lamports("eq", 1000),)), account_info()),
    _state("lamports eq, other", False, _AS(lamports=(Lamports("eq", 999),)), account_info()),
    _state("lamports ne", True, _AS(lamports=(Lamports("ne", 999),)), account_info()),
    _state("lamports ne, equal", False, _AS(lamports=(Lamports("ne", 1000),)), account_info()),
    _state("lamports lt", True, _AS(lamports=(Lamports("lt", 1001),)), account_info()),
    _state("lamports lt, equal", False, _AS(lamports=(Lamports("lt", 1000),)), account_info()),
    _state("lamports gt", True, _AS(lamports=(Lamports("gt", 999),)), account_info()),
    _state("lamports gt, equal", False, _AS(lamports=(Lamports("gt", 1000),)), account_info()),
    _state(
        "lamports in a range",
        True,
        _AS(lamports=(Lamports("gt", 500), Lamports("lt", 1500))),
        account_info(),
    ),
    _state(
        "lamports out of a range",
        False,
        _AS(lamports=(Lamports("gt", 500), Lamports("lt", 900))),
        account_info(),
    ),
    _state("token account", True, _AS(token_account_state=True), account_info(content=_TOKEN)),
    _state(
        "token account, not in use",
        False,
        _AS(token_account_state=True),
        account_info(content=bytes(165)),
    ),
    _state(
        "token account, too short",
        False,
        _AS(token_account_state=True),
        account_info(content=_TOKEN[:164]),
    ),
    _state(
        "token account with extensions",
        True,
        _AS(token_account_state=True),
        account_info(content=_TOKEN + b"\x02" + bytes(10)),
    ),
    _state(
        "mint with extensions",
        False,
        _AS(token_account_state=True),
        account_info(content=_TOKEN + b"\x01" + bytes(10)),
    ),
    _state(
        "token account with extensions, not in use",
        False,
        _AS(token_account_state=True),
        account_info(content=bytes(165) + b"\x02" + bytes(10)),
    ),
    _state(
        "multisig of 355 bytes",
        False,
        _AS(token_account_state=True),
        account_info(content=_TOKEN + b"\x02" + bytes(189)),
    ),
    _accounts(
        "owner and state hold",
        True,
        _AF(owner=OWNED, state=_AS(datasize=10, memcmp=(Memcmp(0, b"0"),))),
        account_info(),
    ),
    _accounts(
        "owner holds, state not",
        False,
        _AF(owner=OWNED, state=_AS(datasize=10, memcmp=(Memcmp(0, b"x"),))),
        account_info(),
    ),
    _sliced("none leaves the data whole", [], b"0123456789"),
    _sliced("one", [(2, 3)], b"234"),
    _sliced("two make one text", [(0, 2), (8, 2)], b"0189"),
    _sliced("up to the very end", [(0, 10)], b"0123456789"),
    _sliced("one byte too long is skipped whole", [(0, 2), (5, 6)], b"01"),
    _sliced("all too long leave nothing", [(5, 6)], b""),
    _sliced("of no length leaves nothing", [(3, 0)], b""),
    (
        "slices: datasize and memcmp see the whole data",
        Monitor(
            "m",
            accounts=_AF(state=_AS(datasize=10, memcmp=(Memcmp(8, b"89"),))),
            data_slices=(DataSlice(0, 1),),
        ),
        account(),
        account(account_info(content=b"0")),
    ),
]
