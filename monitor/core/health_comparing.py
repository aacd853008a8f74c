"""One slot of one endpoint against what the others brought of it."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from monitor.core.banks import Bank
from monitor.core.evidence import tally_by_bank
from monitor.core.gate import Gate
from monitor.core.slots import SlotState


class Share(NamedTuple):
    """How much of a slot an endpoint brought."""

    there: int
    """Updates that anybody brought of the block."""
    lacking: int
    """Those of them that it did not bring."""


def share_of(
    state: SlotState, endpoint: int, gate: Gate, now: float, *, should_have: bool
) -> Share | None:
    """What the endpoint brought of the confirmed block; None where nothing can be asked of it.

    `should_have`: an unbroken stream of it spans the slot.
    """
    blockhash = state.confirmed
    if blockhash is None:
        return None
    own = [bank for bank in state.banks if bank.endpoint == endpoint]
    lives = [bank for bank in own if bank.blockhash == blockhash and _is_live(bank)]
    if own and not lives:
        return None  # it was not there from the beginning, or tells another block
    if not own and not should_have:
        return None
    others = [bank for bank in state.banks if bank.blockhash == blockhash]
    if lives and all(bank.taken == lives[0].taken for bank in others):
        return Share(lives[0].taken, 0)  # nearly always; else rows are compared one by one
    counts = tally_by_bank(gate.evidence(state, now).parts, gate.terms.needs.kinds)
    there = counts.total()
    if not lives:
        return Share(there + 1, there + 1)  # the BlockMeta too
    bits = sum(bank.bit for bank in lives)
    return Share(there, there - sum(count for seen, count in counts.items() if seen & bits))


def contradiction(state: SlotState, endpoint: int, endpoints: int) -> tuple[str, str] | None:
    """The block that the endpoint told in place of the chain's, and that one; None: it did not, or nobody can tell.

    The chain's is the one that more endpoints tell than any other.
    """
    if len(state.metas) < 2:
        return None
    told = {(bank.endpoint, bank.blockhash) for bank in state.banks if bank.endpoint < endpoints}
    votes = Counter(blockhash for _, blockhash in told if blockhash is not None)
    ranked = votes.most_common()
    if len(ranked) < 2 or ranked[0][1] == ranked[1][1]:
        return None
    chains = ranked[0][0]
    own = sorted(block for teller, block in told if teller == endpoint and block is not None)
    return (own[-1], chains) if own and chains not in own else None


def brought_by(banks: Sequence[Bank], endpoint: int) -> tuple[int, int]:
    """Rows that the endpoint brought, and those of them that another copy preceded."""
    own = [bank for bank in banks if bank.endpoint == endpoint]
    taken = sum(bank.taken for bank in own)
    return taken, taken - sum(bank.news for bank in own)


def _is_live(bank: Bank) -> bool:
    return bank.covers and not (bank.by_replay or bank.by_rpc)
