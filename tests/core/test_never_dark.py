"""No moment without a hot feed while an endpoint could be one: whoever brings anything is better than nobody."""

import pytest

from monitor.core.chain import Commitment
from monitor.core.commands import OpenFeed
from monitor.core.endings import Ending, EndReason
from monitor.core.endpoint_health import Circuit
from monitor.core.events import FeedEnded, FeedOpened, Started
from monitor.core.failover import FailoverPolicy, Strategy, What
from monitor.core.kernel import Kernel
from monitor.core.policy import Policy
from monitor.core.scope import Scope
from monitor.core.wishes import Want
from tests.core.looks import Looks
from tests.core.play import ALL, SOME, Play
from tests.core.test_steering import STANDBY, Stream, circuit, play_of, scopes, told

AUDITS = 4
"""That find something missing: enough for nobody to believe the endpoint."""


def dies(play: Play, stream: Stream, *endpoints: int) -> None:
    """Their servers are gone from now on."""
    stream.mute |= {*endpoints}
    refused(play, stream, jitter=0.9)


def refused(play: Play, stream: Stream, jitter: float = 0.9) -> None:
    """Whatever is asked of a server that is gone fails."""
    for endpoint in sorted(stream.mute):
        feed = play.kernel.connections.all[endpoint].feed
        if feed is not None:
            play.ends(feed, EndReason.UNREACHABLE, jitter=jitter)


def dark_for(play: Play, stream: Stream, endpoint: int) -> float:
    """Seconds until everything is asked of the endpoint."""
    since = play.now
    while scopes(play)[endpoint] is not Scope.EVERYTHING:
        stream.goes_on(1)
        refused(play, stream)
        assert play.now < since + 60, "nobody is hot, and somebody could be"
    return play.now - since


def distrusted(play: Play, endpoint: int) -> None:
    """Audits find gaps in what it sends."""
    for _ in range(AUDITS):
        play.kernel.health.audited(endpoint, 150, 3, play.now)


@pytest.mark.parametrize(("policy", "feeds"), [(STANDBY, 3), (FailoverPolicy(), 3)])
def test_who_is_not_believed_is_better_than_nobody(policy: FailoverPolicy, feeds: int) -> None:
    play = play_of(policy, feeds=feeds)
    stream = Stream(play)
    stream.goes_on(100)
    distrusted(play, 2)
    stream.goes_on(5)
    assert scopes(play)[2] is Scope.CHAIN
    dies(play, stream, 0, 1)
    assert dark_for(play, stream, 2) < 7
    assert any("its trust is " in each.why for each in play.kernel.decisions.told(["a", "b", "c"]))


def test_who_is_not_believed_goes_as_soon_as_another_is_back() -> None:
    looks = Looks(3)
    looks.settle()
    looks.figures(2, trust=0.2)
    looks.at(10.0)
    looks.figures(0, is_open=False)
    looks.figures(1, is_open=False)
    looks.at(20.0)
    looks.at(25.0)
    assert looks.hot() == [2]
    assert "nobody better is there: its trust is 0.20" in looks.why()
    looks.figures(0, is_open=True)
    assert looks.at(26.0) == [(What.REPLACED, 2, 0)]
    assert looks.hot() == [0]


def test_who_is_not_believed_is_no_reason_to_give_up_a_stream_that_just_ended() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.figures(1, trust=0.2)
    looks.at(10.0)
    looks.figures(0, is_open=False)
    assert looks.at(20.0) == []
    assert looks.at(24.9) == []
    looks.figures(0, is_open=True)
    assert looks.at(25.0) == []


@pytest.mark.parametrize("figures", [{"silent_for": 9.0}, {"is_open": False}])
def test_who_is_not_believed_and_brings_nothing_is_not_used(figures: dict[str, object]) -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.figures(1, trust=0.2, **figures)
    looks.at(10.0)
    looks.figures(0, silent_for=9.0)
    assert looks.at(20.0) == [(What.KEPT, None, 0)]


def test_a_drain_is_not_obeyed_in_favour_of_one_that_is_not_believed() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.figures(1, trust=0.2)
    looks.at(10.0)
    assert looks.at(20.0, (Want.DRAIN, 0)) == [(What.DRAINED, 0, None), (What.KEPT, None, 0)]
    assert looks.hot() == [0]


def test_a_probe_that_streams_takes_over_at_once() -> None:
    play = play_of(STANDBY, feeds=2)
    stream = Stream(play)
    stream.goes_on(100)
    connection = play.kernel.connections.all[1]
    for _ in range(5):
        assert connection.feed is not None
        play.ends(connection.feed, jitter=0.0)
        while connection.feed is None:
            stream.goes_on(1)
        play.accepts(connection.feed)
    stream.goes_on(5)
    assert circuit(play, 1) is Circuit.HALF_OPEN
    dies(play, stream, 0)
    assert scopes(play)[1] is Scope.EVERYTHING
    assert "its circuit is half_open" in play.kernel.decisions.told(["a", "b"])[-1].why


def test_a_probe_that_streams_stays_until_who_is_sound_covers() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.figures(1, circuit=Circuit.HALF_OPEN)
    looks.figures(0, is_open=False)
    assert looks.at(10.0) == [(What.REPLACED, 0, 1)]
    looks.figures(0, is_open=True, covered=0)
    assert looks.at(11.0) == [(What.REPLACED, 1, 0)]
    assert looks.hot() == [0, 1]
    looks.figures(0, covered=2)
    assert looks.at(12.0) == [(What.HANDED_OVER, 1, 0)]
    assert looks.hot() == [0]


@pytest.mark.parametrize(("hot", "feeds"), [(1, 2), (2, 3), (3, 5)])
def test_when_all_hot_streams_end_at_once_one_who_is_ready_is_hot_at_once(
    hot: int, feeds: int
) -> None:
    play = play_of(FailoverPolicy(hot=hot), feeds=feeds)
    stream = Stream(play)
    stream.goes_on(100)
    dies(play, stream, *range(hot))
    assert Scope.EVERYTHING in scopes(play)[hot:]
    # The others are waited for as long as ever.
    assert told(play).count(What.REPLACED) == 1
    assert What.DEMOTED not in told(play)


def test_one_that_is_ready_and_late_is_hot_at_once_too() -> None:
    looks = Looks(3, hot=2)
    looks.settle()
    looks.figures(2, lag=9.0)
    looks.at(10.0)
    for i in (0, 1):
        looks.figures(i, is_open=False)
    assert looks.at(20.0) == [(What.REPLACED, 1, 2)]
    assert looks.hot() == [0, 2]
    looks.figures(0, is_open=True)
    looks.figures(1, is_open=True)
    assert looks.at(21.0) == [(What.DEMOTED, 2, None)]


def test_one_stream_that_ends_while_another_brings_is_waited_for() -> None:
    looks = Looks(3, hot=2)
    looks.settle()
    looks.figures(0, is_open=False)
    assert looks.at(10.0) == []
    looks.figures(1, silent_for=9.0)
    assert looks.at(11.0) == [(What.REPLACED, 1, 2)]


def test_a_free_place_is_taken_before_one_that_is_waited_for() -> None:
    looks = Looks(3)
    looks.figures(2, silent_for=9.0)
    looks.settle()
    looks.at(10.0)
    looks.figures(0, is_open=False)
    looks.figures(1, is_open=False)
    looks.at(20.0)
    looks.figures(2, silent_for=0.0)
    assert looks.at(21.0) == [(What.CHOSEN, None, 2)]
    assert looks.hot() == [0, 1, 2]


def test_one_that_was_silent_is_not_sound_because_its_stream_ends() -> None:
    looks = Looks(3)
    looks.settle()
    for i in range(3):
        looks.figures(i, silent_for=9.0)
    looks.at(10.0)
    looks.figures(1, is_open=False, silent_for=0.0)
    assert [what for what, _, _ in looks.at(11.0)] == [What.KEPT]
    assert looks.hot() == [0, 1, 2]


def test_at_the_start_nobody_waits_for_a_server_that_refuses() -> None:
    play = Play.__new__(Play)
    policy = Policy(Commitment.CONFIRMED, failover=FailoverPolicy(Strategy.STANDBY))
    play.kernel, play.now = Kernel([SOME], 2, policy), 0.0
    play.commands, play.given = [], []
    play._do(play.kernel.handle(Started(), 0.0))
    play._do(play.kernel.handle(FeedOpened(2), 0.0))
    assert scopes(play) == [Scope.EVERYTHING, Scope.CHAIN]  # the first one is being opened
    refused_at_once = Ending(EndReason.UNREACHABLE, "UNAVAILABLE", "refused")
    play._do(play.kernel.handle(FeedEnded(1, refused_at_once, 0.9), 0.0))
    assert scopes(play)[1] is Scope.EVERYTHING
    assert len(play.of(OpenFeed)) == 2


def test_where_there_is_a_place_for_each_the_loser_is_said_to_help_all_the_same() -> None:
    play = Play(ALL, feeds=3)
    stream = Stream(play)
    stream.goes_on(5)
    play.ends(3).at(play.now + 6)
    demoted = [each for each in play.kernel.decisions.told(["a", "b", "c"]) if each.source == "c"]
    assert demoted[-1].why.endswith(
        "; there is a place for each, so it helps as soon as it is back"
    )


def test_who_has_been_sound_for_long_takes_over_before_one_who_is_just_back() -> None:
    looks = Looks(3, Strategy.STANDBY)
    looks.settle()
    looks.figures(0, is_open=False)
    assert looks.at(10.0) == [(What.REPLACED, 0, 1)]
    looks.figures(0, is_open=True)
    looks.at(11.0)
    looks.figures(1, is_open=False)
    assert looks.at(20.0) == [(What.REPLACED, 1, 2)]
