"""Nodes of one chain for scenarios in virtual time: they know what the regions' validators tell, and accounts settle."""

from monitor.simulator.accounts import Accounts
from monitor.simulator.model import Chain
from monitor.simulator.rpc_bodies import BlockBodies
from monitor.simulator.rpc_faults import RpcFaults
from monitor.simulator.rpc_node import RpcNode
from monitor.simulator.view import ChainView

BODIES_KEPT = 256


def nodes_of(
    chain: Chain, slot_time: float, started_at: float, count: int, *, seed: int = 1
) -> list[RpcNode]:
    """rpc1, rpc2, ...: the first slot begins at `started_at`, as for regions."""
    accounts = Accounts(ChainView(chain, slot_time, started_at))
    bodies = BlockBodies(BODIES_KEPT)
    return [
        RpcNode(
            ChainView(chain, slot_time, started_at),
            accounts,
            bodies,
            RpcFaults(f"rpc{number}", f"{seed}:rpc{number}"),
        )
        for number in range(1, count + 1)
    ]
