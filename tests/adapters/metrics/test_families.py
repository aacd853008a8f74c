from prometheus_client.metrics_core import Metric

from monitor.adapters.metrics.families import counter, gauge, histogram, one


def samples(family: Metric) -> list[tuple[str, dict[str, str], float]]:
    return [(sample.name, dict(sample.labels), sample.value) for sample in family.samples]


def test_a_counter_and_a_gauge_have_a_sample_for_each_pair_of_labels() -> None:
    told = [(["ams", "a"], 3.0), (["nyc", "b"], 0.0)]
    labels = ["endpoint", "reason"]
    for make, name in ((counter, "x_total"), (gauge, "x")):
        family = make(name, "What it means.", labels, told)
        assert family.documentation == "What it means."
        assert samples(family) == [
            (name, {"endpoint": "ams", "reason": "a"}, 3.0),
            (name, {"endpoint": "nyc", "reason": "b"}, 0.0),
        ]


def test_an_unknown_number_has_no_sample() -> None:
    assert samples(gauge("x", "y", [], one(None))) == []
    assert samples(gauge("x", "y", [], one(0))) == [("x", {}, 0)]


def test_a_histogram_ends_with_all_and_has_their_sum() -> None:
    assert samples(histogram("x_seconds", "y", (0.5, 2.0), (1, 3, 4), 9.5)) == [
        ("x_seconds_bucket", {"le": "0.5"}, 1),
        ("x_seconds_bucket", {"le": "2.0"}, 3),
        ("x_seconds_bucket", {"le": "+Inf"}, 4),
        ("x_seconds_count", {}, 4),
        ("x_seconds_sum", {}, 9.5),
    ]
