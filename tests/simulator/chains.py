"""Chains that several tests read: made once a run, never changed by a test."""

from functools import lru_cache
from typing import Any

from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.model import Bank, Slot, Update

SLOTS = 150

EVENTFUL = ChainSettings(
    votes=12, transactions=15, skipped=0.08, forked=0.08, dead=0.05, recreated=0.05
)
"""Everything that goes wrong does so often; fewer votes, for speed."""


@lru_cache(maxsize=4)
def eventful_slots(seed: int = 7) -> tuple[Slot, ...]:
    """The first slots of an eventful chain."""
    chain = GeneratedChain(seed, EVENTFUL)
    return tuple(chain.slot(chain.first_slot + number) for number in range(SLOTS))


def canonical_banks() -> list[Bank]:
    """The blocks on the eventful chain, ascending."""
    return [bank for slot in eventful_slots() for bank in slot.banks if bank.canonical]


def updates_of(bank: Bank, kind: int) -> list[Update]:
    """The bank's updates of one kind, in arrival order."""
    return [update for _, update in bank.updates if update.kind == kind]


def messages_of(bank: Bank, kind: int) -> list[Any]:
    """The bank's messages of one kind, in arrival order."""
    return [update.message for update in updates_of(bank, kind)]
