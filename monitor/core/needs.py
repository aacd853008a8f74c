"""What proves a slot complete, kind by kind: counts where all of a kind is asked for, else whole covers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from monitor.core.banks import KINDS
from monitor.core.chain import Kind
from monitor.core.monitors import Monitor, TransactionsFilter
from monitor.core.scope import EVERY_MONITOR


@dataclass(frozen=True, slots=True)
class Needs:
    """Made once from the monitors, for they decide what is asked of every endpoint."""

    counted: tuple[int, ...]
    """Kinds with an index for each transaction, all of which are asked for: they are 0..n-1, n from BlockMeta."""
    entries: bool
    """All entries are asked for: contiguous from 0, and the last one's hash is the blockhash."""
    blocks: int
    """Blocks filters: each brings one block."""
    covered: tuple[int, ...]
    """Filtered kinds: nothing but a cover that holds the entire union proves them."""
    asking: tuple[int, ...] = field(default=(EVERY_MONITOR,) * KINDS, compare=False)
    """By kind: the monitors (bits as in `Row`) that have a filter of it."""

    @classmethod
    def of(cls, monitors: Sequence[Monitor]) -> "Needs":
        """What the slots of these monitors need."""
        everything = TransactionsFilter()
        counted: list[int] = []
        covered: list[int] = []
        for kind, filters in (
            (Kind.TRANSACTION, [m.transactions for m in monitors]),
            (Kind.TRANSACTION_STATUS, [m.transactions_status for m in monitors]),
        ):
            if everything in filters:
                counted.append(int(kind))
            elif any(each is not None for each in filters):
                covered.append(int(kind))
        if any(monitor.accounts is not None for monitor in monitors):
            covered.append(int(Kind.ACCOUNT))
        asking = [0] * KINDS
        for kind in (each for each in Kind if each < KINDS):
            asking[kind] = sum(1 << i for i, each in enumerate(monitors) if each.wants(kind))
        return cls(
            tuple(counted),
            any(monitor.entry is not None for monitor in monitors),
            sum(monitor.blocks is not None for monitor in monitors),
            tuple(covered),
            tuple(asking),
        )

    def all_asking(self, kinds: Iterable[int]) -> int:
        """The monitors that have a filter of any of these kinds."""
        return reduce(or_, (self.asking[kind] for kind in kinds), 0)

    @property
    def kinds(self) -> tuple[int, ...]:
        """Every kind of which identities are held."""
        entries = (int(Kind.ENTRY),) if self.entries else ()
        blocks = (int(Kind.BLOCK),) if self.blocks else ()
        return self.counted + self.covered + entries + blocks
