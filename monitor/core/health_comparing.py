"""One slot, endpoint by endpoint: who left out what others brought, and who told another block."""

from collections import Counter
from collections.abc import Collection, Sequence
from functools import reduce
from operator import or_

from monitor.core.banks import Bank
from monitor.core.evidence import tally_by_bank
from monitor.core.gate import Gate
from monitor.core.health_window import Share
from monitor.core.shares import lacking
from monitor.core.slots import SlotState


def shares_alike(state: SlotState, asked: Collection[int]) -> dict[int, Share] | None:
    """What each brought, where every endpoint told the same block whole in as many rows: nearly always. Else None.

    `asked`: endpoints that are asked for everything; of the others only the block is looked at.
    """
    blockhash = state.confirmed
    if blockhash is None or len(state.metas) > 1:
        return None
    banks = [bank for bank in state.banks if bank.endpoint in asked]
    if not banks or len(banks) != len(asked):
        return None
    taken, carries = banks[0].taken, banks[0].carries
    shares = {}
    for bank in banks:
        if bank.taken != taken or bank.blockhash != blockhash or not bank.covers:
            return None
        if bank.by_replay or bank.by_rpc or bank.carries != carries:
            return None
        shares[bank.endpoint] = Share(taken, 0, taken, taken - bank.news)
    return shares if len(shares) == len(asked) else None


def share_of(state: SlotState, endpoint: int, gate: Gate, now: float, *, owed: int | None) -> Share:
    """What one brought, row by row. `owed`: the monitors for which an unbroken stream of it spans the slot; None: none does.

    All of the block that these want is asked only of a stream that was there from the slot's beginning, and told this block. Nothing is
    asked of a slot with several banks: what a stream told between two of them may be of either (TRAPS 5).
    """
    own = [bank for bank in state.banks if bank.endpoint == endpoint]
    brought = sum(bank.taken for bank in own)
    repeated = brought - sum(bank.news for bank in own)
    lives = [bank for bank in own if bank.blockhash == state.confirmed and _is_live(bank)]
    is_asked = bool(lives) if own else owed is not None
    if state.confirmed is None or state.contested or not is_asked:
        return Share(0, 0, brought, repeated)
    counts = tally_by_bank(gate.evidence(state, now).parts, gate.terms.needs.kinds)
    if not own:
        there = lacking(counts, 0, owed or 0) + 1  # the BlockMeta too
        return Share(there, there, 0, 0)
    bits = sum(bank.bit for bank in lives)
    carried = reduce(or_, (bank.carries for bank in lives))
    return Share(lacking(counts, 0, carried), lacking(counts, bits, carried), brought, repeated)


def told_block(state: SlotState, endpoint: int) -> bool:
    """Whether it told the slot's confirmed block."""
    return any(
        bank.endpoint == endpoint and bank.blockhash == state.confirmed is not None
        for bank in state.banks
    )


def contradictions(state: SlotState, providers: Sequence[str]) -> tuple[str, dict[int, str]] | None:
    """The chain's block, and by endpoint the one that it told instead; None where nobody can tell which it is.

    The chain's is the one that endpoints of more providers tell than any other. `providers`: by endpoint.
    """
    told: dict[int, list[str]] = {}
    for bank in state.banks:
        if bank.endpoint < len(providers) and bank.blockhash is not None:
            told.setdefault(bank.endpoint, []).append(bank.blockhash)
    tellers = {
        (block, providers[endpoint] or f"\n{endpoint}")
        for endpoint, blocks in told.items()
        for block in blocks
    }
    ranked = Counter(block for block, _ in sorted(tellers)).most_common()
    if len(ranked) < 2 or ranked[0][1] == ranked[1][1]:
        return None
    chains = ranked[0][0]
    return chains, {each: own[-1] for each, own in told.items() if chains not in own}


def _is_live(bank: Bank) -> bool:
    """It was told from the beginning to the end, as it happened."""
    return bank.covers and not (bank.by_replay or bank.by_rpc)
