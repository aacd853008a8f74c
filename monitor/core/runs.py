"""Takes a run of rows of one slot and one feed: the hottest loop of the core.

What is the same for all rows of the run is looked up once. The first copy of a key is given, held, or both; every
other leaves its bank's bit and nothing else.
"""

from collections.abc import Sequence
from typing import Final

from monitor.core.chain import Commitment, Kind
from monitor.core.events import Row
from monitor.core.gate import Gate
from monitor.core.slots import Bank, SlotState

DATA: Final = frozenset(
    int(kind)
    for kind in (Kind.TRANSACTION, Kind.TRANSACTION_STATUS, Kind.ACCOUNT, Kind.ENTRY, Kind.BLOCK)
)
"""Kinds whose rows are what a slot holds."""
_ACCOUNT: Final = int(Kind.ACCOUNT)


def take_run(
    gate: Gate, state: SlotState, bank: Bank, rows: Sequence[Row], at: int, now: float
) -> int:
    """The rows of this bank from place `at` on; answers where they end."""
    number = state.number
    store = bank.store
    tables = store.tables
    bit = bank.bit
    to_hold = gate.levels.held
    to_give = gate.levels.at[Commitment.PROCESSED]
    at_once = gate.at_once
    blockhash = state.sole_blockhash()
    endpoint = bank.endpoint
    duplicates = 0
    news = 0
    end = len(rows)
    while at < end:
        row = rows[at]
        kind, slot, key, mask = row[:4]
        if slot != number or kind not in DATA:
            break
        at += 1
        table = tables[kind]
        seen = table.get(key)
        held = mask & to_hold
        if held and kind == _ACCOUNT and (seen is None or not state.is_let_go):
            store.note_write(bit, row)
        if seen is not None:
            duplicates += 1
            if not seen & bit:
                table[key] = seen | bit
            continue
        given = mask & to_give
        if given and (not state.contested or state.is_new_at_once(row)):
            at_once.append((given, endpoint, False, 0, blockhash, row))
        table[key] = bit
        news += 1
        if held:
            _hold(gate, state, bank, row)
    gate.tally.duplicates[endpoint] += duplicates
    if news or bank.blockhash is not None:
        state.evidence = None
    if news and bank.blockhash is not None:
        _release_late(gate, state, bank, now)
    return at


def _hold(gate: Gate, state: SlotState, bank: Bank, row: Row) -> None:
    """Keep a first copy for its level."""
    if state.shed:
        gate.tally.shed += 1
        return
    store = bank.store
    if row[0] == _ACCOUNT:
        store.accounts[row[2]] = (bank.endpoint, row)
    else:
        store.held.append((bank.endpoint, row))
    size = len(row[6] or b"")
    store.held_bytes += size
    gate.held_bytes += size


def _release_late(gate: Gate, state: SlotState, bank: Bank, now: float) -> None:
    """What comes after the BlockMeta of its bank, as blocks do on some servers, may find its slot released.

    Then no BlockMeta will come any more that would release it.
    """
    if state.released_level >= Commitment.CONFIRMED and bank.blockhash == state.confirmed:
        gate.release_late(state, now)
