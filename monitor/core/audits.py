"""With a single endpoint nobody else's stream shows what it leaves out: a sample is compared with an RPC (DESIGN 5)."""

from typing import Final

from monitor.core.chain import Commitment
from monitor.core.join import Join

AUDITED: Final = 200
"""One slot of so many is compared."""
SOLE: Final = 0
"""The endpoint that audits are about: there is no other where they are made."""


class Audits:
    """Which slots are asked for, of those that were released at confirmed."""

    def __init__(self, join: Join, *, is_on: bool) -> None:
        self._join = join
        self._is_on = is_on
        self._last = 0
        """The last audit was of the first block from this slot on."""
        self._under_way: set[int] = set()

    def begin(self) -> int | None:
        """A slot to be fetched now, or None."""
        released = self._join.gate.frontier[Commitment.CONFIRMED]
        due = released - released % AUDITED
        if not self._is_on or due <= self._last:
            return None
        self._last = due
        for number in range(due, released + 1):
            state = self._join.slots.get(number)
            if state is not None and state.confirmed in state.metas:
                self._under_way.add(number)
                return number
        return None

    def end(self, slot: int) -> bool:
        """An answer came. Whether it is that of an audit."""
        is_one = slot in self._under_way
        self._under_way.discard(slot)
        return is_one
