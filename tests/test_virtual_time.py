"""Virtual time: the same seed gives the same run, another one another."""

import anyio
import pytest
from trio._core import _run

from tests import virtual_time

TASKS = 8
TURNS = 5


def order(seed: int) -> list[int]:
    """Who had its turn when, of tasks that are all ready at the same moments."""
    turns: list[int] = []

    async def race(number: int) -> None:
        for _ in range(TURNS):
            turns.append(number)
            await anyio.sleep(1)

    async def all_race() -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(TASKS):
                tasks.start_soon(race, number)

    virtual_time.run(all_race, seed)
    return turns


def test_tasks_that_race_take_their_turns_in_the_same_order_again() -> None:
    assert order(7) == order(7)


def test_another_seed_is_another_order() -> None:
    assert order(7) != order(8)


ORDERS: set[tuple[int, ...]] = set()
"""In which the test below saw tasks take their turns."""


@pytest.mark.parametrize("repetition", range(3))
async def test_each_test_begins_with_the_same_seed(repetition: int) -> None:
    turns: list[int] = []

    async def note(number: int) -> None:
        turns.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(TASKS):
            tasks.start_soon(note, number)
    ORDERS.add(tuple(turns))
    assert len(ORDERS) == 1, repetition


@pytest.mark.parametrize("name", ["_r", "_ALLOW_DETERMINISTIC_SCHEDULING"])
def test_a_trio_that_cannot_be_seeded_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delattr(_run, name)
    with pytest.raises(RuntimeError, match="cannot be seeded"):
        virtual_time.virtual_time()
