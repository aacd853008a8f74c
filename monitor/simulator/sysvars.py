"""The sysvar accounts that every bank writes: Clock, SlotHashes, SlotHistory.

The layouts are those of the runtime (bincode). SlotHashes and SlotHistory hold fewer slots here than on mainnet
(512 and 1,048,576), because every one of them is sent to everyone in every slot.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final

from monitor.simulator.base58 import key_bytes

CLOCK: Final = key_bytes("SysvarC1ock11111111111111111111111111111111")
SLOT_HASHES: Final = key_bytes("SysvarS1otHashes111111111111111111111111111")
SLOT_HISTORY: Final = key_bytes("SysvarS1otHistory11111111111111111111111111")

SLOTS_PER_EPOCH: Final = 432_000
SLOT_HASHES_KEPT: Final = 32
HISTORY_BITS: Final = 8192
LAMPORTS: Final = {CLOCK: 1_169_280, SLOT_HASHES: 143_487_360, SLOT_HISTORY: 913_326_000}

_CLOCK = Struct("<QqQQq")
_U64 = Struct("<Q")


def clock(slot: int, unix_timestamp: int, slot_time: float) -> bytes:
    """slot, epoch_start_timestamp, epoch, leader_schedule_epoch, unix_timestamp."""
    epoch, in_epoch = divmod(slot, SLOTS_PER_EPOCH)
    started = unix_timestamp - int(in_epoch * slot_time)
    return _CLOCK.pack(slot, started, epoch, epoch + 1, unix_timestamp)


def slot_hashes(newest_first: Sequence[tuple[int, bytes]]) -> bytes:
    """Ancestors and their hashes (32 bytes each), newest first."""
    parts = [_U64.pack(len(newest_first))]
    for slot, digest in newest_first:
        parts += (_U64.pack(slot), digest)
    return b"".join(parts)


def slot_history(bits: int, next_slot: int) -> bytes:
    """A bit for each of the last HISTORY_BITS slots, at the slot's remainder; set when it holds a block.

    Layout: presence byte, number of u64 words, the words, number of bits, next slot.
    """
    words = bits.to_bytes(HISTORY_BITS // 8, "little")
    return b"".join(
        (
            b"\x01",
            _U64.pack(HISTORY_BITS // 64),
            words,
            _U64.pack(HISTORY_BITS),
            _U64.pack(next_slot),
        )
    )
