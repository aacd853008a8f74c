"""What monitors of each level had of one slot: which version of it, who, and whose banks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitor.core.chain import Commitment

if TYPE_CHECKING:
    from monitor.core.slots import SlotState


@dataclass(slots=True)
class Told:
    """Of one slot."""

    versions: list[int] = field(default_factory=lambda: [0, 0, 0])
    """By level: how often its monitors had to take the slot back."""
    masks: list[int] = field(default_factory=lambda: [0, 0, 0])
    """By level: monitors that had something of the present version."""
    era: int = 0
    """Which banks of each feed monitors at processed are given: 0 the first of the slot, 1 those after the first, ..."""
    inherited: list[Mapping[int, frozenset[Any]] | None] = field(default_factory=lambda: [None] * 3)
    """By level, and kind: what is in the ids of events that an earlier process handed on of the present version."""
    is_away: bool = False
    """The slot's rows are on the disk: what comes meanwhile is given when they are back."""
    is_passed_by: bool = False
    """The chain goes on without a block in this slot, as far as is known."""

    def blockhash_of(self, state: "SlotState", level: Commitment) -> str | None:
        """Of the block whose events the level has, if it is known, and one alone."""
        if level != Commitment.PROCESSED:
            return state.confirmed
        known = {bank.blockhash for bank in state.banks if bank.era == self.era} - {None}
        return known.pop() if len(known) == 1 else None
