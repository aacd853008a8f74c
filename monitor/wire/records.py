"""One released event as one line of JSON: the record that users read (DESIGN 10).

Every key of a kind is always there, null if unknown, in one order. The id is `SLOT:KIND:KEY`, or `SLOT.n:KIND:KEY` for
the n-th later version of a block of that slot: the same over endpoints, restarts and roads.
"""

from collections.abc import Callable, Sequence
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
from monitor.wire.pb import geyser_pb2
from monitor.wire.record_fields import (
    Fields,
    account_fields,
    block_fields,
    block_meta_fields,
    entry_fields,
    transaction_fields,
    transaction_status_fields,
)

_parse: Final = geyser_pb2.SubscribeUpdate.FromString

_WORDS: Final[dict[int, str]] = {int(kind): word for kind, word in KIND_WORDS.items()}
_STATUS_WORDS: Final = {int(status): status.name.lower() for status in SlotStatus}
_COMMITMENT_WORDS: Final = {level: level.name.lower() for level in Commitment}
_PROCESSED: Final = Commitment.PROCESSED
_KEY_BYTES: Final = 32
_NANOS_PER_SECOND: Final = 1_000_000_000


class RecordWriter:
    """Writes records. Holds the names behind the indexes and bits of `Released`, and nothing that changes."""

    def __init__(self, endpoint_names: Sequence[str], monitor_names: Sequence[str]) -> None:
        """Both in the order of the configuration."""
        self._endpoint_names = tuple(endpoint_names)
        self._monitor_names = tuple(monitor_names)

    def names(self, mask: int) -> list[str]:
        """The monitors of a mask, in the order of the configuration."""
        return [name for bit, name in enumerate(self._monitor_names) if mask >> bit & 1]

    def encode(
        self,
        released: Released,
        commitment: Commitment,
        monitors: Sequence[str],
        received_at_utc_ns: int,
        *,
        data_slices: Sequence[DataSlice] | None = None,
        every_write: bool = False,
        source: str = "live",
    ) -> bytes:
        """The record of one event, ending in a newline.

        `monitors`: the names of those that get this very line, in the order of the configuration.
        `received_at_utc_ns`: when the winning copy arrived, nanoseconds since 1970.
        `data_slices`: cut account data here; None or none leaves it as it came.
        `every_write`: name the write in an account's id at confirmed and finalized too.

        Raises: FrameMalformed when the frame is no update of the row's kind, or a key in it has the wrong length.
        """
        _, endpoint, late, version, blockhash, row = released
        kind, slot = row[0], row[1]
        word = _WORDS[kind]
        try:
            key, fields = _KINDS[kind](
                row, blockhash, data_slices, every_write or commitment is _PROCESSED
            )
        except (DecodeError, ValueError) as error:
            sender = self._endpoint_names[endpoint] if endpoint >= 0 else "no endpoint"
            raise FrameMalformed(
                f"slot {slot}: an update of kind {word} cannot be read: {error}; it came from {sender}, "
                "check what that server runs"
            ) from error
        record = {
            "id": f"{slot}.{version}:{word}:{key}" if version else f"{slot}:{word}:{key}",
            "kind": word,
            "monitors": monitors,
            "slot": slot,
            "version": version,
            "commitment": _COMMITMENT_WORDS[commitment],
            "source": source,
            "endpoint": self._endpoint_names[endpoint] if endpoint >= 0 else None,
            "received_at": utc_text(received_at_utc_ns),
            "late": late,
        }
        record.update(fields)
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def utc_text(nanoseconds: int) -> str:
    """Nanoseconds since 1970 as `2026-11-21T07:42:00.123456Z`; what is below a microsecond is cut off."""
    seconds, nanos = divmod(nanoseconds, _NANOS_PER_SECOND)
    return f"{_second_text(seconds)}.{nanos // 1000:06d}Z"


@lru_cache(maxsize=64)
def _second_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _update(row: Row) -> geyser_pb2.SubscribeUpdate:
    frame = row[6]
    if frame is None:
        raise ValueError("it has no bytes")
    update = _parse(frame)
    if not update.HasField(_WORDS[row[0]]):  # type: ignore[arg-type]
        raise ValueError(f"its bytes are of kind {update.WhichOneof('update_oneof')}")
    return update


def _transaction(row: Row, blockhash: str | None, *_: Any) -> tuple[str, Fields]:
    fields = transaction_fields(_update(row).transaction.transaction, blockhash)
    return fields["signature"], fields


def _transaction_status(row: Row, blockhash: str | None, *_: Any) -> tuple[str, Fields]:
    fields = transaction_status_fields(_update(row).transaction_status, blockhash)
    return fields["signature"], fields


def _account(
    row: Row, _: str | None, data_slices: Sequence[DataSlice] | None, names_write: bool
) -> tuple[str, Fields]:
    fields = account_fields(_update(row).account.account, data_slices)
    pubkey: str = fields["pubkey"]
    return f"{pubkey}:{_write(row[2])}" if names_write else pubkey, fields


def _write(row_key: bytes) -> str:
    """What tells one write from another: its transaction, or the hash of the content, from a row's key."""
    tail = row_key[_KEY_BYTES:]
    return tail[1:].hex() if len(tail) == 17 else signature_text(tail)


def _entry(row: Row, *_: Any) -> tuple[str, Fields]:
    fields = entry_fields(_update(row).entry)
    return str(fields["index"]), fields


def _block_meta(row: Row, *_: Any) -> tuple[str, Fields]:
    fields = block_meta_fields(_update(row).block_meta)
    return fields["blockhash"], fields


def _block(
    row: Row, _: str | None, data_slices: Sequence[DataSlice] | None, *__: Any
) -> tuple[str, Fields]:
    fields = block_fields(_update(row).block, data_slices)
    return fields["blockhash"], fields


def _slot(row: Row, *_: Any) -> tuple[str, Fields]:
    status, (parent, dead_error, last) = row[2], row[4]
    word = _STATUS_WORDS[status]
    # In a row that came as a frame the last item is the generation; levels come from the ledger, the rest is observed.
    observed = last if row[6] is None else status > SlotStatus.FINALIZED
    return word, {"status": word, "parent": parent, "dead_error": dead_error, "observed": observed}


_Reader = Callable[
    [Row, str | None, Sequence[DataSlice] | None, bool],
    tuple[str, Fields],
]
"""(row, blockhash, data slices, whether an account's id names the write) -> last part of the id, fields."""

_KINDS: Final[dict[int, _Reader]] = {
    int(Kind.TRANSACTION): _transaction,
    int(Kind.TRANSACTION_STATUS): _transaction_status,
    int(Kind.ACCOUNT): _account,
    int(Kind.ENTRY): _entry,
    int(Kind.BLOCK_META): _block_meta,
    int(Kind.BLOCK): _block,
    int(Kind.SLOT): _slot,
}
