"""Words of the failover manager: what it is asked, what it may do, and how it says why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Final

from monitor.core.commands import Report
from monitor.core.endpoint_health import Role

PATIENCE: Final = 5.0
"""Seconds, and below slots, after which silence is a fault: whichever takes longer."""
PATIENCE_SLOTS: Final = 12

SETTLED: Final = 5.0
"""Seconds that a stream may take to be opened for another role. A guess."""


class Strategy(StrEnum):
    """How several endpoints are used (DESIGN 6). The values are the words of `failover.strategy`."""

    RACE = "race"
    """Several hot feeds bring everything, and the first arrival wins."""
    STANDBY = "standby"
    """One hot feed; the others are warm: for plans that count bytes."""
    SPREAD = "spread"
    """Monitors are divided over the hot feeds, each monitor on two."""


class Load(IntEnum):
    """How far our own load is cut, since we read too slowly."""

    FULL = 0
    NARROW = 1
    """Warm feeds carry slots alone."""
    SPREAD = 2
    """And monitors are divided, as in the strategy of that name."""


@dataclass(frozen=True, slots=True)
class FailoverPolicy:
    """What the configuration decides, and two bounds that follow the slot time."""

    strategy: Strategy = Strategy.RACE
    hot: int = 3
    """Hot feeds at once; standby has one, whatever this says."""
    units: tuple[int, ...] = ()
    """Masks of the monitors that must stay together (bits as in `Row`), each in one of them. Empty: none can be divided."""
    silence: float = PATIENCE
    """Seconds without slot progress that a feed is forgiven."""
    lag: float = PATIENCE
    """Seconds behind the tip that are forgiven. A guess: as many as of silence."""
    quorum: int = 1
    """Providers that have to name a block (`QuorumPolicy.needed`): so many are asked for blocks, however slow we are."""
    settled: float = SETTLED
    """Seconds after a change of role within which a stream may be opened anew; 0 where none is for that."""

    def at_pace(self, slot_time: float) -> "FailoverPolicy":
        """The same while slots take so many seconds: 5 s or 12 slots are forgiven, whichever is longer."""
        bound = max(PATIENCE, PATIENCE_SLOTS * slot_time)
        return self if bound == self.silence else replace(self, silence=bound, lag=bound)

    @property
    def places(self) -> int:
        """How many hot feeds there are to be."""
        return 1 if self.strategy is Strategy.STANDBY else self.hot


@dataclass(frozen=True, slots=True)
class SetRole:
    """Use this endpoint so from now on."""

    endpoint: int
    role: Role


@dataclass(frozen=True, slots=True)
class ShedLoad:
    """Ask of servers so much less, or again all."""

    load: Load


@dataclass(frozen=True, slots=True)
class Probe:
    """Get to know this endpoint anew."""

    endpoint: int


Action = SetRole | ShedLoad | Probe | Report


class What(StrEnum):
    """The kinds of decision."""

    CHOSEN = "chosen"
    FILLED = "filled"
    REPLACED = "replaced"
    DEMOTED = "demoted"
    EXCHANGED = "exchanged"
    HANDED_OVER = "handed_over"
    GIVEN_BACK = "given_back"
    KEPT = "kept"
    DRAINED = "drained"
    PROMOTED = "promoted"
    RELEASED = "released"
    WAITS = "waits"
    PROBED = "probed"
    SHED = "shed"
    RESTORED = "restored"
    DIVIDED = "divided"


PLANNED: Final = frozenset((What.FILLED, What.EXCHANGED, What.RESTORED))
"""Moves that nothing forces: one of them a minute."""

_SENTENCES: Final = {
    What.CHOSEN: ("info", "an endpoint was chosen"),
    What.FILLED: ("info", "a free place was filled"),
    What.REPLACED: ("warning", "a failing endpoint was replaced"),
    What.DEMOTED: ("warning", "a failing endpoint lost its place, and none took it at once"),
    What.EXCHANGED: ("info", "an endpoint gave way to a better one"),
    What.HANDED_OVER: ("info", "a hand-over ended"),
    What.GIVEN_BACK: ("warning", "a hand-over was taken back"),
    What.KEPT: ("error", "a failing endpoint kept its place, since none is sound"),
    What.DRAINED: ("info", "an endpoint was drained"),
    What.PROMOTED: ("info", "an endpoint was promoted by an operator"),
    What.RELEASED: ("info", "an endpoint was released: it is used as its figures say"),
    What.WAITS: ("warning", "a promotion has to wait"),
    What.PROBED: ("info", "a probe was asked for"),
    What.SHED: ("error", "streams were read too slowly here"),
    What.RESTORED: ("info", "load that had been shed was taken on again"),
    What.DIVIDED: ("info", "monitors were divided over endpoints"),
}
_OF_DRAINED: Final = {
    What.REPLACED: ("info", "a drained endpoint was replaced"),
    What.DEMOTED: ("info", "a drained endpoint lost its place, and none took it at once"),
    What.KEPT: ("warning", "a drained endpoint kept its place, since no other is sound"),
}
"""The same where nothing is wrong with it but that an operator drained it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One decision in words."""

    at: float
    """When, in the seconds that `decide` was given."""
    what: What
    why: str
    """With the figures."""
    source: int | None = None
    """The endpoint that loses by it, if one does."""
    target: int | None = None
    """The endpoint that gains by it, or that it is about."""
    is_of_drained: bool = False
    """It is about an endpoint that only an operator took out of use."""

    def report(self) -> Report:
        """The same for the log."""
        level, sentence = _SENTENCES[self.what]
        if self.is_of_drained:
            level, sentence = _OF_DRAINED.get(self.what, (level, sentence))
        facts: dict[str, object] = {"why": self.why}
        subject = self.source if self.target is None else self.target
        if subject is not None:
            facts["endpoint"] = subject
        if self.source is not None and self.target is not None:
            facts["instead_of"] = self.source
        return Report(level, sentence, facts)


def reports_of(words: Sequence[Explanation]) -> Iterator[Report]:
    """The decisions of one look for the log. Who fails together and stays is told in one line, as where a chain stands."""
    kept = [each for each in words if each.what is What.KEPT and not each.is_of_drained]
    for each in words:
        if len(kept) < 2 or each not in kept:
            yield each.report()
        elif each is kept[0]:
            why = "; ".join(dict.fromkeys(one.why for one in kept))
            facts = {"why": why, "origins": [one.target for one in kept]}
            yield Report("error", "failing endpoints kept their places, since none is sound", facts)


@dataclass(frozen=True, slots=True)
class Leaving:
    """An endpoint that lost its place and stays hot until its successor covers."""

    endpoint: int
    successor: int
    since: float
    is_planned: bool


@dataclass(frozen=True, slots=True)
class Challenge:
    """An endpoint that is better than one that has a place: after a while it takes it."""

    source: int
    target: int
    since: float


@dataclass(frozen=True, slots=True)
class Wishes:
    """What operators want for longer than a moment."""

    drained: frozenset[int] = frozenset()
    promoted: tuple[int, ...] = ()
    """Those that keep, or wait for, a place; the newest first."""
    ends_at: Mapping[int, float] = field(default_factory=dict)
    """By endpoint, when its drain or promotion ends by itself; the others last until somebody ends them."""

    @property
    def lasting(self) -> frozenset[int]:
        """Drained endpoints that are drained after a restart too."""
        return self.drained - self.ends_at.keys()


NO_WISHES: Final = Wishes()


@dataclass(frozen=True, slots=True)
class Division:
    """Monitors divided over hot feeds; all masks by endpoint."""

    over: tuple[int, ...]
    """The endpoints that have a place."""
    units: tuple[int, ...]
    """What was divided: monitors that stay together."""
    shares: tuple[int, ...]
    """What each is to carry."""
    carried: tuple[int, ...]
    """What each carries now: until the others cover it, also what it gives away."""
    gaining: tuple[int, ...]
    """Endpoints that have to cover first."""
    since: float
