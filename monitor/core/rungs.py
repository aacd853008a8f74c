"""The ladder of recovery: from where a missing slot can be had, and what a source may answer (DESIGN 8)."""

from enum import StrEnum
from typing import Final


class Rung(StrEnum):
    """Where a slot is asked for, cheapest first. The values are the words in records, certificates and metrics.

    Other open feeds that have not passed the slot yet are none of them: they are waited for, and asked for nothing.
    """

    REPLAY = "replay"
    """A stream of its own that begins with `from_slot`."""
    RPC = "rpc"
    """getBlock of the pool of RPCs."""
    ARCHIVE = "archive"
    """getBlock of RPCs that keep everything and are slower."""


LADDER: Final = tuple(Rung)


class Verdict(StrEnum):
    """Why a source brought no block. None of them ends a job: only evidence does (TRAPS 10)."""

    NOT_YET = "not_yet"
    """It may have the block soon: -32004, -32014, `null`, `meta: null`, a node behind."""
    SKIPPED_CLAIM = "skipped_claim"
    """It says that there is no block: -32007, -32009. A claim, never a proof."""
    CANNOT = "cannot"
    """It will never have it: pruned, no history, method disabled, not authorized."""
    THROTTLED = "throttled"
    """It asks for a pause."""
    FAILED = "failed"
    """It could not be reached, took too long, broke, or said what contradicts itself."""
    DISAGREED = "disagreed"
    """Several were asked and no two told the same block."""
    UNASKED = "unasked"
    """Nobody, or not everybody, could be asked: who may have it is busy, or out of reach for now."""
    OURS = "ours"
    """It refused the request itself: a mistake of ours."""
