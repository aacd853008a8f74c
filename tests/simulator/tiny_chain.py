"""A chain of a few slots written by hand, for tests that must know every update. Its slot time is best taken as 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import inf

from monitor.core.chain import Kind
from monitor.simulator.base58 import base58
from monitor.simulator.encoding import update
from monitor.simulator.model import Bank, Slot, Update
from monitor.wire.pb import geyser_pb2


def digest(*parts: object) -> bytes:
    return sha256(repr(parts).encode()).digest()


@dataclass
class TinyChain:
    """Slots by number; what is not given is skipped."""

    slots: dict[int, Slot]
    first_slot: int
    end_slot: int | None

    def slot(self, number: int) -> Slot:
        if not self.first_slot <= number < (self.end_slot or inf):
            raise KeyError(number)
        return self.slots.get(number, Slot(number, (), None, inf, inf))


def tiny_transaction(slot: int, index: int, bank: str = "a") -> Update:
    message = geyser_pb2.SubscribeUpdateTransaction(slot=slot)
    message.transaction.signature = digest(slot, bank, index) + digest("second half")
    message.transaction.transaction.signatures.append(message.transaction.signature)
    message.transaction.transaction.message.account_keys.append(bytes([index]) * 32)
    message.transaction.meta.fee = 5000
    message.transaction.index = index
    return update(Kind.TRANSACTION, slot, message)


def tiny_write(slot: int, key: int, version: int, owner: bytes = bytes(32)) -> Update:
    message = geyser_pb2.SubscribeUpdateAccount(slot=slot)
    message.account.pubkey = bytes([key]) * 32
    message.account.owner = owner
    message.account.write_version = version
    return update(Kind.ACCOUNT, slot, message)


def tiny_entry(slot: int, index: int) -> Update:
    message = geyser_pb2.SubscribeUpdateEntry(slot=slot, index=index, hash=digest(slot, index))
    return update(Kind.ENTRY, slot, message)


def tiny_bank(
    slot: int,
    parent: int,
    *,
    name: str = "a",
    transactions: int = 2,
    writes: Sequence[tuple[int, int]] = (),
    entries: int = 1,
    begins: float = 0.1,
    ends: float = 0.9,
    dead: str | None = None,
    canonical: bool = True,
) -> Bank:
    """Writes (key, write_version), then transactions, then entries, evenly over the bank's time."""
    events = [tiny_write(slot, key, version) for key, version in writes]
    events += [tiny_transaction(slot, index, name) for index in range(transactions)]
    events += [tiny_entry(slot, index) for index in range(entries)]
    step = (ends - begins) / (len(events) + 1)
    meta = geyser_pb2.SubscribeUpdateBlockMeta(
        slot=slot,
        blockhash=base58(digest(slot, name)),
        parent_slot=parent,
        parent_blockhash=base58(digest(parent, "a")),
        executed_transaction_count=transactions,
        entries_count=entries,
    )
    meta.rewards.SetInParent()
    meta.block_height.block_height = slot - 50
    return Bank(
        slot=slot,
        parent=parent,
        blockhash=meta.blockhash,
        parent_blockhash=meta.parent_blockhash,
        block_height=slot - 50,
        block_time=None,
        created_at=begins,
        updates=tuple((begins + step * (place + 1), event) for place, event in enumerate(events)),
        meta=update(Kind.BLOCK_META, slot, meta),
        meta_at=ends if dead is None else inf,
        completed_at=ends - 0.05 if dead is None else inf,
        dead=dead,
        dead_at=ends if dead is not None else inf,
        canonical=canonical and dead is None,
        truth=None,
    )


def tiny_slot(
    *banks: Bank, confirmed_at: float = 2.0, finalized_at: float = 4.0, shred: float | None = 0.05
) -> Slot:
    """Confirmed and finalized when its last bank is canonical; offsets are from the start of the slot."""
    settles = banks[-1].canonical
    return Slot(
        number=banks[0].slot,
        banks=banks,
        first_shred_at=shred,
        confirmed_at=confirmed_at if settles else inf,
        finalized_at=finalized_at if settles else inf,
    )


def tiny_chain(*slots: Slot, first: int = 100, end: int | None = None) -> TinyChain:
    made = {slot.number: slot for slot in slots}
    last = max(made, default=first - 1) + 1
    return TinyChain(made, first, last if end is None else end)


def plain_chain(count: int, *, first: int = 100, transactions: int = 2) -> TinyChain:
    """So many blocks in a row, each the child of the one before."""
    return tiny_chain(
        *(
            tiny_slot(tiny_bank(number, number - 1, transactions=transactions))
            for number in range(first, first + count)
        ),
        first=first,
    )
