"""What sinks hold, from before a start, of blocks that nobody knew to be final: to be matched, or taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.core.chain import Commitment


@dataclass(frozen=True, slots=True)
class Inherited:
    """Of one slot, for the monitors that are at one level in it."""

    slot: int
    level: Commitment
    version: int
    """The one that holds: so many undos were given before, and some sink may be behind with some of them."""
    mask: int
    """The monitors that have something of this version in some sink; 0 where it has only begun."""
    identities: Mapping[int, frozenset[Any]]
    """What they have, by kind, as `core.keys.identity` gives it; all of it was in one block.

    Of `slot` events the levels told. Statuses that were observed, and states that stand for lost writes, are no part of a block and are not here. Of a
    last write the account alone is known (32 bytes).
    """
