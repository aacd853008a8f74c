"""What became of a transaction, from the JSON of getBlock straight to the bytes of a TransactionStatusMeta.

`transaction_meta` says what each field means; this is the fast road, for blocks, and writes the same bytes. How it
works: msgspec reads only what is asked, without objects for the collector to walk. Lists of numbers and texts go through
protobuf, which copies them at once. Inner instructions are written by hand. Token balances stay JSON, and what is made of
one is kept by its text: what one transaction leaves is what the next one finds, often at another index.
"""

from binascii import a2b_base64
from typing import Any, Final

from msgspec import Raw, Struct
from msgspec.json import Decoder

from monitor.wire import base58
from monitor.wire.fields import delimited, instruction, varint
from monitor.wire.kept import Kept
from monitor.wire.matching import Holding
from monitor.wire.pb.solana_storage_pb2 import (
    ReturnData,
    TokenBalance,
    TransactionStatusMeta,
    UiTokenAmount,
)
from monitor.wire.transaction_errors import encode_transaction_error

_BALANCES_KEPT: Final = 8_192
"""About 6 MB at most, with their JSON; twice, for they are kept with their index and without."""
_CALLS_KEPT: Final = 16_384
"""About 3 MB at most: instruction data of up to `_LONGEST_CALL_KEPT` letters and its bytes."""
_LONGEST_CALL_KEPT: Final = 64
_NULL: Final = Raw(b"null")
_INDEX: Final = b'{"accountIndex":'
_INDEX_BYTES: Final = len(_INDEX)


class _Loaded(Struct, gc=False):
    writable: list[str] = []
    readonly: list[str] = []


class _Called(Struct, rename="camel", gc=False):
    program_id_index: int
    accounts: list[int]
    data: str | None = None
    stack_height: int | None = None


class _Inner(Struct, gc=False):
    index: int
    instructions: list[_Called]


class _Returned(Struct, rename="camel", gc=False):
    program_id: str
    data: tuple[str, str]


class Meta(Struct, rename="camel", gc=False):
    """A `meta`, with what only a frame wants still as JSON."""

    fee: int
    pre_balances: Raw
    post_balances: Raw
    err: Any = None
    loaded_addresses: _Loaded | None = None
    inner_instructions: Raw = _NULL
    log_messages: Raw = _NULL
    pre_token_balances: Raw = _NULL
    post_token_balances: Raw = _NULL
    return_data: _Returned | None = None
    compute_units_consumed: int | None = None
    cost_units: int | None = None

    def error(self) -> bytes | None:
        """The runtime's bincode of why it failed; None: it did not."""
        return None if self.err is None else encode_transaction_error(self.err)

    def loaded(self) -> tuple[list[bytes], list[bytes]]:
        """The keys that it loaded from tables: writable, readonly. Raises ValueError for a text that is no key."""
        found = self.loaded_addresses
        if found is None:
            return [], []
        return [*map(base58.key_bytes, found.writable)], [*map(base58.key_bytes, found.readonly)]

    def holdings(self) -> tuple[list[Holding], list[Holding]]:
        """The token balances before and after. Raises MsgspecError."""
        before, after = map(_read_raws, (self.pre_token_balances, self.post_token_balances))
        return [*map(_holding, before or ())], [*map(_holding, after or ())]


class _Amount(Struct, rename="camel", gc=False):
    amount: str
    decimals: int
    ui_amount: float | None = None
    ui_amount_string: str | None = None


class _Balance(Struct, rename="camel", gc=False):
    mint: str
    ui_token_amount: _Amount
    account_index: int = 0
    owner: str | None = None
    program_id: str | None = None


_read_numbers: Final = Decoder(list[int] | None).decode
_read_texts: Final = Decoder(list[str] | None).decode
_read_inner: Final = Decoder(list[_Inner] | None).decode
_read_raws: Final = Decoder(list[Raw] | None).decode
_read_balance: Final = Decoder(_Balance).decode


def encode_meta(meta: Meta, error: bytes | None, loaded: tuple[list[bytes], list[bytes]]) -> bytes:
    """The bytes of the TransactionStatusMeta. `error` and `loaded`: of the same meta, which filters asked for before.

    Raises ValueError, TypeError or MsgspecError for what no runtime writes.
    """
    inner, logs = _read_inner(meta.inner_instructions), _read_texts(meta.log_messages)
    parts = [
        b"" if error is None else delimited(b"\x0a", delimited(b"\x0a", error)),
        TransactionStatusMeta(
            fee=meta.fee,
            pre_balances=_read_numbers(meta.pre_balances),
            post_balances=_read_numbers(meta.post_balances),
        ).SerializeToString(),
    ]
    if inner:
        parts += map(_encode_inner, inner)
    if logs:
        parts.append(TransactionStatusMeta(log_messages=logs).SerializeToString())
    parts.append(_repeated(b"\x3a", _encode_balances(meta.pre_token_balances)))
    parts.append(_repeated(b"\x42", _encode_balances(meta.post_token_balances)))
    if inner is None:
        parts.append(b"\x50\x01")
    if logs is None:
        parts.append(b"\x58\x01")
    parts.append(_repeated(b"\x62\x20", loaded[0]))
    parts.append(_repeated(b"\x6a\x20", loaded[1]))
    returned = meta.return_data
    parts.append(
        TransactionStatusMeta(
            return_data=None if returned is None else _return_data(returned),
            return_data_none=returned is None,
            compute_units_consumed=meta.compute_units_consumed,
            cost_units=meta.cost_units,
        ).SerializeToString()
    )
    return b"".join(parts)


def _repeated(tag: bytes, contents: list[bytes]) -> bytes:
    return tag + tag.join(contents) if contents else b""


def _encode_inner(inner: _Inner) -> bytes:
    parts = [b"\x08" + varint(inner.index) if inner.index else b""]
    for called in inner.instructions:
        text = called.data or ""
        content = base58.decode(text) if len(text) > _LONGEST_CALL_KEPT else _kept_call(text)
        written = instruction(called.program_id_index, bytes(called.accounts), content)
        if called.stack_height is not None:
            written += b"\x20" + varint(called.stack_height)
        parts.append(delimited(b"\x12", written))
    return delimited(b"\x2a", b"".join(parts))


_kept_call: Final = Kept(base58.decode, _CALLS_KEPT).__getitem__


def _encode_balances(balances: Raw) -> list[bytes]:
    return [_kept_balance(bytes(each)) for each in _read_raws(balances) or ()]


def _balance(text: bytes) -> bytes:
    """A token balance behind its length. Servers write the index first; what follows it is kept without it."""
    comma = text.find(b",")
    if comma < 0 or not text.startswith(_INDEX):
        return delimited(b"", _new_balance(text))
    index = int(text[_INDEX_BYTES:comma])
    before = b"\x08" + varint(index) if index else b""
    return delimited(b"", before + _kept_holding(text[comma + 1 :]))


def _new_balance(text: bytes) -> bytes:
    read = _read_balance(text)
    amount = read.ui_token_amount
    return TokenBalance(
        account_index=read.account_index,
        mint=read.mint,
        ui_token_amount=UiTokenAmount(
            ui_amount=amount.ui_amount or 0.0,
            decimals=amount.decimals,
            amount=amount.amount,
            ui_amount_string=amount.ui_amount_string or "",
        ),
        owner=read.owner or "",
        program_id=read.program_id or "",
    ).SerializeToString()


def _holding_alone(rest: bytes) -> bytes:
    return _new_balance(b"{" + rest)


_kept_balance: Final = Kept(_balance, _BALANCES_KEPT).__getitem__
_kept_holding: Final = Kept(_holding_alone, _BALANCES_KEPT).__getitem__


def _holding(raw: Raw) -> Holding:
    read = _read_balance(raw)
    return read.account_index, read.owner or "", read.ui_token_amount.amount


def _return_data(returned: _Returned) -> ReturnData:
    encoded, _encoding = returned.data
    return ReturnData(program_id=base58.key_bytes(returned.program_id), data=a2b_base64(encoded))
