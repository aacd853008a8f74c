"""The state of accounts from a getMultipleAccounts answer, as rows of unsigned writes at the slot of its context.

They stand in place of writes that nobody can tell any more. A state has no write version and no transaction; its key is
that of an unsigned write, made of its content, so that the same state told twice is one row. An account that there is
none of is told as streams tell the write that closes one: no lamports, no data, owned by the system program.
"""

from binascii import a2b_base64
from collections.abc import Sequence
from typing import Any, Final

from msgspec import MsgspecError, Struct
from msgspec.json import Decoder

from monitor.core.chain import Kind
from monitor.core.errors import AccountsMalformed
from monitor.core.events import Row
from monitor.core.monitors import DataSlice, Monitor
from monitor.wire.base58 import key_bytes
from monitor.wire.filters import LocalFilters
from monitor.wire.pb.geyser_pb2 import (
    SubscribeUpdate,
    SubscribeUpdateAccount,
    SubscribeUpdateAccountInfo,
)
from monitor.wire.peek import unsigned_key
from monitor.wire.slices import cut

_ACCOUNT: Final = int(Kind.ACCOUNT)


class _Account(Struct, rename="camel", gc=False):
    data: tuple[str, str]
    executable: bool
    lamports: int
    owner: str
    rent_epoch: int


class _Context(Struct, gc=False):
    slot: int


class _Accounts(Struct, gc=False):
    context: _Context
    value: list[_Account | None]


class _Answer(Struct, gc=False):
    result: _Accounts | None = None
    error: Any = None


_CLOSED: Final = _Account(("", "base64"), False, 0, "1" * 32, 0)
"""Owned by the system program, which is 32 zero bytes."""

_read_answer: Final = Decoder(_Answer).decode


class AccountsReader:
    """Reads getMultipleAccounts answers for these monitors; bit i of every mask is monitor i."""

    def __init__(self, monitors: Sequence[Monitor], slices: Sequence[DataSlice] = ()) -> None:
        """`slices`: what servers cut account data to (`Plan.slices`); these states are cut alike.

        Raises ValueError for a key that is no base58 pubkey.
        """
        self._filters = LocalFilters(monitors)
        self._slices = tuple(slices)

    def read(self, pubkeys: Sequence[str], body: bytes, stamp_ns: int) -> tuple[int, list[Row]]:
        """The slot of the context, and a row for each of the pubkeys asked for, in their order.

        `body`: a whole answer in encoding base64. `stamp_ns`: when it came. A mask may be 0: no monitor wants that state.
        Raises: AccountsMalformed for anything else, a JSON-RPC error among it.
        """
        try:
            result = _read_answer(body).result
            if result is None:
                raise ValueError("there is no result")
            slot = result.context.slot
            rows = [
                self._row(slot, _written(pubkey, account or _CLOSED), stamp_ns)
                for pubkey, account in zip(pubkeys, result.value, strict=True)
            ]
        except (MsgspecError, ValueError, TypeError) as error:
            raise AccountsMalformed(
                f"the answer to getMultipleAccounts for {len(pubkeys)} accounts cannot be read: {error!r}; "
                "ask another RPC, with encoding base64"
            ) from error
        return slot, rows

    def _row(self, slot: int, write: SubscribeUpdateAccountInfo, stamp_ns: int) -> Row:
        mask = self._filters.account(write)
        write.data = cut(write.data, self._slices)
        update = SubscribeUpdateAccount(account=write, slot=slot)
        frame = SubscribeUpdate(account=update).SerializeToString()
        return _ACCOUNT, slot, unsigned_key(write), mask, 0, stamp_ns, frame


def _written(pubkey: str, account: _Account) -> SubscribeUpdateAccountInfo:
    """As if it had been written just now."""
    encoded, encoding = account.data
    if encoding != "base64":
        raise ValueError(f"account data in encoding {encoding!r}")
    return SubscribeUpdateAccountInfo(
        pubkey=key_bytes(pubkey),
        lamports=account.lamports,
        owner=key_bytes(account.owner),
        executable=account.executable,
        rent_epoch=account.rent_epoch,
        data=a2b_base64(encoded),
    )
