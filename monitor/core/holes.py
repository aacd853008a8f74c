"""What is missing between the slots that feeds have told of: where a replay has to begin."""

from collections.abc import Mapping

from monitor.core.slots import SlotState


def lowest_hole(
    slots: Mapping[int, SlotState], lowest: int, covered: int, *, let_go_below: int
) -> int | None:
    """The slot from `lowest` and under `covered` that a replay should begin with; None: nothing is missing.

    That is the lowest slot which no feed holds whole; or, where the parent of a slot was never met, the
    slot met before it, since everything between the two is missing. A slot that the confirmed chain has
    passed by is no hole, for a server may never be able to bring it. Slots under `let_go_below` were met.
    """
    before = lowest
    gaps = _gaps(slots)
    for number in sorted(n for n in slots if lowest <= n <= covered):
        state = slots[number]
        parent = state.parent
        unmet = parent is not None and parent >= max(lowest, let_go_below)
        if unmet and parent not in slots:
            return before
        is_passed_by = any(first < number < end for first, end in gaps)
        if number < covered and not is_passed_by and not _is_held(state):
            return number
        before = number
    return None


def _is_held(state: SlotState) -> bool:
    """Whether a replay could add nothing: some feed holds the slot whole, or it died."""
    return state.dead is not None or any(bank.covers for bank in state.banks)


def _gaps(slots: Mapping[int, SlotState]) -> list[tuple[int, int]]:
    """(parent, child) of confirmed blocks with slots between the two: no block of the chain lies there."""
    confirmed = (
        (state.number, state.metas.get(state.confirmed))
        for state in slots.values()
        if state.confirmed is not None
    )
    return [
        (meta.parent_slot, number)
        for number, meta in confirmed
        if meta is not None and meta.parent_slot + 1 < number
    ]
