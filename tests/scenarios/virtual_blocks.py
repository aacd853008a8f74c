"""RPCs in virtual time: the port of recovery straight from nodes without sockets.

What a pool decides is kept simple here: RPCs are asked one after the other, each once, and a block counts, or the state
of an account, when as many as are wanted tell it alike. Answers are judged and read by the daemon's own code.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

import anyio
import orjson

from monitor.adapters.recovery.states import TELLERS
from monitor.core.errors import AccountsMalformed, BlockMalformed, BlockUnfinished
from monitor.core.events import Row
from monitor.core.monitors import DataSlice, Monitor
from monitor.core.opinions import Opinions
from monitor.core.rates import RateWindow
from monitor.core.rungs import Rung, Verdict
from monitor.core.statements import Statements
from monitor.ports import AccountsFound, BlockFound, NoBlock, Paced, RpcTally, unpaced
from monitor.simulator.rpc_node import RpcNode
from monitor.wire.base58 import key_bytes
from monitor.wire.rpc_accounts import AccountsReader
from monitor.wire.rpc_answers import Refusal, refusal
from monitor.wire.rpc_block import BlockReader, MappedBlock

ROUND_TRIP: Final = 0.03
"""Seconds."""
PATIENCE: Final = 5.0
"""Seconds after which an answer is not waited for any more."""
_CHUNK: Final = 100
_HOPE: Final = (
    Verdict.OURS,
    Verdict.CANNOT,
    Verdict.SKIPPED_CLAIM,
    Verdict.FAILED,
    Verdict.THROTTLED,
    Verdict.NOT_YET,
)
"""The most hopeful verdict last."""
_WANTED: Final = {
    "encoding": "base64",
    "maxSupportedTransactionVersion": 1,
    "transactionDetails": "full",
    "rewards": True,
    "commitment": "confirmed",
}
Told = dict[bytes, list[tuple[int, MappedBlock]]]
"""By digest, who told the block just now."""


class VirtualBlocks:
    """`ports.Blocks` over nodes. A node that wants a pause has it."""

    def __init__(
        self,
        nodes: Sequence[RpcNode],
        monitors: Sequence[Monitor],
        *,
        archives: frozenset[int] = frozenset(),
        requests_per_second: float | None = None,
        slices: Sequence[DataSlice] = (),
    ) -> None:
        """`archives`: which nodes are asked on the last rung. `requests_per_second`: of each; None: no limit."""
        self._nodes = nodes
        self._archives = archives
        self._reader = BlockReader(monitors)
        self._states = AccountsReader(monitors, slices)
        self._pubkeys = _pubkeys(monitors)
        self._turns = [RateWindow(requests_per_second) for _ in nodes]
        self._statements = Statements()
        self._locks = [anyio.Lock() for _ in nodes]
        self._paused_until = [0.0 for _ in nodes]
        self._tallies = [RpcTally(node.name) for node in nodes]
        self.fetched: list[tuple[float, int, Rung, int]] = []
        """(moment, slot, rung, witnesses) of every `fetch`, in order."""

    @property
    def tallies(self) -> Sequence[RpcTally]:
        return self._tallies

    async def fetch(
        self, slot: int, rung: Rung, witnesses: int, paced: Paced = unpaced
    ) -> BlockFound | NoBlock:
        self.fetched.append((anyio.current_time(), slot, rung, witnesses))
        before = self._statements.of(slot)
        order = sorted(self._order(slot, rung, witnesses), key=lambda rpc: rpc in before)
        told: Told = {}
        verdicts: list[Verdict] = []
        found: BlockFound | None = None
        for rpc in order:
            answer = await self._block(rpc, slot, paced)
            if isinstance(answer, MappedBlock):
                told.setdefault(answer.digest, []).append((rpc, answer))
            else:
                verdicts.append(answer.verdict)
            found = _agreed(before, told, min(witnesses, len(order)))
            if found is not None:
                break
        there = len(order) - verdicts.count(Verdict.CANNOT)
        found = found or _agreed(before, told, min(witnesses, there))
        if found is not None:
            self._statements.forget(slot)
            return found
        self._statements.note(slot, _digests(told))
        return self._nothing({**before, **_digests(told)}, verdicts, order)

    async def accounts(self, min_context_slot: int) -> AccountsFound | None:
        if not self._pubkeys:
            return None
        opinions = Opinions(self._pubkeys, min(TELLERS, len(self._nodes)))
        tellers = []
        for rpc in range(len(self._nodes)):
            unsure = opinions.unsure()
            rows = await self._read_states(rpc, unsure, min_context_slot) if unsure else None
            if rows is not None:
                opinions.hear(rpc, unsure, rows)
                tellers.append(rpc)
        if not tellers:
            return None
        told = opinions.states()
        rows = [row for _, row in told]
        source = told[0][0] if told else tellers[0]
        context = min((row[1] for row in rows), default=min_context_slot)
        dissent = tuple(opinions.dissent())
        unsure_keys = tuple(map(key_bytes, opinions.unsure()))
        return AccountsFound(context, rows, source, opinions.required, dissent, unsure_keys)

    async def close(self) -> None:
        pass

    def _order(self, slot: int, rung: Rung, witnesses: int) -> list[int]:
        """Those of the rung in turn; behind them the others, where several must tell."""
        own = [rpc for rpc in range(len(self._nodes)) if self._is_on(rpc, rung)]
        others = [rpc for rpc in range(len(self._nodes)) if not self._is_on(rpc, rung)]
        if not own:
            return []
        first = slot % len(own)
        return own[first:] + own[:first] + (others if witnesses > 1 else [])

    def _is_on(self, rpc: int, rung: Rung) -> bool:
        return (rpc in self._archives) == (rung is Rung.ARCHIVE)

    def _nothing(
        self, told: Mapping[int, bytes], verdicts: list[Verdict], order: list[int]
    ) -> NoBlock:
        pause = min((self._pause(rpc) for rpc in order), default=0.0)
        verdict = max(verdicts, key=_HOPE.index, default=Verdict.CANNOT)
        is_settled = verdict in (Verdict.SKIPPED_CLAIM, Verdict.CANNOT, Verdict.OURS)
        if len(set(told.values())) > 1:
            return NoBlock(Verdict.DISAGREED if is_settled else verdict, pause, tuple(told))
        return NoBlock(Verdict.NOT_YET if told and is_settled else verdict, pause)

    async def _block(self, rpc: int, slot: int, paced: Paced) -> MappedBlock | Refusal:
        answer = await self._call(rpc, "getBlock", [slot, _WANTED], paced)
        if isinstance(answer, Refusal):
            return answer
        try:
            block = self._reader.read(slot, answer, _stamp())
        except (BlockMalformed, BlockUnfinished):
            return self._count(rpc, Refusal(Verdict.FAILED, "malformed"))
        if block.parent_slot >= slot:
            return self._count(rpc, Refusal(Verdict.FAILED, "malformed"))
        return block

    async def _read_states(
        self, rpc: int, pubkeys: Sequence[str], min_context_slot: int
    ) -> list[Row] | None:
        options = {
            "encoding": "base64",
            "commitment": "confirmed",
            "minContextSlot": min_context_slot,
        }
        rows: list[Row] = []
        left = iter(pubkeys)
        while keys := list(islice(left, _CHUNK)):
            answer = await self._call(rpc, "getMultipleAccounts", [keys, options])
            if isinstance(answer, Refusal):
                return None
            try:
                _, found = self._states.read(keys, answer, _stamp())
            except AccountsMalformed:
                return None
            rows += found
        return rows

    async def _call(
        self, rpc: int, method: str, params: list[Any], paced: Paced = unpaced
    ) -> bytes | Refusal:
        """The body of a good answer."""
        if self._pause(rpc) > 0:
            return Refusal(Verdict.THROTTLED, "paused")
        paced(True)
        async with self._locks[rpc]:
            while delay := self._turns[rpc].delay(anyio.current_time()):
                self._tallies[rpc].waits += 1
                self._tallies[rpc].wait_seconds += delay
                await anyio.sleep(delay)
            now = anyio.current_time()
            # The simulated node has the call in the moment in which it is sent.
            self._turns[rpc].reached(self._turns[rpc].take(now), now)
        paced(False)
        self._tallies[rpc].calls += 1
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self._nodes[rpc].post(orjson.dumps(call), now)
        await anyio.sleep(min(ROUND_TRIP + answer.delay, PATIENCE))
        if ROUND_TRIP + answer.delay > PATIENCE:
            return self._count(rpc, Refusal(Verdict.FAILED, "timeout"))
        if answer.sent is not None:
            return self._count(rpc, Refusal(Verdict.FAILED, "unreachable"))
        refused = refusal(
            answer.status, answer.headers, answer.body, now + self._nodes[rpc].utc_offset
        )
        return answer.body if refused is None else self._count(rpc, refused)

    def _count(self, rpc: int, refused: Refusal) -> Refusal:
        self._tallies[rpc].errors[refused.word] += 1
        if refused.retry_after:
            self._paused_until[rpc] = anyio.current_time() + refused.retry_after
        return refused

    def _pause(self, rpc: int) -> float:
        return max(0.0, self._paused_until[rpc] - anyio.current_time())


def _digests(told: Told) -> dict[int, bytes]:
    return {rpc: digest for digest, group in told.items() for rpc, _ in group}


def _agreed(before: Mapping[int, bytes], told: Told, required: int) -> BlockFound | None:
    """A block that was told now, and by as many as are required, now or before."""
    everyone = {**before, **_digests(told)}
    for digest, group in told.items():
        alike = tuple(rpc for rpc in everyone if everyone[rpc] == digest)
        if len(alike) >= max(required, 1):
            dissent = tuple(rpc for rpc in everyone if rpc not in alike)
            block = group[0][1]
            return BlockFound(alike, block.rows, dissent, block.signatures)
    return None


def _stamp() -> int:
    return int(anyio.current_time() * 1e9)


def _pubkeys(monitors: Sequence[Monitor]) -> list[str]:
    """The accounts that monitors name, each once."""
    named = [monitor.accounts.account for monitor in monitors if monitor.accounts is not None]
    return list(dict.fromkeys(key for keys in named for key in keys))
