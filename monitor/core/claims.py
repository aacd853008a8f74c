"""What a block of an RPC claims, against what is known of its slot."""

from monitor.core.banks import Meta
from monitor.core.chain import Kind
from monitor.core.events import BlockFetched, Row
from monitor.core.slots import SlotState


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
    """Bytes of its frames."""
    return sum(len(row[6] or b"") for row in block.rows)


def transactions_of(state: SlotState) -> int:
    """How many transactions and statuses are held of the slot."""
    stores = {id(bank.store): bank.store for bank in state.banks}.values()
    kinds = (Kind.TRANSACTION, Kind.TRANSACTION_STATUS)
    return sum(len(store.tables[kind]) for store in stores for kind in kinds)
