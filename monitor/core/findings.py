"""What was found against an endpoint, in words: the answer to `endpoints --why`."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

KEPT: Final = 20
"""Findings of one endpoint that are kept, the newest. Guessed: more than a screen of one endpoint is not read."""
EPISODE: Final = 60.0
"""Seconds after which the same cause is a new finding, and worth a new line in the log. Guessed."""


class Cause(StrEnum):
    """What kind of fault it is; the value is the `cause` label of metrics."""

    AUDIT = "audit"
    """An RPC had more of a slot than the only endpoint brought."""
    BLOCK = "block"
    """It told another block than the chain's."""
    MISSED = "missed"
    """It left out what others brought, on a stream that never broke."""
    AHEAD = "ahead"
    """It told a slot far above all that two endpoints have seen."""
    LAGGING = "lagging"
    """It is behind a tip that two endpoints have seen."""


@dataclass(frozen=True, slots=True)
class Audited:
    """A slot that an endpoint told whole was compared with RPCs."""

    endpoint: int
    slot: int
    missing: int
    """Updates that they have and it never sent."""


@dataclass(frozen=True, slots=True)
class Contradicted:
    """Others that outweigh it told a block that cannot be the one which this endpoint told."""

    endpoint: int
    slot: int
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, with all that followed it within EPISODE."""

    cause: Cause
    slot: int
    """Where it was found last."""
    first_slot: int
    count: int
    """How often it was found."""
    at: float
    """Seconds of the clock, when it was found last."""
    sentence: str
    """The last one, in words."""


class Findings:
    """Those of one endpoint."""

    def __init__(self) -> None:
        self.counts: dict[Cause, int] = {}
        """How often each was found, ever."""
        self._kept: deque[Finding] = deque(maxlen=KEPT)

    def add(self, cause: Cause, slot: int, sentence: str, now: float) -> bool:
        """Keep it. Whether it is a new finding, and none that only goes on."""
        self.counts[cause] = self.counts.get(cause, 0) + 1
        for place, known in enumerate(self._kept):
            if known.cause == cause and now < known.at + EPISODE:
                del self._kept[place]
                last = replace(known, slot=slot, count=known.count + 1, at=now, sentence=sentence)
                self._kept.append(last)
                return False
        self._kept.append(Finding(cause, slot, slot, 1, now, sentence))
        return True

    def newest(self) -> Sequence[Finding]:
        """All that are kept, the newest first."""
        return tuple(reversed(self._kept))
