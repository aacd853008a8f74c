"""The chain's offsets as moments of a region: exact without jitter, in legal order with it."""

from math import inf
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.model import Slot
from monitor.simulator.schedule import Happening, Timing, What, happenings
from tests.simulator.tiny_chain import tiny_bank, tiny_slot

EXACT = Timing(first_slot=100, started_at=50.0, slot_time=0.5, delay=0.1, jitter=0.0)


def in_order(slot: Slot, timing: Timing, seed: int = 1) -> list[Happening]:
    made = list(happenings(slot, timing, Random(seed)))
    return sorted(made, key=lambda happening: happening[0])


def test_slot_begins_after_the_delay() -> None:
    assert EXACT.begins(100) == 50.1
    assert EXACT.begins(104) == 52.1


def test_moments_without_jitter() -> None:
    slot = tiny_slot(tiny_bank(102, 101, transactions=1), confirmed_at=2.0, finalized_at=4.0)
    moments = [(round(moment, 6), what) for moment, what, _, _ in in_order(slot, EXACT)]
    assert moments == [
        (51.125, What.FIRST_SHRED),
        (51.15, What.CREATED_BANK),
        (51.283333, What.UPDATE),
        (51.416667, What.UPDATE),
        (51.525, What.COMPLETED),
        (51.55, What.META),
        (52.1, What.CONFIRMED),
        (53.1, What.FINALIZED),
    ]


def test_what_never_comes_is_left_out() -> None:
    slot = tiny_slot(tiny_bank(100, 99, dead="gone"), shred=None)
    assert [what for _, what, _, _ in in_order(slot, EXACT)] == [
        What.CREATED_BANK,
        *[What.UPDATE] * 3,
        What.DEAD,
    ]
    assert in_order(Slot(100, (), None, inf, inf), EXACT) == []
    only_shred = Slot(100, (), 0.2, inf, inf)
    assert [what for _, what, _, _ in in_order(only_shred, EXACT)] == [What.FIRST_SHRED]


@given(seed=st.integers(0, 10_000), jitter=st.floats(0.0, 3.0))
def test_jitter_never_takes_an_update_out_of_its_bank(seed: int, jitter: float) -> None:
    first = tiny_bank(100, 99, name="a", ends=0.4, canonical=False)
    second = tiny_bank(100, 99, name="b", begins=0.5, ends=0.9)
    timing = Timing(100, 0.0, 0.3, 0.05, jitter)
    told = []
    for _, what, _, subject in in_order(tiny_slot(first, second), timing, seed):
        if what is What.CREATED_BANK:
            told.append("ab"[subject is second])
        elif what is What.UPDATE:
            told.append("ab"[any(update is subject for _, update in second.updates)])
        elif what is What.META:
            told.append("AB"[subject is second.meta])
    assert "".join(told) == "aaaaAbbbbB"


@given(seed=st.integers(0, 10_000))
def test_nothing_comes_before_its_time_or_later_than_the_jitter(seed: int) -> None:
    slot = tiny_slot(tiny_bank(100, 99))
    late = Timing(100, 0.0, 1.0, 0.0, 0.05)
    exact = {
        id(happening[3]): happening[0]
        for happening in in_order(slot, Timing(100, 0.0, 1.0, 0.0, 0.0))
    }
    for moment, what, _, subject in in_order(slot, late, seed):
        if what is What.UPDATE:
            assert exact[id(subject)] <= moment <= exact[id(subject)] + 0.05


def test_same_seed_gives_the_same_moments() -> None:
    slot, timing = tiny_slot(tiny_bank(100, 99)), Timing(100, 0.0, 1.0, 0.0, 0.2)
    assert in_order(slot, timing, 3) == in_order(slot, timing, 3)
    assert in_order(slot, timing, 3) != in_order(slot, timing, 4)
