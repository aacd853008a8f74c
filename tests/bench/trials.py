"""What is compared: each trial's load, rivals and goals, and the rows of its table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench.contest import SATURATED, Load
from tests.bench.rivals import (
    AIO,
    HELIUS,
    NPM,
    OURS,
    OURS_OF_THREE,
    OURS_TO_FILE,
    THREE_BARE,
    TRITON,
    Result,
    Rival,
    Runs,
    better,
    p99,
    rate,
)
from tests.bench.window import Figures

MESSAGES_A_BLOCK: Final = 8
"""The block, its meta, three lifecycle statuses and three commitments."""
PACED_RATE: Final = 10_000.0
BURST: Final = 1_000

Results = Mapping[Rival, Result]
"""Each rival's better form."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure of ours and what it has to be."""

    what: str
    value: float
    goal: float
    at_most: bool = False
    """Whether less is better."""
    unit: str = ""

    @property
    def is_reached(self) -> bool:
        """Whether the figure is what it has to be."""
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    def line(self) -> str:
        """As an item of a Markdown list."""
        bound = "at most" if self.at_most else "at least"
        word = "reached" if self.is_reached else "MISSED"
        return (
            f"- {self.what}: {self.value:.2f}{self.unit}; goal {bound} "
            f"{self.goal:g}{self.unit}: {word}."
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """One load, those who take part, and how they are judged."""

    name: str
    load: Load
    rivals: tuple[Rival, ...]
    place: str | None
    """Where the judged delay is taken; None: messages a second are judged."""
    row: Callable[[Result], str]
    heading: str
    goals: Callable[[Results], list[Goal]]

    def results(self, runs: Runs) -> dict[Rival, Result]:
        """Each rival in its better form; one without the place is judged by what it has."""
        found = {}
        for rival in self.rivals:
            found[rival] = better(rival, runs, self._judge(rival))
        return found

    def _judge(self, rival: Rival) -> Callable[[Figures], float]:
        if self.place is None:
            return rate
        return p99("write" if rival == OURS_TO_FILE else self.place)


def table(trial: Trial, results: Results) -> list[str]:
    """The trial as Markdown."""
    columns = trial.heading.count("|") - 2
    rows = [trial.heading, "|---|" + "---:|" * columns]
    return rows + [trial.row(result) for result in results.values()]


def _saturated_row(result: Result) -> str:
    figures = result.figures
    return (
        f"| {result.name} | {figures.rate:,.0f} ({result.worst:,.0f}-{result.best:,.0f}) "
        f"| {figures.cpu_us:.1f} | {figures.peak_mb:.0f} |"
    )


def _blocks_row(result: Result) -> str:
    figures = result.figures
    blocks, least, most = (
        each / MESSAGES_A_BLOCK for each in (figures.rate, result.worst, result.best)
    )
    return (
        f"| {result.name} | {blocks:,.1f} ({least:,.1f}-{most:,.1f}) "
        f"| {figures.cpu_us * MESSAGES_A_BLOCK / 1000:.1f} | {figures.peak_mb:.0f} |"
    )


def _delay_row(result: Result) -> str:
    delays, cores = result.figures.delays_us, result.figures.cpu_seconds / result.figures.seconds
    cells = [
        f"{delays[f'{place}_p50'] / 1000:.2f} / {delays[f'{place}_p99'] / 1000:.2f}"
        if f"{place}_p99" in delays
        else ""
        for place in ("handler", "write")
    ]
    return f"| {result.name} | {cells[0]} | {cells[1]} | {cores:.2f} |"


def _ratio(results: Results, ours: Rival, theirs: Rival) -> float:
    return results[ours].figures.rate / results[theirs].figures.rate


def _p99_ms(results: Results, rival: Rival, place: str = "handler") -> float:
    return results[rival].figures.delays_us[f"{place}_p99"] / 1000


def _saturated_goals(results: Results) -> list[Goal]:
    wanted = ((AIO, 2.0), (HELIUS, 1.5), (TRITON, 2.5))
    return [
        Goal(f"one feed saturated, times {theirs.name}", _ratio(results, OURS, theirs), goal)
        for theirs, goal in wanted
        if theirs in results
    ]


def _three_goals(results: Results) -> list[Goal]:
    what = "three feeds of the same data, times three bare readers"
    return [Goal(what, _ratio(results, OURS_OF_THREE, THREE_BARE), 0.5)]


def _blocks_goals(results: Results) -> list[Goal]:
    memory = results[OURS].figures.peak_mb
    goals = [Goal("blocks, peak RSS", memory, 300, at_most=True, unit=" MB")]
    npm = [each for each in NPM if each in results]
    if npm:
        best = max(npm, key=lambda each: results[each].figures.rate)
        goals.insert(0, Goal(f"blocks, times {best.name}", _ratio(results, OURS, best), 5))
    return goals


def _paced_goals(results: Results) -> list[Goal]:
    to_handler, to_file = _p99_ms(results, OURS), _p99_ms(results, OURS_TO_FILE, "write")
    return [
        Goal("10,000/s, p99 to the handler", to_handler, 2, at_most=True, unit=" ms"),
        Goal("10,000/s, p99 to the file", to_file, 10, at_most=True, unit=" ms"),
    ]


def _burst_goals(results: Results) -> list[Goal]:
    if HELIUS not in results:
        return []
    times = _p99_ms(results, OURS) / _p99_ms(results, HELIUS)
    return [Goal(f"bursts, p99 times that of {HELIUS.name}", times, 0.7, at_most=True)]


_DELAYS: Final = "handler ms p50 / p99 | file ms p50 / p99 | cores |"
_ALL: Final = (AIO, *NPM, OURS)

TRIALS: Final[Sequence[Trial]] = (
    Trial(
        "saturated",
        SATURATED,
        _ALL,
        None,
        _saturated_row,
        "| one feed, saturated | messages/s (min-max) | us/message | peak MB |",
        _saturated_goals,
    ),
    Trial(
        "three",
        SATURATED,
        (THREE_BARE, OURS_OF_THREE),
        None,
        _saturated_row,
        "| three feeds of the same data | raw messages/s (min-max) | us/message | peak MB |",
        _three_goals,
    ),
    Trial(
        "blocks",
        Load(blocks=True),
        _ALL,
        None,
        _blocks_row,
        "| blocks of 4.65 MB | blocks/s (min-max) | ms/block | peak MB |",
        _blocks_goals,
    ),
    Trial(
        "paced",
        Load(rate=PACED_RATE),
        (*_ALL, OURS_TO_FILE),
        "handler",
        _delay_row,
        f"| 10,000/s | {_DELAYS}",
        _paced_goals,
    ),
    Trial(
        "bursts",
        Load(rate=PACED_RATE, burst=BURST),
        _ALL,
        "handler",
        _delay_row,
        f"| 1,000 at once, each 100 ms | {_DELAYS}",
        _burst_goals,
    ),
)
