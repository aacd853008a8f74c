"""The words of decisions, as the log has them."""

import pytest

from monitor.core.commands import Report
from monitor.core.failover import Explanation, FailoverPolicy, Strategy, What, reports_of


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
        {"why": "it is silent", "endpoint": 2, "instead_of": 0},
    )
    alone = Explanation(1.0, What.DEMOTED, "it is silent", source=1)
    assert alone.report().facts == {"why": "it is silent", "endpoint": 1}


def test_who_fails_together_and_stays_is_told_in_one_line_and_nobody_else() -> None:
    drained = Explanation(1.0, What.KEPT, "y", target=1, is_of_drained=True)
    kept = [Explanation(1.0, What.KEPT, why, target=i) for i, why in ((0, "x"), (2, "y"), (3, "x"))]
    chosen = Explanation(1.0, What.CHOSEN, "z", target=4)
    told = [each.sentence for each in reports_of([drained, *kept[:1], chosen])]
    assert told == [each.report().sentence for each in (drained, *kept[:1], chosen)]
    one = Report(
        "error",
        "failing endpoints kept their places, since none is sound",
        {"why": "x; y", "origins": [0, 2, 3]},
    )
    assert [*reports_of([drained, *kept, chosen])] == [drained.report(), one, chosen.report()]


@pytest.mark.parametrize(
    ("what", "level", "sentence"),
    [
        (What.REPLACED, "info", "a drained endpoint was replaced"),
        (What.DEMOTED, "info", "a drained endpoint lost its place, and none took it at once"),
        (What.KEPT, "warning", "a drained endpoint kept its place, since no other is sound"),
        (What.HANDED_OVER, "info", "a hand-over ended"),
    ],
)
def test_an_endpoint_that_an_operator_drained_is_not_called_failing(
    what: What, level: str, sentence: str
) -> None:
    report = Explanation(1.0, what, "an operator drained it", 0, is_of_drained=True).report()
    assert (report.level, report.sentence) == (level, sentence)


@pytest.mark.parametrize(
    ("strategy", "places"), [(Strategy.RACE, 4), (Strategy.SPREAD, 4), (Strategy.STANDBY, 1)]
)
def test_standby_has_one_place(strategy: Strategy, places: int) -> None:
    assert FailoverPolicy(strategy, hot=4).places == places


@pytest.mark.parametrize(("slot_time", "bound"), [(0.3, 5.0), (0.4, 5.0), (0.5, 6.0), (4.0, 48.0)])
def test_slow_slots_are_given_their_time(slot_time: float, bound: float) -> None:
    policy = FailoverPolicy(hot=2).at_pace(slot_time)
    assert policy == FailoverPolicy(hot=2, silence=bound, lag=bound)
    assert policy.at_pace(slot_time) is policy
