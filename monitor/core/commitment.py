"""Which commitment the daemon releases at: higher at once when the chain is unsteady, lower again after a calm dwell.

How this works. What is wrong with the chain comes in three steps (`strain`): while it is calm the configuration's level is
called for, while it is unsteady the one above, and in a storm finality; always within the bounds. A level that is called
for and higher is taken at once. A lower one is taken step by step, each after a dwell in which nothing called for the present
level. Trouble that is back within a dwell of a step down doubles the dwell, so a chain that comes and goes does not take the
level with it; after a long calm it is as at first.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from monitor.core.chain import Commitment
from monitor.core.conditions import Conditions
from monitor.core.strain import Signals, Strain, Trouble
from monitor.core.wishing import Wishing

EVERY: Final = 1.0
"""Seconds from one look to the next."""
NEWEST: Final = 100
"""Decisions that are kept."""


class LevelStrategy(StrEnum):
    """Who chooses. The values are the words of the configuration."""

    FIXED = "fixed"
    """The configuration; an operator may pin another level."""
    ADAPTIVE = "adaptive"
    """The daemon, by what the network does."""


@dataclass(frozen=True, slots=True)
class LevelPolicy:
    """What may be chosen. `lowest` <= `base` <= `highest`.

    Profiles: aggressive processed, processed..finalized; balanced confirmed, processed..finalized; conservative
    finalized, finalized..finalized.
    """

    strategy: LevelStrategy
    base: Commitment
    """What is chosen while the chain is calm."""
    lowest: Commitment
    highest: Commitment
    max_latency: float | None = None
    """Seconds (p95) that events are wished to take at most."""
    max_throughput: float | None = None
    """Events a second above which one level less is wished for."""
    dwell: float = 60.0
    """Seconds without trouble before a step down."""
    longest_dwell: float = 900.0
    """Seconds that relapses make of it at most."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One change of the level, kept for people who ask why."""

    at: float
    """Monotonic seconds."""
    came_from: Commitment
    level: Commitment
    reason: str
    """A sentence with figures."""
    conditions: Conditions


class Adapting:
    """The level in force, and why."""

    def __init__(self, policy: LevelPolicy, level: Commitment, now: float) -> None:
        """`level`: the one to begin with, of the configuration or of an earlier process."""
        self.level = level
        self.pinned: Commitment | None = None
        """What an operator says it is."""
        self.decisions: deque[Decision] = deque(maxlen=NEWEST)
        """The newest ones, the newest last."""
        self.counts = {"tightened": 0, "loosened": 0}
        """Decisions so far, of operators too."""
        self.troubles: tuple[Trouble, ...] = ()
        """What is wrong with the chain, the worst first."""
        self._policy = policy
        self._signals = Signals()
        self._wishing = Wishing(policy.base, policy.max_latency, policy.max_throughput)
        self._conditions = Conditions()
        self._dwell = policy.dwell
        self._quiet_since: float | None = None
        """Since when nothing has called for this level, less the time that nobody measured; None: something does."""
        self._loosened_at: float | None = None
        """When the level last fell, if it has not risen since."""
        self._looked_at = now - EVERY

    def next_deadline(self) -> float | None:
        """When to decide again: silence is noticed by the clock. None: only operators decide."""
        return None if self._policy.strategy is LevelStrategy.FIXED else self._looked_at + EVERY

    def decide(self, conditions: Conditions, now: float) -> Decision | None:
        """The change that these conditions call for; None: it stays."""
        looked_at, self._looked_at = self._looked_at, now
        self._conditions = conditions
        self.troubles = self._signals.look(conditions)
        if self._policy.strategy is LevelStrategy.FIXED or self.pinned is not None:
            return None
        self._forgive(now)
        target, why = self._called_for()
        if target > self.level:
            self._relapse(now)
            return self._change(target, f"{why}: released at {_word(target)}", now)
        if target == self.level:
            self._quiet_since = None
            return None
        return self._loosen(why, looked_at, now)

    def pin(self, level: Commitment | None, reason: str, now: float) -> Decision | None:
        """An operator says the level, whatever the bounds; None: the policy decides again, from where it is."""
        self.pinned = level
        self._quiet_since = self._loosened_at = None
        if level is None and self._policy.strategy is LevelStrategy.FIXED:
            level = self._policy.base
        if level is None or level == self.level:
            return None
        return self._change(level, reason, now)

    def _called_for(self) -> tuple[Commitment, str]:
        """The level that is safe and wished for now, and why, whether or not it may be had yet."""
        policy = self._policy
        strain = self.troubles[0].strain if self.troubles else Strain.CALM
        wish = self._wishing.look(self._conditions, self.level)
        if strain is Strain.STORMY:
            target = Commitment.FINALIZED
        elif strain is Strain.UNSTEADY:
            target = _beside(policy.base, 1)
        else:
            target = _beside(policy.base, -1 if wish else 0)
        words = [each.words for each in self.troubles if each.strain is strain]
        why = "; ".join(words) or wish or "nothing less is wished for"
        return min(max(target, policy.lowest), policy.highest), why

    def _loosen(self, why: str, looked_at: float, now: float) -> Decision | None:
        """`looked_at`: when this was last asked. What nobody measured since then is no calm, and does not end one."""
        if self._quiet_since is None:
            self._quiet_since = now
        elif not self._conditions.is_known:
            self._quiet_since += now - looked_at
        quiet = now - self._quiet_since
        if quiet < self._dwell:
            return None
        came_from, level = self.level, _beside(self.level, -1)
        reason = f"nothing called for {_word(came_from)} for {quiet:.0f} s"
        if level < self._policy.base:
            reason = f"{why}, and {reason}"
        self._loosened_at = now
        return self._change(level, f"{reason}: released at {_word(level)}", now)

    def _relapse(self, now: float) -> None:
        """Trouble that is back so soon had not ended: the next calm must last longer."""
        if self._loosened_at is not None and now - self._loosened_at < self._dwell:
            self._dwell = min(2 * self._dwell, self._policy.longest_dwell)
        self._loosened_at = None

    def _forgive(self, now: float) -> None:
        """No relapse for so long: the next calm need last no longer than the first."""
        is_long_ago = self._loosened_at is not None and (
            now - self._loosened_at >= self._policy.longest_dwell
        )
        if is_long_ago:
            self._dwell = self._policy.dwell

    def _change(self, level: Commitment, reason: str, now: float) -> Decision:
        decision = Decision(now, self.level, level, reason, self._conditions)
        self.counts["tightened" if level > self.level else "loosened"] += 1
        self.decisions.append(decision)
        self.level = level
        self._quiet_since = None
        return decision


def _beside(level: Commitment, steps: int) -> Commitment:
    """So many steps above, or below; the last there is."""
    return Commitment(min(max(level + steps, Commitment.PROCESSED), Commitment.FINALIZED))


def _word(level: Commitment) -> str:
    return level.name.lower()
