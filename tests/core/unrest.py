"""Random histories of a chain in trouble through the choice of the level, and what is promised of each choice.

What is promised is held against figures that are clearly bad; between the bounds of a cause anything may be.
"""

from dataclasses import dataclass, field, replace
from math import inf
from random import Random
from typing import Any

from typing_extensions import override

from monitor.core.chain import Commitment
from monitor.core.commitment import Adapting, Decision, LevelPolicy, LevelStrategy
from monitor.core.conditions import Conditions, RecentDelay
from monitor.core.strain import Strain
from tests.core.test_strain import CALM

PROCESSED, CONFIRMED, FINALIZED = Commitment

_Figures = dict[str, Any]

SEEN: tuple[tuple[Strain, _Figures], ...] = (
    (Strain.UNSTEADY, {"fork_rate": 0.08}),
    (Strain.UNSTEADY, {"dead_rate": 0.05}),
    (Strain.UNSTEADY, {"equivocations": 1}),
    (Strain.UNSTEADY, {"confirmed_age": 8.0}),
    (Strain.UNSTEADY, {"slot_lag": 9.0}),
    (Strain.UNSTEADY, {"confirmation_delay": RecentDelay(4.0, 6.0, 0.6)}),
    (Strain.UNSTEADY, {"finalization_delay": RecentDelay(40.0, 60.0, 12.8)}),
    (Strain.STORMY, {"fork_rate": 0.3}),
    (Strain.STORMY, {"dead_rate": 0.2}),
    (Strain.STORMY, {"equivocations": 4}),
    (Strain.STORMY, {"disagreements": 2}),
    (Strain.STORMY, {"finalized_age": 60.0}),
    (Strain.STORMY, {"tip_age": 45.0, "confirmed_age": 45.0}),
)
"""What is clearly wrong, and how much."""
BETWEEN: tuple[_Figures, ...] = (
    {"fork_rate": 0.04},
    {"dead_rate": 0.02},
    {"fork_rate": 0.12},
    {"finalized_age": 15.0},
    {"confirmation_delay": RecentDelay(1.5, 1.7, 0.6)},
    {"confirmation_delay": None, "finalization_delay": None},
    {"fork_rate": None, "dead_rate": None},
    {"tip_age": None},
)
"""What is neither well nor clearly wrong, or unknown."""
WISHED: tuple[_Figures, ...] = (
    {"latency": 0.2},
    {"latency": None},
    {"throughput": 2000.0},
    {"throughput": 850.0},
)


@dataclass
class Told:
    """How much was met."""

    looks: int = 0
    tightened: int = 0
    loosened: int = 0
    longest: float = 0.0
    """Seconds of the longest dwell that relapses made."""

    @override
    def __str__(self) -> str:
        return (
            f"{self.looks} looks, {self.tightened} tightened, {self.loosened} loosened, "
            f"dwells up to {self.longest:.0f} s"
        )


@dataclass
class Watched:
    """One history, with what is promised of it."""

    levels: LevelPolicy
    told: Told
    adapting: Adapting = field(init=False)
    level: Commitment = field(init=False)
    dwell: float = field(init=False)
    loosened_at: float | None = None
    changed_at: float = -inf
    called_at: dict[Commitment, float] = field(default_factory=dict)
    """By level, when something clearly called for it, or for a higher one."""

    def __post_init__(self) -> None:
        self.level, self.dwell = self.levels.base, self.levels.dwell
        self.adapting = Adapting(self.levels, self.levels.base, 0.0)

    def look(self, conditions: Conditions, strain: Strain, now: float) -> None:
        """One look; what is promised holds after it."""
        levels, before = self.levels, self.level
        if self.loosened_at is not None and now - self.loosened_at >= levels.longest_dwell:
            self.dwell = levels.dwell
        need = self._needed(strain)
        for each in Commitment:
            if each <= need and each > levels.base:
                self.called_at[each] = now
        decision = self.adapting.decide(conditions, now)
        self.told.looks += 1
        after = self.level = self.adapting.level
        assert levels.lowest <= after <= levels.highest, f"out of bounds at {now:.0f} s"
        assert after >= need or not strain, f"not tightened at once at {now:.0f} s"
        assert (decision is None) == (after is before), f"a change that nobody told at {now:.0f} s"
        if decision is not None:
            self._changed(decision, before, now)

    def _needed(self, strain: Strain) -> Commitment:
        if strain is Strain.STORMY:
            return self.levels.highest
        return Commitment(min(self.levels.base + strain, self.levels.highest))

    def _changed(self, decision: Decision, before: Commitment, now: float) -> None:
        levels = self.levels
        assert (decision.came_from, decision.at) == (before, now)
        assert decision.reason.endswith(f": released at {decision.level.name.lower()}")
        if decision.level > before:
            if self.loosened_at is not None and now - self.loosened_at < self.dwell:
                self.dwell = min(2 * self.dwell, levels.longest_dwell)
                self.told.longest = max(self.told.longest, self.dwell)
            self.loosened_at = None
            self.told.tightened += 1
        else:
            assert decision.level == before - 1, f"two steps down at {now:.0f} s"
            quiet_since = max(self.changed_at, self.called_at.get(before, -inf))
            assert now - quiet_since >= self.dwell, f"loosened without a dwell at {now:.0f} s"
            self.loosened_at = now
            self.told.loosened += 1
        self.changed_at = now


def policy_of(dice: Random) -> LevelPolicy:
    """Of any profile, or of bounds of one's own."""
    base = dice.choice((PROCESSED, CONFIRMED, CONFIRMED, FINALIZED))
    lowest = dice.choice(list(Commitment)[: base + 1])
    highest = dice.choice((FINALIZED, FINALIZED, FINALIZED, *list(Commitment)[base:]))
    wishes = dice.random() < 0.3
    dwell = dice.choice((10.0, 60.0, 60.0, 60.0, 300.0))
    return LevelPolicy(
        LevelStrategy.ADAPTIVE,
        base,
        lowest,
        highest,
        max_latency=0.5 if wishes else None,
        max_throughput=1000.0 if wishes else None,
        dwell=dwell,
        longest_dwell=dwell * dice.choice((1, 4, 15)),
    )


def live_through(dice: Random, told: Told) -> None:
    """One history: troubles come and go, together or apart; in the end the chain is calm again.

    Raises:
        AssertionError: a promise did not hold.
    """
    watched = Watched(policy_of(dice), told)
    wishes = watched.levels.max_latency is not None
    now = 0.0
    for _ in range(dice.randint(5, 25)):
        troubles = dice.sample(SEEN, dice.choice((0, 0, 0, 1, 2)))
        strain = max((strain for strain, _ in troubles), default=Strain.CALM)
        figures: _Figures = {}
        for vague in dice.sample(BETWEEN, dice.choice((0, 0, 1))):
            figures |= vague
        if wishes:
            figures |= dice.choice(WISHED)
        for _, bad in sorted(troubles, key=lambda each: each[0]):
            figures |= bad
        step = dice.choice((1.0, 5.0, 20.0, watched.levels.dwell / 2, watched.dwell))
        for _ in range(dice.randint(1, 6)):
            now += step
            watched.look(replace(CALM, **figures), strain, now)
    assert wishes or watched.level >= watched.levels.base, "below the base without a wish"
    _calm_down(watched, now)


def _calm_down(watched: Watched, now: float) -> None:
    longest = watched.levels.longest_dwell
    for _ in range(8):
        watched.look(CALM, Strain.CALM, now := now + 0.5 * longest + 1.0)
    base = watched.levels.base
    wishes = watched.levels.max_latency is not None
    calm = {base, Commitment(max(base - 1, watched.levels.lowest))} if wishes else {base}
    assert watched.level in calm, "not back at the base after a long calm"


def live(seed: int, histories: int) -> Told:
    """So many histories drawn from the seed; what they met.

    Raises:
        AssertionError: a promise did not hold.
    """
    dice, told = Random(seed), Told()
    for _ in range(histories):
        live_through(dice, told)
    return told
