"""Frontiers above the proven one: along the ancestry of a level's own tip, by blockhash (DESIGN 5, Proof).

They are asked for seldom, by metrics and people, and the slots above the finalized frontier are few: so they are
walked when asked, and kept nowhere.
"""

from collections.abc import Mapping

from monitor.core.banks import Meta
from monitor.core.chain import Commitment
from monitor.core.evidence import judge
from monitor.core.gate import Gate
from monitor.core.slots import SlotState


def confirmed_frontier(
    slots: Mapping[int, SlotState], finalized: int | None, floor: int | None
) -> int | None:
    """Highest slot up to which each confirmed block was held whole and handed on."""
    frontier = finalized
    for number in sorted(slots):
        state = slots[number]
        meta = state.metas.get(state.confirmed or "")
        if meta is None or not _continues(meta, frontier, floor):
            continue
        is_whole = state.evidence is not None and state.evidence.whole
        if state.released_level < Commitment.CONFIRMED or not is_whole:
            break
        frontier = number
    return frontier


def processed_frontier(
    slots: Mapping[int, SlotState], confirmed: int | None, floor: int | None, gate: Gate
) -> int | None:
    """Highest slot up to which each block of the newest branch is held whole."""
    frontier = confirmed
    for number, meta in _newest_branch(slots, -1 if confirmed is None else confirmed):
        if not _continues(meta, frontier, floor):
            break
        state = slots[number]
        covers = state.cover_bits(meta.blockhash)
        if not judge(state, meta.blockhash, gate.terms.needs, covers=covers, wanted=1).whole:
            break
        frontier = number
    return frontier


def _newest_branch(slots: Mapping[int, SlotState], above: int) -> list[tuple[int, Meta]]:
    """Blocks from the highest known one down its parent links to `above`, lowest first."""
    known = [n for n, state in slots.items() if n > above and state.sole_blockhash() is not None]
    branch: list[tuple[int, Meta]] = []
    number = max(known, default=-1)
    blockhash = slots[number].sole_blockhash() if known else None
    while number > above and number in slots and blockhash is not None:
        meta = slots[number].metas.get(blockhash)
        if meta is None:
            break
        branch.append((number, meta))
        number, blockhash = meta.parent_slot, meta.parent_blockhash
    return branch[::-1]


def _continues(meta: Meta, frontier: int | None, floor: int | None) -> bool:
    """Whether the block's parent is the frontier, or below it, or none of ours."""
    if frontier is not None:
        return meta.parent_slot <= frontier
    return floor is not None and meta.parent_slot < floor
