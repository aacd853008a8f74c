"""Blocks as JSON, a mapping in this process, and pools of RPCs that ask test servers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from monitor.adapters.recovery.pool import RpcPool
from monitor.adapters.recovery.rpc import Patience, RpcEndpoint, unpacked
from monitor.core.errors import BlockMalformed
from monitor.core.monitors import AccountsFilter, BlocksMetaFilter, Monitor
from monitor.wire.base58 import key_text
from monitor.wire.rpc_accounts import AccountsReader
from monitor.wire.rpc_block import BlockReader, MappedBlock
from tests.adapters.recovery.servers import Answer, Server
from tests.patience import PATIENCE

USUAL: Final = Patience(connect=PATIENCE, whole=PATIENCE)
SLOT: Final = 1000
KEYS: Final = [
    key_text(bytes([1, *[0] * 29, number // 256, number % 256])) for number in range(150)
]
MONITORS: Final = [
    Monitor("metas", blocks_meta=BlocksMetaFilter()),
    Monitor("vault", accounts=AccountsFilter(account=tuple(KEYS))),
]


class LoopClock:
    """The clock of the loop in which it was made, for any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def now(self) -> float:
        return self._loop.time()

    def utc_ns(self, stamp_ns: int) -> int:
        return stamp_ns


class SteadyDice:
    """The same throw always."""

    def jitter(self) -> float:
        return 0.5


class MappingHere:
    """Maps in this process."""

    def __init__(self) -> None:
        self._reader = BlockReader(MONITORS)
        self.is_closed = False

    async def map(self, slot: int, body: bytes, stamp_ns: int) -> MappedBlock:
        plain = unpacked(body, 2**30)
        if plain is None:
            raise BlockMalformed("too large")
        return self._reader.read(slot, plain, stamp_ns)

    async def close(self) -> None:
        self.is_closed = True


def block(version: int = 1, **other: Any) -> dict[str, Any]:
    """A block of `SLOT` without transactions; another version is another block."""
    return {
        "blockhash": key_text(bytes([version] * 32)),
        "previousBlockhash": key_text(bytes([9] * 32)),
        "parentSlot": SLOT - 1,
        "blockHeight": 900,
        "blockTime": None,
        "transactions": [],
        "rewards": [],
        **other,
    }


def pool_of(endpoints: Sequence[RpcEndpoint], pubkeys: Sequence[str] = KEYS) -> RpcPool:
    accounts = AccountsReader(MONITORS)
    return RpcPool(endpoints, MappingHere(), pubkeys, accounts, LoopClock(), SteadyDice())


@asynccontextmanager
async def asking(*answers: Answer, **settings: Any) -> AsyncIterator[tuple[RpcPool, list[Server]]]:
    """A pool of a server for each of these, named a, b, c..."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(Server(each).serving()) for each in answers]
        settings = {"patience": USUAL, **settings}
        pool = pool_of(
            [
                RpcEndpoint("abcdefg"[index], server.url, **settings)
                for index, server in enumerate(servers)
            ]
        )
        try:
            yield pool, servers
        finally:
            await pool.close()
