"""The ordinary transactions of the simulated chain: how many of each kind are made ready at start."""

from collections.abc import Callable
from random import Random
from typing import Final

from monitor.simulator.chain_actors import Actors
from monitor.simulator.outlines_payments import (
    deposit,
    failed_token_transfer,
    failed_transfer,
    memo_transfer,
    sponsored_token_transfer,
    token_transfer,
    transfer,
    unrecorded_transfer,
    version_one_transfer,
)
from monitor.simulator.outlines_swaps import (
    failed_swap,
    legacy_swap,
    quote,
    version_one_swap,
    version_zero_swap,
)
from monitor.simulator.transactions import Outline

_MIX: Final[dict[Callable[[Actors, Random], Outline], int]] = {
    transfer: 24,
    unrecorded_transfer: 4,
    memo_transfer: 6,
    version_one_transfer: 6,
    failed_transfer: 6,
    token_transfer: 16,
    sponsored_token_transfer: 10,
    failed_token_transfer: 5,
    deposit: 8,
    legacy_swap: 12,
    version_zero_swap: 30,
    version_one_swap: 8,
    failed_swap: 12,
    quote: 4,
}
"""Near the shares seen on mainnet: a fifth to a third version 0, some percent version 1, an eighth or more failed."""


def make_outlines(actors: Actors, dice: Random) -> tuple[Outline, ...]:
    """One outline for each place in the mix; a use picks any of them alike."""
    return tuple(make(actors, dice) for make, count in _MIX.items() for _ in range(count))
