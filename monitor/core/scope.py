"""How much is asked of a server on one stream, and for whom."""

from enum import IntEnum
from typing import Final

EVERY_MONITOR: Final = -1
"""The mask of all monitors: what a stream carries where they are not divided over the feeds."""


class Scope(IntEnum):
    """The higher, the more."""

    SLOTS = 0
    """Slot statuses alone: how far the endpoint is."""
    CHAIN = 1
    """And block metas: how long it takes, which blocks it tells, and what is missing."""
    EVERYTHING = 2
    """And all that monitors ask for."""
