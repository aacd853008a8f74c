"""One bank of the simulated chain: transactions executed, writes and entries made, all put in arrival order."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from math import inf
from random import Random

from monitor.core.chain import Kind
from monitor.simulator.base58 import base58
from monitor.simulator.bodies import Borrowed, Placed
from monitor.simulator.chain_actors import Validator
from monitor.simulator.encoding import (
    Entry,
    TransactionEncoder,
    Write,
    encode_entry,
    encode_write,
    update,
)
from monitor.simulator.ledger import Ledger
from monitor.simulator.model import Bank, Update
from monitor.simulator.transactions import Executed, Signed, execute
from monitor.simulator.truth_generated import GeneratedTruth, Reward
from monitor.simulator.writes import chosen_writes, sysvar_writes, transaction_writes
from monitor.wire.pb import geyser_pb2, solana_storage_pb2

_SHUFFLE = 4.0
"""How many places, at most, an update comes late in its bank."""
_HASHES_A_TICK = 62_500
_DEAD_ERROR = "invalid block: InvalidLastTick"


class Fate(Enum):
    """What becomes of a bank."""

    CANONICAL = "canonical"
    FORKED = "forked"
    """Whole, and lost."""
    CUT = "cut"
    """Given up half-way for another bank of the slot."""
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Tip:
    """A block to build on."""

    slot: int
    blockhash: bytes
    height: int


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a bank is to be made of."""

    slot: int
    parent: Tip
    fate: Fate
    transactions: Sequence[Signed | Borrowed]
    """In the order of the block."""
    ledger: Ledger
    """Of the parent; it becomes the bank's own."""
    leader: Validator
    block_time: int
    sysvars: Sequence[tuple[bytes, bytes]]
    begins: float
    ends: float
    """Offsets of CREATED_BANK and BlockMeta, in slot times."""


class BankMaker:
    """Makes banks; `account_writes` and `entries` as in `ChainSettings`."""

    def __init__(self, account_writes: int, entries: int) -> None:
        self._account_writes = account_writes
        self._entries = entries
        self._encoder = TransactionEncoder()
        self._write_version = 1_000_000

    def make(self, plan: Blueprint, dice: Random) -> Bank:
        """The bank, its transactions executed on the blueprint's ledger."""
        block = [
            Placed(one, index) if isinstance(one, Borrowed) else execute(one, index, plan.ledger)
            for index, one in enumerate(plan.transactions)
        ]
        writes = self._writes(plan, [one for one in block if isinstance(one, Executed)])
        entries = self._make_entries(plan, len(block), dice)
        reward = _pay_leader(plan, block)
        blockhash = base58(entries[-1].hash)
        truth = GeneratedTruth(tuple(block), tuple(writes), tuple(entries), (reward,))
        meta = _encode_meta(plan, blockhash, truth)
        arrivals = self._in_arrival_order(plan.slot, truth, dice)
        whole = plan.fate in (Fate.CANONICAL, Fate.FORKED)
        timed = _timed(plan, arrivals, dice)
        if not whole:
            timed = timed[: max(1, int(len(timed) * dice.uniform(0.3, 0.9)))]
        died_at = timed[-1][0] + 0.01
        return Bank(
            slot=plan.slot,
            parent=plan.parent.slot,
            blockhash=blockhash,
            parent_blockhash=base58(plan.parent.blockhash),
            block_height=plan.parent.height + 1,
            block_time=plan.block_time,
            created_at=plan.begins,
            updates=tuple(timed),
            meta=meta,
            meta_at=plan.ends if whole else inf,
            completed_at=plan.ends - dice.uniform(0.005, 0.02) if whole else inf,
            dead=_DEAD_ERROR if plan.fate is Fate.DEAD else None,
            dead_at=died_at if plan.fate is Fate.DEAD else inf,
            canonical=plan.fate is Fate.CANONICAL,
            truth=truth,
        )

    def _writes(self, plan: Blueprint, block: Sequence[Executed]) -> list[Write]:
        limit = max(0, self._account_writes - len(plan.sysvars))
        chosen = chosen_writes(block, limit)
        writes = list(sysvar_writes(plan.sysvars, self._write_version))
        for executed in block:
            keys = chosen.get(executed.index, [])
            version = self._write_version + len(writes)
            writes += transaction_writes(plan.slot, executed, keys, version)
        self._write_version += len(writes)
        return writes

    def _make_entries(self, plan: Blueprint, transactions: int, dice: Random) -> list[Entry]:
        """Entries that share out the transactions; about a third are ticks, and the last one always."""
        count = self._entries
        holders = (
            [0] if count == 1 else sorted(dice.sample(range(count - 1), max(1, count * 2 // 3)))
        )
        cuts = sorted(dice.randrange(transactions + 1) for _ in range(len(holders) - 1))
        shares = [end - start for start, end in zip([0, *cuts], [*cuts, transactions], strict=True)]
        counts = dict(zip(holders, shares, strict=True))
        digest, done, entries = plan.parent.blockhash, 0, []
        for index in range(count):
            mixin = f"{plan.slot}:{index}:{dice.getrandbits(64)}".encode()
            digest = sha256(digest + mixin).digest()
            executed = counts.get(index, 0)
            hashes = dice.randrange(1, _HASHES_A_TICK) if executed else _HASHES_A_TICK
            entries.append(Entry(index, hashes, digest, executed, done))
            done += executed
        return entries

    def _encode(self, slot: int, executed: Executed | Placed) -> Update:
        if isinstance(executed, Placed):
            return update(Kind.TRANSACTION, slot, executed.message(slot))
        return self._encoder.encode(slot, executed)

    def _in_arrival_order(self, slot: int, truth: GeneratedTruth, dice: Random) -> list[Update]:
        """Each transaction near its index, its writes right before it, an entry after its transactions."""
        draw = dice.random
        by_signature: dict[bytes | None, list[Write]] = {}
        for write in truth.writes:
            by_signature.setdefault(write.txn_signature, []).append(write)
        places: list[tuple[float, int, Update]] = []
        for write in by_signature.get(None, []):
            places.append((-1.0, len(places), encode_write(slot, write)))
        for executed in truth.transactions:
            place = executed.index + draw() * _SHUFFLE
            for write in by_signature.get(executed.signature, []):
                places.append((place, len(places), encode_write(slot, write)))
            places.append((place, len(places), self._encode(slot, executed)))
        for entry in truth.entries:
            done = entry.starting_transaction_index + entry.executed_transaction_count
            place = done + entry.index / 100 + draw() * _SHUFFLE
            places.append((place, len(places), encode_entry(slot, entry)))
        places.sort()
        return [placed for _, _, placed in places]


def _timed(plan: Blueprint, arrivals: Sequence[Update], dice: Random) -> list[tuple[float, Update]]:
    start, end = plan.begins + 0.02, plan.ends - 0.04
    step = (end - start) / len(arrivals)
    draw = dice.random
    return [(start + step * (order + draw()), placed) for order, placed in enumerate(arrivals)]


def _pay_leader(plan: Blueprint, block: Sequence[Executed | Placed]) -> Reward:
    """Half of the fees go to the leader, half are burnt."""
    earned = sum(executed.fee for executed in block) // 2
    key = plan.leader.identity.key
    plan.ledger.lamports[key] += earned
    return Reward(base58(key), earned, plan.ledger.lamports[key])


def _encode_meta(plan: Blueprint, blockhash: str, truth: GeneratedTruth) -> Update:
    message = geyser_pb2.SubscribeUpdateBlockMeta(slot=plan.slot, blockhash=blockhash)
    message.rewards.SetInParent()
    for reward in truth.rewards:
        message.rewards.rewards.add(
            pubkey=reward.pubkey,
            lamports=reward.lamports,
            post_balance=reward.post_balance,
            reward_type=solana_storage_pb2.Fee,
        )
    message.block_time.timestamp = plan.block_time
    message.block_height.block_height = plan.parent.height + 1
    message.parent_slot = plan.parent.slot
    message.parent_blockhash = base58(plan.parent.blockhash)
    message.executed_transaction_count = len(truth.transactions)
    message.entries_count = len(truth.entries)
    return update(Kind.BLOCK_META, plan.slot, message)
