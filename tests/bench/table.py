"""Figures as a Markdown table, with the facts that they depend on."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Final

from tests.bench.contest import Contender, machine, middle
from tests.bench.window import Figures

PACKAGES: Final = ("grpcio", "protobuf", "uvloop", "orjson", "solders")

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
