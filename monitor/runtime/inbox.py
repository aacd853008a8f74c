"""What other tasks have for the kernel: kept until the loop's next turn, one event a turn.

A recovered block is thousands of rows; several in one turn would hold up live frames for tens of milliseconds.
"""

from collections import deque
from collections.abc import Callable

from monitor.core.events import FloorTold, RecoveryEvent, Wished

Posted = RecoveryEvent | FloorTold | Wished


class Inbox:
    """Events on their way to the kernel. Bounded by what the kernel asked for: each is an answer, or an operator's word."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """`wake`: as `ports.Feeds.wake`."""
        self._posted: deque[Posted] = deque()
        self._wake = wake

    def post(self, event: Posted) -> None:
        """Hand this to the kernel soon. To be called on the loop; never blocks."""
        self._posted.append(event)
        self._wake()

    def take(self) -> Posted | None:
        """The next one; the loop is woken again while there are more."""
        if not self._posted:
            return None
        event = self._posted.popleft()
        if self._posted:
            self._wake()
        return event
