"""Drops what waits for its level when it is too much: the slot is partial then, and known to be (TRAPS 28)."""

from collections.abc import Mapping

from monitor.core.chain import Commitment
from monitor.core.gate import Gate
from monitor.core.keys import identity
from monitor.core.slots import SlotState


def shed(gate: Gate, slots: Mapping[int, SlotState], bound: int) -> None:
    """Drop the frames of the oldest held slots until the rest fits the bound; their identities stay.

    Where all monitors had them at once nothing is lost: they would be handed on again only if another block came. Of a
    slot that the chain passes by nothing is lost either, until it comes back to it (`at_once.confirm`).
    """
    for number in sorted(slots):
        if gate.held_bytes <= bound:
            return
        state = slots[number]
        rows = state.held_rows()
        if not rows:
            continue
        has_more = _holds_more_than_was_given(state)
        gate.let_go(state)
        levels = gate.history.of(number)
        if levels.at[Commitment.CONFIRMED] | levels.at[Commitment.FINALIZED] or has_more:
            state.shed = True
            state.evidence = None
            gate.tally.shed += rows
            gate.report(
                "error", "held updates were dropped for want of memory", slot=number, rows=rows
            )


def _holds_more_than_was_given(state: SlotState) -> bool:
    """Whether something waits for the loss of another bank: monitors at processed have not had it yet."""
    given = state.given_at_once
    if given is None or state.told.is_passed_by:
        return False
    return any(identity(row[0], row[2]) not in given[row[0]] for row in state.rows_held())
