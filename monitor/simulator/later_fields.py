"""The field `bank_id`, which later servers add to updates that were encoded without it (PROTOCOL 1.4)."""

from typing import Final

from monitor.core.chain import Kind
from monitor.simulator.frames import varint
from monitor.simulator.model import Update

_BANK_ID: Final = {
    Kind.ACCOUNT: 4,
    Kind.SLOT: 5,
    Kind.TRANSACTION: 3,
    Kind.BLOCK_META: 10,
    Kind.ENTRY: 7,
}
"""Number of the field `bank_id` in the update of each kind."""


def with_bank_id(update: Update, bank_id: int) -> Update:
    """The update as a later server sends it."""
    return Update(
        update.kind, update.slot, update.message, add_bank_id(update.kind, update.body, bank_id)
    )


def add_bank_id(kind: Kind, body: bytes, bank_id: int) -> bytes:
    """An encoded oneof member with the field at its end."""
    start = 1
    while body[start] & 0x80:
        start += 1
    message = body[start + 1 :] + varint(_BANK_ID[kind] << 3) + varint(bank_id)
    return body[:1] + varint(len(message)) + message
