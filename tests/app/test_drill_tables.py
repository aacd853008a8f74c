"""What people see of a drill."""

from monitor.app.drill_cost import Proof, cost_view
from monitor.app.drill_plan import Plan
from monitor.app.drill_tables import pause_words, seconds_words, show_costs, show_plan
from tests.app.test_drill_cost import cost
from tests.app.test_tables import shown


def test_each_failover_is_a_row_and_the_last_line_sums_up() -> None:
    lost = cost(endpoint="nyc", successor="tyo", proof=Proof(41, 2, 1, 3), fault="it is gone")
    lines = shown(show_costs, [cost_view(cost()), cost_view(lost)])
    rows = [line.split() for line in lines if line.startswith(("ams", "nyc"))]
    assert rows == [
        "ams the others 2.0 s 3.5 s 0 of 40 0 0 110 0 450 ms, 400 ms before 50 ms".split(),
        "nyc tyo 2.0 s 3.5 s 2 of 41 1 3 110 0 450 ms, 400 ms before 50 ms".split(),
        "nyc: it is gone".split(),
    ]
    assert lines[-1].rstrip() == (
        "2 failovers, 1 of them went through without a lost or doubled event"
    )


def test_what_is_not_known_is_called_so() -> None:
    told = cost_view(cost(handed_over=None, before=(), during=()))
    lines = shown(show_costs, [told])
    (row,) = [line.split() for line in lines if line.startswith("ams")]
    assert row == "ams the others never 3.5 s 0 of 40 0 0 unknown unknown unknown unknown".split()
    assert lines[-1].startswith("1 failover, 1 of them")


def test_a_plan_says_who_would_be_drained_and_who_not() -> None:
    plan = Plan(("ams", "nyc"), ("tyo is drained",))
    assert [line.rstrip() for line in shown(show_plan, plan)] == [
        "ams would be drained, and promoted back",
        "nyc would be drained, and promoted back",
        "left out: tyo is drained",
    ]


def test_figures_are_words() -> None:
    assert (seconds_words(2140), seconds_words(None)) == ("2.1 s", "never")
    assert pause_words({"pause_ms": None, "pause_before_ms": None}) == "unknown"
    assert pause_words({"pause_ms": 9, "pause_before_ms": 8}) == "9 ms, 8 ms before"
