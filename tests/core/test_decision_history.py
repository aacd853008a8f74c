"""The history of decisions: the newest 200, with names."""

from monitor.core.decision_history import NEWEST, DecisionHistory, Told
from monitor.core.failover import Explanation, What

NAMES = ("ams", "nyc", "tyo")


def test_decisions_are_told_with_names_the_oldest_first() -> None:
    history = DecisionHistory()
    history.add([Explanation(1.0, What.CHOSEN, "best", target=0)])
    history.add([Explanation(2.0, What.EXCHANGED, "better", source=0, target=2)])
    assert history.told(NAMES) == [
        Told(1.0, "chosen", None, "ams", "best", is_planned=False),
        Told(2.0, "exchanged", "ams", "tyo", "better", is_planned=True),
    ]


def test_one_endpoint_is_told_of_what_is_about_it_and_what_concerns_all() -> None:
    history = DecisionHistory()
    history.add(
        [
            Explanation(1.0, What.CHOSEN, "best", target=0),
            Explanation(2.0, What.REPLACED, "silent", source=0, target=1),
            Explanation(3.0, What.SHED, "slow"),
            Explanation(4.0, What.DRAINED, "asked", source=2),
        ]
    )
    assert [each.at for each in history.told(NAMES, 1)] == [2.0, 3.0]
    assert [each.at for each in history.told(NAMES, 0)] == [1.0, 2.0, 3.0]
    assert [each.at for each in history.told(NAMES, 2)] == [3.0, 4.0]


def test_the_oldest_decisions_are_forgotten() -> None:
    history = DecisionHistory()
    for at in range(NEWEST + 5):
        history.add([Explanation(float(at), What.SHED, "slow")])
    told = history.told(NAMES)
    assert len(told) == NEWEST
    assert told[0].at == 5.0
