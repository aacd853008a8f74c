"""What the dialogues of traps say beside `tests.core.play`: filtered monitors, entries with true hashes, certificates."""

from hashlib import sha256

from monitor.core.certificates import Certificate
from monitor.core.chain import Kind
from monitor.core.commands import Certify
from monitor.core.events import Row
from monitor.core.monitors import EntryFilter, Monitor, TransactionsFilter
from tests.core.play import Play

FEW = Monitor("few", transactions=TransactionsFilter(account_include=("x",)))
"""A filtered kind: no count tells how many there are."""
ENTRIES = Monitor("entries", entry=EntryFilter())


def digest(block: str) -> bytes:
    """The 32 bytes of a block's hash, which are the hash of its last entry."""
    return sha256(block.encode()).digest()


def hashed_entry(slot: int, index: int, hash_: bytes) -> Row:
    key = hash_ + index.to_bytes(8, "little")
    return (Kind.ENTRY, slot, key, 1, index, 5, b"frame")


def block_meta(
    slot: int, *, transactions: int = 0, entries: int = 0, stamp: int = 5, mask: int = 0
) -> Row:
    """The BlockMeta of block `B<slot>`, child of the slot before."""
    block = f"B{slot}"
    extra = (slot - 1, f"B{slot - 1}", None, transactions, entries, 1, digest(block))
    return (Kind.BLOCK_META, slot, block, mask, extra, stamp, b"frame")


def certificates(play: Play) -> dict[int, Certificate]:
    """The last certificate of every slot that has one."""
    return {one.slot: one for command in play.of(Certify) for one in command.certificates}
