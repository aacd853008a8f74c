"""The pool of RPCs on loopback sockets: rungs, pauses that are told, and no RPC above its rate."""

import time
from email.utils import formatdate

import anyio
import pytest

from monitor.adapters.recovery import pool as pools
from monitor.adapters.recovery.pool import RpcPool
from monitor.adapters.recovery.rpc import RpcEndpoint
from monitor.core.rungs import Rung, Verdict
from monitor.ports import BlockFound, Blocks, NoBlock
from tests.adapters.recovery.asking import SLOT, USUAL, asking, block, pool_of
from tests.adapters.recovery.servers import Reply, Server, always, told
from tests.jumping import jumps

pytestmark = pytest.mark.real_time

HONEST = always(told(block()))


def told_of(pool: RpcPool) -> Blocks:
    """A pool is what recovery asks."""
    return pool


async def test_each_rung_has_rpcs_of_its_own() -> None:
    async with Server(HONEST).serving() as near, Server(HONEST).serving() as archive:
        pool = pool_of(
            [
                RpcEndpoint("archive", archive.url, archive=True, patience=USUAL),
                RpcEndpoint("near", near.url, patience=USUAL),
            ]
        )
        assert [tally.name for tally in told_of(pool).tallies] == ["archive", "near"]
        found = await pool.fetch(SLOT, Rung.RPC, 1)
        assert isinstance(found, BlockFound)
        assert found.sources == (1,)
        assert len(archive.asked) == 0
        found = await pool.fetch(SLOT, Rung.ARCHIVE, 1)
        assert isinstance(found, BlockFound)
        assert found.sources == (0,)
        assert len(near.asked) == 1
        found = await pool.fetch(SLOT, Rung.RPC, 2)
        assert isinstance(found, BlockFound)
        assert sorted(found.sources) == [0, 1]
        await pool.close()


@pytest.mark.parametrize("witnesses", [1, 2])
async def test_a_rung_without_rpcs_cannot_help(witnesses: int) -> None:
    async with asking(HONEST) as (pool, (server,)):
        assert await pool.fetch(SLOT, Rung.ARCHIVE, witnesses) == NoBlock(Verdict.CANNOT)
    assert server.asked == []


async def test_an_archive_has_more_patience() -> None:
    pool = pool_of(
        [RpcEndpoint("near", "http://a/"), RpcEndpoint("far", "http://b/", archive=True)]
    )
    near, far = (rpc._patience.whole for rpc in pool._rpcs)
    assert near < far
    await pool.close()


async def test_close_ends_the_mapping_too() -> None:
    async with asking(HONEST) as (pool, _):
        mapping = pool._mapping
    assert getattr(mapping, "is_closed", False)


@jumps
@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_pause_that_was_asked_for_is_told_and_kept(form: str) -> None:
    now = time.time()
    headers = {
        "seconds": {"retry-after": "30"},
        "date": {
            "retry-after": formatdate(now + 5030, usegmt=True),
            "date": formatdate(now + 5000, usegmt=True),
        },
    }[form]
    async with asking(always(Reply(status=429, headers=headers))) as (pool, (server,)):
        for _ in range(3):
            found = await pool.fetch(SLOT, Rung.RPC, 1)
            assert isinstance(found, NoBlock)
            assert found.verdict is Verdict.THROTTLED
            assert 25 < found.retry_after <= 30
    assert len(server.asked) == 1


@jumps
async def test_no_server_sees_more_calls_in_any_second_than_its_rate() -> None:
    """With answers of every kind and length, and more wanted than the rate lets through."""

    def answer(_asked: object, number: int) -> Reply:
        if number % 7 == 3:
            return Reply(status=502)
        return told(block(), delay=(number % 5) * 0.02, trickle=(number % 3) * 0.03)

    rate = 10
    async with asking(answer, answer, requests_per_second=float(rate)) as (pool, servers):
        with anyio.move_on_after(3.5):
            async with anyio.create_task_group() as tasks:
                for slot in range(200):
                    tasks.start_soon(pool.fetch, SLOT + slot, Rung.RPC, 1)
        for server in servers:
            at = [asked.at for asked in server.asked]
            assert len(at) > rate
            assert [later - at[i] for i, later in enumerate(at[rate:]) if later - at[i] < 1] == []
        assert all(tally.waits > 0 and tally.wait_seconds > 0 for tally in pool.tallies)


async def test_states_too_large_to_read_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "LARGEST_PLAIN", 10)
    async with asking(always(told({"context": {"slot": 5}, "value": []}))) as (pool, _):
        assert await pool.accounts(1) is None
        assert dict(pool.tallies[0].errors) == {"malformed": 1}
