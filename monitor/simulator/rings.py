"""The three broadcast rings of a server, one a commitment level (PROTOCOL 2.7)."""

from typing import Final, Protocol

from monitor.core.chain import Commitment
from monitor.simulator.received import Message

LEVELS: Final = tuple(Commitment)
"""Lowest first. Iterating over an enum is slow."""


class Repeater(Protocol):
    """Makes messages come twice, when that is wanted."""

    duplicate: float
    """The share of messages."""

    def repeats(self) -> bool:
        """Drawn for each message of each ring while `duplicate` is not 0."""


class Rings:
    """What was broadcast and not yet handed to the subscribers, in order."""

    def __init__(self, repeater: Repeater) -> None:
        self._repeater = repeater
        self._batches: dict[Commitment, list[Message]] = {level: [] for level in LEVELS}

    def put(self, level: Commitment, message: Message) -> None:
        """Broadcast on one ring."""
        batch = self._batches[level]
        batch.append(message)
        if self._repeater.duplicate and self._repeater.repeats():
            batch.append(message)

    def put_everywhere(self, message: Message) -> None:
        """Broadcast on all three."""
        for level in LEVELS:
            self.put(level, message)

    def take(self, level: Commitment) -> list[Message]:
        """What was broadcast on this ring since the last call."""
        batch = self._batches[level]
        if batch:
            self._batches[level] = []
        return batch
