"""Who could not be asked yet, since it replayed, covers nothing of what it is to be asked for."""

from dataclasses import replace

from monitor.core.commands import AmendFeed
from monitor.core.scope import EVERY_MONITOR
from tests.core.test_steering import SPREAD, Stream, carried, play_of


def test_what_is_brought_between_a_replay_and_the_next_request_covers_nothing_of_that() -> None:
    play = play_of(SPREAD, feeds=3)
    stream = Stream(play)
    stream.goes_on(4)
    connection, steering = play.kernel.connections.all[0], play.kernel.steering
    division = steering._state.division
    assert division is not None
    carried_too = (0b111, *division.carried[1:])
    waiting = replace(division, carried=carried_too, gaining=(0,), since=play.now)
    steering._state = replace(steering._state, division=waiting)
    connection.carried = connection.sent_for = 0b001
    connection.complete = 2
    play.at(play.now + 1.1)
    assert play.of(AmendFeed)[-1].carried == EVERY_MONITOR
    assert steering._state.division == waiting
    stream.goes_on(6)
    assert carried(play)[0] == division.shares[0]
