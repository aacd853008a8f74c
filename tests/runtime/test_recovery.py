"""Recovery's errands: each is answered once, in the kernel's words, whatever RPCs and the store do."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest

from monitor.core.commands import AskFloor, CancelFetch, Fetch, ReadAccounts, Recall
from monitor.core.errors import StoreFailed
from monitor.core.events import (
    AccountsRead,
    AccountsUnread,
    BlockFetched,
    FetchFailed,
    FetchPaced,
    FloorTold,
    Recalled,
)
from monitor.core.origins import Origins
from monitor.core.rungs import Rung, Verdict
from monitor.ports import AccountsFound, BlockFound, NoBlock, Sounder
from monitor.runtime.inbox import Inbox, Posted
from monitor.runtime.recovery import Recovering, Sources
from tests.core.play import tx
from tests.runtime.fakes import EvenDice, Journal, ScriptedBlocks

AT_ONCE = 3
ORIGINS = Origins(endpoints=3, rpcs=2)


class Store:
    """What was handed on; fails as often as it is told to."""

    def __init__(self, given: Mapping[int, bytes], failures: int = 0) -> None:
        self.failures = failures
        self._given = given

    async def given(self, slots: Sequence[int]) -> Mapping[int, bytes]:
        if self.failures:
            self.failures -= 1
            raise StoreFailed("ledger: busy; wait")
        return {slot: self._given[slot] for slot in slots if slot in self._given}


class Stage:
    """Recovery that runs, and all that it answered."""

    def __init__(
        self,
        blocks: ScriptedBlocks | None,
        store: Store | None = None,
        sounder: Sounder | None = None,
    ) -> None:
        self.journal = Journal()
        self.inbox = Inbox(lambda: None)
        self.recovering = Recovering(
            Sources(blocks, (store or Store({})).given, sounder, AT_ONCE),
            self.inbox,
            ORIGINS,
            EvenDice(),
            self.journal,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Stage"]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.recovering.run)
            await anyio.lowlevel.checkpoint()
            yield self
            tasks.cancel_scope.cancel()

    def answers(self) -> list[Posted]:
        found = []
        while (event := self.inbox.take()) is not None:
            found.append(event)
        return found


async def test_a_block_comes_with_the_origins_of_its_rpcs() -> None:
    blocks = ScriptedBlocks("main", "old")
    rows = [tx(7, 0)]
    blocks.found[7] = BlockFound((1,), rows, dissent=(0,), signatures=bytes(64))
    async with Stage(blocks).running() as stage:
        stage.recovering.perform(Fetch(7, Rung.ARCHIVE, witnesses=2))
        await anyio.sleep(1)
    assert blocks.asked == [(7, Rung.ARCHIVE, 2)]
    assert stage.answers() == [
        BlockFetched(7, Rung.ARCHIVE, (ORIGINS.rpc(1),), rows, (ORIGINS.rpc(0),), bytes(64))
    ]


async def test_a_failure_says_why_and_when_to_ask_again() -> None:
    blocks = ScriptedBlocks("main", "old")
    blocks.found[7] = NoBlock(Verdict.THROTTLED, retry_after=4.0)
    blocks.found[8] = NoBlock(Verdict.DISAGREED, dissent=(0, 1))
    async with Stage(blocks).running() as stage:
        stage.recovering.perform(Fetch(7, Rung.RPC, 1))
        await anyio.sleep(1)
        stage.recovering.perform(Fetch(8, Rung.RPC, 2))
        await anyio.sleep(1)
    both = (ORIGINS.rpc(0), ORIGINS.rpc(1))
    assert stage.answers() == [
        FetchFailed(7, Rung.RPC, Verdict.THROTTLED, 0.5, 4.0),
        FetchFailed(8, Rung.RPC, Verdict.DISAGREED, 0.5, 0.0, both),
    ]


async def test_the_state_of_accounts_comes_with_its_origin() -> None:
    blocks = ScriptedBlocks("main", "old")
    blocks.state = AccountsFound(90, [tx(90, 0)], source=1)
    async with Stage(blocks).running() as stage:
        stage.recovering.perform(ReadAccounts(70, 80, min_context_slot=90))
        await anyio.sleep(1)
        stage.recovering.perform(ReadAccounts(70, 80, min_context_slot=91))
        await anyio.sleep(1)
    assert stage.answers() == [
        AccountsRead(70, 80, 90, [tx(90, 0)], ORIGINS.reconciled(1)),
        AccountsUnread(70, 80, 0.5),
    ]


async def test_without_an_rpc_what_needs_one_is_answered_at_once() -> None:
    stage = Stage(None)
    stage.recovering.perform(Fetch(7, Rung.RPC, 1))
    stage.recovering.perform(ReadAccounts(70, 80, 90))
    assert stage.answers() == [
        FetchFailed(7, Rung.RPC, Verdict.CANNOT, 0.5),
        AccountsUnread(70, 80, 0.5),
    ]


class Depths:
    """Endpoints that say how far back they replay, each later than the one before."""

    def __init__(self, *first: int) -> None:
        self._first = first

    async def floor(self, endpoint: int) -> FloorTold:
        await anyio.sleep(endpoint)
        return FloorTold(endpoint, self._first[endpoint])


async def test_every_endpoint_that_is_asked_tells_its_floor_and_none_waits_for_another() -> None:
    async with Stage(None, sounder=Depths(70, 80)).running() as stage:
        stage.recovering.perform(AskFloor(1))
        stage.recovering.perform(AskFloor(0))
        await anyio.sleep(0.5)
        assert stage.answers() == [FloorTold(0, 70)]
        await anyio.sleep(1)
    assert stage.answers() == [FloorTold(1, 80)]


async def test_where_nobody_can_ask_no_floor_is_told() -> None:
    stage = Stage(None)
    stage.recovering.perform(AskFloor(1))
    assert stage.answers() == [FloorTold(1, None)]


@pytest.mark.parametrize("blocks", [None, ScriptedBlocks("main")])
async def test_what_was_handed_on_is_recalled_with_rpcs_or_without(
    blocks: ScriptedBlocks | None,
) -> None:
    async with Stage(blocks, Store({7: b"seven", 9: b"nine"})).running() as stage:
        stage.recovering.perform(Recall((7, 8)))
        await anyio.sleep(1)
    assert stage.answers() == [Recalled((7, 8), {7: b"seven"})]


async def test_a_store_that_fails_is_asked_until_it_tells() -> None:
    store = Store({7: b"seven"}, failures=2)
    async with Stage(None, store).running() as stage:
        stage.recovering.perform(Recall((7,)))
        await anyio.sleep(0.9)
        assert stage.answers() == []  # later each time: 0.375 s, then 0.625
        await anyio.sleep(0.2)
    assert stage.answers() == [Recalled((7,), {7: b"seven"})]
    assert stage.journal.sentences() == ["what was handed on could not be recalled"] * 2
    assert stage.journal.reports[0].facts["error"] == "ledger: busy; wait"


async def test_so_many_blocks_are_asked_for_at_a_time_and_no_more() -> None:
    blocks = ScriptedBlocks("main", delay=1.0)
    async with Stage(blocks).running() as stage:
        for slot in range(2 * AT_ONCE):
            stage.recovering.perform(Fetch(slot, Rung.RPC, 1))
        await anyio.sleep(0.5)
        assert blocks.under_way == AT_ONCE
        await anyio.sleep(2)
    assert blocks.most_under_way == AT_ONCE
    assert sorted(slot for slot, _, _ in blocks.asked) == list(range(2 * AT_ONCE))
    assert len(stage.answers()) == 2 * AT_ONCE


async def test_accounts_and_memories_do_not_wait_for_blocks() -> None:
    blocks = ScriptedBlocks("main", delay=5.0)
    async with Stage(blocks, Store({7: b"seven"})).running() as stage:
        for slot in range(AT_ONCE + 1):
            stage.recovering.perform(Fetch(slot, Rung.RPC, 1))
        stage.recovering.perform(Recall((7,)))
        await anyio.sleep(0.1)
        assert stage.answers() == [Recalled((7,), {7: b"seven"})]


async def test_what_was_asked_before_it_ran_is_performed() -> None:
    blocks = ScriptedBlocks("main")
    stage = Stage(blocks)
    stage.recovering.perform(Fetch(7, Rung.RPC, 1))
    assert stage.answers() == []
    async with stage.running():
        await anyio.sleep(1)
    assert stage.answers() == [FetchFailed(7, Rung.RPC, Verdict.NOT_YET, 0.5)]


async def test_how_a_fetch_comes_forward_is_told() -> None:
    blocks = ScriptedBlocks("main", delay=5.0)
    blocks.paces = [False, True]
    async with Stage(blocks).running() as stage:
        stage.recovering.perform(Fetch(7, Rung.ARCHIVE, 1))
        await anyio.sleep(1)
    assert stage.answers() == [
        FetchPaced(7, Rung.ARCHIVE, is_waiting=False),
        FetchPaced(7, Rung.ARCHIVE, is_waiting=True),
    ]


async def test_what_is_cancelled_is_not_answered_and_makes_room() -> None:
    blocks = ScriptedBlocks("main", delay=5.0)
    async with Stage(blocks).running() as stage:
        for slot in range(AT_ONCE + 1):
            stage.recovering.perform(Fetch(slot, Rung.RPC, 1))
        await anyio.sleep(1)
        cancelled = blocks.asked[0][0]
        stage.recovering.perform(CancelFetch(cancelled, Rung.RPC))
        await anyio.sleep(1)
        assert len(blocks.asked) == AT_ONCE + 1
        await anyio.sleep(10)
    assert {each.slot for each in stage.answers() if isinstance(each, FetchFailed)} == {
        slot for slot in range(AT_ONCE + 1) if slot != cancelled
    }


async def test_what_is_cancelled_before_it_began_is_asked_of_nobody() -> None:
    blocks = ScriptedBlocks("main")
    stage = Stage(blocks)
    stage.recovering.perform(Fetch(7, Rung.RPC, 1))
    stage.recovering.perform(Fetch(8, Rung.RPC, 1))
    stage.recovering.perform(CancelFetch(7, Rung.RPC))
    async with stage.running():
        await anyio.sleep(1)
    assert blocks.asked == [(8, Rung.RPC, 1)]


async def test_of_two_questions_for_one_block_the_later_one_is_cancelled() -> None:
    blocks = ScriptedBlocks("main", delay=5.0)
    async with Stage(blocks).running() as stage:
        stage.recovering.perform(Fetch(7, Rung.RPC, 1))
        await anyio.sleep(1)
        stage.recovering.perform(Fetch(7, Rung.RPC, 2))
        await anyio.sleep(1)
        stage.recovering.perform(CancelFetch(7, Rung.RPC))
        await anyio.sleep(3.5)
        assert len(stage.answers()) == 1
        stage.recovering.perform(CancelFetch(7, Rung.RPC))
        await anyio.sleep(10)
    assert stage.answers() == []


async def test_a_stop_ends_what_is_under_way() -> None:
    blocks = ScriptedBlocks("main", delay=60.0)
    async with Stage(blocks).running() as stage:
        stage.recovering.perform(Fetch(7, Rung.RPC, 1))
        await anyio.sleep(1)
    assert anyio.current_time() < 2
    assert stage.answers() == []


def test_names_rpcs_in_their_order() -> None:
    assert Stage(ScriptedBlocks("main", "old")).recovering.rpc_names == ["main", "old"]
    assert Stage(None).recovering.rpc_names == []
