"""One released event as one line of JSON: the record that users read (DESIGN 10).

Every key of a kind is always there, null if unknown, in one order. The id is `SLOT:KIND:KEY`, or `SLOT.n:KIND:KEY` for
the n-th later version of a block of that slot: the same over endpoints, restarts and roads. The state of an account that
stands for lost writes is no write, and one of its slot may come too: its id ends in `:reconciled`.

A line is made in two steps. `prepare` reads the frame, which is nearly all of the work, and needs nothing but the row;
it may be done before the row is released. `RecordWriter.line` puts the envelope before it. Of the envelope, all but the
id and the time is the same for most of a slot and is kept as text.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import orjson
from google.protobuf.message import DecodeError

from monitor.core.chain import KIND_WORDS, Commitment, Kind, SlotStatus
from monitor.core.commands import Released
from monitor.core.errors import FrameMalformed
from monitor.core.events import Row
from monitor.core.monitors import DataSlice
from monitor.wire.base58 import signature_text
from monitor.wire.kept import Kept
from monitor.wire.pb.geyser_record_pb2 import SubscribeUpdate
from monitor.wire.record_fields import (
    account_json,
    block_json,
    block_meta_json,
    commitment_json,
    entry_json,
    transaction_status_json,
    undo_json,
)
from monitor.wire.record_transactions import transaction_json

Prepared = tuple[str, bytes]
"""The last part of the id, its characters escaped as JSON wants, and the end of the line: the fields that the row tells."""

_Envelope = tuple[int, int, Commitment, int, tuple[int, bool, int, str | None]]
"""(kind, slot, commitment, mask, (origin, late, version, blockhash))."""

_parse: Final = SubscribeUpdate.FromString

_WORDS: Final[dict[int, str]] = {int(kind): word for kind, word in KIND_WORDS.items()}
_STATUS_WORDS: Final = {int(status): status.name.lower() for status in SlotStatus}
_COMMITMENT_WORDS: Final[dict[int, str]] = {level: level.name.lower() for level in Commitment}
_WITH_BLOCKHASH: Final = (int(Kind.TRANSACTION), int(Kind.TRANSACTION_STATUS))
_ID_ENDS: Final = {"reconciled": ":reconciled"}
"""By source, where an id says it."""
_KEY_BYTES: Final = 32
_ENVELOPES_CACHED: Final = 1_024
"""Some slots times origins, kinds and sets of monitors; about 400 bytes each."""


class RecordWriter:
    """Writes records. Holds the names behind the indexes and bits of `Released`, and texts made of them."""

    def __init__(
        self,
        origin_names: Sequence[str],
        monitor_names: Sequence[str],
        sources: Sequence[str] | None = None,
    ) -> None:
        """Monitors in the order of the configuration; by origin (`core.origins`), the name and the word for `source`.

        Without `sources` all are live.
        """
        self._origin_names = tuple(origin_names)
        self._sources = tuple(sources or ("live" for _ in origin_names))
        self._monitor_names = tuple(monitor_names)
        self._around_id = Kept(self._write_envelope, _ENVELOPES_CACHED)

    def names(self, mask: int) -> list[str]:
        """The monitors of a mask, in the order of the configuration."""
        return [name for bit, name in enumerate(self._monitor_names) if mask >> bit & 1]

    def prepare(
        self,
        released: Released,
        data_slices: Sequence[DataSlice] | None = None,
        names_write: bool = False,
    ) -> Prepared:
        """What a line says of the row alone. Of `released` the rest is looked at in errors only.

        `data_slices`: cut account data here; None or none leaves it as it came.
        `names_write`: name the write in an account's id, as at processed and where every write is asked for.

        Raises: FrameMalformed when the frame is no update of the row's kind, or a key in it has the wrong length.
        """
        row = released[5]
        try:
            return _KINDS[row[0]](row, data_slices, names_write)
        except (DecodeError, ValueError) as error:
            raise self._malformed(released, error) from error

    def prepare_block(
        self, released: Released, data_slices: Sequence[DataSlice] | None = None
    ) -> Iterator[bytes]:
        """The end of a block's line, in pieces to be joined; each is some microseconds of work.

        Raises: FrameMalformed, from any piece.
        """
        try:
            yield from block_json(_update(released[5]).block, data_slices)
        except (DecodeError, ValueError) as error:
            raise self._malformed(released, error) from error

    def line(
        self,
        released: Released,
        commitment: Commitment,
        mask: int,
        received_at_utc_ns: int,
        prepared: Prepared,
    ) -> bytes:
        """The record, ending in a newline.

        `mask`: the monitors that get this very line.
        `received_at_utc_ns`: when the winning copy arrived, nanoseconds since 1970.
        """
        row = released[5]
        before, between, after = self._around_id[row[0], row[1], commitment, mask, released[1:5]]
        key, end = prepared
        start = f"{before}{key}{between}{utc_text(received_at_utc_ns)}{after}"
        return start.encode() + end

    def _write_envelope(self, of: _Envelope) -> tuple[str, str, str]:
        """What stands before the id's key, between it and the time, and after the time."""
        kind, slot, commitment, mask, rest = of
        origin, late, version, blockhash = rest
        word = _WORDS[kind]
        source = self._sources[origin] if origin >= 0 else "live"
        between = {
            "kind": word,
            "monitors": self.names(mask),
            "slot": slot,
            "version": version,
            "commitment": _COMMITMENT_WORDS[commitment],
            "source": source,
            "endpoint": self._origin_names[origin] if origin >= 0 else None,
            "received_at": "",
        }
        after: dict[str, Any] = {"late": late}
        if kind in _WITH_BLOCKHASH:
            after["blockhash"] = blockhash
        numbered = f"{slot}.{version}" if version else f"{slot}"
        return (
            f'{{"id":"{numbered}:{word}:',
            f'{_ID_ENDS.get(source, "")}",{orjson.dumps(between).decode()[1:-2]}',
            f'",{orjson.dumps(after).decode()[1:-1]},',
        )

    def _malformed(self, released: Released, error: Exception) -> FrameMalformed:
        _, origin, _, _, _, row = released
        sender = self._origin_names[origin] if origin >= 0 else "no endpoint"
        return FrameMalformed(
            f"slot {row[1]}: an update of kind {_WORDS[row[0]]} cannot be read: {error}; it came from {sender}, "
            "check what that server runs"
        )


def block_key(row: Row) -> str:
    """The last part of the id of a block's row."""
    return _escaped(row[2][0])


def utc_text(nanoseconds: int) -> str:
    """Nanoseconds since 1970 as `2026-11-21T07:42:00.123456Z`; what is below a microsecond is cut off."""
    seconds, micros = divmod(nanoseconds // 1000, 1_000_000)
    return f"{_second_text(seconds)}.{micros:06d}Z"


@lru_cache(maxsize=64)
def _second_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _escaped(text: str) -> str:
    return orjson.dumps(text)[1:-1].decode()


def _update(row: Row) -> SubscribeUpdate:
    frame = row[6]
    if frame is None:
        raise ValueError("it has no bytes")
    update = _parse(frame)
    if not update.HasField(_WORDS[row[0]]):  # type: ignore[arg-type]
        raise ValueError(f"its bytes are of kind {update.WhichOneof('update_oneof')}")
    return update


def _transaction(row: Row, *_: Any) -> Prepared:
    return transaction_json(_update(row).transaction.transaction)


def _transaction_status(row: Row, *_: Any) -> Prepared:
    return transaction_status_json(_update(row).transaction_status)


def _account(row: Row, data_slices: Sequence[DataSlice] | None, names_write: bool) -> Prepared:
    pubkey, signature, fields = account_json(_update(row).account.account, data_slices)
    if not names_write:
        return pubkey, fields
    # What tells one write from another: its transaction, or the hash of the content, from the row's key.
    tail = row[2][_KEY_BYTES:]
    write = tail[1:].hex() if len(tail) == 17 else signature or signature_text(tail)
    return f"{pubkey}:{write}", fields


def _entry(row: Row, *_: Any) -> Prepared:
    entry = _update(row).entry
    return str(entry.index), entry_json(entry)


def _block_meta(row: Row, *_: Any) -> Prepared:
    meta = _update(row).block_meta
    return _escaped(meta.blockhash), block_meta_json(meta)


def _block(row: Row, data_slices: Sequence[DataSlice] | None, _: bool) -> Prepared:
    block = _update(row).block
    return _escaped(block.blockhash), b"".join(block_json(block, data_slices))


def _slot(row: Row, *_: Any) -> Prepared:
    status, (parent, dead_error, last) = row[2], row[4]
    word = _STATUS_WORDS[status]
    # In a row that came as a frame the last item is the generation; levels come from the ledger, the rest is observed.
    observed = last if row[6] is None else status > SlotStatus.FINALIZED
    fields = {"status": word, "parent": parent, "dead_error": dead_error, "observed": observed}
    return word, orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)[1:]


def _undo(row: Row, *_: Any) -> Prepared:
    blockhash, reason = row[4]
    return str(row[2]), undo_json(blockhash, reason)


def _commitment(row: Row, *_: Any) -> Prepared:
    monitor, old, reason = row[4]
    word = _COMMITMENT_WORDS[row[2]]
    return word, commitment_json(monitor, _COMMITMENT_WORDS[old], word, reason, row[1])


_Reader = Callable[[Row, Sequence[DataSlice] | None, bool], Prepared]
"""(row, data slices, whether an account's id names the write)."""

_KINDS: Final[dict[int, _Reader]] = {
    int(Kind.TRANSACTION): _transaction,
    int(Kind.TRANSACTION_STATUS): _transaction_status,
    int(Kind.ACCOUNT): _account,
    int(Kind.ENTRY): _entry,
    int(Kind.BLOCK_META): _block_meta,
    int(Kind.BLOCK): _block,
    int(Kind.SLOT): _slot,
    int(Kind.UNDO): _undo,
    int(Kind.COMMITMENT): _commitment,
}
