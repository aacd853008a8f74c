"""Reading what a daemon says of itself: JSON log lines and the text of `/metrics`."""

import re
from typing import Any

import orjson


def lines(log: str) -> list[dict[str, Any]]:
    """The log's whole lines; each must be one JSON object."""
    return [orjson.loads(line) for line in log.rpartition("\n")[0].splitlines()]


def numbers(metrics: str, name: str, **labels: str) -> dict[str, float]:
    """Samples of a metric that have these labels, by the value of the label that is left."""
    found: dict[str, float] = {}
    for pairs, value in re.findall(rf"^{name}\{{(.*)\}} (\S+)$", metrics, re.M):
        has = dict(re.findall(r'(\w+)="([^"]*)"', pairs))
        if labels.items() <= has.items():
            (left,) = has.keys() - labels.keys()
            found[has[left]] = float(value)
    return found
