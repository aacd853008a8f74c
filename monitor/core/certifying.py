"""Writes certificates: what the evidence of a slot comes to, who brought it, and who should have."""

from collections import Counter

from monitor.core.certificates import Certificate, SlotEnd, Source
from monitor.core.chain import Kind
from monitor.core.evidence import Evidence, tally_by_bank
from monitor.core.gate import Gate
from monitor.core.quorum import shortage_of
from monitor.core.shares import Told, lacking
from monitor.core.sights import Sights
from monitor.core.slots import SlotState

_PLACED = "; two RPCs say that it is the chain's, below a slot that nobody brought"
_TRANSACTIONS = (int(Kind.TRANSACTION), int(Kind.TRANSACTION_STATUS))


def complete_or_partial(
    state: SlotState, evidence: Evidence, gate: Gate, sights: Sights
) -> Certificate:
    """The certificate of a finalized block. Counts what endpoints missed of it, each update once."""
    blockhash = state.confirmed
    meta = state.metas.get(blockhash or "")
    held: dict[int, int] = {}
    """By endpoint: bits of its banks."""
    covers: dict[int, bool] = {}
    live: dict[int, int] = {}
    """By endpoint that told the slot from its beginning to its end as it happened: the monitors that it carried."""
    met: dict[int, int] = {}
    bits = 0
    for _, part in evidence.parts:
        bits |= part
    for bank in state.banks:
        if bank.bit & bits:
            held[bank.endpoint] = held.get(bank.endpoint, 0) | bank.bit
            covers[bank.endpoint] = covers.get(bank.endpoint, False) or bank.covers
            if bank.covers and not (bank.by_replay or bank.by_rpc):
                live[bank.endpoint] = live.get(bank.endpoint, 0) | bank.carries
            if bank.met_at and not (bank.by_replay or bank.by_rpc):
                met[bank.endpoint] = min(bank.met_at, met.get(bank.endpoint, bank.met_at))
    transactions = _transactions(evidence, gate)
    identities = tally_by_bank(evidence.parts, gate.terms.needs.kinds)
    lacks = [
        _lacks(
            identities,
            held.get(i),
            live.get(i),
            None if i in held else sights.owed_by(i, state.number),
        )
        for i in range(len(gate.tally.missed))
    ]
    missed = _missed(state, lacks, gate.tally.missed)
    earliest = min(met.values(), default=0)
    return Certificate(
        slot=state.number,
        end=_end(state, evidence),
        proof=evidence.proof + (_PLACED if state.is_placed else "") + shortage_of(state),
        blockhash=blockhash,
        parent_slot=None if meta is None else meta.parent_slot,
        parent_blockhash=None if meta is None else meta.parent_blockhash,
        block_height=None if meta is None else meta.block_height,
        sources=tuple(
            Source(endpoint, _held_by(transactions, own), covers[endpoint])
            for endpoint, own in sorted(held.items())
        ),
        missed_by=missed,
        delay_ns=tuple((endpoint, at - earliest) for endpoint, at in sorted(met.items())),
        recovered_by=None if state.recovered_by is None else state.recovered_by.value,
    )


def _end(state: SlotState, evidence: Evidence) -> SlotEnd:
    if not evidence.whole:
        return SlotEnd.PARTIAL
    return SlotEnd.COMPLETE if state.recovered_by is None else SlotEnd.RECOVERED


def off_chain(slot: int, state: SlotState | None, proof: str) -> Certificate:
    """The certificate of a slot that the finalized chain passes by."""
    if state is not None and state.dead is not None:
        end = SlotEnd.DEAD
    elif state is not None and state.banks:
        end = SlotEnd.FORKED
    else:
        end = SlotEnd.SKIPPED
    return Certificate(slot, end, proof)


def speaks_for_none(slot: int, state: SlotState | None) -> Certificate:
    """The certificate of a slot that may hold a block of the chain."""
    blockhash = None if state is None else state.confirmed
    return Certificate(
        slot, SlotEnd.PARTIAL, "no finalized block speaks for it", blockhash=blockhash
    )


def lost(slot: int, state: SlotState | None, proof: str) -> Certificate:
    """The certificate of a slot that recovery has given up."""
    if state is None:
        return Certificate(slot, SlotEnd.LOST, proof)
    words = [proof]
    if state.evidence is not None and not state.evidence.whole:
        words.append(state.evidence.proof)
    if state.reconciled and state.reconciled_at is None:
        words.append(state.reconciled)
    return Certificate(slot, SlotEnd.LOST, "; ".join(words), blockhash=state.confirmed)


def _transactions(evidence: Evidence, gate: Gate) -> Counter[Told]:
    """How many transactions each set of banks holds, of the first kind of them that is asked for."""
    for kind in _TRANSACTIONS:
        if kind in gate.terms.needs.kinds:
            return tally_by_bank(evidence.parts, (kind,))
    return Counter()


def _lacks(identities: Counter[Told], held: int | None, live: int | None, owed: int | None) -> int:
    """How much an endpoint left out of what it was asked for. `held`: bits of its banks, if it has any; `live`, `owed`:
    the monitors for which it told the slot as it happened, and for which it should have.

    Who brought it by a replay is not asked: it was not there, and a replay leaves account writes out.
    """
    if held is not None:
        return 0 if live is None else lacking(identities, held, live)
    return 0 if owed is None else lacking(identities, 0, owed) + 1  # the BlockMeta too


def _missed(state: SlotState, lacks: list[int], tally: list[int]) -> tuple[int, ...]:
    """Endpoints that should have brought all of the slot that they were asked for and did not, counted in the tally."""
    for endpoint, count in enumerate(lacks):
        before = state.missed.get(endpoint, 0)
        tally[endpoint] += max(0, count - before)
        state.missed[endpoint] = max(count, before)
    return tuple(endpoint for endpoint, count in enumerate(lacks) if count)


def _held_by(counts: Counter[Told], own: int) -> int:
    return sum(count for (_, bits), count in counts.items() if bits & own)
