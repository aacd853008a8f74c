"""What we hold of a block, and whether it is all of it (DESIGN 5, Completeness).

How this works. Rows of a block are those of the banks that its BlockMeta tied to it, and, where nothing speaks
against it, those of feeds that broke before their BlockMeta. Counts prove a kind of which everything is asked
for, whoever brought the pieces: that is how feeds none of which is whole make a whole together. A filtered kind
is proven by a cover that holds the entire union; a cover that lacks an identity is broken, and two broken covers
never make a whole. Which cover proves which kind does not matter.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from monitor.core.banks import Meta, Store
from monitor.core.chain import Kind
from monitor.core.keys import account_of, are_signed, identity, is_signed
from monitor.core.needs import Needs
from monitor.core.scope import EVERY_MONITOR
from monitor.core.shares import (
    CARRIERS,
    Told,
    are_carried,
    carriers,
    owing,
    parted,
    tellers,
    told_of,
    whole_among,
)
from monitor.core.slots import SlotState

BY_REPLAY: Final = "held whole by a replay, which leaves out all but the last write of an account"
BY_RPC: Final = "told whole by RPCs"
_REPLAYED_ALIKE: Final = 2
"""Endpoints whose replays together tell what a block holds; one alone may have dropped something."""
_TAIL: Final = 8
"""Bytes of the index at the end of a key."""
_SIGNATURE: Final = 64
"""Bytes of the signature that a transaction's key begins with, and an account's ends with."""

Parts = list[tuple[Store, int]]
"""Stores, and the bits in them whose rows are the block's."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is held of a block."""

    parts: Parts
    whole: bool
    """All that was asked for is held."""
    proof: str
    """Why it counts as whole, or what is missing, in words."""
    covers: int
    """Bits of the covers that hold the entire union of every filtered kind."""
    has_covers_to_come: bool = False
    """More whole covers are wanted before release than there are."""
    by_replay: bool = False
    """Nobody told some filtered kind whole as it happened."""
    is_overfull: bool = False
    """There are more transactions than the block has: some are of another bank."""

    @property
    def is_settled(self) -> bool:
        """Nothing but more rows can change the verdict."""
        return self.whole and not self.has_covers_to_come

    def counts(self, bit: int) -> bool:
        """Whether this bank's rows are among those that were judged; one that began later is not."""
        return any(bits & bit for _, bits in self.parts)


class _Asked(NamedTuple):
    """As of `judge`."""

    needs: Needs
    covers: int
    wanted: int


def judge(state: SlotState, blockhash: str, needs: Needs, *, covers: int, wanted: int) -> Evidence:
    """What is held of this block of the slot.

    `covers`: bits of the banks that cover it now; `wanted`: whole covers to be waited for.
    """
    if not state.contested and state.holds_another(blockhash):
        state.contest()
    tied, untied = state.bits_of(blockhash)
    own = state.own_parts(blockhash)
    asked = _Asked(needs, covers, wanted)
    first = _judge(state, blockhash, [(state.shared, tied), *own], asked)
    if not untied:
        return first
    joined = _judge(state, blockhash, [(state.shared, tied | untied), *own], asked)
    completes = joined.whole and not first.whole
    lacking = [
        kind
        for kind in needs.covered
        if not _proves(state, whole_covers(state, joined.parts, kind, covers), kind, needs)
    ]
    is_apart = (
        first.whole
        and bool(lacking)
        and _are_told_apart(state, first.parts, lacking, needs, covers)
    )
    if not state.contested:
        is_overfull = first.whole and joined.is_overfull
        if is_overfull or is_apart or (completes and _repeats(joined.parts, needs)):
            state.contest()  # some feed had another bank: two transactions at one index, or more than the chain's
            return first
        return joined
    if needs.counted and completes and not _repeats(joined.parts, needs):
        return joined
    if state.is_doubted and first.whole and lacking and not is_apart:
        return replace(first, whole=False, proof="a feed that broke held more than whole feeds do")
    return first


def is_doubtful(state: SlotState, found: Evidence) -> bool:
    """Whether rows of feeds that told no BlockMeta stand in a block that is not whole: they may be of another bank."""
    tied, untied = state.bits_of(state.confirmed or "")
    if found.whole or state.contested or not untied:
        return False
    tables = state.shared.tables
    return any(
        seen & untied and not seen & tied for table in tables for seen in set(table.values())
    )


def is_covered(state: SlotState, needs: Needs) -> bool:
    """Whether the slot is told from its beginning to its end for all who want anything of it, whichever block it holds."""
    covers = sum(bank.bit for bank in state.banks if bank.covers)
    return are_carried(state.banks, covers, needs.all_asking(needs.kinds))


def ordering_covers(state: SlotState, parts: Parts, needs: Needs) -> int:
    """Covers of the confirmed block that may tell which write to an account is the last: whole ones before others."""
    covers = state.cover_bits(state.confirmed or "")
    covers = carriers(state.banks, covers, needs.asking[Kind.ACCOUNT])
    whole = whole_covers(state, parts, Kind.ACCOUNT, covers)
    return whole & ~state.replay_bits() or whole or covers


def holding(parts: Parts, kind: int) -> Mapping[Any, int]:
    """By key, the bits of all banks that hold the row; of rows of the block alone."""
    if len(parts) == 1:
        store, bits = parts[0]
        table = store.tables[kind]
        if all(seen & bits for seen in set(table.values())):
            return table
    found: dict[Any, int] = {}
    for store, bits in parts:
        for key, seen in store.tables[kind].items():
            if seen & bits:
                found[key] = found.get(key, 0) | seen & bits
    return found


def compared(parts: Parts, kind: int) -> Mapping[Any, int]:
    """By key of the rows of the block that every whole feed has, the bits of the banks that hold the row.

    An unsigned account write is left out: nodes need not agree on it (DESIGN 5, Identity).
    """
    held = holding(parts, kind)
    if kind != Kind.ACCOUNT or are_signed(held):
        return held
    return {key: seen for key, seen in held.items() if is_signed(key)}


def held_by_all(rows: Iterable[int], banks: int) -> int:
    """Those of the banks that hold every one of these rows, each given as the bits of its holders."""
    for seen in set(rows):
        banks &= seen
    return banks


def whole_covers(state: SlotState, parts: Parts, kind: int, covers: int) -> int:
    """Those of the covers that hold the entire union of a filtered kind, or all that they owe of it."""
    if kind in (Kind.ACCOUNT, Kind.ENTRY):
        covers &= ~state.rpc_bits()
    replays = state.replay_bits() & covers if kind == Kind.ACCOUNT else 0
    rows, divided = compared(parts, kind), parted(state.banks, covers)
    told = told_of([store for store, _ in parts], kind, rows) if divided else []
    owing_replays = owing(divided, told) & replays
    covers &= ~sum(bank.bit for bank in divided) | owing_replays
    replays &= covers
    whole = held_by_all(rows.values(), covers & ~replays) | whole_among(divided, told)
    return whole | _whole_replays(parts, replays) if replays else whole


def _are_told_apart(
    state: SlotState, parts: Parts, kinds: list[int], needs: Needs, covers: int
) -> bool:
    """Whether RPCs hold all that whole feeds do, or two endpoints replayed it: more, on a feed that broke, is another bank's.

    Else it may as well be what every whole feed has dropped. Account states that were read stand for all writes.
    """
    rpcs, replays = covers & state.rpc_bits(), covers & state.replay_bits()
    for kind in kinds:
        if kind == Kind.ACCOUNT and state.reconciled_at is not None:
            continue
        whole = whole_covers(state, parts, kind, replays) if replays else 0
        alike = tellers(state.banks, whole, needs.asking[kind])
        if alike < _REPLAYED_ALIKE and not whole_covers(state, parts, kind, rpcs):
            return False
    return True


def _whole_replays(parts: Parts, replays: int) -> int:
    """Those of the replays that hold a write to every account, and the last one.

    A replay brings of each account the last write and no other (PROTOCOL 2.8), so more cannot be asked of it. Which
    of two is later is told by the indexes of their transactions; where these are not held, replays that differ prove
    nothing.
    """
    accounts: dict[bytes, dict[bytes, int]] = {}
    for key, seen in holding(parts, Kind.ACCOUNT).items():
        if is_signed(key):
            accounts.setdefault(account_of(key), {})[key] = seen
    whole = replays
    indexes: dict[bytes, int] | None = None
    for writes in accounts.values():
        last: Mapping[bytes, int] = writes
        if len(writes) > 1:
            indexes = _indexes_by_signature(parts) if indexes is None else indexes
            last = _latest(writes, indexes, replays)
        whole &= next(iter(last.values())) if len(last) == 1 else 0
    return whole


def _latest(
    writes: Mapping[bytes, int], indexes: Mapping[bytes, int], replays: int
) -> Mapping[bytes, int]:
    """The last of these writes to one account; several where that cannot be told."""
    places = {key: indexes.get(key[-_SIGNATURE:], -1) for key in writes}
    if min(places.values()) >= 0:
        last = max(places, key=places.__getitem__)
        return {last: writes[last]}
    return {key: seen for key, seen in writes.items() if seen & replays}


def _indexes_by_signature(parts: Parts) -> dict[bytes, int]:
    return {
        key[:_SIGNATURE]: int.from_bytes(key[_SIGNATURE:], "little")
        for kind in (Kind.TRANSACTION, Kind.TRANSACTION_STATUS)
        for key in holding(parts, kind)
    }


def _repeats(parts: Parts, needs: Needs) -> bool:
    """Whether a transaction stands at two indexes: a block has it once, so some feed had another bank."""
    tables = [(kind, holding(parts, kind)) for kind in needs.counted]
    return any(len({identity(kind, key) for key in held}) < len(held) for kind, held in tables)


def _proves(state: SlotState, whole: int, kind: int, needs: Needs) -> bool:
    """Whether covers that are whole in this kind carry all who ask for it."""
    return are_carried(state.banks, whole, needs.asking[kind])


def tally_by_bank(parts: Parts, kinds: tuple[int, ...]) -> Counter[Told]:
    """How many identities each set of banks holds, by the monitors that want them."""
    counts: Counter[Told] = Counter()
    stores = [store for store, _ in parts]
    for kind in kinds:
        rows = compared(parts, kind)
        if any(store.masks is not None for store in stores):
            counts.update(told_of(stores, kind, rows))
            continue
        distinct = set(rows.values())
        if len(distinct) == 1:  # nearly always: counting one by one costs three times as much
            counts[EVERY_MONITOR, distinct.pop()] += len(rows)
        else:
            counts.update((EVERY_MONITOR, seen) for seen in rows.values())
    return counts


def _judge(state: SlotState, blockhash: str, parts: Parts, asked: _Asked) -> Evidence:
    needs, covers, wanted = asked
    meta = state.metas.get(blockhash)
    if meta is None:
        return Evidence(parts, False, "its BlockMeta is missing", 0)
    lacks = _lacks(parts, meta, needs)
    if lacks is not None:
        is_overfull = any(len(holding(parts, kind)) > meta.transactions for kind in needs.counted)
        return Evidence(parts, False, lacks, 0, is_overfull=is_overfull)
    covered = needs.covered
    if needs.entries and not meta.digest:
        covered += (int(Kind.ENTRY),)
    whole, replays, rpcs = covers, state.replay_bits(), state.rpc_bits()
    words: dict[str, None] = {}
    reconciled = ""
    for kind in covered:
        in_kind = whole_covers(state, parts, kind, covers)
        is_proven = _proves(state, in_kind, kind, needs)
        if not is_proven and kind == Kind.ACCOUNT and state.reconciled_at is not None:
            reconciled = f"; {state.reconciled}"
            continue
        if not is_proven:
            return Evidence(parts, False, "no feed held it whole", 0)
        whole &= in_kind
        if not _proves(state, in_kind & ~(replays | rpcs), kind, needs):
            words[BY_REPLAY if in_kind & replays else BY_RPC] = None
    if parted(state.banks, -1):
        wanted = min(wanted, CARRIERS)
    to_come = bool(covered) and tellers(state.banks, whole, needs.all_asking(covered)) < wanted
    proof = _proof(meta, needs, covered, list(words)) + reconciled
    return Evidence(parts, True, proof, whole, to_come, by_replay=BY_REPLAY in words)


def _lacks(parts: Parts, meta: Meta, needs: Needs) -> str | None:
    """What the counts say is missing; None when they are satisfied."""
    for kind in needs.counted:
        held = holding(parts, kind)
        if not _are_counted(held, meta.transactions):
            return f"{len(held)} of {meta.transactions} transactions held"
    if needs.entries and meta.digest and not _are_chained(holding(parts, Kind.ENTRY), meta):
        return "entries do not lead to the blockhash"
    if needs.blocks:
        blocks = sum(key[0] == meta.blockhash for key in holding(parts, Kind.BLOCK))
        if blocks < needs.blocks:
            return f"{blocks} of {needs.blocks} blocks held"
    return None


def _proof(meta: Meta, needs: Needs, covered: tuple[int, ...], otherwise: list[str]) -> str:
    proofs = []
    if needs.counted:
        proofs.append(f"{meta.transactions} transactions counted")
    if needs.entries and meta.digest:
        proofs.append("entries lead to the blockhash")
    if needs.blocks:
        proofs.append("block held")
    if covered:
        proofs += otherwise or ["held whole by a feed"]
    return "; ".join(proofs) or "BlockMeta held"


def _are_counted(held: Mapping[bytes, int], count: int) -> bool:
    if len(held) != count:
        return False
    return count == 0 or {key[-_TAIL:] for key in held} == _indexes(count)


def _are_chained(held: Mapping[bytes, int], meta: Meta) -> bool:
    count = len(held)
    if not count or {key[-_TAIL:] for key in held} != _indexes(count):
        return False
    return meta.digest + (count - 1).to_bytes(_TAIL, "little") in held


@lru_cache(maxsize=16)
def _indexes(count: int) -> frozenset[bytes]:
    """0..count-1 as the ends of keys."""
    return frozenset(index.to_bytes(_TAIL, "little") for index in range(count))
