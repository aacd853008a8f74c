"""All RPCs together, as recovery asks them: which of them, how many, and what counts as a block."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

import anyio.to_thread

from monitor.adapters.recovery.allowance import MOST_BYTES, Allowance
from monitor.adapters.recovery.inquiry import Hedging, Inquiry, Question
from monitor.adapters.recovery.lane import ACCOUNTS, BLOCK
from monitor.adapters.recovery.rpc import LARGEST_PLAIN, Rpc, RpcEndpoint, tls_for, unpacked
from monitor.adapters.recovery.states import Chunk, States
from monitor.core.errors import AccountsMalformed, BlockMalformed
from monitor.core.hedging import HedgeBudget, HedgeDelay
from monitor.core.rungs import Rung
from monitor.core.statements import Statements
from monitor.ports import (
    AccountsFound,
    BlockFound,
    Clock,
    Dice,
    NoBlock,
    Paced,
    RpcTally,
    unpaced,
)
from monitor.wire.rpc_accounts import AccountsReader
from monitor.wire.rpc_answers import Refusal
from monitor.wire.rpc_block import MappedBlock

_BLOCK: Final[dict[str, Any]] = {
    "encoding": "base64",
    # One transaction of a version above makes the whole call fail.
    "maxSupportedTransactionVersion": 1,
    "transactionDetails": "full",
    "rewards": True,
    "commitment": "confirmed",
}


class Mapping(Protocol):
    """Makes rows of getBlock answers, off the event loop."""

    async def map(self, slot: int, body: bytes, stamp_ns: int) -> MappedBlock:
        """The block in an answer as it came, gzipped or not. Raises BlockMalformed, BlockUnfinished."""

    async def close(self) -> None:
        """End its workers; nothing may be under way."""


class RpcPool:
    """`ports.Blocks` over JSON-RPC. Belongs to one event loop."""

    def __init__(
        self,
        endpoints: Sequence[RpcEndpoint],
        mapping: Mapping,
        pubkeys: Sequence[str],
        accounts: AccountsReader,
        clock: Clock,
        dice: Dice,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """`pubkeys`: the accounts that monitors name, each once. `most_bytes`: of answers at once."""
        allowance, tls = Allowance(most_bytes), tls_for(endpoints)
        self._rpcs = [Rpc(endpoint, allowance, tls, clock, dice) for endpoint in endpoints]
        self._mapping = mapping
        self._accounts = accounts
        self._states = States(pubkeys, self._read_accounts)
        self._clock = clock
        self._statements = Statements()
        self._hedging = {rung: Hedging(HedgeDelay(), HedgeBudget(), clock) for rung in Rung}

    @property
    def tallies(self) -> Sequence[RpcTally]:
        """By RPC, in the order of the configuration."""
        return [rpc.tally for rpc in self._rpcs]

    async def fetch(
        self, slot: int, rung: Rung, witnesses: int, paced: Paced = unpaced
    ) -> BlockFound | NoBlock:
        """The block of this slot at confirmed or above, told alike by `witnesses` RPCs if there are so many.

        Those of the rung are asked first. Where several must tell, or tell different blocks, the others may be asked too.
        """
        ranked = sorted(
            enumerate(self._rpcs),
            key=lambda each: (_is_off(each[1], rung), each[1].lane.expected()),
        )
        own = [each for each in ranked if not _is_off(each[1], rung)]
        rpcs = ranked if own and witnesses > 1 else own

        async def ask(index: int, sent: Callable[[], None]) -> MappedBlock | Refusal:
            read = self._reading(slot)
            return await self._rpcs[index].ask(BLOCK, [slot, _BLOCK], read, sent)

        question = Question(slot, witnesses, self._statements.of(slot))
        inquiry = Inquiry(question, rpcs, ask, self._hedging[rung], paced)
        found: BlockFound | NoBlock | None = None
        try:
            found = await inquiry.run()
        finally:  # what was told before somebody cancelled counts too
            if isinstance(found, BlockFound):
                self._statements.forget(slot)
            else:
                self._statements.note(slot, inquiry.told)
        return found

    async def accounts(self, min_context_slot: int) -> AccountsFound | None:
        """The accounts that monitors name, at this slot or later, each told alike by two RPCs where there are two.

        `context_slot` is the lowest of the rows; None too when monitors name no account.
        """
        there = [each for each in enumerate(self._rpcs) if not each[1].lane.is_unable(ACCOUNTS)]
        usable = [each for each in there if each[1].lane.pause(ACCOUNTS) is None]
        usable.sort(key=lambda each: (each[1].endpoint.archive, each[1].lane.expected()))
        return await self._states.found(usable, dict(there), min_context_slot)

    async def close(self) -> None:
        """End calls and workers; nothing may be under way."""
        for rpc in self._rpcs:
            await rpc.close()
        await self._mapping.close()

    def _reading(self, slot: int) -> Callable[[bytes], Awaitable[MappedBlock]]:
        async def read(body: bytes) -> MappedBlock:
            return _checked(slot, await self._mapping.map(slot, body, self._stamp()))

        return read

    async def _read_accounts(self, pubkeys: Sequence[str], body: bytes) -> Chunk:
        """In a thread: an account may have ten megabytes."""
        return await anyio.to_thread.run_sync(self._states_of, pubkeys, body, self._stamp())

    def _states_of(self, pubkeys: Sequence[str], body: bytes, stamp_ns: int) -> Chunk:
        plain = unpacked(body, LARGEST_PLAIN)
        if plain is None:
            raise AccountsMalformed(f"the states of {len(pubkeys)} accounts are too large to read")
        return self._accounts.read(pubkeys, plain, stamp_ns)

    def _stamp(self) -> int:
        return int(self._clock.now() * 1e9)


def _is_off(rpc: Rpc, rung: Rung) -> bool:
    return rpc.endpoint.archive is not (rung is Rung.ARCHIVE)


def _checked(slot: int, block: MappedBlock) -> MappedBlock:
    """Refuses a parent that cannot be; that hashes are hashes was seen in the mapping. Raises BlockMalformed."""
    if block.parent_slot >= slot:
        raise BlockMalformed(f"slot {slot}: the block's parent is slot {block.parent_slot}")
    return block
