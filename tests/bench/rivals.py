"""Who is compared: each way to read, alone and pinned to one core, and the better of the two as the one that counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench.contest import Contender, middle
from tests.bench.window import Figures

Runs = Mapping[str, Sequence[Figures]]
"""Figures of each run, by contender."""


@dataclass(frozen=True, slots=True)
class Rival:
    """One way to read, in its two forms."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    feeds: int = 1

    def contenders(self) -> tuple[Contender, Contender]:
        """Left to the scheduler, and pinned."""
        return (
            Contender(self.name, self.module, False, self.arguments, self.feeds),
            Contender(f"{self.name}, pinned", self.module, True, self.arguments, self.feeds),
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What a rival reached in its better form."""

    name: str
    """The contender's, so that the form is seen."""
    figures: Figures
    """Medians of the runs."""
    worst: float
    """The judged figure of the run in which it was worst."""
    best: float


def _node(name: str, client: str) -> Rival:
    return Rival(name, "tests.bench.peers.node", ("--client", client))


DAEMON: Final = "tests.bench.peers.daemon"
BARE: Final = "tests.bench.peers.bare"

AIO: Final = Rival("grpc.aio", "tests.bench.peers.aio")
HELIUS: Final = _node("helius-laserstream", "helius")
TRITON: Final = _node("@triton-one/yellowstone-grpc", "triton")
GRPC_JS: Final = _node("@grpc/grpc-js", "grpc-js")
NPM: Final = (HELIUS, TRITON, GRPC_JS)
OURS: Final = Rival("daemon to null", DAEMON)
OURS_TO_FILE: Final = Rival("daemon to jsonl", DAEMON, ("--sink", "jsonl"))
THREE_BARE: Final = Rival("three bare readers", BARE, feeds=3)
OURS_OF_THREE: Final = Rival("daemon of three feeds to null", DAEMON, feeds=3)


def rate(figures: Figures) -> float:
    """Judge by messages a second."""
    return figures.rate


def p99(place: str) -> Callable[[Figures], float]:
    """Judge by the 99th percentile at this place; less is better, so it is counted below zero."""
    return lambda figures: -figures.delays_us[f"{place}_p99"]


def better(rival: Rival, runs: Runs, judge: Callable[[Figures], float]) -> Result:
    """The form of the rival whose median is best."""
    results = [
        Result(
            each.name,
            middle(runs[each.name]),
            min(map(judge, runs[each.name])),
            max(map(judge, runs[each.name])),
        )
        for each in rival.contenders()
    ]
    return max(results, key=lambda result: judge(result.figures))
