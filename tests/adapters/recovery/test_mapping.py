"""Blocks mapped by processes of their own: equal to those mapped here, whatever becomes of a process."""

import gzip
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from monitor.adapters.recovery import mapping
from monitor.adapters.recovery.mapping import Mapper
from monitor.core.errors import BlockMalformed, BlockUnfinished
from monitor.core.monitors import BlocksMetaFilter, Monitor, TransactionsFilter
from monitor.wire.rpc_block import BlockReader
from tests.rpc_bodies import body
from tests.wire.test_blocks import OLDEST

pytestmark = pytest.mark.real_time

MONITORS = [Monitor("all", transactions=TransactionsFilter(), blocks_meta=BlocksMetaFilter())]
BODY = body(OLDEST)
LONG_BODY = body(OLDEST | {"transactions": OLDEST["transactions"] * 2_000})


@asynccontextmanager
async def _mapper(workers: int = 1, **settings: Any) -> AsyncIterator[Mapper]:
    made = Mapper(MONITORS, workers, **settings)
    try:
        yield made
    finally:
        await made.close()


async def test_a_block_is_what_it_is_when_it_is_mapped_here() -> None:
    expected = BlockReader(MONITORS).read(100, BODY, 5)
    async with _mapper() as mapper:
        assert await mapper.map(100, BODY, 5) == expected
        assert await mapper.map(100, gzip.compress(BODY), 5) == expected
        assert len(mapper.pids) == 1


async def test_a_block_of_many_megabytes_goes_there_and_back() -> None:
    async with _mapper() as mapper:
        block = await mapper.map(100, LONG_BODY, 5)
    assert block.count == 4_000
    assert [row[4] for row in block.rows[:-1]] == [*range(4_000)]


async def test_what_is_no_block_is_told_as_here_and_the_process_goes_on() -> None:
    async with _mapper() as mapper:
        with pytest.raises(BlockUnfinished, match="slot 100"):
            await mapper.map(100, body(None), 5)
        with pytest.raises(BlockMalformed, match="slot 101"):
            await mapper.map(101, b"<html>", 5)
        (pid,) = mapper.pids
        assert (await mapper.map(100, BODY, 5)).count == 2
        assert mapper.pids == [pid]


async def test_no_more_processes_than_it_may_have_serve_all_bodies() -> None:
    slots: list[int] = []

    async def one(slot: int) -> None:
        slots.append((await mapper.map(slot, LONG_BODY, 5)).slot)

    async with _mapper(workers=2) as mapper:
        async with anyio.create_task_group() as tasks:
            for slot in range(6):
                tasks.start_soon(one, slot)
        assert len(mapper.pids) == 2
    assert sorted(slots) == [*range(6)]


async def test_none_is_started_before_it_is_needed() -> None:
    async with _mapper() as mapper:
        assert mapper.pids == []


async def test_a_process_that_died_between_bodies_is_replaced() -> None:
    async with _mapper() as mapper:
        await mapper.map(100, BODY, 5)
        (pid,) = mapper.pids
        os.kill(pid, signal.SIGKILL)
        await anyio.to_thread.run_sync(os.waitid, os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert (await mapper.map(101, BODY, 5)).slot == 101
        assert mapper.pids != [pid]


async def test_a_body_is_mapped_again_when_its_process_dies() -> None:
    async with _mapper() as mapper:
        await mapper.map(100, BODY, 5)
        (pid,) = mapper.pids
        os.kill(pid, signal.SIGSTOP)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_kill_when_taken, mapper, pid)
            block = await mapper.map(101, LONG_BODY, 5)
        assert block.count == 4_000
        assert mapper.pids != [pid]


async def _kill_when_taken(mapper: Mapper, pid: int) -> None:
    while mapper.pids:
        await anyio.lowlevel.checkpoint()
    os.kill(pid, signal.SIGKILL)


async def test_a_body_of_which_two_processes_died_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mapping, "PATIENCE", 0.0)
    async with _mapper() as mapper:
        with pytest.raises(BlockMalformed, match="slot 100: two processes could not map"):
            await mapper.map(100, BODY, 5)
        assert mapper.pids == []
        monkeypatch.undo()
        assert (await mapper.map(100, BODY, 5)).count == 2


async def test_who_is_cancelled_leaves_a_process_that_serves_on() -> None:
    async with _mapper() as mapper:
        await mapper.map(100, BODY, 5)
        (pid,) = mapper.pids
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(mapper.map, 101, LONG_BODY, 5)
            while mapper.pids:
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        assert mapper.pids == [pid]
        assert (await mapper.map(102, BODY, 5)).slot == 102


async def test_bodies_wait_for_room_and_one_alone_always_has_it() -> None:
    async with _mapper(workers=2, room_bytes=len(BODY) - 1) as mapper:
        async with anyio.create_task_group() as tasks:
            for slot in range(4):
                tasks.start_soon(mapper.map, slot, BODY, 5)
        assert len(mapper.pids) == 1


async def test_closing_ends_the_processes() -> None:
    async with _mapper() as mapper:
        await mapper.map(100, BODY, 5)
        (pid,) = mapper.pids
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_closing_kills_one_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "STOP_SECONDS", 0.01)
    mapper = Mapper(MONITORS, 1)
    await mapper.map(100, BODY, 5)
    (pid,) = mapper.pids
    os.kill(pid, signal.SIGSTOP)
    await mapper.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_where_no_process_can_be_started_it_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    async with _mapper() as mapper:
        with pytest.raises(BlockMalformed, match="none could be started: No such file"):
            await mapper.map(100, BODY, 5)
        monkeypatch.undo()
        assert (await mapper.map(100, BODY, 5)).count == 2
