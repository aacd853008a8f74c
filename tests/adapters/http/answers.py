"""What a daemon with nothing to say answers, and a certificate as it is kept; for tests of the API."""

from monitor.adapters.http.routes import Answers
from monitor.core.certificates import SlotEnd
from monitor.stored import StoredSlot


async def _no_slots(_first: int, _end: int, _limit: int) -> list[StoredSlot]:
    return []


ANSWERS = Answers(
    metrics=lambda: b"",
    ready=list,
    status=dict,
    recovery=dict,
    commitment=dict,
    endpoints=dict,
    newest_slot=lambda: None,
    slots=_no_slots,
)


def stored(slot: int, end: SlotEnd = SlotEnd.COMPLETE) -> StoredSlot:
    """A certificate of a slot that two endpoints told and one of them missed."""
    return StoredSlot(
        slot=slot,
        end=end,
        proof="transactions 0..41 counted",
        blockhash="4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM",
        parent_slot=slot - 1,
        block_height=slot - 100 if slot >= 100 else None,
        sources=(("ams", 42, True), ("nyc", 40, False)),
        missed_by=("nyc",),
        delay_ms=(("ams", 0.0), ("nyc", 12.5)),
        recovered_by=None,
        closed_at_ns=1_795_248_000_123_456_789,
    )
