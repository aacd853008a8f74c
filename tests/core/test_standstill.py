"""A chain that stands still for a while, and goes on: no endpoint is worse for that, whoever told its last slot first."""

import pytest

from monitor.core.failover import FailoverPolicy, Strategy, What
from monitor.core.scope import Scope
from tests.core.play import Play, confirmed, finalized, meta, processed, tx
from tests.core.test_steering import SLOT_TIME, begun, play_of

BEHIND = 0.005
"""Seconds by which each endpoint is later than the one before."""


def tell(play: Play, first: int, slots: int) -> None:
    """So many slots at all endpoints, one after the other."""
    for slot in range(first, first + slots):
        began = play.now
        for place, connection in enumerate(play.kernel.connections.all):
            play.at(began + BEHIND * place)
            rows = [begun(slot, connection.generation)]
            if connection.scope is Scope.EVERYTHING:
                rows.append(tx(slot, 0, f"t{slot}"))
            assert connection.feed is not None
            rows += [meta(slot), processed(slot), confirmed(slot - 1), finalized(slot - 3)]
            play.says(connection.feed, *rows)
        play.at(began + SLOT_TIME)


@pytest.mark.parametrize(
    ("policy", "feeds"),
    [
        (FailoverPolicy(Strategy.STANDBY), 2),
        (FailoverPolicy(hot=2), 4),
        (FailoverPolicy(hot=3), 3),
    ],
    ids=["standby", "race", "all"],
)
@pytest.mark.parametrize("pause", [4.59, 4.605, 6.0, 60.0])
def test_a_chain_that_stands_still_moves_nobody(
    policy: FailoverPolicy, feeds: int, pause: float
) -> None:
    play = play_of(policy, feeds=feeds)
    tell(play, 100, 40)
    play.at(play.now + pause)
    tell(play, 140, 40)
    words = {each.what for each in play.kernel.decisions.told(["a", "b", "c", "d"])}
    assert words <= {What.CHOSEN, What.KEPT}
