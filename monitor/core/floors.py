"""Asks endpoints how far back they can replay, so that no replay has to find out by being refused, which ends its stream.

An endpoint is asked when it accepts a stream, and before a replay when its last answer is old. The replay waits for the
answer, but not for long, and not for an endpoint that was asked in vain of late: then what its refusals tell must do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from monitor.core.commands import AskFloor
from monitor.core.connection import Connection
from monitor.core.events import FloorTold
from monitor.core.reach import set_floor

FRESH: Final = 2.0
"""Seconds for which an answer is as good as a new one: five slots, about the margin above the floor."""
PATIENCE: Final = 2.0
"""Seconds that a replay waits for an answer. Guessed."""
SILENT: Final = 60.0
"""Seconds for which no replay waits for an endpoint that did not answer. Guessed."""
NOTHING_STORED: Final = 2**64 - 1
"""What a server names as its oldest slot while it holds none (TRAPS 20)."""


@dataclass(slots=True)
class _Question:
    """The last one to one endpoint. Times in seconds; of long ago where there was none."""

    asked_at: float = -inf
    is_open: bool = False
    told_at: float = -inf
    in_vain_at: float = -inf
    said_off: bool = False
    """It was its answer, and no refusal, that turned replays off."""


class Floors:
    """What is being asked, and what was answered."""

    def __init__(self, connections: Sequence[Connection], *, asks: bool) -> None:
        """`asks`: somebody performs `AskFloor`. If not, nothing waits for it."""
        self._all = connections
        self._asks = asks
        self._questions = [_Question() for _ in connections]

    def accepted(self, connection: Connection, now: float) -> Iterator[AskFloor]:
        """The endpoint accepted a stream: it may be another server than the one that answered before."""
        self._questions[connection.endpoint].told_at = -inf
        yield from self.ask(connection, now)

    def ask(self, connection: Connection, now: float) -> Iterator[AskFloor]:
        """Ask the endpoint, unless it has answered of late or is being asked."""
        if not self._asks:
            return
        question = self._questions[connection.endpoint]
        if question.is_open and now >= question.asked_at + PATIENCE:
            question.is_open = False
            question.in_vain_at = now
        if not question.is_open and now >= question.told_at + FRESH:
            question.is_open = True
            question.asked_at = now
            yield AskFloor(connection.endpoint)

    def is_awaited(self, connection: Connection, now: float) -> bool:
        """Whether a replay should wait for what the endpoint is about to say."""
        question = self._questions[connection.endpoint]
        is_silent = now < question.in_vain_at + SILENT
        return question.is_open and not is_silent and now < self.awaited_until(connection)

    def awaited_until(self, connection: Connection) -> float:
        """When a replay that waits for the endpoint's answer goes on without it."""
        return self._questions[connection.endpoint].asked_at + PATIENCE

    def told(self, event: FloorTold, now: float) -> None:
        """The endpoint answered, or it is certain that it will not."""
        connection, question = self._all[event.endpoint], self._questions[event.endpoint]
        question.is_open = False
        question.told_at = now
        connection.stores_nothing = event.first_available == NOTHING_STORED
        if not event.has_replay:
            connection.replay_off = question.said_off = True
        elif event.first_available is None:
            question.in_vain_at = now
        else:
            question.in_vain_at = -inf
            if question.said_off:
                connection.replay_off = question.said_off = False
            if not connection.stores_nothing:
                set_floor(connection, event.first_available)
                connection.holds_from = event.first_available
