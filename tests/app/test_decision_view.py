"""Decisions as the API tells them."""

import orjson

from monitor.app.decision_view import decision_views
from monitor.core.decision_history import DecisionHistory
from monitor.core.failover import Explanation, What


def test_a_decision_is_told_with_its_moment_and_the_names_of_who_loses_and_who_gains() -> None:
    history = DecisionHistory()
    history.add(
        [
            Explanation(2.0, What.EXCHANGED, "better for 30 s", 0, 1),
            Explanation(3.5, What.SHED, "2 streams lagged"),
        ]
    )

    views = decision_views(history.told(["ams", "nyc"]), lambda ns: ns)

    assert orjson.loads(orjson.dumps(views)) == [
        {
            "at": "1970-01-01T00:00:02.000000Z",
            "what": "exchanged",
            "from": "ams",
            "to": "nyc",
            "why": "better for 30 s",
            "planned": True,
        },
        {
            "at": "1970-01-01T00:00:03.500000Z",
            "what": "shed",
            "from": None,
            "to": None,
            "why": "2 streams lagged",
            "planned": False,
        },
    ]
