"""What each connection has shown: which slots its stream spans without a break, and so should have brought."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from types import MappingProxyType
from typing import Final

from monitor.core.banks import Bank
from monitor.core.commands import AmendFeed
from monitor.core.scope import EVERY_MONITOR, Scope
from monitor.core.slots import SlotState

FIRST: Final = MappingProxyType({1: EVERY_MONITOR})
"""The first request asks for all, where nothing else is said."""


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
    asked: dict[int, int] = field(default_factory=dict)
    """By generation of the requests that may still be answered: the monitors it is asked for. Empty: it is asked for a
    part of what they want, for none of them all."""
    is_amended: bool = False
    """What comes may still be of a request before the last one."""
    renewed_from: int | None = None
    """First slot that the last request covers, where beginnings are not told; None while nobody knows."""

    @property
    def is_part(self) -> bool:
        """Not all that monitors ask for is asked of it: it covers no slot, and owes nothing of any."""
        return not self.asked

    @property
    def owes(self) -> int:
        """The monitors that the last request asks for."""
        return self.asked.get(max(self.asked, default=0), 0)

    def carried_from(self, generation: int = 0) -> int:
        """The monitors that a slot covers which begins under this request and may end under any later one; 0: under any."""
        later = (carried for each, carried in self.asked.items() if each >= generation)
        return reduce(and_, later, EVERY_MONITOR)

    def carried_at(self, slot: int) -> int:
        """The monitors that a slot covers of which no beginning was told: two slots began before, as in `is_third`."""
        if self.renewed_from is None and not self.is_amended:
            self.renewed_from = slot + 2
        is_renewed = self.renewed_from is not None and slot >= self.renewed_from
        return self.owes if is_renewed else self.carried_from()

    def ask(self, generation: int, carried: int) -> None:
        """It is asked for these monitors from now on, with all that they want."""
        if not self.is_amended and (self.has_lifecycle or self.renewed_from is not None):
            self._forget_older()
        self.asked[generation] = carried
        self.is_amended, self.renewed_from = True, None

    def is_third(self, slot: int) -> bool:
        """Whether its data of this slot are there from the beginning, on a server that tells of none: two began before."""
        if self.first_slot is None and not self.is_amended:
            self.first_slot = slot
        return self.first_slot is not None and slot >= self.first_slot + 2

    def met(self, generation: int) -> None:
        """A BlockMeta came under this request. Where beginnings are told, a slot that begins later began under it."""
        if self.is_amended and generation == max(self.asked, default=0):
            self.is_amended = False
            if self.has_lifecycle:
                self._forget_older()

    def tied(self, slot: int, *, covers: bool) -> None:
        """A BlockMeta came; `covers`: with all of its slot before it."""
        if covers and self.first_covered is None and not self.is_repair:
            self.first_covered = slot
        self.last_tied = max(self.last_tied, slot)

    def _forget_older(self) -> None:
        self.asked = dict([max(self.asked.items())])


class Sights:
    """The open connections, and the spans of those that have ended."""

    def __init__(self, endpoints: int) -> None:
        self.open: dict[int, Sight] = {}
        """By feed."""
        self._spans: list[list[tuple[int, int, int]]] = [[] for _ in range(endpoints)]
        """By endpoint: first slot, last slot, and the monitors that it was asked for."""

    def begin(
        self,
        feed: int,
        endpoint: int,
        *,
        is_replay: bool,
        is_repair: bool = False,
        asked: Mapping[int, int] = FIRST,
    ) -> None:
        """A feed was asked for. `asked`: as `Sight.asked`."""
        self.open[feed] = Sight(endpoint, is_replay=is_replay, is_repair=is_repair, asked={**asked})

    def amend(self, request: AmendFeed, slots: Iterable[SlotState]) -> None:
        """Something else is asked for on this stream. `slots`: all that are open.

        Where that is the same for other monitors, what both requests ask for goes on without a gap (PROTOCOL 2.2). Else
        what was begun is not ended, as on another connection.
        """
        feed, sight = request.feed, self.open[request.feed]
        is_whole = request.scope is Scope.EVERYTHING
        goes_on = is_whole and not sight.is_part
        self._end_span(sight)
        if goes_on:
            sight.first_covered = None if sight.first_covered is None else sight.last_tied
        else:
            sight = self.open[feed] = Sight(sight.endpoint, is_amended=True)
        if is_whole:
            sight.ask(request.generation, request.carried)
        for state in slots:
            bank = state.current.get(feed)
            if bank is not None and bank.blockhash is None:
                bank.began_whole = bank.began_whole and goes_on
                bank.carries &= request.carried

    def end(self, feed: int) -> None:
        """A feed is over."""
        sight = self.open.pop(feed, None)
        if sight is not None:
            self._end_span(sight)

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

    def owed_by(self, endpoint: int, slot: int) -> int | None:
        """The monitors for which an unbroken stream of the endpoint spans the slot; None: none does."""
        spans = list(self._spans[endpoint])
        spans += [
            (sight.first_covered, sight.last_tied, sight.owes)
            for sight in self.open.values()
            if sight.endpoint == endpoint and sight.first_covered is not None
        ]
        return next((owed for first, last, owed in spans if first < slot < last), None)

    def forget_below(self, slot: int) -> None:
        """Nothing will be asked of slots below this one."""
        for endpoint, spans in enumerate(self._spans):
            if spans:
                self._spans[endpoint] = [span for span in spans if span[1] > slot]

    def _end_span(self, sight: Sight) -> None:
        if sight.first_covered is not None:
            span = sight.first_covered, sight.last_tied, sight.owes
            self._spans[sight.endpoint].append(span)
