"""Replays that take their time: a server sends so many slots of them a second, and nothing live meanwhile (PROTOCOL 3.3)."""

from collections.abc import Callable, Iterator
from typing import Protocol

from monitor.simulator.received import Message


class Paced(Protocol):
    """A stream that replays."""

    def take_replay(self, replay: Iterator[Message] | None) -> None:
        """Here is what it asked for; None: there is nothing to replay."""

    def is_sending(self, replay: Iterator[Message]) -> bool:
        """Whether it has more of this replay to send."""

    def may_send_a_slot(self) -> None:
        """One slot more of the replay may go."""


SetTimer = Callable[[float, Callable[[float], None]], None]


def begin(
    session: Paced, replay: Iterator[Message] | None, rate: float | None, set_timer: SetTimer
) -> Callable[[float], None]:
    """Give the stream its replay, and answer what is to be called then. `rate`: slots a second; None: as fast as it is read."""
    session.take_replay(replay)

    def go_on(now: float) -> None:
        if rate is not None and replay is not None and session.is_sending(replay):
            session.may_send_a_slot()
            set_timer(now + 1 / rate, go_on)

    return go_on
