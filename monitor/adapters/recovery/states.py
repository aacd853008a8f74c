"""The state of accounts from RPCs, at one slot or later: told alike by two where there are two.

Two are asked about all accounts at once. What they do not tell alike the others are asked about, one after the other;
what they tell then counts as the first two's word does. Each answer holds a hundred accounts at the slot of its own
context, so the rows of one call to `read` may be of several slots, and each says its own.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Final

import anyio

from monitor.adapters.recovery.lane import ACCOUNTS
from monitor.adapters.recovery.rpc import Rpc
from monitor.core.breakers import FAILURES
from monitor.core.events import Row
from monitor.core.opinions import Opinions
from monitor.core.rungs import Verdict
from monitor.ports import AccountsFound
from monitor.wire.base58 import key_bytes
from monitor.wire.rpc_answers import Refusal

CHUNK: Final = 100
"""Accounts in a call; more are refused (BACKFILL 2)."""
TELLERS: Final = 2
_BEHIND: Final = Refusal(Verdict.NOT_YET, "behind")

Chunk = tuple[int, list[Row]]
"""The slot of the context, and a row for each account."""
Read = Callable[[Sequence[str], bytes], Awaitable[Chunk]]
"""Raises AccountsMalformed."""


class States:
    """Reads the accounts that monitors name."""

    def __init__(self, pubkeys: Sequence[str], read: Read) -> None:
        self._pubkeys = pubkeys
        self._read = read
        self._refusals: Counter[int] = Counter()
        """By RPC, how often in a row it said that it can tell no account."""

    async def found(
        self, rpcs: Sequence[tuple[int, Rpc]], there: Collection[int], min_context_slot: int
    ) -> AccountsFound | None:
        """The states, from these RPCs with their indexes, the best one first; None: none told them.

        `there`: all RPCs that may tell them, now or later. One that cannot be asked now counts among them: else a liar
        would be believed as soon as honest ones are out of reach.
        """
        able = sum(self._refusals[index] < FAILURES for index in there)
        required = max(1, min(TELLERS, able))
        reading = _Reading(Opinions(self._pubkeys, required), self._read, min_context_slot)
        left = list(rpcs)
        while left and (unsure := reading.opinions.unsure()):
            wanted = max(1, required - len(reading.tellers))
            now, left = left[:wanted], left[wanted:]
            async with anyio.create_task_group() as tasks:
                for index, rpc in now:
                    tasks.start_soon(self._ask, reading, index, rpc, unsure)
        return reading.outcome()

    async def _ask(
        self, reading: "_Reading", index: int, rpc: Rpc, accounts: Sequence[str]
    ) -> None:
        refusal = await reading.ask(index, rpc, accounts)
        is_unable = refusal is not None and refusal.verdict is Verdict.CANNOT
        self._refusals[index] = self._refusals[index] + 1 if is_unable else 0


class _Reading:
    """One call to `States.found`."""

    def __init__(self, opinions: Opinions, read: Read, min_context_slot: int) -> None:
        self.opinions = opinions
        self._read = read
        self._min_context_slot = min_context_slot
        self.tellers: dict[int, Rpc] = {}
        """Those who told something."""

    async def ask(self, index: int, rpc: Rpc, accounts: Sequence[str]) -> Refusal | None:
        """Have the RPC tell these accounts: all of them, or it has told nothing, and why."""
        rows: list[Row] = []
        for at in range(0, len(accounts), CHUNK):
            chunk = await self._asked(rpc, accounts[at : at + CHUNK])
            if isinstance(chunk, Refusal):
                return chunk
            rows += chunk
        self.tellers[index] = rpc
        self.opinions.hear(index, accounts, rows)
        return None

    def outcome(self) -> AccountsFound | None:
        """What is believed of all that was told."""
        if not self.tellers:
            return None
        dissent = self.opinions.dissent()
        for index in dissent:
            self.tellers[index].tally.errors["disagreed"] += 1
        told = self.opinions.states()
        brought = Counter(index for index, _ in told)
        source = max(self.tellers, key=brought.__getitem__)
        rows = [row for _, row in told]
        slots = [row[1] for row in rows] or [self._min_context_slot]
        unsure = tuple(map(key_bytes, self.opinions.unsure()))
        witnesses = self.opinions.required
        return AccountsFound(min(slots), rows, source, witnesses, tuple(dissent), unsure)

    async def _asked(self, rpc: Rpc, pubkeys: Sequence[str]) -> list[Row] | Refusal:
        params = [pubkeys, _options(self._min_context_slot)]

        async def read(body: bytes) -> Chunk:
            return await self._read(pubkeys, body)

        chunk = await rpc.ask(ACCOUNTS, params, read, _nothing)
        if isinstance(chunk, Refusal):
            return chunk
        slot, rows = chunk
        if slot < self._min_context_slot:
            # What stands between us and the node may drop the option, and ask one that is behind (TRAPS 11).
            rpc.tally.errors["behind"] += 1
            return _BEHIND
        return rows


def _options(min_context_slot: int) -> dict[str, Any]:
    return {
        "encoding": "base64",
        "commitment": "confirmed",
        "minContextSlot": min_context_slot,
    }


def _nothing() -> None:
    """Nobody waits for the call to go."""
