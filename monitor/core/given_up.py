"""Parent links of blocks that a person gave up before they were known to be final: what they prove is still to come."""

from monitor.core.banks import Meta
from monitor.core.chain import Commitment


class GivenUp:
    """By slot, what is kept of blocks whose slots are closed as lost. Each is a person's word, so they are few."""

    def __init__(self) -> None:
        self.proven: list[tuple[int, Meta]] = []
        """Those that came to be known as final since somebody looked."""
        self._links: dict[int, Meta] = {}

    def keep(self, slot: int, meta: Meta) -> None:
        """The slot's block was confirmed, and its slot was signed off."""
        self._links[slot] = meta

    def name(self, slot: int, blockhash: str, level: Commitment) -> None:
        """The block of this slot is known to be at `level`."""
        meta = self._links.get(slot)
        if meta is not None and meta.blockhash == blockhash and level == Commitment.FINALIZED:
            self.proven.append((slot, self._links.pop(slot)))
