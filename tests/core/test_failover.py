"""The words of decisions, as the log has them."""

import pytest

from monitor.core.commands import Report
from monitor.core.failover import Explanation, FailoverPolicy, Strategy, What


@pytest.mark.parametrize("what", What)
def test_every_decision_can_be_logged_with_its_reason(what: What) -> None:
    report = Explanation(1.0, what, "so it is").report()
    assert report.level in ("info", "warning", "error")
    assert report.sentence
    assert report.facts == {"why": "so it is"}


def test_the_log_names_who_loses_and_who_gains() -> None:
    told = Explanation(1.0, What.REPLACED, "it is silent", source=0, target=2)
    assert told.report() == Report(
        "warning",
        "a failing endpoint was replaced",
        {"why": "it is silent", "source": 0, "target": 2},
    )


@pytest.mark.parametrize(
    ("strategy", "places"), [(Strategy.RACE, 4), (Strategy.SPREAD, 4), (Strategy.STANDBY, 1)]
)
def test_standby_has_one_place(strategy: Strategy, places: int) -> None:
    assert FailoverPolicy(strategy, hot=4).places == places
