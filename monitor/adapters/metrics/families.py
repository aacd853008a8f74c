"""Metric families made of samples in one go."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric

Samples = Iterable[tuple[list[str], float]]
"""Values of the labels, in their order, and the number."""


def one(value: float | None) -> Samples:
    """The sample of a metric without labels; none while the value is unknown."""
    return [] if value is None else [([], value)]


def counter(name: str, meaning: str, labels: list[str], samples: Samples) -> Metric:
    """What only grows."""
    family = CounterMetricFamily(name, meaning, labels=labels)
    for values, count in samples:
        family.add_metric(values, count)
    return family


def gauge(name: str, meaning: str, labels: list[str], samples: Samples) -> Metric:
    """What goes up and down."""
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def histogram(
    name: str, meaning: str, bounds: Sequence[float], cumulative: Sequence[int], total: float
) -> Metric:
    """How many were up to each of `bounds`, and all of them last; `total` is their sum."""
    family = HistogramMetricFamily(name, meaning)
    words = [*(str(bound) for bound in bounds), "+Inf"]
    family.add_metric([], list(zip(words, cumulative, strict=True)), total)
    return family
