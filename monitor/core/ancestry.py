"""What the blocks behind a slot say of it."""

from collections.abc import Mapping
from typing import Final

from monitor.core.slots import SlotState

_CHILDREN: Final = 9
"""How far behind a slot its children are looked for; leaders seldom skip more. Guessed."""


def is_denied(slots: Mapping[int, SlotState], number: int, blockhash: str) -> bool:
    """Whether blocks behind this slot name another block of it, and none this one.

    Then an endpoint that calls the slot confirmed may mean that other one: a server that creates a bank anew while
    it begins a replay tells the new one to nobody (TRAPS 15).
    """
    named = {
        meta.parent_blockhash
        for child in range(number + 1, number + _CHILDREN)
        if (state := slots.get(child)) is not None
        for meta in state.metas.values()
        if meta.parent_slot == number
    }
    return bool(named) and blockhash not in named
