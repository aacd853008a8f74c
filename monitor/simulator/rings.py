"""The three broadcast rings of a server, one a commitment level (PROTOCOL 2.7)."""

from collections.abc import Callable

from monitor.core.chain import Commitment
from monitor.simulator.received import Message


class Rings:
    """What was broadcast and not yet handed to the subscribers, in order."""

    def __init__(self, repeats: Callable[[], bool]) -> None:
        """`repeats` is asked of each message of each ring: True sends it twice."""
        self._repeats = repeats
        self._batches: dict[Commitment, list[Message]] = {level: [] for level in Commitment}

    def put(self, level: Commitment, message: Message) -> None:
        """Broadcast on one ring."""
        batch = self._batches[level]
        batch.append(message)
        if self._repeats():
            batch.append(message)

    def put_everywhere(self, message: Message) -> None:
        """Broadcast on all three."""
        for level in Commitment:
            self.put(level, message)

    def take(self, level: Commitment) -> list[Message]:
        """What was broadcast on this ring since the last call."""
        batch = self._batches[level]
        self._batches[level] = []
        return batch
