"""What one feed brings of one slot: banks, the stores that hold their rows, and what a BlockMeta says of a block."""

from dataclasses import dataclass
from typing import Any, Final

from monitor.core.events import Row
from monitor.core.scope import EVERY_MONITOR

KINDS: Final = 13
"""Kinds are small numbers: tables are indexed by them."""

Held = tuple[int, Row]
"""(endpoint, row): a first copy that waits for its level."""


def nothing() -> list[set[Any]]:
    """By kind, no identities."""
    return [set() for _ in range(KINDS)]


class Store:
    """Identities and held rows of one or more banks that are taken for the same block."""

    __slots__ = ("accounts", "held", "held_bytes", "masks", "tables", "writes")

    def __init__(self) -> None:
        self.tables: list[dict[Any, int]] = [{} for _ in range(KINDS)]
        """By kind: key to the bits of the banks that held it."""
        self.masks: list[dict[Any, int]] | None = None
        """By kind: key to the monitors that want the row; None where monitors are not divided over feeds."""
        self.held: list[Held] = []
        """First copies of everything but accounts, in order of arrival."""
        self.held_bytes = 0
        """Bytes of the frames of these and of `accounts`."""
        self.accounts: dict[bytes, Held] = {}
        """First copies of account writes, by key."""
        self.writes: dict[int, dict[bytes, tuple[int, bytes]]] = {}
        """By bank bit: pubkey to (write_version, key) of its last write, as that bank's feed orders them."""

    def writes_of(self, bit: int) -> dict[bytes, tuple[int, bytes]]:
        """The last writes in this bank, for the caller to note them in."""
        writes = self.writes.get(bit)
        if writes is None:
            writes = self.writes[bit] = {}
        return writes

    def has_rows(self, bit: int) -> bool:
        """Whether anything of this bank has come. Walks all tables: for rare questions."""
        return any(bit & bits for table in self.tables for bits in table.values())

    def forget_rows(self) -> None:
        """Let go of frames that no level will ask for again; identities stay, to know duplicates."""
        self.held = []
        self.held_bytes = 0
        self.accounts = {}
        self.writes = {}


@dataclass(slots=True, eq=False)
class Bank:
    """One attempt at the slot's block, as one feed sees it."""

    bit: int
    feed: int
    endpoint: int
    store: Store
    began_whole: bool
    """Its beginning was seen: CREATED_BANK under the hidden filter, or a replay of the whole slot."""
    blockhash: str | None = None
    """Known once its BlockMeta came."""
    covers: bool = False
    carries: int = EVERY_MONITOR
    """The monitors (bits as in `Row`) that its feed was asked for from its beginning to its end: it owes only their rows."""
    by_replay: bool = False
    """It is whole by a replay alone, which brings of each account the last write and no other (PROTOCOL 2.8)."""
    by_rpc: bool = False
    """RPCs told it, which know of neither accounts nor entries."""
    met_at: int = 0
    """When its BlockMeta came, nanoseconds of the monotonic clock."""
    era: int = 0
    """How many banks of this slot its feed had before."""
    is_lost: bool = False
    """Its feed has replaced it, or says that it is dead."""
    taken: int = 0
    """Rows that came of it, but for the BlockMeta."""
    news: int = 0
    """Those of them that were the first copy."""

    def covers_for(self, monitors: int) -> bool:
        """Whether it is told from its beginning to its end for all of these."""
        return self.covers and not monitors & ~self.carries

    def was_replayed(self, monitors: int) -> None:
        """All of the slot that these monitors want was replayed; what it told from its beginning counts as before."""
        if self.began_whole and not monitors & ~self.carries:
            return
        self.carries = monitors | (self.carries if self.began_whole else 0)
        self.began_whole = self.by_replay = True


@dataclass(frozen=True, slots=True)
class Meta:
    """What a BlockMeta says of a block."""

    blockhash: str
    parent_slot: int
    parent_blockhash: str
    block_height: int | None
    transactions: int
    entries: int
    """0 where the serving validator made the block itself (TRAPS 2): no count to rely on."""
    digest: bytes = b""
    """The blockhash's 32 bytes, which are the hash of the last entry; empty when its text is no base58."""

    @property
    def parent(self) -> tuple[int, str]:
        """Slot and blockhash of the block that it names as its parent."""
        return self.parent_slot, self.parent_blockhash
