"""Recovery from an RPC that may be asked once a second, in virtual time: who waits for its turn has not failed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import anyio

from monitor.adapters.recovery.lane import Lane
from monitor.core.commands import CancelFetch, Fetch, Recall
from monitor.core.origins import Origins
from monitor.core.rates import FIRST_CALLS
from monitor.core.repair import LEASE_SECONDS
from monitor.core.rungs import Rung
from monitor.ports import AccountsFound, BlockFound, NoBlock, Paced, RpcTally, unpaced
from monitor.runtime.inbox import Inbox
from monitor.runtime.recovery import Recovering, Sources
from monitor.wire.rpc_answers import Refusal
from tests.core.play import ALL, confirmed, finalized, meta, tx
from tests.core.test_repair import RPC, Recovery
from tests.runtime.fakes import EvenDice, Journal

FIRST = 6
SLOTS = 200
LATENCY = 0.2


class LoopClock:
    """The clock of the virtual event loop."""

    def now(self) -> float:
        return anyio.current_time()

    def utc_ns(self, stamp_ns: int) -> int:
        return stamp_ns


class SlowRpc:
    """`ports.Blocks` with one RPC behind the daemon's own lane."""

    def __init__(self, rate: float) -> None:
        self.tallies = [RpcTally("main")]
        self.lane = Lane(rate, self.tallies[0], LoopClock(), EvenDice())
        self.sent: list[tuple[float, int]] = []
        """(moment, slot) of every call."""
        self.mute_calls = 0
        """The first ones, which are never answered."""

    async def fetch(
        self, slot: int, rung: Rung, witnesses: int, paced: Paced = unpaced
    ) -> BlockFound | NoBlock:
        async with self.lane.place():
            ticket = await self.lane.turn()
            assert not isinstance(ticket, Refusal)
            paced(False)
            self.sent.append((anyio.current_time(), slot))
            await anyio.sleep(LATENCY if len(self.sent) > self.mute_calls else 1e6)
            self.lane.reached(ticket)
        return BlockFound((0,), [tx(slot, 0, f"y{slot}"), meta(slot, transactions=1)])

    async def accounts(self, min_context_slot: int) -> AccountsFound | None:
        return None

    async def close(self) -> None:
        pass


async def nothing(slots: Sequence[int]) -> Mapping[int, bytes]:
    return {}


class Stage:
    """A kernel that lacks `SLOTS` slots, and the way from it to the RPC and back."""

    def __init__(self, rate: float, leases: int) -> None:
        self.play = Recovery(ALL, feeds=2, recovery=replace(RPC, workers={Rung.RPC: leases}))
        self.rpc = SlowRpc(rate)
        self._posted = anyio.Event()
        self.inbox = Inbox(self._wake)
        sources = Sources(self.rpc, nothing)
        origins = Origins(endpoints=2, rpcs=1)
        self.recovering = Recovering(sources, self.inbox, origins, EvenDice(), Journal())

    def begin(self) -> None:
        self.play.at(anyio.current_time())
        self.play.block(1, FIRST - 1, tx(FIRST - 1, 0)).says(
            1, confirmed(FIRST - 1), finalized(FIRST - 1)
        )
        top = FIRST + SLOTS
        self.play.block(1, top, tx(top, 0, "x0")).says(1, confirmed(top))

    async def runs(self, seconds: float) -> None:
        """Everything that is asked is performed, for so long."""
        until = anyio.current_time() + seconds
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.recovering.run)
            while anyio.current_time() < until:
                self._take()
                due = self.play.kernel.next_deadline()
                wake = until if due is None else min(until, due)
                with anyio.move_on_after(max(0.0, wake - anyio.current_time())):
                    await self._posted.wait()
                self._posted = anyio.Event()
            tasks.cancel_scope.cancel()

    def _take(self) -> None:
        play = self.play
        play.now = anyio.current_time()
        play.says(1).says(2)  # so that the feeds are not silent
        while (event := self.inbox.take()) is not None:
            play.hears(event)
        play._do(play.kernel.tick(play.now))
        for command in [*play.asked(CancelFetch), *play.asked(Recall), *play.asked(Fetch)]:
            self.recovering.perform(command)

    def _wake(self) -> None:
        self._posted.set()


async def test_two_hundred_slots_at_a_call_a_second_are_asked_for_once_each_and_none_is_lost() -> (
    None
):
    stage = Stage(rate=1.0, leases=SLOTS)
    stage.begin()
    await stage.runs(SLOTS * 1.3 + 10)
    asked = Counter(slot for _, slot in stage.rpc.sent)
    assert max(asked.values()) == 1
    assert sorted(asked) == list(range(FIRST, FIRST + SLOTS))
    assert len(stage.play.kernel.repair.queue) == 0
    assert stage.play.kernel.standing().lost == 0
    moments = [at for at, _ in stage.rpc.sent]
    assert min(b - a for a, b in pairwise(moments)) >= 1.0
    assert len(stage.play.take()) == SLOTS + 2


async def test_calls_that_are_never_answered_are_ended_and_asked_again() -> None:
    stage = Stage(rate=100.0, leases=FIRST_CALLS)
    stage.rpc.mute_calls = FIRST_CALLS
    stage.begin()
    await stage.runs(LEASE_SECONDS[Rung.RPC] + 60)
    assert stage.rpc.lane.in_use == 0
    assert len(stage.rpc.sent) == SLOTS + FIRST_CALLS
    assert len(stage.play.kernel.repair.queue) == 0
    assert stage.play.kernel.standing().lost == 0
