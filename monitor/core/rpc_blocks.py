"""Takes blocks of RPCs into the join, and says whom to doubt where one contradicts what is known of its slot."""

from monitor.core.claims import contradiction, tellers
from monitor.core.errands import WITNESSES
from monitor.core.events import BlockFetched
from monitor.core.findings import Audited, Contradicted
from monitor.core.join import Join
from monitor.core.slots import SlotState


class RpcBlocks:
    """Each block is told from the others as feeds are."""

    def __init__(self, join: Join) -> None:
        self.found: list[Audited | Contradicted] = []
        """What speaks for and against endpoints, since somebody looked."""
        self._join = join
        self._taken = 0

    def take(self, state: SlotState, event: BlockFetched, now: float) -> None:
        """The block of this open slot, which nothing contradicts: its rung has brought something of the slot."""
        state.recovered_by = event.rung
        if event.signatures:
            state.signatures[event.rows[-1][2]] = event.signatures
        self._taken += 1
        self._join.take_block(-self._taken, event.sources[0], event.rows, now)

    def is_refused(self, state: SlotState, event: BlockFetched) -> bool:
        """Whether the block contradicts what is known of its slot; then somebody is told.

        Two RPCs that tell it alike outweigh a single endpoint that told something else. One RPC does not, and nobody
        can say who is wrong about a slot of which a stream began several banks.
        """
        why = contradiction(state, event.rows[-1])
        if why is None:
            return False
        report, slot = self._join.gate.report, state.number
        against = tellers(state, state.confirmed or event.rows[-1][2])
        if len(against) != 1:
            report("critical", "an RPC told a block that is not the chain's", slot=slot, why=why)
        elif state.contested or len(set(event.sources)) < WITNESSES:
            facts = {"slot": slot, "why": why, "endpoints": sorted(against)}
            report("critical", "an RPC and an endpoint tell different blocks", **facts)
        else:
            (endpoint,) = against
            facts = {"slot": slot, "why": why, "endpoint": endpoint}
            report("critical", "RPCs agree on another block than an endpoint told", **facts)
            self.found.append(Contradicted(endpoint, slot, f"RPCs told another block: {why}"))
        return True
