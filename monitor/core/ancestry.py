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
    denied = False
    for child in range(number + 1, number + _CHILDREN):
        state = slots.get(child)
        for meta in () if state is None else state.metas.values():
            if meta.parent_slot == number:
                if meta.parent_blockhash == blockhash:
                    return False  # nearly always the very next slot
                denied = True
    return denied
