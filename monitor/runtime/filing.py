"""A certificate as it is filed: with names for numbers, and each name once."""

from collections.abc import Sequence

from monitor.core.certificates import Certificate, Source
from monitor.stored import StoredSlot


def stored_slot(certificate: Certificate, names: Sequence[str], closed_at_ns: int) -> StoredSlot:
    """The certificate; `names`: by origin."""
    return StoredSlot(
        slot=certificate.slot,
        end=certificate.end,
        proof=certificate.proof,
        blockhash=certificate.blockhash,
        parent_slot=certificate.parent_slot,
        block_height=certificate.block_height,
        sources=_by_name(names, certificate.sources),
        missed_by=tuple(names[endpoint] for endpoint in certificate.missed_by),
        delay_ms=tuple((names[endpoint], ns / 1e6) for endpoint, ns in certificate.delay_ns),
        recovered_by=certificate.recovered_by,
        closed_at_ns=closed_at_ns,
        parent_blockhash=certificate.parent_blockhash,
    )


def _by_name(names: Sequence[str], sources: Sequence[Source]) -> tuple[tuple[str, int, bool], ...]:
    """Each name once: what somebody streamed and what it replayed of the slot are one, of the larger of both counts."""
    found: dict[str, tuple[int, bool]] = {}
    for each in sources:
        count, covers = found.get(names[each.endpoint], (0, False))
        found[names[each.endpoint]] = max(count, each.transactions), covers or each.covers
    return tuple((name, count, covers) for name, (count, covers) in found.items())
