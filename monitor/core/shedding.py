"""Drops what waits for its level when it is too much: the slot is partial then, and known to be (TRAPS 28)."""

from collections.abc import Mapping

from monitor.core.chain import Commitment
from monitor.core.gate import Gate
from monitor.core.slots import SlotState


def shed(gate: Gate, slots: Mapping[int, SlotState], bound: int) -> None:
    """Drop the frames of the oldest held slots until the rest fits the bound; their identities stay.

    Where all monitors had them at once nothing is lost: they would be handed on again only if another block came.
    """
    for number in sorted(slots):
        if gate.held_bytes <= bound:
            return
        state = slots[number]
        rows = state.held_rows()
        if not rows:
            continue
        gate.let_go(state)
        levels = gate.history.of(number)
        if levels.at[Commitment.CONFIRMED] | levels.at[Commitment.FINALIZED]:
            state.shed = True
            state.evidence = None
            gate.tally.shed += rows
            gate.report(
                "error", "held updates were dropped for want of memory", slot=number, rows=rows
            )
