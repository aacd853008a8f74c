"""What a block of an RPC claims, against what is known of its slot."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Final

from monitor.core.banks import Meta
from monitor.core.chain import Kind
from monitor.core.events import BlockFetched, Row
from monitor.core.scope import EVERY_MONITOR
from monitor.core.slots import SlotState

_COMPARED: Final = frozenset({int(Kind.TRANSACTION), int(Kind.TRANSACTION_STATUS)})


def contradiction(state: SlotState, row: Row) -> str | None:
    """Why this BlockMeta of an RPC cannot be the slot's block, or None."""
    blockhash, (parent, parent_blockhash, _, count, *_) = row[2], row[4]
    if state.confirmed is not None and state.confirmed != blockhash:
        return f"its blockhash is {blockhash}, and {state.confirmed} is confirmed"
    known: Meta | None = state.metas.get(blockhash)
    if known is None:
        return None
    if known.transactions != count:
        return f"it has {count} transactions, and a stream told {known.transactions}"
    if (known.parent_slot, known.parent_blockhash) != (parent, parent_blockhash):
        return f"its parent is {parent}, and a stream told {known.parent_slot}"
    return None


def size_of(block: BlockFetched) -> int:
    """Bytes of its frames and signatures."""
    return sum(len(row[6] or b"") for row in block.rows) + len(block.signatures)


def tellers(state: SlotState, blockhash: str) -> set[int]:
    """Endpoints whose streams told this block of the slot."""
    return {
        bank.endpoint for bank in state.banks if bank.blockhash == blockhash and not bank.by_rpc
    }


def missing_of(state: SlotState, endpoint: int, rows: Sequence[Row]) -> int:
    """How many of these transactions and statuses the endpoint's streams left out of the confirmed block.

    It owes those alone that a monitor wants which it carried.
    """
    banks = [
        bank
        for bank in state.banks
        if bank.endpoint == endpoint and bank.blockhash == state.confirmed
    ]
    carried = reduce(or_, (bank.carries for bank in banks), 0) or EVERY_MONITOR
    return sum(
        not any(bank.store.tables[row[0]].get(row[2], 0) & bank.bit for bank in banks)
        for row in rows
        if row[0] in _COMPARED and (carried == EVERY_MONITOR or row[3] & carried)
    )
