"""Truth of a generated bank, written from the chain's own objects."""

from dataclasses import dataclass

from monitor.simulator.encoding import Entry, Write
from monitor.simulator.transactions import Executed


@dataclass(frozen=True, slots=True)
class Reward:
    """What the leader earned."""

    pubkey: str
    lamports: int
    post_balance: int


@dataclass(frozen=True, slots=True)
class GeneratedTruth:
    """What a bank holds: transactions by index, writes by write version, entries by index."""

    transactions: tuple[Executed, ...]
    writes: tuple[Write, ...]
    entries: tuple[Entry, ...]
    rewards: tuple[Reward, ...]
