"""JSON-RPC nodes without sockets on a chain of their own, whose slots are one second long and begin at 0."""

from dataclasses import dataclass
from typing import Any

import orjson

from monitor.core.chain import Commitment
from monitor.simulator.accounts import Accounts
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.model import Bank
from monitor.simulator.rpc_bodies import BlockBodies
from monitor.simulator.rpc_faults import RpcFaults
from monitor.simulator.rpc_node import Answer, RpcNode
from monitor.simulator.view import ChainView, canonical

WANTED = {
    "encoding": "base64",
    "maxSupportedTransactionVersion": 1,
    "transactionDetails": "full",
    "rewards": True,
    "commitment": "confirmed",
}
"""How recovery asks for a block (BACKFILL 0)."""
NOW = 80.0
"""Slot first + 80 has just begun."""


@dataclass
class Made:
    """A node, and what it is made of."""

    node: RpcNode
    chain: GeneratedChain
    view: ChainView
    """As one sees it who is not behind."""

    def blocks(self) -> list[Bank]:
        """The finalized blocks of the first forty slots."""
        first = self.chain.first_slot
        banks = [canonical(self.chain.slot(first + number)) for number in range(40)]
        return [bank for bank in banks if bank is not None]

    def tip(self, level: Commitment = Commitment.CONFIRMED, now: float = NOW) -> Bank:
        bank = self.view.newest(level, now)
        assert bank is not None
        return bank

    def block(self, slot: int, now: float = NOW) -> Answer:
        return self.node.ask("getBlock", [slot, WANTED], now)

    def result(self, method: str, *params: Any, now: float = NOW) -> Any:
        return orjson.loads(self.node.ask(method, list(params), now).body)["result"]

    def code(self, method: str, *params: Any, now: float = NOW) -> int:
        code: int = orjson.loads(self.node.ask(method, list(params), now).body)["error"]["code"]
        return code


def rpc_node(settings: ChainSettings | None = None, *, name: str = "rpc1") -> Made:
    """A node that hears everything at once."""
    usual = ChainSettings(votes=3, transactions=6, account_writes=12, skipped=0.1, forked=0.1)
    chain = GeneratedChain(5, settings or usual)
    accounts = Accounts(ChainView(chain, 1.0, 0.0))
    faults = RpcFaults(name, f"5:{name}")
    node = RpcNode(ChainView(chain, 1.0, 0.0), accounts, BlockBodies(64), faults)
    return Made(node, chain, ChainView(chain, 1.0, 0.0))
