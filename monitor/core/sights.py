"""What each connection has shown: which slots its stream spans without a break, and so should have brought."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from monitor.core.banks import Bank
from monitor.core.slots import SlotState

NEVER: Final = -1
"""No request's generation."""


@dataclass(slots=True, eq=False)
class Sight:
    """What must be known of one connection."""

    endpoint: int
    first_slot: int | None = None
    """First slot of which data came: what it has of this slot and the next may lack the beginning."""
    is_replay: bool = False
    """It began with a replay, so that how far a slot is from the first says nothing."""
    is_repair: bool = False
    """It replays for recovery alone: nobody waits for it, and it spans nothing."""
    unproven: tuple[SlotState, Bank] | None = None
    """The last slot of that replay, or the one that was in flight at the opening; what follows tells which."""
    has_lifecycle: bool = False
    """The server tells CREATED_BANK, which is the better sign of a beginning."""
    first_covered: int | None = None
    """First slot that it told from the beginning to the end."""
    last_tied: int = -1
    """Highest slot of which its BlockMeta came."""
    in_flight: set[int] = field(default_factory=set)
    """Slots that had begun and not ended when a replay was asked for: their next end is the live one."""
    begins_under: int = 1
    """Generation of the request that asks for all of a slot that begins now; `NEVER`: not all is asked for."""
    is_amended: bool = False
    """What comes may still be of a request before that one."""

    @property
    def is_part(self) -> bool:
        """Not all that monitors ask for is asked of it: it covers no slot, and owes nothing of any."""
        return self.begins_under == NEVER

    def is_third(self, slot: int) -> bool:
        """Whether its data of this slot are there from the beginning, on a server that tells of none: two began before."""
        if self.first_slot is None and not self.is_amended:
            self.first_slot = slot
        return self.first_slot is not None and slot >= self.first_slot + 2

    def met(self, generation: int) -> None:
        """A BlockMeta came under this request."""
        if self.is_amended and generation == self.begins_under:
            self.is_amended = False

    def tied(self, slot: int, *, covers: bool) -> None:
        """A BlockMeta came; `covers`: with all of its slot before it."""
        if covers and self.first_covered is None and not self.is_repair:
            self.first_covered = slot
        self.last_tied = max(self.last_tied, slot)


class Sights:
    """The open connections, and the spans of those that have ended."""

    def __init__(self, endpoints: int) -> None:
        self.open: dict[int, Sight] = {}
        """By feed."""
        self._spans: list[list[tuple[int, int]]] = [[] for _ in range(endpoints)]

    def begin(
        self,
        feed: int,
        endpoint: int,
        *,
        is_replay: bool,
        is_repair: bool = False,
        generation: int = 1,
    ) -> None:
        """A feed was asked for. `generation`: of its request, or `NEVER` where it asks for a part alone."""
        self.open[feed] = Sight(
            endpoint, is_replay=is_replay, is_repair=is_repair, begins_under=generation
        )

    def begin_anew(self, feed: int, generation: int, slots: Iterable[SlotState]) -> None:
        """Something else is asked for on this stream: what was begun is not ended, as on another connection.

        `generation`: of the new request, or `NEVER` where it asks for a part alone; `slots`: all that are open.
        """
        endpoint = self.open[feed].endpoint
        self.end(feed)
        self.open[feed] = Sight(endpoint, begins_under=generation, is_amended=True)
        for state in slots:
            bank = state.current.get(feed)
            if bank is not None and bank.blockhash is None:
                bank.began_whole = False

    def end(self, feed: int) -> None:
        """A feed is over."""
        sight = self.open.pop(feed, None)
        if sight is not None and sight.first_covered is not None:
            self._spans[sight.endpoint].append((sight.first_covered, sight.last_tied))

    def have_passed(self, slot: int) -> bool:
        """Whether every feed that brings blocks has brought one above this slot: its own copy of it will not come."""
        return all(
            s.last_tied < 0 or s.last_tied > slot
            for s in self.open.values()
            if not (s.is_repair or s.is_part)
        )

    def sole_blockhash(self, state: SlotState) -> str | None:
        """The block that a feed means which names none: the only one known, if no open feed may yet name another."""
        for feed, bank in state.current.items():
            if bank.blockhash is None and feed in self.open:
                return None
        return state.sole_blockhash()

    def should_have(self, endpoint: int, slot: int) -> bool:
        """Whether an unbroken stream of the endpoint spans the slot."""
        spans = self._spans[endpoint]
        if any(first < slot < last for first, last in spans):
            return True
        return any(
            sight.endpoint == endpoint
            and sight.first_covered is not None
            and sight.first_covered < slot < sight.last_tied
            for sight in self.open.values()
        )

    def forget_below(self, slot: int) -> None:
        """Nothing will be asked of slots below this one."""
        for endpoint, spans in enumerate(self._spans):
            if spans:
                self._spans[endpoint] = [span for span in spans if span[1] > slot]
