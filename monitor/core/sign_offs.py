"""Lost slots that a person takes for what they are: nothing waits for them, and what their links prove is proven."""

from monitor.core.chain import Commitment
from monitor.core.events import SignedOff
from monitor.core.join import Join
from monitor.core.progress import Progress
from monitor.core.recovery import RecoveryQueue


class SignOffs:
    """What a person's word does."""

    def __init__(self, join: Join, queue: RecoveryQueue, progress: Progress) -> None:
        self._join = join
        self._queue = queue
        self._progress = progress

    def take(self, event: SignedOff) -> bool:
        """Close the slot, if it is lost; whether it was."""
        slot, join = event.slot, self._join
        if not self._queue.sign_off(slot):
            return False
        state = join.slots.get(slot)
        self._progress.signed_off += 1
        join.ledger.sign_off(slot, event.reason)
        meta = None if state is None else state.metas.get(state.confirmed or "")
        if state is not None and meta is not None:
            join.given_up.keep(slot, meta)
            if state.finalized:
                join.given_up.name(slot, meta.blockhash, Commitment.FINALIZED)
        join.gate.report("warning", "a lost slot was signed off", slot=slot, reason=event.reason)
        return True

    def prove(self, now: float) -> None:
        """Close what final blocks that were signed off jump over; their parents are final as well."""
        given_up, ledger = self._join.given_up, self._join.ledger
        if not given_up.proven:
            return
        while given_up.proven:
            slot, meta = given_up.proven.pop()
            ledger.close_off_chain(meta.parent_slot + 1, slot, f"parent link of {slot}")
            parent, parent_blockhash = meta.parent_slot, meta.parent_blockhash
            self._join.know(parent, parent_blockhash, Commitment.FINALIZED, now, is_link=True)
        self._join.tick(now)
