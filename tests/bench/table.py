"""Figures as a Markdown table, with the facts that they depend on."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Final

from tests.bench.contest import Contender, machine, middle
from tests.bench.window import Figures

PACKAGES: Final = ("grpcio", "protobuf", "uvloop", "orjson", "solders")

OURS: Final = "daemon"
"""What the names of the daemon's contenders begin with."""
RATIO_GOAL: Final = 1.4
WRITE_RATE: Final = 5_000.0
WRITE_GOAL_US: Final = 10_000.0

Saturated = Mapping[str, Sequence[Figures]]
Paced = Mapping[float, Mapping[str, Sequence[Figures]]]


def best_of(names: Sequence[str], saturated: Saturated) -> str:
    """The name whose median rate is highest."""
    return max(names, key=lambda name: middle(saturated[name]).rate)


def facts(source: str, message_bytes: float, runs: int, seconds: float) -> list[str]:
    """The machine, the versions, the stream, the method."""
    here = machine()
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        f"{here['processor']}, {here['cores']} cores, Linux {here['kernel']}, "
        f"CPython {here['python']}; {packages}.",
        f"Stream: {source}, mean {message_bytes:,.0f} bytes a message, loopback, cleartext; "
        f"medians of {runs} interleaved runs of {seconds:g} s.",
    ]


def saturated_rows(saturated: Saturated, baseline: str) -> list[str]:
    """Messages a second, cost, memory, and the ratio to the baseline."""
    rows = [
        f"| saturated | messages/s (min-max) | us/message | RSS MB | x {baseline} |",
        "|---|---:|---:|---:|---:|",
    ]
    against = middle(saturated[baseline]).rate
    for name, runs in saturated.items():
        figures = middle(runs)
        least, most = min(each.rate for each in runs), max(each.rate for each in runs)
        rows.append(
            f"| {name} | {figures.rate:,.0f} ({least:,.0f}-{most:,.0f}) | {figures.cpu_us:.1f} "
            f"| {figures.rss_mb:.0f} | {figures.rate / against:.2f} |"
        )
    return rows


def paced_rows(paced: Paced, contenders: Sequence[Contender]) -> list[str]:
    """p50 / p99 of the delay from the send stamp, and the cores used, by rate."""
    rates = sorted(paced)
    rows = [
        "| paced, us p50 / p99 (cores) | " + " | ".join(f"{rate:,.0f}/s" for rate in rates) + " |",
        "|---|" + "---:|" * len(rates),
    ]
    for contender in contenders:
        by_rate = [middle(paced[rate][contender.name]) for rate in rates]
        for place in _places(by_rate[0]):
            cells = [
                f"{each.delays_us[f'{place}_p50']:,.0f} / {each.delays_us[f'{place}_p99']:,.0f}"
                f" ({each.cpu_seconds / each.seconds:.2f})"
                for each in by_rate
            ]
            rows.append(f"| {contender.name}, to {place} | " + " | ".join(cells) + " |")
    return rows


def _places(figures: Figures) -> list[str]:
    return [name.removesuffix("_p50") for name in figures.delays_us if name.endswith("_p50")]


def verdicts(saturated: Saturated, paced: Paced, baselines: Sequence[str]) -> list[str]:
    """The goals, and whether these figures reach them."""
    ours = [name for name in saturated if name.startswith(OURS)]
    if not ours:
        return []
    best, theirs = best_of(ours, saturated), best_of(baselines, saturated)
    ratio = middle(saturated[best]).rate / middle(saturated[theirs]).rate
    lines = [
        f"{best} at {ratio:.2f} times {theirs}; the goal is {RATIO_GOAL:g}: "
        + _word(ratio >= RATIO_GOAL)
    ]
    written = {
        name: middle(runs).delays_us["write_p99"]
        for name, runs in paced.get(WRITE_RATE, {}).items()
        if "write_p99" in runs[0].delays_us
    }
    if written:
        name = min(written, key=written.__getitem__)
        lines.append(
            f"{name} at {WRITE_RATE:,.0f}/s: p99 to write {written[name] / 1000:.2f} ms; "
            f"the goal is under {WRITE_GOAL_US / 1000:g} ms: "
            + _word(written[name] < WRITE_GOAL_US)
        )
    return lines


def _word(reached: bool) -> str:
    return "reached." if reached else "MISSED."
