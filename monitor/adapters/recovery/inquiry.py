"""One block asked of several RPCs: the first valid answer wins, or the first that as many tell alike as are wanted.

How this works: as many RPCs are asked at once as must tell the block alike. One more is asked when an answer takes longer
than the pool's usually do (a hedge, within a budget), when one brought nothing, and when two told different blocks; none
is asked twice, for that is the queue's matter; what an RPC told in an earlier inquiry still counts, and those who told
nothing yet are asked first. The others are cancelled as soon as the outcome is known. An RPC that will
never have the block does not count among those there are. One that is dead, throttles, or claims a skip does count: else
a liar would be believed as soon as honest RPCs are out of reach.
"""

import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import anyio
import anyio.abc
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from monitor.adapters.recovery.rpc import Rpc
from monitor.core.hedging import HedgeBudget, HedgeDelay
from monitor.core.rungs import Verdict
from monitor.core.statements import most_alike
from monitor.ports import BlockFound, Clock, NoBlock, Paced
from monitor.wire.rpc_answers import Refusal
from monitor.wire.rpc_block import MappedBlock

_HOPE: Final = (
    Verdict.OURS,
    Verdict.CANNOT,
    Verdict.SKIPPED_CLAIM,
    Verdict.UNASKED,
    Verdict.FAILED,
    Verdict.THROTTLED,
    Verdict.NOT_YET,
)
"""The most hopeful verdict last."""

Ask = Callable[[int, Callable[[], None]], Awaitable[MappedBlock | Refusal]]
"""Asks the RPC of this index for the block, and calls back when the call goes."""


@dataclass(frozen=True, slots=True)
class Hedging:
    """What the inquiries of one pool know of each other."""

    delay: HedgeDelay
    budget: HedgeBudget
    clock: Clock


@dataclass(frozen=True, slots=True)
class Question:
    """What an inquiry is about."""

    slot: int
    witnesses: int
    """RPCs that must tell the block alike, if there are so many."""
    before: Mapping[int, bytes]
    """Digests of the block that RPCs told in earlier inquiries, by index."""


@dataclass(frozen=True, slots=True)
class _Sent:
    index: int


@dataclass(frozen=True, slots=True)
class _Answered:
    index: int
    outcome: MappedBlock | Refusal


_Heard = _Sent | _Answered


class Inquiry:
    """One `fetch`, from the first call to the outcome."""

    def __init__(
        self,
        question: Question,
        rpcs: Sequence[tuple[int, Rpc]],
        ask: Ask,
        hedging: Hedging,
        paced: Paced,
    ) -> None:
        """`rpcs`: all that there are for this question, with their indexes, the best one first. `paced`: as `Blocks.fetch`."""
        self._before = question.before
        self._witnesses = question.witnesses
        self._rpcs = rpcs
        self._lanes = {index: rpc.lane for index, rpc in rpcs}
        self._ask = ask
        self._hedging = hedging
        self._clock = hedging.clock
        self._paced = paced
        self._is_waiting = True
        self._left: list[tuple[int, Rpc]] = []
        """Not asked yet, and may be."""
        self._verdicts: list[Verdict] = []
        """Of those that brought nothing, or are left alone for a reason."""
        self._absent = 0
        """RPCs that will never have the block."""
        self._under_way: dict[int, float | None] = {}
        """When each call was sent; None: it waits for its turn."""
        self._asked = 0
        self._told: dict[bytes, list[tuple[int, MappedBlock]]] = {}
        """By digest."""
        self._may_hedge = True
        for index, rpc in rpcs:
            pause = rpc.lane.pause()
            if not rpc.lane.keeps(question.slot):
                self._verdicts.append(Verdict.CANNOT)
                self._absent += 1
            elif pause is not None:
                self._verdicts.append(pause[1])
                self._absent += rpc.lane.is_unable()
            else:
                self._left.append((index, rpc))
        self._left.sort(key=lambda each: each[0] in question.before)

    async def run(self) -> BlockFound | NoBlock:
        """The outcome; nothing is under way any more when this returns."""
        may_tell = [index for index, _ in self._left]
        if not may_tell or most_alike(self._before, may_tell) < self._required:
            return self._nothing()
        send, receive = anyio.create_memory_object_stream[_Heard](2 * len(self._rpcs))
        try:
            with send, receive:
                async with anyio.create_task_group() as tasks:
                    self._ask_more(tasks, send)
                    outcome = await self._hear(receive, tasks, send)
                    tasks.cancel_scope.cancel()
        finally:
            for index in self._under_way:
                self._lanes[index].step_out()
        return outcome

    async def _hear(
        self,
        receive: MemoryObjectReceiveStream[_Heard],
        tasks: anyio.abc.TaskGroup,
        send: MemoryObjectSendStream[_Heard],
    ) -> BlockFound | NoBlock:
        while (outcome := self._outcome()) is None:
            heard: _Heard | None = None
            with anyio.move_on_after(self._patience()):
                heard = await receive.receive()
            if heard is None:
                self._hedge(tasks, send)
            else:
                self._take(heard)
                self._ask_more(tasks, send)
            self._tell_pace()
        return outcome

    @property
    def _required(self) -> int:
        """How many must tell the same block."""
        return max(1, min(self._witnesses, len(self._rpcs) - self._absent))

    @property
    def told(self) -> Mapping[int, bytes]:
        """Digests of what RPCs told in this inquiry, by index."""
        return {index: digest for digest, group in self._told.items() for index, _ in group}

    @property
    def _all_told(self) -> Mapping[int, bytes]:
        """With what was told before; the newest of each."""
        return {**self._before, **self.told}

    @property
    def _support(self) -> int:
        """The most RPCs that tell the same block, now or before."""
        return max(Counter(self._all_told.values()).values(), default=0)

    def _take(self, heard: _Heard) -> None:
        now, index = self._clock.now(), heard.index
        if isinstance(heard, _Sent):
            self._under_way[index] = now
            return
        sent_at = self._under_way.pop(index)
        self._lanes[index].step_out()
        if isinstance(heard.outcome, Refusal):
            self._verdicts.append(heard.outcome.verdict)
            is_of_slot = not heard.outcome.is_ours_to_cure
            if heard.outcome.verdict is Verdict.CANNOT:
                self._absent += is_of_slot or self._lanes[index].is_unable()
            return
        self._told.setdefault(heard.outcome.digest, []).append((index, heard.outcome))
        if sent_at is not None:
            self._hedging.delay.answered(now - sent_at)

    def _ask_more(self, tasks: anyio.abc.TaskGroup, send: MemoryObjectSendStream[_Heard]) -> None:
        while self._is_short and self._may_ask:
            self._hedging.budget.called()
            self._ask_next(tasks, send)

    @property
    def _is_short(self) -> bool:
        """Those who told, and those under way, are not enough; one at least must bring the block itself."""
        missing = self._required - self._support
        return max(missing, 0 if self._told else 1) > len(self._under_way)

    @property
    def _may_ask(self) -> bool:
        """One RPC more than wanted is asked, and in a dispute every one; none when the fault is ours."""
        if not self._left or Verdict.OURS in self._verdicts:
            return False
        if self._verdicts[-1:] == [Verdict.SKIPPED_CLAIM] and self._witnesses == 1:
            return self._asked == 1 and self._left[0][1].lane.is_idle
        return self._asked <= self._witnesses or len(set(self._all_told.values())) > 1

    def _ask_next(self, tasks: anyio.abc.TaskGroup, send: MemoryObjectSendStream[_Heard]) -> None:
        index, rpc = self._left.pop(0)
        self._asked += 1
        self._under_way[index] = None
        rpc.lane.line_up()
        tasks.start_soon(self._call, index, send, name=f"getBlock of {rpc.endpoint.name}")

    def _tell_pace(self) -> None:
        is_waiting = None in self._under_way.values()
        if self._under_way and is_waiting is not self._is_waiting:
            self._is_waiting = is_waiting
            self._paced(is_waiting)

    async def _call(self, index: int, send: MemoryObjectSendStream[_Heard]) -> None:
        outcome = await self._ask(index, lambda: send.send_nowait(_Sent(index)))
        send.send_nowait(_Answered(index, outcome))

    def _patience(self) -> float:
        """Seconds until an answer takes too long; infinite where no other can be asked."""
        sent = [at for at in self._under_way.values() if at is not None]
        if not (sent and self._may_hedge and self._may_ask):
            return math.inf
        return max(0.0, min(sent) + self._hedging.delay.delay() - self._clock.now())

    def _hedge(self, tasks: anyio.abc.TaskGroup, send: MemoryObjectSendStream[_Heard]) -> None:
        self._may_hedge = False
        if self._hedging.budget.take():
            self._ask_next(tasks, send)

    def _outcome(self) -> BlockFound | NoBlock | None:
        """None: wait."""
        everyone = self._all_told
        for digest, group in self._told.items():
            others = [index for index in everyone if everyone[index] != digest]
            if len(everyone) - len(others) >= self._required:
                fresh = [index for index, _ in group]
                earlier = [i for i in self._before if everyone[i] == digest and i not in fresh]
                told = group[0][1]
                return BlockFound((*fresh, *earlier), told.rows, tuple(others), told.signatures)
        return None if self._under_way else self._nothing()

    def _nothing(self) -> NoBlock:
        pause, everyone = self._pause(), self._all_told
        verdict = max(self._verdicts, key=_HOPE.index, default=Verdict.CANNOT)
        is_settled = verdict in (Verdict.SKIPPED_CLAIM, Verdict.CANNOT, Verdict.OURS)
        if len(set(everyone.values())) > 1:
            news = [index for index in self.told if self._before.get(index) != everyone[index]]
            dissent = tuple(everyone) if news else ()
            return NoBlock(Verdict.DISAGREED if is_settled else verdict, pause, dissent)
        if everyone and is_settled:
            # One tells the block, so others may yet, whatever they say now.
            verdict = Verdict.NOT_YET
        return NoBlock(verdict, pause)

    def _pause(self) -> float:
        """Seconds until as many RPCs as are required may be asked."""
        able = [rpc.lane.pause() for _, rpc in self._rpcs if not rpc.lane.is_unable()]
        seconds = sorted(0.0 if pause is None else pause[0] for pause in able)
        required = self._required
        return seconds[required - 1] if len(seconds) >= required else 0.0
