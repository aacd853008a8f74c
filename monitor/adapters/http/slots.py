"""`/api/v1/slots`: which slots were asked for, and their certificates as JSON, one object a line (DESIGN 10)."""

from collections.abc import Iterable, Mapping
from typing import Final

import orjson

from monitor.stored import StoredSlot
from monitor.wire.records import utc_text

USUAL_SLOTS: Final = 100
"""Slots that are shown when none are named."""
MOST_SLOTS: Final = 1000
"""Slots of one answer. Guessed: an answer is made in a few milliseconds and the client can ask again."""
_LARGEST: Final = 2**63 - 1
"""Of the store's numbers."""
_DIGITS: Final = len(str(_LARGEST))


class SlotsRefused(ValueError):
    """The question cannot be answered; the text says what to ask instead."""


def asked_range(query: Mapping[str, str], newest: int | None) -> tuple[int, int]:
    """The slots that `from` and `to` name, `to` excluded. `newest`: the last slot that has a certificate.

    Without `to`, up to the newest; without `from`, USUAL_SLOTS of them. Raises: SlotsRefused.
    """
    unknown = sorted(set(query) - {"from", "to"})
    if unknown:
        raise SlotsRefused(f"{unknown[0]} is no word here; write from and to alone")
    first, end = _slot(query, "from"), _slot(query, "to")
    if end is None:
        end = max(0 if newest is None else newest + 1, first or 0)
    if first is None:
        first = max(0, end - USUAL_SLOTS)
    if first > end:
        raise SlotsRefused(f"from {first} is above to {end}; write the lower slot first")
    if end - first > MOST_SLOTS:
        raise SlotsRefused(
            f"from {first} to {end} are {end - first} slots; ask for {MOST_SLOTS} at a time"
        )
    return first, end


def _slot(query: Mapping[str, str], word: str) -> int | None:
    text = query.get(word)
    if text is None:
        return None
    is_number = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    if not is_number or int(text) > _LARGEST:
        raise SlotsRefused(f"{word} is no slot; write a whole number such as {word}=300000000")
    return int(text)


def lines_of(slots: Iterable[StoredSlot]) -> bytes:
    """The certificates as JSON, each ending in a newline. Names as DESIGN 10 writes them."""
    return b"".join(orjson.dumps(_object(slot), option=orjson.OPT_APPEND_NEWLINE) for slot in slots)


def _object(slot: StoredSlot) -> dict[str, object]:
    return {
        "slot": slot.slot,
        "state": slot.end,
        "proof": slot.proof,
        "blockhash": slot.blockhash,
        "parent_slot": slot.parent_slot,
        "block_height": slot.block_height,
        "sources": [
            {"endpoint": endpoint, "transactions": transactions, "covers": covers}
            for endpoint, transactions, covers in slot.sources
        ],
        "missed_by": slot.missed_by,
        "delay_ms": dict(slot.delay_ms),
        "recovered_by": slot.recovered_by,
        "closed_at": utc_text(slot.closed_at_ns),
    }
