"""Bytes in flight: bounded, first come first served, and given back whatever happens."""

from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from monitor.adapters.recovery.allowance import Allowance
from tests.virtual_time import virtual_time


@pytest.fixture
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    return virtual_time()


async def holding(
    allowance: Allowance, size: int, entered: list[int], until: anyio.Event | None = None
) -> None:
    async with allowance.hold(size):
        entered.append(size)
        if until is not None:
            await until.wait()


async def test_never_holds_more_than_it_may_and_keeps_the_order() -> None:
    allowance, entered, ends = Allowance(100), list[int](), list[anyio.Event]()
    async with anyio.create_task_group() as tasks:
        for size in (60, 50, 30, 70):
            ends.append(anyio.Event())
            tasks.start_soon(holding, allowance, size, entered, ends[-1])
            await anyio.wait_all_tasks_blocked()
        assert entered == [60]
        ends[0].set()
        await anyio.wait_all_tasks_blocked()
        assert sorted(entered) == [30, 50, 60]
        assert allowance.held == 80
        for end in ends:
            end.set()
    assert entered[-1] == 70
    assert allowance.held == 0


async def test_one_larger_than_all_goes_alone() -> None:
    allowance, entered, end = Allowance(100), list[int](), anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(holding, allowance, 500, entered, end)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(holding, allowance, 1, entered)
        await anyio.wait_all_tasks_blocked()
        assert entered == [500]
        end.set()
    assert entered == [500, 1]


async def test_what_turns_out_smaller_lets_the_next_one_in() -> None:
    allowance, entered = Allowance(100), list[int]()
    async with anyio.create_task_group() as tasks, allowance.hold(90) as hold:
        tasks.start_soon(holding, allowance, 50, entered)
        await anyio.wait_all_tasks_blocked()
        assert entered == []
        hold.resize(10)
        await anyio.wait_all_tasks_blocked()
        assert entered == [50]
    assert allowance.held == 0


async def test_who_gives_up_waiting_leaves_nothing_behind() -> None:
    allowance, entered = Allowance(100), list[int]()
    async with allowance.hold(90):
        with anyio.move_on_after(1.0):
            await holding(allowance, 50, entered)
        assert allowance.held == 90
    async with allowance.hold(100):
        assert allowance.held == 100
    assert entered == []


async def test_who_gives_up_just_when_let_in_gives_it_back() -> None:
    allowance, entered = Allowance(100), list[int]()
    async with anyio.create_task_group() as tasks:
        async with allowance.hold(90):
            tasks.start_soon(holding, allowance, 50, entered)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert allowance.held == 0
