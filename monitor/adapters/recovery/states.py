"""The state of accounts from RPCs, at one slot or later: from two where there are two, and the later state wins.

One that is ahead of the other by more than nodes ever differ is not believed: any of them is late enough. Each answer
holds a hundred accounts at the slot of its own context, so the rows of one call to `read` may be of several slots, and
each says its own.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import anyio

from monitor.adapters.recovery.rpc import Rpc
from monitor.core.events import Row
from monitor.core.pace import AHEAD
from monitor.ports import AccountsFound
from monitor.wire.rpc_answers import Refusal

CHUNK: Final = 100
"""Accounts in a call; more are refused (BACKFILL 2)."""
TELLERS: Final = 2

Chunk = tuple[int, list[Row]]
"""The slot of the context, and a row for each account."""
Read = Callable[[Sequence[str], bytes], Awaitable[Chunk]]
"""Raises AccountsMalformed."""


@dataclass(frozen=True, slots=True)
class _States:
    """What one RPC told."""

    index: int
    rpc: Rpc
    chunks: list[Chunk]


class States:
    """Reads the accounts that monitors name."""

    def __init__(self, pubkeys: Sequence[str], read: Read) -> None:
        self._chunks = [pubkeys[at : at + CHUNK] for at in range(0, len(pubkeys), CHUNK)]
        self._read = read

    async def found(
        self, rpcs: Sequence[tuple[int, Rpc]], min_context_slot: int
    ) -> AccountsFound | None:
        """The states, from these RPCs with their indexes, the best one first; None: none told them."""
        told: list[_States] = []
        left = list(rpcs)
        while self._chunks and left and len(told) < TELLERS:
            wanted = TELLERS - len(told)
            now, left = left[:wanted], left[wanted:]
            async with anyio.create_task_group() as tasks:
                for index, rpc in now:
                    tasks.start_soon(self._ask, index, rpc, min_context_slot, told)
        return _later(told) if told else None

    async def _ask(self, index: int, rpc: Rpc, min_context_slot: int, told: list[_States]) -> None:
        chunks: list[Chunk] = []
        for pubkeys in self._chunks:
            params = [pubkeys, _options(min_context_slot)]
            read = _reading(self._read, pubkeys)
            chunk = await rpc.ask("getMultipleAccounts", params, read, _nothing)
            if isinstance(chunk, Refusal):
                return
            if chunk[0] < min_context_slot:
                # What stands between us and the node may drop the option, and ask one that is behind (TRAPS 11).
                rpc.tally.errors["behind"] += 1
                return
            chunks.append(chunk)
        told.append(_States(index, rpc, chunks))


def _later(told: Sequence[_States]) -> AccountsFound:
    """Of each chunk what was told at the later slot; a difference at the same slot is counted at both RPCs.

    A slot that is too far ahead is counted at its RPC.
    """
    rows: list[Row] = []
    slots: list[int] = []
    brought = [0] * len(told)
    for place in range(len(told[0].chunks)):
        answers = [states.chunks[place] for states in told]
        last = min(at for at, _ in answers) + AHEAD
        for states, (at, _) in zip(told, answers, strict=True):
            states.rpc.tally.errors.update(["ahead"] * (at > last))
        best = max(range(len(told)), key=lambda each: (answers[each][0] <= last, answers[each][0]))
        slot, found = answers[best]
        if any(slot == at and _keys(found) != _keys(others) for at, others in answers):
            for states in told:
                states.rpc.tally.errors["disagreed"] += 1
        rows += found
        slots.append(slot)
        brought[best] += 1
    source = max(range(len(told)), key=brought.__getitem__)
    return AccountsFound(min(slots), rows, told[source].index)


def _keys(rows: Sequence[Row]) -> list[Any]:
    """A state's key is made of its content."""
    return [row[2] for row in rows]


def _options(min_context_slot: int) -> dict[str, Any]:
    return {
        "encoding": "base64",
        "commitment": "confirmed",
        "minContextSlot": min_context_slot,
    }


def _reading(read: Read, pubkeys: Sequence[str]) -> Callable[[bytes], Awaitable[Chunk]]:
    async def reading(body: bytes) -> Chunk:
        return await read(pubkeys, body)

    return reading


def _nothing() -> None:
    """Nobody waits for the call to go."""
