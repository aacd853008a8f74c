"""SubscribeDeshred on the wire: the request of all its monitors, and the records of what comes (PROTOCOL 6, DESIGN 10).

A record is a transaction as its leader sent it, before anyone executed it: it has no outcome, no index and no
block, and its `commitment` is null. It may never land, or land in a slot that dies.
"""

from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from google.protobuf.message import DecodeError

from monitor.core.chain import Kind
from monitor.core.errors import FrameMalformed
from monitor.core.monitors import Monitor
from monitor.wire.base58 import key_text, signature_text
from monitor.wire.limits import Limits, check_keys, check_name, refuse_filters
from monitor.wire.pb import geyser_pb2, solana_storage_pb2
from monitor.wire.records import utc_text
from monitor.wire.watch_lists import Named, parts, whole_name

PING: Final = geyser_pb2.SubscribeDeshredRequest(
    ping=geyser_pb2.SubscribeRequestPing(id=1)
).SerializeToString()
"""Sent for each ping of the server: some load balancers end a stream on which the client says nothing (TRAPS 25)."""

WORD: Final = "deshred"
"""The kind, in configurations, records and metrics."""


def deshred_request(monitors: Sequence[Monitor], endpoint: Limits) -> bytes:
    """The SubscribeDeshredRequest of the monitors that have such a filter. Equal input, equal bytes.

    Raises: PlanRefused when the endpoint's limits do not hold them.
    """
    filters: list[Named] = []
    for monitor in monitors:
        if monitor.deshred is not None:
            check_name(monitor.name, endpoint)
            filters += parts(
                Kind.TRANSACTION, monitor.name, monitor.deshred, endpoint, has_cuckoo=False
            )
    message = geyser_pb2.SubscribeDeshredRequest()
    for name, wanted in filters:
        check_keys(wanted, WORD, [whole_name(name)], endpoint)
        message.deshred_transactions[name].CopyFrom(_filter(wanted))
    if endpoint.max_filters is not None and len(filters) > endpoint.max_filters:
        names = [name for name, _ in filters]
        raise refuse_filters(WORD, names, endpoint, "use fewer monitors, or shorter lists")
    return message.SerializeToString(deterministic=True)


def _filter(wanted: Any) -> geyser_pb2.SubscribeRequestFilterDeshredTransactions:
    return geyser_pb2.SubscribeRequestFilterDeshredTransactions(
        vote=wanted.vote,
        account_include=wanted.account_include,
        account_exclude=wanted.account_exclude,
        account_required=wanted.account_required,
    )


@dataclass(frozen=True, slots=True)
class Deshredded:
    """One transaction that came, and for which monitors."""

    slot: int
    signature: bytes
    mask: int
    transaction: geyser_pb2.SubscribeUpdateDeshredTransactionInfo


@dataclass(frozen=True, slots=True)
class DeshredPing:
    """The server's ping."""


class DeshredReader:
    """Reads the frames of one daemon's deshred feeds. Bit i of every mask is monitor i of the configuration."""

    def __init__(self, monitors: Sequence[Monitor]) -> None:
        self._masks: Mapping[str, int] = {
            monitor.name: 1 << i
            for i, monitor in enumerate(monitors)
            if monitor.deshred is not None
        }

    def read(self, frame: bytes) -> Deshredded | DeshredPing | None:
        """The transaction in a frame, or the ping; None for what no monitor of ours asked for.

        Raises: FrameMalformed.
        """
        try:
            update = geyser_pb2.SubscribeUpdateDeshred.FromString(frame)
        except DecodeError as error:
            text = f"a frame did not parse as a SubscribeUpdateDeshred: {error}"
            raise FrameMalformed(text) from error
        if not update.HasField("deshred_transaction"):
            return DeshredPing() if update.HasField("ping") else None
        mask = 0
        for name in update.filters:
            mask |= self._masks.get(whole_name(name), 0)
        if not mask:
            return None
        body = update.deshred_transaction
        return Deshredded(body.slot, body.transaction.signature, mask, body.transaction)


def deshred_record(
    came: Deshredded, monitors: Sequence[str], endpoint: str, received_at_utc_ns: int
) -> bytes:
    """The record, ending in a newline; `monitors` are those that get this very line.

    Raises: FrameMalformed when a key or a signature in it has the wrong length.
    """
    try:
        signature = signature_text(came.signature)
        fields = _fields(came.transaction)
    except ValueError as error:
        text = f"slot {came.slot}: a deshred transaction cannot be read: {error}"
        raise FrameMalformed(f"{text}; it came from {endpoint}, check what it runs") from error
    envelope = {
        "id": f"{came.slot}:{WORD}:{signature}",
        "kind": WORD,
        "monitors": monitors,
        "slot": came.slot,
        "version": 0,
        "commitment": None,
        "source": "live",
        "endpoint": endpoint,
        "received_at": utc_text(received_at_utc_ns),
        "late": False,
        "signature": signature,
    }
    return orjson.dumps(envelope | fields, option=orjson.OPT_APPEND_NEWLINE)


def _fields(info: geyser_pb2.SubscribeUpdateDeshredTransactionInfo) -> dict[str, Any]:
    message = info.transaction.message
    keys = (
        *message.account_keys,
        *info.loaded_writable_addresses,
        *info.loaded_readonly_addresses,
    )
    end = info.completed_data_set_ending_shred_index_exclusive
    return {
        "signatures": [signature_text(each) for each in info.transaction.signatures],
        "tx_version": _version(message),
        "is_vote": info.is_vote,
        "recent_blockhash": key_text(message.recent_blockhash),
        "accounts": [key_text(key) for key in keys],
        "instructions": [
            {
                "program_id_index": each.program_id_index,
                "accounts": [*each.accounts],
                "data": b2a_base64(each.data, newline=False).decode(),
                "stack_height": None,
            }
            for each in message.instructions
        ],
        # Older validators do not tell the shreds, and say 0 for both.
        "first_shred": info.completed_data_set_starting_shred_index if end else None,
        "end_shred": end or None,
    }


def _version(message: solana_storage_pb2.Message) -> int | str:
    if message.HasField("config"):
        return 1
    return 0 if message.versioned else "legacy"
