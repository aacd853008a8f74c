"""Takes a bank that its feed gave up for another one out of the store that it shared.

Its rows may bear the keys of the bank that came instead and say something else: an account written twice by the same
transaction, or a transaction with another outcome. Who brought the first copy cannot stand for the others then.
"""

from monitor.core.banks import Bank, Held
from monitor.core.chain import Kind
from monitor.core.slots import SlotState


def give_up(state: SlotState, bank: Bank) -> int:
    """Forget what the bank brought; what others brought after it, and was not kept, will have to come again.

    Answers how many bytes of frames were let go. A bank whose BlockMeta came was a block, and stays.
    """
    store = bank.store
    if store is not state.shared or bank.blockhash is not None:
        return 0
    state.remember_at_once()
    before = store.held_bytes

    def is_its(held: Held) -> bool:
        endpoint, row = held
        return endpoint == bank.endpoint and bool(store.tables[row[0]][row[2]] & bank.bit)

    its = [held for held in (*store.held, *store.accounts.values()) if is_its(held)]
    store.held = [held for held in store.held if not is_its(held)]
    for _, row in its:
        kind, key = row[0], row[2]
        store.held_bytes -= len(row[6] or b"")
        del store.tables[kind][key]
        if kind == Kind.ACCOUNT:
            del store.accounts[key]
    for kind, table in enumerate(store.tables):
        kept = {key: bits & ~bank.bit for key, bits in table.items()}
        store.tables[kind] = {key: bits for key, bits in kept.items() if bits}
    store.writes.pop(bank.bit, None)
    return before - store.held_bytes
