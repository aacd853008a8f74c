"""One block asked of several RPCs: hedges, failures, skips that are claimed, liars."""

import math
from typing import Any

import anyio
import pytest

from monitor.adapters.recovery.pool import RpcPool
from monitor.core.breakers import FAILURES
from monitor.core.hedging import FIRST_DELAY
from monitor.core.rungs import Rung, Verdict
from monitor.ports import BlockFound, NoBlock
from tests.adapters.recovery.asking import SLOT, USUAL, asking, block
from tests.adapters.recovery.servers import Reply, Server, always, failing, first, told
from tests.jumping import jumps
from tests.patience import PATIENCE
from tests.wire.test_blocks import TRANSACTION

pytestmark = jumps

HONEST = always(told(block(1)))
LIAR = always(told(block(2)))
LIAR_TOO = always(told(block(3)))
SILENT = always(told(block(1), delay=math.inf))
CLAIMS_SKIP = always(failing(-32007, "Slot was skipped, or missing due to ledger jump"))
NOT_YET = always(failing(-32004))
PRUNED = always(failing(-32001, "First available block: 5000"))
BROKEN = always(Reply(b"", status=502))


def calls(servers: list[Server]) -> list[int]:
    return [len(server.asked) for server in servers]


async def test_one_witness_asks_one_rpc() -> None:
    async with asking(HONEST, HONEST) as (pool, servers):
        assert isinstance(await pool.fetch(SLOT, Rung.RPC, 1), BlockFound)
    assert sum(calls(servers)) == 1


async def test_a_block_comes_with_the_signatures_of_its_transactions() -> None:
    async with asking(always(told(block(transactions=[TRANSACTION])))) as (pool, _):
        found = await pool.fetch(SLOT, Rung.RPC, 1)
    assert isinstance(found, BlockFound)
    assert found.signatures == bytes(64)


async def test_a_slow_answer_is_hedged_and_the_loser_cancelled() -> None:
    async with asking(SILENT, HONEST) as (pool, servers):
        before = pool._rpcs[0].lane.expected()
        began = anyio.current_time()
        found = await pool.fetch(SLOT, Rung.RPC, 1)
        assert anyio.current_time() - began == pytest.approx(FIRST_DELAY)
        assert isinstance(found, BlockFound)
        assert found.sources == (1,)
        with anyio.fail_after(PATIENCE):
            await servers[0].was_left.wait()
    assert calls(servers) == [1, 1]
    assert not pool.tallies[0].errors
    assert pool._rpcs[0].lane.expected() > before


async def test_hedges_after_the_pools_p95() -> None:
    quick = [told(block())] * 40
    async with asking(first(*quick, then=told(block(), delay=math.inf)), HONEST) as (pool, servers):
        servers[1].answer = SILENT
        pool._rpcs[1].lane.given_up(1000.0)
        for _ in range(40):
            await pool.fetch(SLOT, Rung.RPC, 1)
        servers[1].answer = HONEST
        assert pool._hedging[Rung.RPC].delay.delay() < FIRST_DELAY / 2
        found = await pool.fetch(SLOT, Rung.RPC, 1)
    assert isinstance(found, BlockFound)
    assert found.sources == (1,)
    assert calls(servers) == [41, 1]


async def test_the_hedge_may_lose() -> None:
    late = always(told(block(), delay=FIRST_DELAY + 0.1))
    async with asking(late, SILENT) as (pool, servers):
        found = await pool.fetch(SLOT, Rung.RPC, 1)
    assert isinstance(found, BlockFound)
    assert found.sources == (0,)
    assert calls(servers) == [1, 1]


async def test_an_outage_does_not_double_the_load() -> None:
    slow = always(told(block(), delay=FIRST_DELAY + 0.6))
    async with asking(slow, slow, patience=USUAL) as (pool, servers):
        async with anyio.create_task_group() as tasks:
            for _ in range(12):
                tasks.start_soon(pool.fetch, SLOT, Rung.RPC, 1)
    assert 12 < sum(calls(servers)) <= 12 + 2


@pytest.mark.parametrize(
    "bad",
    [NOT_YET, BROKEN, PRUNED, always(Reply(status=429))],
    ids=["not yet", "broken", "pruned", "throttled"],
)
async def test_another_is_asked_at_once_when_one_brings_nothing(bad: Any) -> None:
    async with asking(bad, HONEST, HONEST) as (pool, servers):
        found = await pool.fetch(SLOT, Rung.RPC, 1)
    assert isinstance(found, BlockFound)
    assert found.sources == (1,)
    assert calls(servers) == [1, 1, 0]


async def test_not_more_than_one_more_is_asked() -> None:
    async with asking(NOT_YET, NOT_YET, HONEST) as (pool, servers):
        assert await pool.fetch(SLOT, Rung.RPC, 1) == NoBlock(Verdict.NOT_YET)
    assert calls(servers) == [1, 1, 0]


async def test_our_own_mistake_is_not_repeated() -> None:
    async with asking(always(failing(-32602, "bad")), HONEST) as (pool, servers):
        assert await pool.fetch(SLOT, Rung.RPC, 1) == NoBlock(Verdict.OURS)
    assert calls(servers) == [1, 0]


async def test_a_block_wins_over_a_claim_that_there_is_none() -> None:
    async with asking(CLAIMS_SKIP, HONEST) as (pool, _):
        found = await pool.fetch(SLOT, Rung.RPC, 1)
    assert isinstance(found, BlockFound)
    assert found.sources == (1,)


async def test_a_claim_is_not_checked_with_one_that_is_busy() -> None:
    async with asking(CLAIMS_SKIP, SILENT, requests_per_second=1.0) as (pool, servers):
        async with anyio.create_task_group() as tasks:
            pool._rpcs[0].lane.given_up(1000.0)
            tasks.start_soon(pool.fetch, SLOT, Rung.RPC, 1)
            with anyio.fail_after(PATIENCE):
                await servers[1].was_asked.wait()
            pool._rpcs[1].lane.given_up(1_000_000.0)
            assert await pool.fetch(SLOT, Rung.RPC, 1) == NoBlock(Verdict.SKIPPED_CLAIM)
            tasks.cancel_scope.cancel()
    assert calls(servers) == [1, 1]


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([CLAIMS_SKIP, CLAIMS_SKIP], "skipped_claim"),
        ([CLAIMS_SKIP, NOT_YET], "not_yet"),
        ([PRUNED, CLAIMS_SKIP], "skipped_claim"),
        ([BROKEN, CLAIMS_SKIP], "failed"),
        ([PRUNED, PRUNED], "cannot"),
        ([BROKEN, NOT_YET], "not_yet"),
    ],
    ids=[
        "skip, skip",
        "skip, not yet",
        "pruned, skip",
        "broken, skip",
        "pruned",
        "broken, not yet",
    ],
)
async def test_the_most_hopeful_verdict_counts(answers: Any, verdict: str) -> None:
    for ordered in (answers, answers[::-1]):
        async with asking(*ordered) as (pool, _):
            found = await pool.fetch(SLOT, Rung.RPC, 1)
        assert isinstance(found, NoBlock)
        assert found.verdict is Verdict(verdict)


async def test_two_witnesses_who_agree() -> None:
    async with asking(HONEST, HONEST, HONEST) as (pool, servers):
        found = await pool.fetch(SLOT, Rung.RPC, 2)
    assert isinstance(found, BlockFound)
    assert sorted(found.sources) == [0, 1]
    assert found.dissent == ()
    assert calls(servers) == [1, 1, 0]


@pytest.mark.parametrize("liar", [0, 1, 2])
async def test_a_liar_loses_against_two_honest_ones(liar: int) -> None:
    answers = [HONEST, HONEST, HONEST]
    answers[liar] = LIAR
    async with asking(*answers) as (pool, _):
        found = await pool.fetch(SLOT, Rung.RPC, 2)
    assert isinstance(found, BlockFound)
    assert liar not in found.sources
    assert found.dissent == ((liar,) if liar < 2 else ())
    assert len(found.rows) == 1


async def test_the_third_opinion_may_be_the_archives() -> None:
    async with asking(LIAR, HONEST) as (pool, _), asking(HONEST, archive=True) as (other, archives):
        pool._rpcs.append(other._rpcs[0])
        found = await pool.fetch(SLOT, Rung.RPC, 2)
    assert isinstance(found, BlockFound)
    assert sorted(found.sources) == [1, 2]
    assert found.dissent == (0,)
    assert calls(archives) == [1]


async def test_no_two_alike_is_no_block() -> None:
    async with asking(HONEST, LIAR) as (pool, _):
        found = await pool.fetch(SLOT, Rung.RPC, 2)
        assert found == NoBlock(Verdict.DISAGREED, 0.0, found.dissent)
        assert sorted(found.dissent) == [0, 1]
    async with asking(HONEST, LIAR, LIAR_TOO) as (pool, _):
        found = await pool.fetch(SLOT, Rung.RPC, 2)
        assert isinstance(found, NoBlock)
        assert found.verdict is Verdict.DISAGREED
        assert sorted(found.dissent) == [0, 1, 2]


async def test_what_an_rpc_told_earlier_counts_and_it_is_not_asked_again() -> None:
    async with asking(HONEST, LIAR, BROKEN) as (pool, servers):
        before = await pool.fetch(SLOT, Rung.RPC, 2)
        assert isinstance(before, NoBlock)
        assert before.verdict is Verdict.FAILED
        assert sorted(before.dissent) == [0, 1]
        servers[2].answer = HONEST
        found = await pool.fetch(SLOT, Rung.RPC, 2)
        assert isinstance(found, BlockFound)
        assert sorted(found.sources) == [0, 2]
        assert found.dissent == (1,)
        assert calls(servers) == [1, 1, 2]
        assert pool._statements.of(SLOT) == {}


async def test_one_who_told_earlier_is_no_second_witness_of_himself() -> None:
    async with asking(HONEST, BROKEN) as (pool, servers):
        assert isinstance(await pool.fetch(SLOT, Rung.RPC, 2), NoBlock)
        assert isinstance(await pool.fetch(SLOT, Rung.RPC, 2), NoBlock)
        servers[1].answer = HONEST
        assert isinstance(await pool.fetch(SLOT, Rung.RPC, 2), BlockFound)


async def test_a_dispute_is_told_again_only_when_somebody_says_something_new() -> None:
    async with asking(HONEST, LIAR) as (pool, servers):
        told = [await pool.fetch(SLOT, Rung.RPC, 2) for _ in range(2)]
        servers[1].answer = LIAR_TOO
        told.append(await pool.fetch(SLOT, Rung.RPC, 2))
    assert [sorted(each.dissent) for each in told] == [[0, 1], [], [0, 1]]


async def test_in_a_dispute_every_one_is_asked() -> None:
    async with asking(HONEST, LIAR, LIAR_TOO, HONEST) as (pool, _):
        found = await pool.fetch(SLOT, Rung.RPC, 2)
    assert isinstance(found, BlockFound)
    assert sorted(found.sources) == [0, 3]
    assert sorted(found.dissent) == [1, 2]


async def test_one_rpc_alone_needs_no_witness() -> None:
    async with asking(HONEST) as (pool, _):
        assert isinstance(await pool.fetch(SLOT, Rung.RPC, 2), BlockFound)


async def test_one_that_will_never_have_the_block_is_no_missing_witness() -> None:
    async with asking(HONEST, PRUNED) as (pool, servers):
        for _ in range(2):
            found = await pool.fetch(SLOT, Rung.RPC, 2)
            assert isinstance(found, BlockFound)
            assert found.sources == (0,)
    assert calls(servers) == [2, 1]


@pytest.mark.parametrize(
    ("other", "verdict"),
    [(BROKEN, "failed"), (NOT_YET, "not_yet"), (CLAIMS_SKIP, "not_yet")],
    ids=["broken", "not yet", "claims skip"],
)
async def test_a_liar_is_not_believed_while_the_honest_one_tells_nothing(
    other: Any, verdict: str
) -> None:
    async with asking(LIAR, other) as (pool, _):
        for _ in range(FAILURES + 2):
            found = await pool.fetch(SLOT, Rung.RPC, 2)
            assert isinstance(found, NoBlock)
            assert found.verdict in (Verdict(verdict), Verdict.UNASKED)


async def test_a_dead_rpc_is_left_alone_and_the_other_not_asked_for_nothing() -> None:
    async with asking(HONEST, BROKEN) as (pool, servers):
        for _ in range(FAILURES):
            await pool.fetch(SLOT, Rung.RPC, 2)
        found = await pool.fetch(SLOT, Rung.RPC, 2)
        assert isinstance(found, NoBlock)
        assert found.verdict is Verdict.UNASKED
        assert 0 < found.retry_after < 10
    assert calls(servers) == [FAILURES, FAILURES]


async def test_what_cannot_be_asked_now_says_when() -> None:
    async with asking(always(Reply(status=429, headers={"retry-after": "7"}))) as (pool, servers):
        for _ in range(2):
            found = await pool.fetch(SLOT, Rung.RPC, 1)
            assert isinstance(found, NoBlock)
            assert found.verdict is Verdict.THROTTLED
            assert 6.5 < found.retry_after <= 7
    assert calls(servers) == [1]


async def test_who_refuses_us_names_no_time() -> None:
    async with asking(always(Reply(status=401))) as (pool, servers):
        for _ in range(FAILURES + 1):
            assert await pool.fetch(SLOT, Rung.RPC, 1) == NoBlock(Verdict.CANNOT)
    assert calls(servers) == [FAILURES]


async def test_one_that_refuses_us_for_good_is_no_missing_witness() -> None:
    async with asking(HONEST, always(failing(-32011))) as (pool, servers):
        for _ in range(FAILURES - 1):
            assert await pool.fetch(SLOT, Rung.RPC, 2) == NoBlock(Verdict.NOT_YET)
        for _ in range(2):
            assert isinstance(await pool.fetch(SLOT, Rung.RPC, 2), BlockFound)
    assert calls(servers) == [FAILURES + 1, FAILURES]


async def test_while_one_pauses_the_other_is_asked() -> None:
    throttled = always(Reply(status=429, headers={"retry-after": "7"}))
    async with asking(throttled, HONEST) as (pool, servers):
        for _ in range(5):
            assert isinstance(await pool.fetch(SLOT, Rung.RPC, 1), BlockFound)
    assert calls(servers) == [1, 5]


async def test_who_waits_for_the_rate_says_so_until_it_is_asked() -> None:
    paces: list[bool] = []
    async with asking(HONEST, requests_per_second=2) as (pool, servers):
        for _ in range(2):
            await pool.fetch(SLOT, Rung.RPC, 1)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pool.fetch, SLOT, Rung.RPC, 1, paces.append)
            await anyio.sleep(0.2)
            assert paces == []
    assert paces == [False]
    assert calls(servers) == [3]


async def test_a_hedge_waits_for_its_turn_as_well() -> None:
    paces: list[bool] = []
    async with asking(SILENT, HONEST) as (pool, _):
        await pool.fetch(SLOT, Rung.RPC, 1, paces.append)
    assert paces == [False, True, False]


async def test_what_was_told_before_somebody_cancelled_counts() -> None:
    async with asking(HONEST, SILENT) as (pool, servers):
        with anyio.move_on_after(0.4):
            await pool.fetch(SLOT, Rung.RPC, 2)
        assert under_way(pool) == 0
        servers[1].answer = HONEST
        servers[0].answer = SILENT
        found = await pool.fetch(SLOT, Rung.RPC, 2)
    assert isinstance(found, BlockFound)
    assert sorted(found.sources) == [0, 1]


async def test_many_at_once_are_shared_among_all() -> None:
    quick = always(told(block(), delay=0.05))
    async with asking(quick, quick) as (pool, servers):
        async with anyio.create_task_group() as tasks:
            for _ in range(16):
                tasks.start_soon(pool.fetch, SLOT, Rung.RPC, 1)
        assert [rpc.lane._lined_up for rpc in pool._rpcs] == [0, 0]
    assert all(each >= 6 for each in calls(servers))


async def test_nothing_is_under_way_when_it_returns() -> None:
    async with asking(SILENT, HONEST, HONEST) as (pool, _):
        assert isinstance(await pool.fetch(SLOT, Rung.RPC, 2), BlockFound)
        assert under_way(pool) == 0
        assert [rpc.lane._lined_up for rpc in pool._rpcs] == [0, 0, 0]


def under_way(pool: RpcPool) -> int:
    return sum(rpc.lane.in_use for rpc in pool._rpcs)
