"""Medians, percentiles and tables of the bench."""

import pytest

from tests.bench.contest import Contender, middle
from tests.bench.table import best_of, paced_rows, saturated_rows, verdicts
from tests.bench.window import Figures, Window, rss_mb, spread_us


def figures(rate: int, cpu_us: float = 10.0, **delays: float) -> Figures:
    return Figures(rate * 2, 2.0, rate * 2 * cpu_us / 1e6, 50.0, delays)


def test_percentiles_are_of_the_sorted_delays_in_microseconds() -> None:
    delays = [1_000 * each for each in range(100, 0, -1)]
    assert spread_us(delays) == {"p50": 50.0, "p99": 99.0, "max": 100.0}
    assert spread_us([]) == {}


def test_medians_are_taken_figure_by_figure() -> None:
    runs = [figures(100, 30.0), figures(300, 10.0), figures(200, 20.0)]
    assert middle(runs).rate == 200
    assert middle(runs).cpu_us == pytest.approx(20.0)


def test_the_better_median_of_the_baselines_counts() -> None:
    saturated = {
        "loose": [figures(100), figures(900), figures(110)],
        "pinned": [figures(300), figures(310), figures(50)],
        "ours": [figures(600), figures(600), figures(600)],
    }
    baseline = best_of(["loose", "pinned"], saturated)
    assert baseline == "pinned"
    rows = saturated_rows(saturated, baseline)
    assert rows[-1] == "| ours | 600 (600-600) | 10.0 | 50 | 2.00 |"


def test_each_place_of_a_delay_has_a_row_over_the_rates() -> None:
    run = figures(2_000, 100.0, handler_p50=80, handler_p99=300, write_p50=90, write_p99=1_400)
    rows = paced_rows({5_000.0: {"ours": [run]}, 2_000.0: {"ours": [run]}}, [Contender("ours", "")])
    assert rows[0] == "| paced, us p50 / p99 (cores) | 2,000/s | 5,000/s |"
    assert rows[2:] == [
        "| ours, to handler | 80 / 300 (0.20) | 80 / 300 (0.20) |",
        "| ours, to write | 90 / 1,400 (0.20) | 90 / 1,400 (0.20) |",
    ]


def test_a_window_counts_only_what_came_while_it_was_open() -> None:
    window = Window(seconds=0.0, warm_up=0.0)
    assert not window.is_over(40)
    assert window.is_open
    assert window.is_over(100)
    found = window.figures(100, handler=[5_000])
    assert found.messages == 60
    assert found.delays_us == {"handler_p50": 5.0, "handler_p99": 5.0, "handler_max": 5.0}
    assert rss_mb() > 1


def test_goals_are_judged_by_medians() -> None:
    saturated = {"aio": [figures(100)], "daemon null": [figures(139)], "daemon file": [figures(50)]}
    slow = figures(5_000, write_p50=100, write_p99=10_000)
    quick = figures(5_000, write_p50=100, write_p99=9_990)
    assert verdicts(saturated, {5_000.0: {"daemon file": [slow]}}, ["aio"]) == [
        "daemon null at 1.39 times aio; the goal is 1.4: MISSED.",
        "daemon file at 5,000/s: p99 to write 10.00 ms; the goal is under 10 ms: MISSED.",
    ]
    reached = verdicts(
        saturated | {"daemon null": [figures(140)]}, {5_000.0: {"daemon file": [quick]}}, ["aio"]
    )
    assert [line.endswith("reached.") for line in reached] == [True, True]
