"""What is missing between the slots that feeds have told of: where a replay has to begin."""

from collections.abc import Callable, Mapping

from monitor.core.slots import SlotState


def lowest_hole(
    slots: Mapping[int, SlotState],
    lowest: int,
    covered: int,
    is_closed: Callable[[int], bool],
    is_held: Callable[[SlotState], bool],
) -> int | None:
    """The slot from `lowest` and under `covered` that a replay should begin with; None: nothing is missing.

    That is the lowest slot which is not held whole, or the one met before it while its parent is unknown; or, where the parent of a slot was never met, the
    slot met before it, since everything between the two is missing. A slot that the confirmed chain has
    passed by is no hole, for a server may never be able to bring it; nor is one that is closed.
    """
    before = lowest
    gaps = _gaps(slots)
    for number in sorted(n for n in slots if lowest <= n <= covered):
        state = slots[number]
        parent = state.parent
        if parent is not None and parent >= lowest and parent not in slots:
            if not is_closed(parent):
                return before
        is_passed_by = any(first < number < end for first, end in gaps)
        if number < covered and not is_passed_by and not is_held(state):
            return before if parent is None else number
        before = number
    return None


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
