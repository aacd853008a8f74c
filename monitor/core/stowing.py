"""Takes what a slot holds out of memory, as bytes, and puts it back as if it had never been away.

In memory stays what is small: banks, metas, the levels that were told. Rows, identities and what was handed on go.
Rows may come meanwhile: they are taken into the empty stores, and merge when the others are back, which came first.
The bytes tell the whole state, so that a slot can be made anew of them after a restart, when its feeds are gone.
"""

import struct
from collections import Counter
from dataclasses import astuple, dataclass, fields
from typing import Any, Final
from zlib import crc32

from monitor.core.banks import Bank, Held, Meta, Store
from monitor.core.chain import Commitment, Kind
from monitor.core.errors import StowedMalformed
from monitor.core.giving_up import give_up
from monitor.core.plain_values import pack_value, unpack_value
from monitor.core.rungs import Rung
from monitor.core.slots import SlotState
from monitor.core.store_columns import columns_of, store_of
from monitor.core.voices import Voice, Voices

FORM: Final = 1
"""Another release that writes something else has another."""

_GONE: Final = ("given", "given_at_once", "accounts_out")
"""What is not in memory while the slot is stowed, beside what its stores hold."""
_APART: Final = frozenset(_GONE) | frozenset(
    (
        "banks",
        "certified",
        "current",
        "dead_on",
        "evidence",
        "metas",
        "shared",
        "told",
        "told_by",
        "voices",
    )
)
"""Attributes of a `SlotState` that have a form of their own, or are not kept: verdicts are found again, feeds are gone."""
_OF_TOLD: Final = ("era", "is_passed_by", "masks", "versions")
"""What sinks hold from before a start is found out anew at the next one."""
_PLAIN: Final = tuple(name for name in SlotState.__slots__ if name not in _APART)
_OF_BANK: Final = tuple(field.name for field in fields(Bank) if field.name != "store")
_OF_VOICES: Final = ("accused", "named", "needed", "providers")
_OF_META: Final = tuple(field.name for field in fields(Meta))
_HEAD: Final = struct.pack(
    "<BI", FORM, crc32(repr((_PLAIN, _OF_TOLD, _OF_BANK, _OF_META)).encode())
)
"""The form, and a sum of the names of all that is kept: what another release keeps is not taken for ours."""
_GONE_FEED: Final = -(2**40)
"""Feeds of a restored slot are numbered down from here, where neither live ones nor answers of RPCs are."""
_LENGTH: Final = struct.Struct("<I")
_NS: Final = 10**9


@dataclass(frozen=True, slots=True)
class Merged:
    """What came while the slot was stowed, judged by what it holds."""

    news: list[Held]
    """First copies."""
    repeated: Counter[int]
    """By origin: how many rows were taken for a first copy, and were none."""


def stow(state: SlotState) -> bytes:
    """All that the slot is; its stores are empty then, and what was handed on of it is forgotten.

    It begins with the outline, which `outlined` takes by itself: what stays in memory.
    """
    plain = {name: getattr(state, name) for name in _PLAIN}
    plain["told"] = [getattr(state.told, name) for name in _OF_TOLD]
    shared = state.shared
    banks = [
        [bank.store is not shared, *[getattr(bank, name) for name in _OF_BANK]]
        for bank in state.banks
    ]
    metas = [astuple(meta) for meta in state.metas.values()]
    outline = pack_value((plain, banks, metas, _voices_packed(state.voices)), _HEAD)
    gone = [getattr(state, name) for name in _GONE]
    columns = {owner: columns_of(store) for owner, store in _stores(state).items()}
    packed = pack_value((gone, columns), _LENGTH.pack(len(outline)) + outline)
    for store in _stores(state).values():
        _fill(store, Store())
    state.given = state.given_at_once = None
    state.accounts_out = (set(), set(), set())
    return packed


def outline_of(packed: bytes) -> bytes:
    """The first bytes, those of the outline. Raises StowedMalformed."""
    if len(packed) < _LENGTH.size:
        raise StowedMalformed("what was stowed is too short")
    return packed[: _LENGTH.size + _LENGTH.unpack_from(packed)[0]]


def unstow(state: SlotState, packed: bytes, moved_ns: int = 0, *, at_once: bool = False) -> Merged:
    """Put back what `stow` took out of this state, or of the one that this was restored of, under what came since.

    A slot that was begun anew meanwhile has nothing to do with it: then nothing is put back. `at_once`: what monitors at
    processed had is to be known, so that `SlotState.is_new_at_once` may be asked of the news. Raises StowedMalformed.
    """
    plain, rows, _, _ = _read_outline(outline_of(packed))
    stayed = {(bank.bit, bank.feed) for bank in state.banks}
    before = [_bank(row, Store()) for row in rows]
    if any(
        not stayed & {(bank.bit, bank.feed), (bank.bit, _GONE_FEED - place)}
        for place, bank in enumerate(before)
    ):
        return Merged([], Counter())
    gone, columns = unpack_value(packed, len(outline_of(packed)))
    stores = _stores(state)
    came = {owner: _taken_out(store) for owner, store in stores.items()}
    for owner, column in columns.items():
        _fill(stores[owner], store_of(column, state.number, moved_ns))
    _remember(state, gone)
    _give_up_again(state, before)
    if at_once and any(any(store.tables) for store in came.values()):
        state.remember_at_once()
    merged = Merged([], Counter())
    for owner, store in stores.items():
        _merge(state, store, came[owner], merged, were_let_go=plain["is_let_go"])
    if state.is_let_go and not plain["is_let_go"]:
        for store in stores.values():
            store.forget_rows()
    state.evidence = None
    return merged


def outlined(outline: bytes, moved_ns: int = 0) -> SlotState:
    """The slot anew after a restart, still stowed: no feed is in the middle of a bank of it, and its verdict is open.

    `moved_ns`: what the monotonic clock of this process is ahead of that one's. Raises StowedMalformed.
    """
    plain, rows, metas, voices = _read_outline(outline)
    state = SlotState(plain["number"])
    for name, value in zip(_OF_TOLD, plain.pop("told"), strict=True):
        setattr(state.told, name, value)
    for name, value in plain.items():
        setattr(state, name, value)
    for name in ("confirmed_at", "finalized_at"):
        setattr(state, name, getattr(state, name) + moved_ns / _NS)
    state.recovered_by = None if state.recovered_by is None else Rung(state.recovered_by)
    state.untold = [(Commitment(level), Commitment(status)) for level, status in state.untold]
    state.metas = {row[0]: Meta(*row) for row in metas}
    state.voices = _voices(voices)
    for row in rows:
        bank = _bank(row, Store() if row[0] else state.shared)
        bank.feed = _GONE_FEED - len(state.banks)
        bank.met_at += moved_ns if bank.met_at else 0
        state.banks.append(bank)
    return state


def restore(packed: bytes, moved_ns: int = 0) -> SlotState:
    """As `outlined`, with all that the slot holds. Raises StowedMalformed."""
    state = outlined(outline_of(packed), moved_ns)
    unstow(state, packed, moved_ns)
    return state


def _stores(state: SlotState) -> dict[int, Store]:
    """By the bit of the bank whose own it is; the shared one by 0."""
    own = {bank.bit: bank.store for bank in state.banks if bank.store is not state.shared}
    return {0: state.shared, **own}


def _read_outline(outline: bytes) -> tuple[dict[str, Any], list[Any], list[Any], Any]:
    if outline[_LENGTH.size : _LENGTH.size + len(_HEAD)] != _HEAD:
        raise StowedMalformed("another release stowed this slot")
    plain, banks, metas, voices = unpack_value(outline, _LENGTH.size + len(_HEAD))
    return plain, banks, metas, voices


def _bank(row: list[Any], store: Store) -> Bank:
    _, bit, feed, endpoint, *rest = row
    return Bank(bit, feed, endpoint, store, *rest)


def _taken_out(store: Store) -> Store:
    taken = Store()
    _fill(taken, store)
    _fill(store, Store())
    return taken


def _fill(store: Store, other: Store) -> None:
    for name in Store.__slots__:
        setattr(store, name, getattr(other, name))


def _remember(state: SlotState, gone: list[Any]) -> None:
    """What was handed on; where it began to be kept meanwhile, also what the rows tell that are back."""
    given, at_once, out = state.given, state.given_at_once, state.accounts_out
    state.given, state.given_at_once, state.accounts_out = gone
    if given is not None:
        state.remember_given()
        state.given = (state.given or set()) | given
    if at_once is not None:
        for known, more in zip(state.remember_at_once(), at_once, strict=True):
            known |= more
    for keys, more in zip(state.accounts_out, out, strict=True):
        keys |= more


def _give_up_again(state: SlotState, before: list[Bank]) -> None:
    """Banks that their feeds gave up for another meanwhile: what they brought was not there to be taken out."""
    bits = {bank.bit for bank in before}
    anew = {bank.feed for bank in state.banks if bank.bit not in bits}
    for bank in state.banks:
        if bank.bit in bits and bank.feed in anew:
            give_up(state, bank)


def _merge(
    state: SlotState, store: Store, came: Store, merged: Merged, *, were_let_go: bool
) -> None:
    """What came goes behind what is back; a key that is back has its first copy."""
    known = [
        dict(table) if more else table
        for table, more in zip(store.tables, came.tables, strict=True)
    ]
    _count(state, known, came, merged)
    for table, more in zip(store.tables, came.tables, strict=True):
        for key, bits in more.items():
            table[key] = table.get(key, 0) | bits
    if came.masks is not None:
        masks = store.masks = store.masks or [{} for _ in came.masks]
        for wanted, others in zip(masks, came.masks, strict=True):
            for key, mask in others.items():
                wanted[key] = wanted.get(key, 0) | mask
    held = [item for item in came.held if item[1][2] not in known[item[1][0]]]
    written = known[Kind.ACCOUNT]
    accounts = {key: item for key, item in came.accounts.items() if key not in written}
    store.held += held
    store.accounts.update(accounts)
    news = [*held, *accounts.values()]
    merged.news.extend(news)
    store.held_bytes += sum(len(row[6] or b"") for _, row in news)
    for bit, last in came.writes.items():
        writes = store.writes_of(bit)
        for pubkey, write in last.items():
            if were_let_go and write[1] in written:
                continue  # of such a slot a repeated write is not noted
            if pubkey not in writes or write[0] >= writes[pubkey][0]:
                writes[pubkey] = write


def _count(state: SlotState, known: list[dict[Any, int]], came: Store, merged: Merged) -> None:
    """Rows that the empty store took for first copies. Of several banks the first one is blamed."""
    banks = {bank.bit: bank for bank in state.banks}
    for kind, (table, more) in enumerate(zip(known, came.tables, strict=True)):
        for key in more.keys() & table.keys():
            bank = banks[more[key] & -more[key]]
            bank.news -= kind != Kind.BLOCK_META
            merged.repeated[bank.endpoint] += 1


def _voices_packed(voices: Voices | None) -> Any:
    if voices is None:
        return None
    told = {
        voter: (None if voice.meta is None else astuple(voice.meta), voice.level, voice.awaiting)
        for voter, voice in voices.by_voter.items()
    }
    return told, [getattr(voices, name) for name in _OF_VOICES]


def _voices(packed: Any) -> Voices | None:
    if packed is None:
        return None
    told, rest = packed
    voices = Voices()
    voices.by_voter = {
        voter: Voice(None if meta is None else Meta(*meta), level, awaiting)
        for voter, (meta, level, awaiting) in told.items()
    }
    for name, value in zip(_OF_VOICES, rest, strict=True):
        setattr(voices, name, value)
    return voices
