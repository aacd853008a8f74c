"""What monitors at processed have: given as copies arrive, taken back when its block is lost, and put right when the
block of the chain is known.

How this works. Of each slot they are given the rows of the banks of one *era*: first those of every feed's first bank.
A bank is lost when its feed creates another one, or says that it is dead. When no open feed goes on with a bank of the
era, what came of it is taken back, and the next era's banks are given: they were held meanwhile, so that two blocks of
one slot are never mixed knowingly. When the slot is released at confirmed, all ids that were given have to be the
block's; else they are taken back too, and the block is given as the next version.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, Final

from monitor.core.banks import Bank, Held, nothing
from monitor.core.chain import Commitment, Kind
from monitor.core.evidence import Evidence, Parts
from monitor.core.inherited import Inherited
from monitor.core.keys import account_of, identity
from monitor.core.outlet import Outlet
from monitor.core.slots import SlotState

PROCESSED: Final = Commitment.PROCESSED
_TOLD_BY_STREAMS: Final = frozenset((Kind.ACCOUNT, Kind.ENTRY))
_BEHIND: Final = frozenset((Kind.BLOCK, Kind.BLOCK_META))


def is_fed(state: SlotState, bank: Bank) -> bool:
    """Whether rows of this bank are given as they arrive: not once the block is known and it is none of it."""
    told = state.told
    if bank.era != told.era or told.is_passed_by or state.released_level >= Commitment.CONFIRMED:
        return False
    return state.confirmed is None or bank.blockhash in (None, state.confirmed)


def lose_bank(
    outlet: Outlet, state: SlotState, bank: Bank, why: str, open_feeds: Container[int]
) -> None:
    """Its feed has replaced the bank, or says that it is dead."""
    bank.is_lost = True
    told = state.told
    if bank.era != told.era or state.confirmed is not None:
        return
    current = state.current.items()
    if any(b.era == told.era and not b.is_lost and feed in open_feeds for feed, b in current):
        return
    if told.masks[PROCESSED]:
        _take_back(outlet, state, why)
    else:
        state.given_at_once = nothing()
    told.era += 1
    give(outlet, state, _rows_of_era(state))


def pass_by(
    outlet: Outlet,
    slots: Mapping[int, SlotState],
    passed: range,
    proof: str,
    *,
    is_final: bool = False,
) -> None:
    """The chain goes on without a block in these slots: what came of them is taken back, highest first.

    Where one confirmed block contradicts another, only a final one takes anything back; two final ones prove nothing.
    """
    if len(passed) < len(slots):
        found = [number for number in passed if number in slots]
    else:
        found = sorted(number for number in slots if number in passed)
    for number in reversed(found):
        state = slots[number]
        if state.finalized or (state.confirmed is not None and not is_final):
            continue
        for level in Commitment:
            if state.told.masks[level]:
                outlet.undo(state, level, f"the chain passes it by: {proof}")
        state.told.is_passed_by = True


def confirm(outlet: Outlet, state: SlotState) -> None:
    """The slot's block is known: if nothing that was given can be of it, that is taken back at once."""
    told = state.told
    if told.is_passed_by and state.is_let_go:
        state.shed, state.evidence = True, None  # what was taken back of it has to be brought again
    told.is_passed_by = False
    fed = [bank for bank in state.banks if bank.era == told.era]
    others = all(bank.is_lost or bank.blockhash not in (None, state.confirmed) for bank in fed)
    if fed and others and told.masks[PROCESSED]:
        _take_back(outlet, state, "another block of the slot is confirmed")


def match(outlet: Outlet, state: SlotState, evidence: Evidence, *, late: bool) -> None:
    """The slot is released: what was given has to be its block's, and the block's rows that were not given are."""
    wanted = outlet.history.of(state.number).at[PROCESSED]
    if not wanted:
        return
    told = state.told
    match_inherited(outlet, state, PROCESSED, evidence)
    if told.masks[PROCESSED] and evidence.whole and _has_strangers(state, evidence.parts):
        _take_back(outlet, state, "it was not the block that was confirmed")
    if not told.masks[PROCESSED]:
        outlet.reached(state, Commitment(max(state.told_level, 0)), 0)
    if state.given_at_once is not None:
        give(outlet, state, _rows_of_block(state, evidence.parts), late=late)


def give_all(outlet: Outlet, state: SlotState, wanted: int, evidence: Evidence | None) -> None:
    """From now on these monitors are at processed in this slot: they get what is held of it.

    `evidence`: of its block, where that was released.
    """
    told = state.told
    if told.is_passed_by:
        return
    is_first = not told.masks[PROCESSED]
    for status in Commitment:
        mask = outlet.history.of(state.number).slots[PROCESSED][status] & wanted
        if mask and state.statuses >> status & 1:
            outlet.tell_status(state, PROCESSED, status, mask)
    if evidence is not None:
        held = _rows_of_block(state, evidence.parts)
    else:
        held = _rows_of_era(state)
    once: dict[tuple[int, Any], Held] = {}
    for each in held:
        row = each[1]
        once.setdefault((row[0], identity(row[0], row[2])), each)
    if is_first and (evidence is not None or state.is_let_go or not state.is_told_by_one()):
        state.given_at_once = nothing()
    if state.given_at_once is not None:
        for kind, name in once:
            state.given_at_once[kind].add(name)
    outlet.hand_on(state, PROCESSED, once.values(), wanted, late=False)


def inherit(
    outlet: Outlet, inherited: Iterable[Inherited], slot: Callable[[int], SlotState | None]
) -> None:
    """What sinks hold from before a start has to be matched by what comes, or is taken back."""
    for each in inherited:
        state = slot(each.slot)
        if state is not None:
            told = state.told
            told.versions[each.level], told.masks[each.level] = each.version, each.mask
            told.inherited[each.level] = each.identities if each.mask else None
            tops = outlet.inherited_top
            tops[each.level] = max(tops[each.level], each.slot)


def _take_back(outlet: Outlet, state: SlotState, why: str) -> None:
    """The slot's block is to be given anew; what was dropped of it has to be brought again."""
    outlet.undo(state, PROCESSED, why)
    if state.is_let_go:
        state.shed, state.evidence = True, None


def give(outlet: Outlet, state: SlotState, rows: Iterable[Held], *, late: bool = False) -> None:
    """Those of these rows that monitors at processed have not had."""
    wanted = outlet.history.of(state.number).at[PROCESSED]
    new = [held for held in rows if held[1][3] & wanted and state.is_new_at_once(held[1])]
    outlet.hand_on(state, PROCESSED, new, wanted, late=late)


def _rows_of_era(state: SlotState) -> list[Held]:
    """What is held of the era's banks."""
    era = state.told.era
    found: list[Held] = []
    for store in {id(bank.store): bank.store for bank in state.banks}.values():
        bits = sum(
            b.bit for b in state.banks if b.store is store and b.era == era and not b.is_lost
        )
        found += _rows_with(store.held, store.tables, bits)
        found += _rows_with(store.accounts.values(), store.tables, bits)
    return found


def _rows_of_block(state: SlotState, parts: Parts) -> list[Held]:
    return with_accounts(state.rows_of(parts), state.all_writes(parts))


def _rows_with(rows: Iterable[Held], tables: list[dict[Any, int]], bits: int) -> list[Held]:
    return [held for held in rows if tables[held[1][0]].get(held[1][2], 0) & bits]


def with_accounts(rows: list[Held], accounts: list[Held]) -> list[Held]:
    """Rows in chain order, the accounts between the entries and the block."""
    at = len(rows)
    while at and rows[at - 1][1][0] in _BEHIND:
        at -= 1
    return rows[:at] + accounts + rows[at:]


def match_inherited(
    outlet: Outlet, state: SlotState, level: Commitment, evidence: Evidence
) -> None:
    """What sinks hold of the slot from before a start has to be the block's, or is taken back."""
    told = state.told
    inherited = told.inherited[level]
    if inherited is not None and evidence.whole:
        if not _Block(state, evidence.parts).has(inherited):
            outlet.undo(state, level, "it was not the block that was confirmed")
        told.inherited[level] = None


def _has_strangers(state: SlotState, parts: Parts) -> bool:
    """Whether something was given that is not in the block."""
    given = state.given_at_once
    if given is None:
        shared = sum(bits for store, bits in parts if store is state.shared)
        if all(bank.bit & shared or not bank.taken for bank in state.banks):
            return False
        given = state.remember_at_once()
    return not _Block(state, parts).has(dict(enumerate(given)))


class _Block:
    """What is in the ids of a block's rows, as far as those who told it can say.

    A replay brings of each account the last write alone, and an RPC neither accounts nor entries (PROTOCOL 2.8): what
    a feed told of these as it happened may be the block's all the same.
    """

    def __init__(self, state: SlotState, parts: Parts) -> None:
        bits = 0
        self._ids = nothing()
        for store, own in parts:
            bits |= own
            for kind, table in enumerate(store.tables):
                found = [identity(kind, key) for key, seen in table.items() if seen & own]
                self._ids[kind].update(found)
        self._accounts = {account_of(key) for key in self._ids[Kind.ACCOUNT]}
        covers = [bank for bank in state.banks if bank.bit & bits and bank.covers]
        self._by_rpc = all(bank.by_rpc for bank in covers)
        self._is_live = not all(bank.by_rpc or bank.by_replay for bank in covers)

    def has(self, ids: Mapping[int, Iterable[Any]]) -> bool:
        """Whether nothing of this, by kind, is known to be no part of it."""
        return all(self._has(kind, held) for kind, held in ids.items())

    def _has(self, kind: int, held: Iterable[Any]) -> bool:
        if kind == Kind.SLOT or (self._by_rpc and kind in _TOLD_BY_STREAMS):
            return True
        if kind != Kind.ACCOUNT:
            return self._ids[kind].issuperset(held)
        if self._is_live:
            return (self._ids[kind] | self._accounts).issuperset(held)
        return self._accounts.issuperset(map(account_of, held))
