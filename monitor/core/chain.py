"""The words of the chain that every layer shares: commitment, slot status, kinds of update.

Values are those of the wire (geyser.proto), so that no layer translates between them.
"""

from enum import IntEnum
from typing import Final


class Commitment(IntEnum):
    """How final a block is (geyser.proto CommitmentLevel)."""

    PROCESSED = 0
    CONFIRMED = 1
    FINALIZED = 2


class SlotStatus(IntEnum):
    """What a server says of a slot (geyser.proto SlotStatus). The first three equal `Commitment`."""

    PROCESSED = 0
    CONFIRMED = 1
    FINALIZED = 2
    FIRST_SHRED_RECEIVED = 3
    COMPLETED = 4
    CREATED_BANK = 5
    DEAD = 6


class Kind(IntEnum):
    """What an update carries: the field number of SubscribeUpdate's oneof; from 100 on what only the kernel makes."""

    ACCOUNT = 2
    SLOT = 3
    TRANSACTION = 4
    BLOCK = 5
    PING = 6
    BLOCK_META = 7
    ENTRY = 8
    PONG = 9
    TRANSACTION_STATUS = 10
    BLOCK_FOOTER = 12
    UNDO = 100
    """All events of one version of a slot are taken back."""
    COMMITMENT = 101
    """A monitor's events come at another commitment from a slot on."""


KIND_WORDS: Final[dict[Kind, str]] = {
    Kind.ACCOUNT: "account",
    Kind.SLOT: "slot",
    Kind.TRANSACTION: "transaction",
    Kind.BLOCK: "block",
    Kind.PING: "ping",
    Kind.BLOCK_META: "block_meta",
    Kind.ENTRY: "entry",
    Kind.PONG: "pong",
    Kind.TRANSACTION_STATUS: "transaction_status",
    Kind.BLOCK_FOOTER: "block_footer",
    Kind.UNDO: "undo",
    Kind.COMMITMENT: "commitment",
}
"""The word of a kind in records, metrics and logs."""
