"""Which slots of the simulated chain hold a block, and which go wrong."""

from enum import StrEnum
from random import Random

from monitor.simulator.chain_settings import ChainSettings

_SKIP_RUNS = (1, 1, 2, 4)
"""Lengths of runs of skipped slots: leaders hold four slots and lose some or all of them (measured)."""
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

    So a fork, a dead bank and a run of skips each have a canonical block right before and right after them, whose
    parent link proves what happened.
    """

    def __init__(self, settings: ChainSettings) -> None:
        self._settings = settings
        self._planned = 0
        self._skips_left = 0
        self._after_unusual = False

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
        if self._after_unusual:
            return Shape.PLAIN
        settings = self._settings
        mean_run = sum(_SKIP_RUNS) / len(_SKIP_RUNS)
        # Plain slots forced after unusual ones are no chances: the odds of the others make up for them.
        forced = settings.skipped * (1 + 1 / mean_run) + 2 * (settings.forked + settings.dead)
        scale = 1 / max(
            0.1, 1 - forced + settings.forked + settings.dead + settings.skipped / mean_run
        )
        for shape, ratio in (
            (Shape.SKIPPED, settings.skipped / mean_run),
            (Shape.FORKED, settings.forked),
            (Shape.DEAD, settings.dead),
            (Shape.RECREATED, settings.recreated),
        ):
            drawn -= ratio * scale
            if drawn < 0:
                if shape is Shape.SKIPPED:
                    self._skips_left = dice.choice(_SKIP_RUNS) - 1
                return shape
        return Shape.PLAIN
