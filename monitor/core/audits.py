"""What nobody else's stream can show: samples of what a single endpoint brings are compared with RPCs (DESIGN 5).

How this works. Of the slots that one endpoint alone told whole, one of so many is asked of RPCs when it is released at
confirmed; where something was found missing, the next ones are too. An RPC that has no answer yet is asked again, a
bounded number of times, and what is known of the slot is kept that long, closed or not. What is missing is handed on
late while the slot is open. An endpoint is only blamed for a block that it told from its beginning to its end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from monitor.core.backoff import full_jitter
from monitor.core.chain import Commitment
from monitor.core.claims import missing_of
from monitor.core.commands import CancelFetch, Command, Fetch
from monitor.core.errands import WITNESSES
from monitor.core.events import BlockFetched, FetchFailed, FetchPaced
from monitor.core.findings import Audited
from monitor.core.join import Join
from monitor.core.recovery_answers import is_final
from monitor.core.rpc_blocks import RpcBlocks
from monitor.core.rungs import Rung
from monitor.core.slots import SlotState

AUDITED: Final = 200
"""One slot of so many is compared."""
SUSPECT: Final = 32
"""Slots that are compared one by one from one that was not whole. Guessed."""
AT_ONCE: Final = 8
"""Audits under way; of slots that find no place none is kept. Guessed."""
TRIES: Final = 6
"""Of one audit. Guessed: with their pauses they last as long as a block takes to be final."""
PATIENCE: Final = 60.0
"""Seconds after which an answer is not waited for any more. Guessed."""


@dataclass(slots=True, eq=False)
class _Audit:
    state: SlotState
    """Its rows may be gone, but what they were is still known."""
    endpoint: int
    due: float
    """When it is asked for, again if it was before; or until when the answer is waited for."""
    is_asked: bool = False
    failures: int = 0


class Audits:
    """Those under way."""

    def __init__(self, join: Join, blocks: RpcBlocks, *, is_on: bool) -> None:
        self._join = join
        self._blocks = blocks
        self._is_on = is_on
        self._under_way: dict[int, _Audit] = {}
        self._next = AUDITED
        """The lowest slot that is to be compared next."""
        self._looked = -1
        """Slots up to this one were looked at."""
        self._suspect_below = 0

    @property
    def has_work(self) -> bool:
        """Whether `begin` has something to look at."""
        released = self._join.gate.frontier[Commitment.CONFIRMED]
        return self._is_on and (released > self._looked or bool(self._under_way))

    def begin(self, now: float) -> Iterator[Command]:
        """What is to be asked now."""
        released = self._join.gate.frontier[Commitment.CONFIRMED]
        if released > self._looked:
            self._choose(max(self._looked + 1, self._next, released - AUDITED), released, now)
            self._looked = released
        for slot, audit in list(self._under_way.items()):
            if now < audit.due:
                continue
            if audit.is_asked:
                yield CancelFetch(slot, Rung.RPC)
                self._give_up(slot, "nobody answered")
                continue
            audit.is_asked = True
            audit.due = now + PATIENCE
            yield Fetch(slot, Rung.RPC, WITNESSES)

    def next_deadline(self) -> float | None:
        """When `begin` has something to do, or None."""
        if not self._under_way:
            return None
        return min(audit.due for audit in self._under_way.values())

    def fetched(self, event: BlockFetched, now: float) -> None:
        """RPCs told a block that recovery has not asked for: perhaps that of an audit."""
        audit = self._under_way.pop(event.slot, None)
        if audit is None:
            return
        state = audit.state
        if self._blocks.is_refused(state, event):
            self._suspect(event.slot)
            return
        missing = missing_of(state, audit.endpoint, event.rows)
        is_compared = len(event.rows) > 1  # else nobody wants anything that an RPC knows of
        if is_compared and self._told_by(state) == audit.endpoint:
            self._blocks.found.append(Audited(audit.endpoint, event.slot, missing))
        if missing > 0:
            self._suspect(event.slot)
            self._hand_on(event, missing, now)

    def failed(self, event: FetchFailed, now: float) -> None:
        """No RPC told a block that recovery has not asked for."""
        audit = self._under_way.get(event.slot)
        if audit is None:
            return
        audit.failures += 1
        if is_final(event.verdict) or audit.failures == TRIES:
            self._give_up(event.slot, event.verdict.value)
            return
        audit.is_asked = False
        audit.due = now + max(event.retry_after, full_jitter(audit.failures, event.jitter))

    def paced(self, event: FetchPaced, now: float) -> None:
        """All calls of a fetch have gone, or a further one waits for its turn: from now on the answer is waited for."""
        audit = self._under_way.get(event.slot)
        if audit is not None and audit.is_asked:
            audit.due = now + PATIENCE

    def drop(self, slot: int) -> None:
        """Recovery has asked for this slot: what comes of it is no audit's."""
        self._under_way.pop(slot, None)

    def _choose(self, first: int, released: int, now: float) -> None:
        for slot in range(first, released + 1):
            state = self._join.slots.get(slot)
            if state is None or slot < self._next or len(self._under_way) == AT_ONCE:
                continue
            endpoint = self._told_by(state)
            if endpoint is None or not self._is_alone(endpoint) or not self._is_whole(state, now):
                continue
            self._under_way[slot] = _Audit(state, endpoint, now)
            is_suspect = slot < self._suspect_below
            self._next = slot + 1 if is_suspect else slot - slot % AUDITED + AUDITED

    def _told_by(self, state: SlotState) -> int | None:
        """The only endpoint that told the slot's block from its beginning to its end; None: there is none, or others."""
        told = {
            bank.endpoint
            for bank in state.banks
            if bank.covers and not bank.by_rpc and bank.blockhash == state.confirmed
        }
        return told.pop() if len(told) == 1 and not state.contested else None

    def _is_alone(self, endpoint: int) -> bool:
        """Whether no other endpoint brings all of a slot at this time."""
        sights = [s for s in self._join.sights.open.values() if not (s.is_repair or s.is_part)]
        return {sight.endpoint for sight in sights if sight.last_tied >= 0} == {endpoint}

    def _is_whole(self, state: SlotState, now: float) -> bool:
        """Whether nothing is known to be missing, so that recovery has not asked for the slot."""
        return state.recovered_by is None and self._join.gate.evidence(state, now).whole

    def _hand_on(self, event: BlockFetched, missing: int, now: float) -> None:
        state = self._join.slots.get(event.slot)
        facts = {"slot": event.slot, "updates": missing}
        report = self._join.gate.report
        if state is None:
            sentence = "an audit found updates of a closed slot that never came"
            report("critical", sentence, **facts)
            return
        report("error", "an audit found updates that never came", **facts)
        self._blocks.take(state, event, now)

    def _suspect(self, slot: int) -> None:
        """The slots that are released next are compared one by one."""
        self._suspect_below = max(slot, self._looked) + 1 + SUSPECT
        self._next = min(self._next, self._looked + 1)

    def _give_up(self, slot: int, why: str) -> None:
        del self._under_way[slot]
        self._join.gate.report("warning", "a slot could not be audited", slot=slot, why=why)
