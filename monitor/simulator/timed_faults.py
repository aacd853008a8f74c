"""Faults that come by themselves, counted in slots from the moment at which the doors open."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from typing import Final

from monitor.simulator.chain_faults import CHAIN_WORDS, check_chain_fault
from monitor.simulator.faults import Faults
from monitor.simulator.rpc_faults import RpcFaults

ALL_REGIONS: Final = "all"
"""Whom a fault strikes that names no single region."""


@dataclass(frozen=True, slots=True)
class TimedFault:
    """One line of a scenario."""

    at: float
    """Slots; the age of the chain is not counted."""
    target: str
    """A region, `all`, or an RPC."""
    fault: str
    argument: str | None = None
    every: float | None = None
    """Slots after which it comes again, and again; None: once."""


class Agenda:
    """What is still to come."""

    def __init__(self, faults: Sequence[TimedFault]) -> None:
        self._coming = [(fault.at, place, fault) for place, fault in enumerate(faults)]
        heapify(self._coming)

    def next_at(self) -> float | None:
        """The slot of the next one, or None."""
        return self._coming[0][0] if self._coming else None

    def due(self, slots: float) -> list[TimedFault]:
        """What falls due up to this slot, in order; each is given once for each time it comes."""
        found = []
        while self._coming and self._coming[0][0] <= slots:
            at, place, fault = self._coming[0]
            found.append(fault)
            if fault.every is None:
                heappop(self._coming)
            else:
                heapreplace(self._coming, (at + fault.every, place, fault))
        return found


def check_fault(fault: TimedFault, regions: Collection[str], rpcs: Collection[str]) -> None:
    """Raises ValueError saying what is wrong and what is allowed."""
    if fault.target in rpcs:
        RpcFaults(fault.target, "").apply(fault.fault, fault.argument)
        return
    if fault.target != ALL_REGIONS and fault.target not in regions:
        there_are = ", ".join((*regions, ALL_REGIONS, *rpcs))
        raise ValueError(f"there is no region nor RPC {fault.target!r}; there are {there_are}")
    if fault.target == ALL_REGIONS and fault.fault in CHAIN_WORDS:
        check_chain_fault(fault.fault, fault.argument)
        return
    Faults(_Nobody(fault.target), 0).apply(fault.fault, fault.argument)


class _Nobody:
    """A region on which faults are tried."""

    slots_begun = 0.0

    def __init__(self, name: str) -> None:
        self.name = name

    def end_streams(self, text: str, code: str = "UNAVAILABLE") -> int:
        """There are none."""
        del text, code
        return 0

    def restart(self) -> None:
        """Nothing is remembered."""

    def shift(self, lag: float) -> None:
        """Nothing is heard."""
