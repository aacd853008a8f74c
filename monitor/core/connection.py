"""What is known of one endpoint's stream at present."""

from dataclasses import dataclass, field
from math import inf

from monitor.core.circuit import CircuitBreaker
from monitor.core.commands import AmendFeed
from monitor.core.endings import NEEDS_PERSON, Ending, EndReason
from monitor.core.headway import Headway
from monitor.core.scope import EVERY_MONITOR, Scope


@dataclass(slots=True, eq=False)
class Connection:
    """One endpoint's present state. Slots and times as named; a feed number of None means not open."""

    endpoint: int
    feed: int | None = None
    scope: Scope | None = Scope.EVERYTHING
    """What is asked of it, or is to be when it is open again; None: no stream is to be open."""
    carried: int = EVERY_MONITOR
    """The monitors (bits as in `Row`) that it is asked for, or is to be, where its scope is everything."""
    sent: Scope | None = None
    """What the request that its stream was sent last asks for."""
    sent_for: int = EVERY_MONITOR
    """The monitors that this request asks for."""
    generation: int = 1
    """Of the request that was sent last."""
    opened: bool = False
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    reopen_at: float | None = None
    heard_at: float = 0.0
    complete: int = 0
    """Slots that it brought whole since it was last asked for something else."""
    told: int = 0
    """Slots that it told the end of since then, where it is asked for no more."""
    first_covered: int | None = None
    covered: set[int] = field(default_factory=set)
    """Slots that may be the fence: those covered until a replay was asked for."""
    replay_from: int | None = None
    replay_since: float = 0.0
    """When a replay was asked for, or last brought a slot."""
    headway: Headway = field(default_factory=lambda: Headway.of(0, inf))
    """How fast the replay that was asked for last comes."""
    repeated: int = -1
    """Highest slot that the stream told again since it was asked to replay: it repeats what comes after the fence too."""
    replay_off: bool = False
    replayed_below: int = 0
    """All that the endpoint could replay below this slot, it has replayed; or it keeps nothing so old."""
    floor: int | None = None
    """Oldest slot that the server said it can replay, plus the margin."""
    holds_from: int | None = None
    """Oldest slot that it holds by its own word; None: a refusal has told since, or nothing has."""
    stores_nothing: bool = False
    """It said that it has nothing to replay yet."""
    waits_from: int | None = None
    """What it will be asked to replay from once its floor is known."""
    asked: list[tuple[float, int]] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    """When replays were refused of late, none of them answered since."""
    last_ending: Ending | None = None
    """How the endpoint's last stream ended; kept while the next one is open."""

    @property
    def replayed_at(self) -> float:
        """When its replay last brought a slot, or was asked for; long ago where the stream has none."""
        return self.replay_since if self.replay_since < inf else -inf

    @property
    def brings(self) -> int:
        """The monitors for which it is asked, or is to be."""
        return self.carried if self.scope is Scope.EVERYTHING else 0

    @property
    def replays_from(self) -> int:
        """The lowest slot that it may be asked for; 0: nobody knows.

        The margin is for who has to choose a slot. What is wanted and held just now is asked for: it may be gone before
        the request is there, but leaving it out would lose it for certain.
        """
        return (self.floor if self.holds_from is None else self.holds_from) or 0

    @property
    def needs_person(self) -> bool:
        """It refuses us until somebody cures that."""
        ending = self.last_ending
        return not self.opened and ending is not None and ending.reason in NEEDS_PERSON

    @property
    def is_unreachable(self) -> bool:
        """Its last stream ended since it could not be reached."""
        ending = self.last_ending
        return ending is not None and ending.reason == EndReason.UNREACHABLE

    def told_again(self, slot: int, now: float) -> None:
        """It told the end of a slot that it had told before. Upwards, after a replay, that is the rest of the replay."""
        if self.replay_since < inf and slot > self.repeated:
            self.repeated, self.replay_since = slot, now

    def awaits_replay(self, first: int, now: float) -> None:
        """A replay from this slot on was asked for."""
        self.replay_from, self.replay_since, self.repeated = first, now, -1
        self.headway = Headway.of(first, now)

    def replayed(self, slot: int, now: float) -> None:
        """Its replay brought this slot."""
        self.replay_since = now
        self.headway.met(slot)

    def replays_slowly(self, now: float) -> bool:
        """Whether its replay is to be waited for no longer, since it brought too little: then it is forgotten, and how it excuses."""
        if self.replay_from is None or not self.headway.is_slow(self.first_covered, now):
            return False
        self.replay_from, self.replay_since = None, inf
        return True

    def amend(self, feed: int) -> AmendFeed:
        """What it is to be asked for now is asked on the open stream."""
        assert self.scope is not None
        self.generation += 1
        if self.carried & ~self.sent_for:
            self.replayed_below = 0  # of these monitors it has replayed nothing yet
        self.sent, self.sent_for = self.scope, self.carried
        self.begin_anew()
        return AmendFeed(feed, self.generation, None, self.scope, self.carried)

    def begin_anew(self) -> None:
        """Nothing was brought yet of what is asked for now."""
        self.complete = self.told = 0
        self.first_covered = self.waits_from = self.replay_from = None
        self.covered = set()
        self.replay_since, self.repeated, self.headway = inf, -1, Headway.of(0, inf)
