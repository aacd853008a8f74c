"""How `limits.memory_mb` is shared among the buffers: what may wait for the loop, for its level, and for sinks.

Each has a bound in bytes, and none is passed silently: a full feed or sink stops the reading, so that servers wait;
frames that wait for their level and find no room are dropped, counted, and their slots known as partial.
"""

from dataclasses import dataclass
from typing import Final

from monitor.adapters.recovery.allowance import MOST_BYTES
from monitor.app.configuration import Configuration
from monitor.runtime.outbox import BOUND_BYTES

MIB: Final = 2**20
BASE_MB: Final = 112
"""What the daemon takes without any traffic: the interpreter, its libraries, identities of open slots. Measured
by `scripts/bench ingest`: 100 MB to the null sink."""
_FEEDS: Final = 0.25
"""Share of what is left that frames may take before the loop has seen them."""
_SINKS: Final = 0.25
_HELD: Final = 0.5
_OF_OBJECTS: Final = 2.0
"""Memory of a waiting frame by its bytes: the objects around a frame of 358 bytes take as much again."""

_ANSWERS: Final = 0.125
"""Share of all, where there are RPCs, that their answers may take before they are rows."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds in bytes."""

    feed: int
    """Frames that one feed may hold for the loop."""
    held: int
    """Frames, of all slots together, that wait for their level."""
    outbox: int
    """Records that wait for one sink."""
    answers: int
    """Answers of RPCs, of all together; 0 where there is none."""


def budget_of(configuration: Configuration) -> Budget:
    """The bounds of this daemon. The memory is enough to work in: a configuration with less is refused."""
    room: float = (configuration.limits.memory_mb - BASE_MB) * MIB
    answers = min(MOST_BYTES, int(room * _ANSWERS)) if configuration.rpc else 0
    room -= answers
    feeds = room * _FEEDS / max(len(configuration.endpoints), 1)
    sinks = room * _SINKS / max(len(configuration.sinks), 1)
    return Budget(
        feed=min(int(configuration.ingest.feed_buffer_mb * MIB), int(feeds / _OF_OBJECTS)),
        held=int(room * _HELD / _OF_OBJECTS),
        outbox=min(BOUND_BYTES, int(sinks)),
        answers=answers,
    )
