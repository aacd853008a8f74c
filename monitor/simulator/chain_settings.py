"""How much happens on the simulated chain, and how often it goes wrong."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """Counts are for one slot; ratios are shares of all slots, held on average."""

    first_slot: int = 300_000_000
    first_height: int = 280_000_000
    first_time: int = 1_795_000_000
    """Block time of the first slot, seconds since 1970."""
    slot_time: float = 0.3
    """Seconds a slot, for block times only."""
    votes: int = 40
    transactions: int = 15
    """Transactions that are no votes."""
    account_writes: int = 60
    """Three of them are sysvars; fewer come when the transactions write less than that."""
    entries: int = 8
    """At least 1; the last is a tick unless it is the only one."""
    skipped: float = 0.04
    forked: float = 0.03
    fork_depth: int = 1
    """Blocks, at most, that are lost one on the other."""
    dead: float = 0.005
    recreated: float = 0.005
    window: int = 1200
    """Slots kept; an older one is forgotten."""
    slots_until_finalized: int = 31
    """From confirmed to finalized (measured)."""
