"""Lets go of old slots, and says what each of them was: off the chain, or closed without proof."""

from bisect import bisect_left

from monitor.core.chain import Commitment
from monitor.core.gate import Gate
from monitor.core.slots import SlotState


def close_below(below: int, since: int, slots: dict[int, SlotState], gate: Gate) -> None:
    """Let go of the slots below this one; runs of them, from `since` on, that no finalized block speaks for are named."""
    off_chain = _off_chain(slots)
    unproven_from = since
    for number in sorted(slots):
        first = _proven_from(slots[number])
        if first is not None:
            _give_up(unproven_from, min(first, below), slots, gate)
            unproven_from = max(unproven_from, number + 1)
    for number in [n for n in slots if n < below]:
        state = slots.pop(number)
        if number in off_chain:
            ended = "forked" if state.banks else "skipped"
            gate.tally.close("dead" if state.dead else ended)


def _off_chain(slots: dict[int, SlotState]) -> set[int]:
    """Slots met that a finalized block's parent link jumps over: proven to hold no block of the chain."""
    numbers = sorted(slots)
    jumped: set[int] = set()
    for number in numbers:
        first = _proven_from(slots[number])
        if first is not None:
            jumped.update(numbers[bisect_left(numbers, first) : bisect_left(numbers, number)])
    return jumped


def _proven_from(state: SlotState) -> int | None:
    """The first slot that a finalized block speaks for: the one after its parent; None for other slots."""
    if not state.finalized or state.confirmed is None:
        return None
    meta = state.metas.get(state.confirmed)
    return state.number if meta is None else meta.parent_slot + 1


def _give_up(first: int, end: int, slots: dict[int, SlotState], gate: Gate) -> None:
    """Close these slots, `end` excluded, without knowing what they were: part of the chain may be missing."""
    if first >= end:
        return
    met = [slots[number] for number in slots if first <= number < end]
    released = sum(state.released_level >= Commitment.CONFIRMED for state in met)
    gate.tally.close("unproven", released)
    gate.tally.close("lost", end - first - released)
    gate.report(
        "error",
        "slots were closed without proof",
        from_slot=first,
        to_slot=end,
        released=released,
    )
