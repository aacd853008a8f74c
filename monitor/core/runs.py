"""Takes the rows of one slot and one feed, runs of them in one go: the hottest loop of the core.

What is the same for all rows of the run is looked up once. The first copy of a key is given, held, or both; every
other leaves its bank's bit and nothing else.
"""

from collections.abc import Sequence
from typing import Final

from monitor.core.at_once import is_fed
from monitor.core.banks import Bank
from monitor.core.chain import Commitment, Kind
from monitor.core.events import Row
from monitor.core.gate import Gate
from monitor.core.shares import note_masks
from monitor.core.slots import SlotState

DATA: Final = frozenset(
    int(kind)
    for kind in (Kind.TRANSACTION, Kind.TRANSACTION_STATUS, Kind.ACCOUNT, Kind.ENTRY, Kind.BLOCK)
)
"""Kinds whose rows are what a slot holds."""
_ACCOUNT: Final = int(Kind.ACCOUNT)


def end_of_run(rows: Sequence[Row], at: int) -> int:
    """Where the data rows of one slot end that begin at this place."""
    number = rows[at][1]
    while at < len(rows) and rows[at][1] == number and rows[at][0] in DATA:
        at += 1
    return at


def take_run(  # noqa: C901, PLR0915 (the hot loop: a call costs as much as a row)
    gate: Gate, state: SlotState, bank: Bank, rows: Sequence[Row], at: int, now: float
) -> int:
    """The rows of this bank from place `at` on; answers where they end."""
    number = state.number
    store, bit, endpoint = bank.store, bank.bit, bank.endpoint
    tables, accounts, hold = store.tables, store.accounts, store.held.append
    levels = gate.history.of(number)
    to_hold = 0 if state.shed else levels.held
    told, to_give = state.told, levels.at[Commitment.PROCESSED]
    is_left_out = to_give and not (told.is_away or is_fed(state, bank))
    if is_left_out or told.is_away:
        to_give = 0
    version, give, given_to = told.versions[0], gate.out[0].append, 0
    last_writes = store.writes_of(bit)
    blockhash, is_let_go = state.sole_blockhash(), state.is_let_go
    is_alone = state.is_told_by_one()
    taken = news = held_bytes = 0
    for row in rows[at:]:
        kind = row[0]
        if row[1] != number or kind not in DATA:
            break
        taken += 1
        table = tables[kind]
        key = row[2]
        seen = table.get(key)
        held = row[3] & to_hold
        if held and kind == _ACCOUNT and (seen is None or not is_let_go):
            pubkey = key[:32]
            last = last_writes.get(pubkey)
            if last is None or row[4] >= last[0]:
                last_writes[pubkey] = (row[4], key)
        if seen is not None:
            if not seen & bit:
                table[key] = seen | bit
            continue
        news += 1
        given = row[3] & to_give
        if given:
            if is_alone or state.is_new_at_once(row):
                give((given, endpoint, False, version, blockhash, row))
                given_to |= given
        elif is_left_out:
            state.remember_at_once()
            is_left_out = False
        table[key] = bit
        if held:
            held_bytes += len(row[6] or b"")
            if kind == _ACCOUNT:
                accounts[key] = (endpoint, row)
            else:
                hold((endpoint, row))
    if given_to:
        told.masks[0] |= given_to
        gate.top_at_once = max(gate.top_at_once, number)
    gate.tally.duplicates[endpoint] += taken - news
    bank.taken += taken
    store.held_bytes += held_bytes
    gate.held_bytes += held_bytes
    if gate.terms.divides:
        note_masks(store, rows[at : at + taken])
    if news:
        _note_news(gate, state, bank, news, now)
    return at + taken


def take_meta_row(gate: Gate, state: SlotState, bank: Bank, row: Row) -> None:
    """The BlockMeta of this bank, as a row that is given and held like others."""
    endpoint = bank.endpoint
    table = bank.store.tables[Kind.BLOCK_META]
    seen = table.get(row[2])
    if seen is not None:
        table[row[2]] = seen | bank.bit
        gate.tally.duplicates[endpoint] += 1
        return
    levels = gate.history.of(state.number)
    mask = row[3] & levels.at[Commitment.PROCESSED]
    if state.told.is_away:
        mask = 0
    if mask and not is_fed(state, bank):
        state.remember_at_once()
    elif mask and (state.is_told_by_one() or state.is_new_at_once(row)):
        gate.out[0].append((mask, endpoint, False, state.told.versions[0], row[2], row))
        state.told.masks[0] |= mask
        gate.top_at_once = max(gate.top_at_once, state.number)
    table[row[2]] = bank.bit
    if row[3] & levels.held:
        bank.store.held.append((endpoint, row))
        size = len(row[6] or b"")
        bank.store.held_bytes += size
        gate.held_bytes += size


def _note_news(gate: Gate, state: SlotState, bank: Bank, news: int, now: float) -> None:
    """The slot holds more than before.

    What comes after the BlockMeta of its bank, as blocks do on some servers, may find its slot released, and no
    BlockMeta to come that would release it. So may the last that was missing of a slot that was passed over, from a
    feed that will not tell the BlockMeta; as long as more is missing, it may be another block's.
    """
    state.evidence = None
    bank.news += news
    if state.shed:
        gate.tally.shed += news
    if state.released_level < Commitment.CONFIRMED:
        return
    is_last = bank.blockhash is None and state.gave_up and gate.evidence(state, now).whole
    if bank.blockhash == state.confirmed or is_last:
        gate.release_late(state, now)
