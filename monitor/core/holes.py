"""What is missing between the slots that feeds have told of: where a replay has to begin."""

from collections.abc import Callable, Mapping

from monitor.core.join import Join
from monitor.core.slots import SlotState


class Holes:
    """Looks for them in what was joined."""

    def __init__(self, join: Join) -> None:
        self._join = join

    def below(self, covered: int, above: int = 0) -> int | None:
        """The lowest slot from `above` and under `covered` that a replay should begin with; None: nothing is missing."""
        join = self._join
        if join.floor is None:
            return None
        lowest = join.ledger.first_open(max(join.floor, above))
        return lowest_hole(join.slots, lowest, covered, join.ledger.is_closed, join.gate.is_held)

    def missing_from(self, covered: int | None, above: int = 0) -> int | None:
        """Where a replay should begin: as `below`, and with `covered` None no feed has the tip.

        Then what follows the highest slot met is missing too; that slot is named, for the one after it may not be yet.
        """
        if covered is not None:
            return self.below(covered, above)
        floor, tip = self._join.floor, self._join.tip
        if floor is None:
            return None
        hole = self.below(tip + 1, above)
        return hole if hole is not None else max(tip, floor)


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
