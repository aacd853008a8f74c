"""How unsteady the chain is: what is measured of it, held against what is usual.

How this works. Each cause begins at one bound and ends at a lower one, so that a figure near a bound does not come and go.
What is unknown is as it last was: nothing says that it ended. Bounds of delays are in terms of the usual ones, and all
bounds of silence have seconds as well as slots: a chain of any pace and of any finality has its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from monitor.core.conditions import WINDOW, Conditions, RecentDelay


class Strain(IntEnum):
    """How much is wrong with the chain."""

    CALM = 0
    """Nothing: the configuration's level is as safe as it was chosen to be."""
    UNSTEADY = 1
    """More blocks than usual that were seen first are not the chain's: one level more is safe."""
    STORMY = 2
    """Which blocks are confirmed is in doubt, or may come to be: only what is final is safe."""


class Cause(StrEnum):
    """What can be wrong, and which level is unsafe by it. The values are for metrics and logs."""

    HALT = "halt"
    """No slot advances. The cluster may go on from an earlier block than the newest one, as its operators agree:
    even what was confirmed last may be none of the chain. Streams that are open and bring nothing look the same; that no
    stream is open is no halt, but a silence of ours (`Gauges.excuse`)."""
    FINALITY_STALL = "finality_stall"
    """Blocks are confirmed and none becomes final: what is confirmed hangs on a fork that the cluster has not settled for."""
    DISAGREEMENT = "disagreement"
    """Endpoints name different blocks of one slot as confirmed: one of them is wrong, perhaps the first one heard."""
    FORKS = "forks"
    """Blocks that lost. Processed is unsafe; where very many lose, votes are divided, and confirmed is in doubt too."""
    DEAD = "dead"
    """Banks that died. As forks: what was processed of them is void, and very many show a chain in trouble."""
    EQUIVOCATION = "equivocation"
    """Two blocks of one slot: which one counts is known when it is confirmed. Several at once are no accident: somebody
    tries to divide the cluster."""
    CONFIRMATION_STALL = "confirmation_stall"
    """Slots advance and none is confirmed: processed is unsafe, for nobody says which blocks the votes go to."""
    SLOW_CONFIRMATION = "slow_confirmation"
    """Votes come late: processed blocks are longer without them, and may lose meanwhile."""
    SLOW_FINALITY = "slow_finality"
    """Blocks become final late: what is given before is longer in doubt."""
    LAG = "lag"
    """We are behind what is spoken of: what we hold as newest may have lost already. Processed is unsafe."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One cause that is in force."""

    cause: Cause
    strain: Strain
    words: str
    """With figures."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure and its bounds."""

    cause: Cause
    strain: Strain
    figure: float | None
    begins: float
    """It is trouble from here on,"""
    ends: float
    """until it is at most this."""
    words: str


class Signals:
    """Which causes are in force."""

    def __init__(self) -> None:
        self._in_force: dict[tuple[Cause, Strain], Trouble] = {}

    def look(self, conditions: Conditions) -> tuple[Trouble, ...]:
        """All of them now, the worst first."""
        in_force = self._in_force
        for each in measures(conditions):
            name = (each.cause, each.strain)
            if each.figure is None:
                continue
            if each.figure >= each.begins or (name in in_force and each.figure > each.ends):
                in_force[name] = Trouble(each.cause, each.strain, each.words)
            else:
                in_force.pop(name, None)
        return tuple(sorted(in_force.values(), key=lambda each: (-each.strain, _RANK[each.cause])))


_STANDSTILLS: Final = frozenset((Cause.HALT, Cause.FINALITY_STALL))
_RANK: Final = {cause: rank for rank, cause in enumerate(Cause)}

_SHARES: Final = {
    (Cause.FORKS, Strain.UNSTEADY): (0.05, 0.03),
    (Cause.FORKS, Strain.STORMY): (0.15, 0.10),
    (Cause.DEAD, Strain.UNSTEADY): (0.03, 0.015),
    (Cause.DEAD, Strain.STORMY): (0.10, 0.06),
}
"""Shares of slots that they begin and end at. Guessed: in calm hours one slot of a hundred is lost so."""
_FEW: Final = 2.5
"""Slots below which a share is chance. Guessed: two in a minute are."""
_COUNTS: Final = {
    (Cause.DISAGREEMENT, Strain.STORMY): (1, 0),
    (Cause.EQUIVOCATION, Strain.UNSTEADY): (1, 0),
    (Cause.EQUIVOCATION, Strain.STORMY): (3, 1),
}
"""Within the window, that they begin and end at. Guessed."""
_LONG: Final = (10.0, 25.0)
"""Seconds, and slots, without which the chain stands still: the longer of the two. Guessed: two leaders in a row may be gone."""
_SHORT: Final = (5.0, 12.0)
"""Those of a confirmation, and of a lag. Guessed."""
_OVERDUE: Final = 1.5
"""Times the usual delay for which nothing may come to a commitment. Guessed."""
_SLOW: Final = {
    Cause.SLOW_CONFIRMATION: ((3.0, 1.0), (2.0, 0.5), "a confirmation took"),
    Cause.SLOW_FINALITY: ((2.0, 5.0), (1.5, 2.5), "finality took"),
}
"""Times the usual delay, and seconds above it, that they begin and end at: the longer of the two, for a very short delay may
well treble. Guessed."""


def measures(conditions: Conditions) -> Iterator[Measure]:
    """Every figure with its bounds."""
    yield from _silences(conditions)
    yield from _counts(conditions)
    yield from _shares(conditions)
    yield from _delays(conditions)


def _silences(conditions: Conditions) -> Iterator[Measure]:
    slot_time = conditions.slot_time
    long, short = (max(seconds, slots * slot_time) for seconds, slots in (_LONG, _SHORT))
    final = max(long, _OVERDUE * _usual(conditions.finalization_delay))
    confirmed = max(short, _OVERDUE * _usual(conditions.confirmation_delay))
    ages = (conditions.tip_age, conditions.finalized_age, conditions.confirmed_age)
    yield _silence(Cause.HALT, ages[0], long, "no slot advanced for")
    yield _silence(Cause.FINALITY_STALL, ages[1], final, "no block became final for")
    yield _silence(Cause.CONFIRMATION_STALL, ages[2], confirmed, "no block was confirmed for")
    yield _silence(Cause.LAG, conditions.slot_lag, short, "we are behind the tip by")


def _silence(cause: Cause, age: float | None, begins: float, words: str) -> Measure:
    strain = Strain.STORMY if cause in _STANDSTILLS else Strain.UNSTEADY
    return Measure(cause, strain, age, begins, begins / 2, f"{words} {age or 0:.0f} s")


def _counts(conditions: Conditions) -> Iterator[Measure]:
    figures = {
        Cause.DISAGREEMENT: (
            conditions.disagreements,
            "disagreement{s} of endpoints about confirmed blocks",
        ),
        Cause.EQUIVOCATION: (conditions.equivocations, "slot{s} with two blocks"),
    }
    for (cause, strain), (begins, ends) in _COUNTS.items():
        count, words = figures[cause]
        told = words.format(s="" if count == 1 else "s")
        yield Measure(cause, strain, count, begins, ends, f"{count} {told} in {WINDOW:.0f} s")


def _shares(conditions: Conditions) -> Iterator[Measure]:
    figures = {
        Cause.FORKS: (conditions.fork_rate, "were forks"),
        Cause.DEAD: (conditions.dead_rate, "died"),
    }
    slots = conditions.slots
    for (cause, strain), (begins, ends) in _SHARES.items():
        share, words = figures[cause]
        figure = 0.0 if share is not None and share * slots < _FEW else share
        told = f"{100 * (share or 0):.1f} % of {slots} slots {words} in {WINDOW:.0f} s"
        yield Measure(cause, strain, figure, begins, ends, told)


def _delays(conditions: Conditions) -> Iterator[Measure]:
    recent_delays = (conditions.confirmation_delay, conditions.finalization_delay)
    for (cause, (begins, ends, words)), recent in zip(_SLOW.items(), recent_delays, strict=True):
        if recent is not None and recent.usual is not None:
            usual = recent.usual
            told = f"{words} {recent.p50:.1f} s and usually {usual:.1f} s"
            bounds = _above(usual, begins), _above(usual, ends)
            yield Measure(cause, Strain.UNSTEADY, recent.p50, *bounds, told)


def _above(usual: float, bound: tuple[float, float]) -> float:
    times, seconds = bound
    return max(times * usual, usual + seconds)


def _usual(delay: RecentDelay | None) -> float:
    return delay.usual or 0.0 if delay is not None else 0.0
