"""Which slots of the simulated chain hold a block, and which go wrong."""

from enum import StrEnum
from random import Random

from monitor.simulator.chain_settings import ChainSettings

_SKIP_RUNS = (1, 1, 2, 4)
"""Lengths of runs of skipped slots: leaders hold four slots and lose some or all of them (measured)."""
_MEAN_SKIP_RUN = sum(_SKIP_RUNS) / len(_SKIP_RUNS)
_QUIET_START = 4
"""Slots at the start that are always plain, so that a newcomer's first blocks have a past."""


class Shape(StrEnum):
    """What becomes of a slot."""

    PLAIN = "plain"
    SKIPPED = "skipped"
    FORKED = "forked"
    DEAD = "dead"
    RECREATED = "recreated"


class ShapePlan:
    """Shapes of consecutive slots: an unusual one is always followed by a plain one.

    So a run of forks, a dead bank and a run of skips each have a canonical block right before and right after them, whose
    parent link proves what happened.
    """

    def __init__(self, settings: ChainSettings) -> None:
        self.expect(settings)
        self._planned = 0
        self._skips_left = self._forks_left = 0
        self._after_unusual = False

    def expect(self, settings: ChainSettings) -> None:
        """Draw by these shares from now on."""
        # No shape is drawn within a run of skips nor right after an unusual slot; the other draws make up for it.
        drawn = max(0.1, 1 - settings.skipped - settings.forked - settings.dead)
        self._odds = (
            (Shape.SKIPPED, settings.skipped / _MEAN_SKIP_RUN / drawn),
            (Shape.FORKED, settings.forked / ((1 + settings.fork_depth) / 2) / drawn),
            (Shape.DEAD, settings.dead / drawn),
            (Shape.RECREATED, settings.recreated / drawn),
        )
        self._fork_depth = settings.fork_depth

    def halt(self, slots: int) -> None:
        """Skip exactly so many slots from now on."""
        self._skips_left = slots

    def next(self, dice: Random) -> Shape:
        """The shape of the next slot."""
        shape = self._draw(dice)
        self._planned += 1
        self._after_unusual = shape in (Shape.SKIPPED, Shape.FORKED, Shape.DEAD)
        return shape

    def _draw(self, dice: Random) -> Shape:
        drawn = dice.random()
        if self._planned < _QUIET_START:
            return Shape.PLAIN
        if self._skips_left:
            self._skips_left -= 1
            return Shape.SKIPPED
        if self._forks_left:
            self._forks_left -= 1
            return Shape.FORKED
        if self._after_unusual:
            return Shape.PLAIN
        for shape, odds in self._odds:
            drawn -= odds
            if drawn < 0:
                if shape is Shape.SKIPPED:
                    self._skips_left = dice.choice(_SKIP_RUNS) - 1
                elif shape is Shape.FORKED and self._fork_depth > 1:
                    self._forks_left = dice.randint(0, self._fork_depth - 1)
                return shape
        return Shape.PLAIN
