"""A line gives slots in the order that a sorted list of them would."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.recovery_lines import Line
from monitor.core.recovery_places import Rank
from monitor.core.slot_sets import SlotSet

RANK = st.tuples(st.integers(0, 3), st.integers(0, 3))


def top_of_lowest_run(slots: set[int], everything: set[int]) -> int:
    """Found the long way."""
    end = min(slots)
    while end in everything:
        end += 1
    return max(slot for slot in slots if slot < end)


@given(
    st.dictionaries(st.integers(0, 40), RANK, min_size=1), st.sets(st.integers(0, 40)), st.data()
)
def test_the_next_is_the_top_of_the_lowest_run_of_the_first_rank(
    waiting: dict[int, Rank], others: set[int], draw: st.DataObject
) -> None:
    line, open_slots = Line(), SlotSet()
    for slot, rank in waiting.items():
        line.add(slot, slot + 1, rank)
    for slot in {*waiting, *others}:
        open_slots.add(slot, slot + 1)
    while waiting:
        is_oldest = draw.draw(st.booleans())
        if is_oldest:
            rank = min((each[1], each) for each in waiting.values())[1]
        else:
            rank = min(waiting.values())
        equals = {slot for slot, each in waiting.items() if each == rank}
        slot = top_of_lowest_run(equals, {*open_slots})
        assert line.next(open_slots, is_oldest=is_oldest) == slot
        line.discard(slot, slot + 1, waiting.pop(slot))
        open_slots.discard(slot, slot + 1)
    assert line.next(open_slots, is_oldest=False) is None
    assert not line.slots
