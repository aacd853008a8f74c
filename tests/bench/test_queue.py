"""The queue's bench works on real slots, and what it counts is there."""

import pytest

from tests.bench.queue import FIRST_SLOT, filled, megabytes, queue_pass


@pytest.mark.parametrize("step", [1, 2])
def test_so_many_slots_are_open_as_it_says(step: int) -> None:
    queue = filled(50, step)
    queue.check()
    assert len(queue) == 50
    assert queue.is_open(FIRST_SLOT + 49 * step)


def test_every_kind_of_call_is_timed() -> None:
    cost = queue_pass(200, 2, 20)
    assert min(cost.opening, cost.leasing, cost.failing, cost.closing, cost.floors) > 0


def test_a_hundred_thousand_slots_would_fit() -> None:
    assert 0 < megabytes(2000, 2) * 50 < 60
