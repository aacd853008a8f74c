"""Every filter case of PROTOCOL 4 with its answer written out, for whoever judges filters.

A row is (name, monitor, update, expected). `expected` is whether the update is taken, or the update as it is to arrive:
trimmed or sliced. Updates carry no filter names and no created_at. A `transaction_status` row says what a server makes of
a transaction with that signature, vote flag and error.
"""

from monitor.core.chain import Commitment
from monitor.core.monitors import (
    AccountsFilter,
    BlocksFilter,
    BlocksMetaFilter,
    DataSlice,
    EntryFilter,
    Monitor,
    SlotsFilter,
    TransactionsFilter,
)
from monitor.wire.pb import geyser_pb2
from tests.filter_cases_accounts import ACCOUNT_CASES
from tests.filter_cases_transactions import TRANSACTION_CASES
from tests.filter_updates import (
    FOUND,
    HOLDS_NOTHING,
    HOLDS_ZERO,
    T_LOADED,
    T_OWNER,
    T_STATIC,
    W_KEY,
    W_OWNER,
    WHOLE_BLOCK,
    A,
    B,
    FilterCase,
    Y,
    account,
    account_info,
    block,
    block_meta,
    entry_message,
    slot,
    text,
    transaction,
)


def _block(name: str, wanted: BlocksFilter, left: geyser_pb2.SubscribeUpdate) -> FilterCase:
    return f"blocks: {name}", Monitor("m", blocks=wanted), WHOLE_BLOCK, left


def _slot(
    name: str, expected: bool, wanted: SlotsFilter, level: Commitment, said: int
) -> FilterCase:
    return f"slots: {name}", Monitor("m", commitment=level, slots=wanted), slot(said), expected


_PROCESSED, _CONFIRMED, _FINALIZED = Commitment
_SF = SlotsFilter
_SLOTS: list[FilterCase] = [
    _slot("PROCESSED, plain", True, _SF(), _PROCESSED, 0),
    _slot("CONFIRMED, plain", True, _SF(), _PROCESSED, 1),
    _slot("FINALIZED, plain", True, _SF(), _PROCESSED, 2),
    _slot("PROCESSED at finalized, plain", True, _SF(), _FINALIZED, 0),
    _slot("FIRST_SHRED_RECEIVED, plain", False, _SF(), _PROCESSED, 3),
    _slot("COMPLETED, plain", False, _SF(), _PROCESSED, 4),
    _slot("CREATED_BANK, plain", False, _SF(), _PROCESSED, 5),
    _slot("DEAD, plain", False, _SF(), _PROCESSED, 6),
    _slot("FIRST_SHRED_RECEIVED, interslot", True, _SF(False, True), _CONFIRMED, 3),
    _slot("COMPLETED, interslot", True, _SF(False, True), _PROCESSED, 4),
    _slot("CREATED_BANK, interslot", True, _SF(False, True), _FINALIZED, 5),
    _slot("DEAD, interslot", True, _SF(False, True), _PROCESSED, 6),
    _slot("CONFIRMED, interslot", True, _SF(False, True), _PROCESSED, 1),
    _slot("its own level, by commitment", True, _SF(True, False), _CONFIRMED, 1),
    _slot("a lower level, by commitment", False, _SF(True, False), _CONFIRMED, 0),
    _slot("a higher level, by commitment", False, _SF(True, False), _CONFIRMED, 2),
    _slot("by commitment hides lifecycle", False, _SF(True, True), _PROCESSED, 3),
    _slot("by commitment hides DEAD", False, _SF(True, True), _PROCESSED, 6),
    _slot("by commitment and interslot, own level", True, _SF(True, True), _FINALIZED, 2),
]

_BF = BlocksFilter
_BLOCKS: list[FilterCase] = [
    _block(
        "transactions only by default", _BF(), block(transactions=(T_STATIC, T_LOADED, T_OWNER))
    ),
    _block(
        "everything",
        _BF(include_accounts=True, include_entries=True),
        WHOLE_BLOCK,
    ),
    _block("nothing but the head", _BF(include_transactions=False), block()),
    _block("accounts alone", _BF((), False, True), block(accounts=(W_KEY, W_OWNER))),
    _block("entries alone", _BF((), False, False, True), block(entries=1)),
    _block(
        "trimmed by any key of a transaction, and by the pubkey of a write",
        _BF(FOUND, True, True, True),
        block(transactions=(T_STATIC, T_LOADED), accounts=(W_KEY,), entries=1),
    ),
    _block("trimmed to nothing is sent still", _BF((text(Y),), True, True), block()),
    _block(
        "cuckoo that holds nothing trims all",
        _BF((), True, True, False, HOLDS_NOTHING),
        block(),
    ),
    _block(
        "list or cuckoo",
        _BF(FOUND, True, True, False, HOLDS_ZERO),
        block(transactions=(T_STATIC, T_LOADED), accounts=(W_KEY,)),
    ),
    (
        "blocks: writes are sliced",
        Monitor("m", blocks=_BF((), False, True), data_slices=(DataSlice(0, 5),)),
        WHOLE_BLOCK,
        block(
            accounts=(account_info(content=b"01234"), account_info(pubkey=B, owner=A, content=b""))
        ),
    ),
]

_OTHERS: list[FilterCase] = [
    ("blocks_meta: takes all", Monitor("m", blocks_meta=BlocksMetaFilter()), block_meta(), True),
    (
        "entry: takes all",
        Monitor("m", entry=EntryFilter()),
        geyser_pb2.SubscribeUpdate(entry=entry_message()),
        True,
    ),
    ("another kind: a transaction", Monitor("m", accounts=AccountsFilter()), transaction(), False),
    ("another kind: a write", Monitor("m", transactions=TransactionsFilter()), account(), False),
    ("another kind: a status", Monitor("m", transactions=TransactionsFilter()), slot(0), False),
    ("another kind: a meta", Monitor("m", entry=EntryFilter()), block_meta(), False),
    ("no filter at all: a transaction", Monitor("m"), transaction(), False),
]

FILTER_CASES: list[FilterCase] = [
    *TRANSACTION_CASES,
    *ACCOUNT_CASES,
    *_SLOTS,
    *_BLOCKS,
    *_OTHERS,
]
