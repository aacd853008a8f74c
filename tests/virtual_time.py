"""Virtual time: a clock that jumps when nothing can run, and tasks that take their turns in an order drawn from a seed.

trio runs what is ready in an order of its own dice, so that nobody relies on one. hypothesis, once it is imported, has
trio sort the ready tasks before it shuffles them; here the dice are seeded, so that one seed is one order.
"""

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any, Final

import anyio
import hypothesis  # noqa: F401 (its plugin makes trio sort ready tasks)
import trio.testing
from trio._core import _run

SEED: Final = 1
"""Of every test that draws none."""


def virtual_time(seed: int = SEED) -> tuple[str, Mapping[str, Any]]:
    """anyio's backend and its options, for a run that begins now. Raises RuntimeError where trio cannot be seeded."""
    _scheduler().seed(seed)
    return "trio", {"clock": trio.testing.MockClock(autojump_threshold=0)}


def run(function: Callable[[], Awaitable[None]], seed: int = SEED) -> None:
    """Run this in virtual time. Raises RuntimeError where trio cannot be seeded, and what the function raises."""
    backend, options = virtual_time(seed)
    anyio.run(function, backend=backend, backend_options=dict(options))


def _scheduler() -> Random:
    """The dice of trio's scheduler: no part of its public interface."""
    dice = getattr(_run, "_r", None)
    if isinstance(dice, Random) and getattr(_run, "_ALLOW_DETERMINISTIC_SCHEDULING", False):
        return dice
    raise RuntimeError("the scheduler of this trio cannot be seeded: no run could be repeated")
