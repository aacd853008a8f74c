"""Which endpoints are hot: chosen, replaced at once, promoted with patience, exchanged for better ones."""

import pytest

from monitor.core.commands import Report
from monitor.core.deciding import decide
from monitor.core.deliberation import State
from monitor.core.endings import EndReason
from monitor.core.endpoint_health import Circuit, Delay, EndpointHealth, Role
from monitor.core.failover import FailoverPolicy, Probe, SetRole, Strategy, What
from monitor.core.wishes import Want
from tests.core.looks import Looks

FAR = Delay(p50=0.2)


def test_the_first_look_fills_every_place_and_warms_the_others() -> None:
    looks = Looks(5)
    assert looks.at(0.0) == [(What.CHOSEN, None, 0), (What.CHOSEN, None, 1), (What.CHOSEN, None, 2)]
    assert looks.actions(SetRole) == [
        SetRole(0, Role.HOT),
        SetRole(1, Role.HOT),
        SetRole(2, Role.HOT),
        SetRole(3, Role.WARM),
        SetRole(4, Role.WARM),
    ]


def test_nothing_is_said_while_nothing_changes() -> None:
    looks = Looks(4)
    looks.settle()
    for now in range(1, 200):
        assert looks.at(float(now)) == []
        assert looks.last.actions == ()


def test_fewer_endpoints_than_places_are_all_hot() -> None:
    looks = Looks(2)
    looks.settle()
    assert looks.hot() == [0, 1]


def test_standby_has_one_hot_feed_whatever_the_number_says() -> None:
    looks = Looks(3, Strategy.STANDBY, hot=3)
    looks.settle()
    assert looks.hot() == [0]
    assert looks.of_role(Role.WARM) == [1, 2]


def test_endpoints_of_other_providers_come_first_then_health_latency_and_priority() -> None:
    looks = Looks(5, hot=1)
    looks.figures(0, miss_rate=0.2)
    looks.figures(1, delay=FAR)
    looks.figures(2, priority=9)
    looks.figures(3, priority=2)
    looks.figures(4, priority=3)
    looks.settle()
    assert looks.hot() == [3]
    second = Looks(3, hot=2)
    second.figures(0, provider="one")
    second.figures(1, provider="one")
    second.figures(2, provider="two", delay=FAR, miss_rate=0.2)
    second.settle()
    assert second.hot() == [0, 2]


def test_endpoints_without_a_provider_count_as_different_ones() -> None:
    looks = Looks(3, hot=2)
    looks.figures(0, provider="")
    looks.figures(1, provider="")
    looks.figures(2, provider="two", delay=FAR)
    looks.settle()
    assert looks.hot() == [0, 1]


@pytest.mark.parametrize(
    ("figures", "why"),
    [
        ({"silent_for": 5.1}, "it is silent for 5.1 s"),
        ({"lag": 7.25}, "it lags 7.2 s behind the tip"),
        ({"circuit": Circuit.OPEN, "is_open": False}, "its circuit is open"),
        ({"trust": 0.4}, "its trust is 0.40"),
        ({"is_drained": True}, "an operator drained it"),
        ({"needs_person": True}, "it refuses us until somebody cures that"),
    ],
)
def test_a_hard_signal_costs_the_place_at_once(figures: dict[str, object], why: str) -> None:
    looks = Looks(4)
    looks.settle()
    looks.figures(1, **figures)
    assert looks.at(1.0) == [(What.REPLACED, 1, 3)]
    assert why in looks.why()
    assert [i for i, place in enumerate(looks.state.places) if place.has_place] == [0, 2, 3]
    assert SetRole(3, Role.HOT) in looks.last.actions


def test_where_nobody_can_come_the_place_stays_free_until_one_is_sound_for_half_a_minute() -> None:
    looks = Looks(3)
    looks.settle()
    looks.figures(1, silent_for=9.0)
    assert looks.at(1.0) == [(What.DEMOTED, 1, None)]
    assert looks.hot() == [0, 2]
    looks.figures(1, silent_for=0.0)
    assert looks.at(10.0) == []
    assert looks.at(39.9) == []
    assert looks.at(40.0) == [(What.FILLED, None, 1)]
    assert looks.hot() == [0, 1, 2]


def test_one_who_was_failing_a_moment_ago_replaces_nobody_while_another_is_hot() -> None:
    looks = Looks(3, hot=2)
    looks.figures(2, silent_for=9.0)
    looks.settle()
    looks.figures(2, silent_for=0.0)
    looks.at(10.0)
    looks.figures(1, silent_for=9.0)
    assert looks.at(20.0) == [(What.DEMOTED, 1, None)]
    looks.figures(0, silent_for=9.0)
    assert looks.at(21.0) == [(What.REPLACED, 0, 2)]


def test_the_last_sound_endpoint_is_hot_at_once_however_new_it_is() -> None:
    looks = Looks(2, hot=1)
    looks.figures(0, silent_for=9.0)
    looks.figures(1, silent_for=9.0)
    assert looks.at(0.0) == [(What.CHOSEN, None, 0)]
    looks.figures(1, silent_for=0.0)
    assert looks.at(1.0) == [(What.REPLACED, 0, 1)]


def test_nobody_loses_the_place_while_nobody_is_better() -> None:
    looks = Looks(2, hot=2)
    looks.settle()
    for i in (0, 1):
        looks.figures(i, circuit=Circuit.OPEN, is_open=False)
    assert looks.at(1.0) == [(What.KEPT, None, 0), (What.KEPT, None, 1)]
    words = {"why": looks.last.words[0].why, "origins": [0, 1]}
    sentence = "failing endpoints kept their places, since none is sound"
    assert looks.actions(Report) == [Report("error", sentence, words)]
    assert looks.at(2.0) == []
    assert looks.hot() == [0, 1]


def test_the_first_one_back_costs_the_others_nothing_when_all_were_gone_together() -> None:
    looks = Looks(3)
    looks.settle()
    for i in range(3):
        looks.figures(i, silent_for=6.0)
    assert [what for what, _, _ in looks.at(10.0)] == [What.KEPT] * 3
    looks.figures(1, silent_for=0.0)
    assert looks.at(11.0) == []
    looks.figures(0, silent_for=0.0)
    assert looks.at(20.9) == []
    assert looks.at(21.0) == [(What.DEMOTED, 2, None)]


def test_the_first_one_back_takes_one_place_when_it_had_none() -> None:
    looks = Looks(3, hot=2)
    looks.settle()
    for i in range(3):
        looks.figures(i, silent_for=6.0)
    looks.at(10.0)
    looks.figures(2, silent_for=0.0)
    assert looks.at(11.0) == [(What.REPLACED, 1, 2)]
    assert looks.hot() == [0, 2]
    looks.figures(0, silent_for=0.0)
    assert looks.at(12.0) == []


def test_who_fails_anew_or_lies_is_not_waited_for_with_the_others() -> None:
    looks = Looks(3)
    looks.settle()
    for i in range(3):
        looks.figures(i, silent_for=6.0)
    looks.at(10.0)
    looks.figures(0, silent_for=0.0)
    looks.figures(1, silent_for=0.0)
    looks.figures(2, silent_for=0.0, trust=0.1)
    assert looks.at(11.0) == [(What.DEMOTED, 2, None)]
    looks.figures(1, silent_for=6.0)
    assert looks.at(12.0) == [(What.DEMOTED, 1, None)]


def test_the_first_one_back_takes_the_place_of_one_that_lies() -> None:
    looks = Looks(3, hot=2)
    looks.settle()
    for i in range(3):
        looks.figures(i, silent_for=6.0)
    looks.at(10.0)
    looks.figures(1, trust=0.1)
    looks.figures(2, silent_for=0.0)
    assert looks.at(11.0) == [(What.REPLACED, 1, 2)]
    assert looks.hot() == [0, 2]


def test_a_drained_endpoint_is_not_waited_for_with_the_others() -> None:
    looks = Looks(2)
    looks.settle()
    for i in range(2):
        looks.figures(i, silent_for=6.0)
    looks.at(10.0, (Want.DRAIN, 1))
    looks.figures(0, silent_for=0.0)
    assert looks.at(11.0) == [(What.DEMOTED, 1, None)]
    assert looks.of_role(Role.OFF) == [1]


def test_one_that_lags_is_better_than_one_that_is_gone() -> None:
    looks = Looks(2, hot=1)
    looks.settle()
    looks.figures(0, circuit=Circuit.OPEN, is_open=False)
    looks.figures(1, lag=9.0)
    assert looks.at(1.0) == [(What.REPLACED, 0, 1)]


def test_the_least_bad_is_chosen_where_all_are_bad_but_never_a_drained_one() -> None:
    looks = Looks(3, hot=1)
    looks.figures(0, is_drained=True)
    looks.figures(1, trust=0.1, is_open=False)
    looks.figures(2, needs_person=True, is_open=False)
    assert looks.at(0.0) == [(What.CHOSEN, None, 2)]


def test_why_one_was_chosen_tells_whether_its_provider_has_another_one() -> None:
    looks = Looks(4, hot=3)
    for i, provider in enumerate(("one", "one", "two", "")):
        looks.figures(i, provider=provider)
    looks.settle()
    assert [each.why.partition("priority 0")[2] for each in looks.last.words] == [
        ", provider one (no other of it is hot)",
        ", provider two (no other of it is hot)",
        "",
    ]
    assert looks.at(40.0, (Want.PROMOTE, 1)) == [(What.PROMOTED, 3, 1)]
    assert looks.why().endswith(", provider one (1 other of it is hot)")


def test_a_place_that_stays_free_and_one_that_is_filled_say_what_was_waited_for() -> None:
    looks = Looks(3, hot=2)
    looks.figures(2, silent_for=9.0)
    looks.settle()
    looks.figures(2, silent_for=0.0)
    looks.at(10.0)
    looks.figures(1, silent_for=9.0)
    assert looks.at(11.0) == [(What.DEMOTED, 1, None)]
    assert looks.why() == (
        "it is silent for 9.0 s; its place is free until another one has been sound for 30 s"
    )
    assert looks.at(41.0) == [(What.FILLED, None, 2)]
    assert looks.why().startswith("sound for 31 s; misses 0.00%")


def test_a_drained_one_is_chosen_only_where_all_are_drained() -> None:
    looks = Looks(2)
    assert looks.at(0.0, (Want.DRAIN, 0), (Want.DRAIN, 1)) == [
        (What.DRAINED, 0, None),
        (What.DRAINED, 1, None),
        (What.CHOSEN, None, 0),
    ]
    assert (looks.hot(), looks.of_role(Role.OFF)) == ([0], [1])
    assert looks.at(1.0) == []
    assert looks.at(2.0, (Want.RELEASE, 1)) == [(What.RELEASED, None, 1), (What.REPLACED, 0, 1)]


def test_a_better_endpoint_takes_a_place_after_half_a_minute() -> None:
    looks = Looks(4)
    looks.figures(1, delay=FAR)
    looks.figures(3, delay=Delay(p50=0.25))
    looks.settle()
    looks.at(10.0)
    looks.figures(3, delay=Delay(p50=0.001))
    assert looks.at(100.0) == []
    assert looks.at(129.9) == []
    assert looks.at(130.0) == [(What.EXCHANGED, 1, 3)]
    assert looks.why() == (
        "better for 30 s: misses 0.00%, trust 1.00, lag 0.1 s, delay 1 ms, priority 0, "
        "provider p3 (no other of it is hot); the other one: misses 0.00%, trust 1.00, lag 0.1 s, "
        "delay 200 ms, priority 0, provider p1 (no other of it is hot)"
    )


def test_one_that_is_better_now_and_then_takes_no_place() -> None:
    looks = Looks(4)
    looks.figures(1, delay=FAR)
    looks.figures(3, delay=FAR)
    looks.settle()
    for now in range(10, 1000, 20):
        looks.figures(3, delay=Delay(p50=0.001))
        assert looks.at(float(now)) == []
        looks.figures(3, delay=FAR)
        assert looks.at(float(now + 10)) == []


def test_another_provider_is_worth_an_exchange_and_is_not_given_up_for_a_better_one() -> None:
    looks = Looks(3, hot=2)
    for i, provider in enumerate(("one", "one", "two")):
        looks.figures(i, provider=provider)
    looks.figures(2, silent_for=9.0)
    looks.settle()
    assert looks.hot() == [0, 1]
    looks.figures(2, silent_for=0.0, delay=FAR)
    assert looks.at(1.0) == []
    assert looks.at(30.9) == []
    assert looks.at(31.0) == [(What.EXCHANGED, 1, 2)]
    assert looks.why().endswith("; that makes one provider more")
    for now in range(70, 600, 10):
        assert looks.at(float(now)) in ([], [(What.HANDED_OVER, 1, 2)])
    assert looks.hot() == [0, 2]


def test_there_is_one_planned_move_a_minute() -> None:
    looks = Looks(4, hot=2)
    looks.figures(0, delay=FAR)
    looks.figures(1, delay=FAR)
    looks.figures(2, delay=Delay(p50=0.21))
    looks.figures(3, delay=Delay(p50=0.21))
    looks.settle()
    for i in (2, 3):
        looks.figures(i, delay=Delay(p50=0.001))
    moves = []
    for now in range(100, 300):
        moves += [(now, what) for what, _, _ in looks.at(float(now)) if what is What.EXCHANGED]
    assert moves == [(130, What.EXCHANGED), (190, What.EXCHANGED)]


def test_an_endpoint_that_is_not_open_is_no_goal_of_a_planned_move() -> None:
    looks = Looks(3, hot=2)
    looks.figures(2, delay=Delay(p50=0.001), is_open=False)
    looks.figures(0, delay=FAR)
    looks.settle()
    for now in range(1, 5):
        assert looks.at(float(now)) == []


def test_a_stream_that_ends_is_waited_for_where_others_race() -> None:
    looks = Looks(4)
    looks.settle()
    looks.figures(0, is_open=False)
    assert looks.at(10.0) == []
    assert looks.at(14.9) == []
    assert looks.at(15.0) == [(What.REPLACED, 0, 3)]
    assert looks.why().startswith("its stream is closed for 5.0 s")


def test_a_standby_takes_over_in_the_moment_in_which_the_stream_ends() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.figures(0, is_open=False)
    assert looks.at(10.0) == [(What.REPLACED, 0, 1)]
    assert looks.hot() == [1]


def test_a_stream_that_opens_anew_for_its_role_does_not_lose_it() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.figures(0, is_open=False)
    looks.at(10.0)
    looks.figures(0, is_open=True)
    looks.figures(1, is_open=False)
    assert looks.at(10.5) == []
    assert looks.at(15.5) == [(What.REPLACED, 1, 0)]


def test_a_stream_that_we_read_too_slowly_costs_no_place() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.figures(0, is_open=False, errors={EndReason.LAGGED: 1})
    assert [what for what, _, _ in looks.at(10.0)] == [What.SHED]
    looks.figures(0, is_open=True)
    assert looks.at(12.0) == []
    assert looks.hot() == [0]


def test_a_stream_that_stays_closed_is_not_forgiven_for_ever() -> None:
    looks = Looks(2, Strategy.STANDBY)
    looks.settle()
    looks.figures(0, is_open=False, errors={EndReason.LAGGED: 1})
    looks.at(10.0)
    assert looks.at(19.9) == []
    assert looks.at(20.0) == [(What.REPLACED, 0, 1)]


def test_a_promoted_endpoint_takes_the_worst_place_and_keeps_it() -> None:
    looks = Looks(4)
    looks.figures(0, delay=FAR)
    looks.figures(3, miss_rate=0.2)
    looks.settle()
    assert looks.at(10.0, (Want.PROMOTE, 3)) == [(What.PROMOTED, 0, 3)]
    for now in range(20, 900, 10):
        looks.at(float(now))
    assert looks.hot() == [1, 2, 3]
    assert looks.at(900.0, (Want.PROMOTE, 3)) == [(What.PROMOTED, None, 3)]
    assert looks.why() == "it has a place, and keeps it"


def test_a_promoted_endpoint_that_fails_loses_its_place_and_the_promise() -> None:
    looks = Looks(4)
    looks.settle()
    looks.at(10.0, (Want.PROMOTE, 3))
    looks.at(20.0)
    looks.figures(3, silent_for=9.0)
    assert looks.at(30.0) == [(What.REPLACED, 3, 2)]
    assert looks.state.wishes.promoted == ()


def test_a_promotion_waits_until_the_endpoint_is_sound() -> None:
    looks = Looks(2, hot=1)
    looks.figures(1, silent_for=9.0)
    looks.settle()
    assert looks.at(10.0, (Want.PROMOTE, 1)) == [(What.WAITS, None, 1)]
    assert looks.at(11.0) == []
    looks.figures(1, silent_for=0.0)
    assert looks.at(12.0) == [(What.PROMOTED, 0, 1)]


def test_a_promoted_endpoint_takes_a_free_place() -> None:
    looks = Looks(2, hot=2)
    looks.settle()
    looks.figures(1, silent_for=9.0)
    looks.at(10.0)
    looks.figures(1, silent_for=0.0)
    assert looks.at(11.0, (Want.PROMOTE, 1)) == [(What.PROMOTED, None, 1)]


def test_promotions_wait_for_hand_overs_to_end() -> None:
    looks = Looks(3, hot=1)
    looks.settle()
    looks.at(10.0, (Want.PROMOTE, 1))
    looks.figures(1, covered=0)
    assert looks.at(11.0, (Want.PROMOTE, 2)) == [(What.WAITS, None, 2)]
    assert looks.why() == "another hand-over is under way"
    assert looks.at(11.5) == []
    looks.figures(1, covered=2)
    assert looks.at(12.0) == [(What.HANDED_OVER, 0, 1), (What.PROMOTED, 1, 2)]


def test_a_drained_endpoint_is_off_until_it_is_promoted() -> None:
    looks = Looks(3, hot=2)
    looks.settle()
    assert looks.at(10.0, (Want.DRAIN, 0)) == [(What.DRAINED, 0, None), (What.REPLACED, 0, 2)]
    assert looks.at(11.0) == [(What.HANDED_OVER, 0, 2)]
    assert looks.of_role(Role.OFF) == [0]
    looks.figures(0, is_open=False)
    looks.at(100.0)
    assert looks.at(200.0, (Want.PROMOTE, 0)) == [(What.WAITS, None, 0)]
    assert looks.why() == "its stream is being opened"
    assert looks.of_role(Role.WARM) == [0]
    looks.figures(0, is_open=True)
    assert looks.at(201.0) == [(What.PROMOTED, 2, 0)]


def test_the_last_endpoint_is_not_drained_away_from_under_the_stream() -> None:
    looks = Looks(1)
    looks.settle()
    assert looks.at(1.0, (Want.DRAIN, 0)) == [(What.DRAINED, 0, None), (What.KEPT, None, 0)]
    assert looks.hot() == [0]


@pytest.mark.parametrize("silent_for", [0.0, 9.0])
def test_a_drain_is_told_each_time_that_it_is_not_obeyed(silent_for: float) -> None:
    looks = Looks(1)
    looks.settle()
    looks.figures(0, silent_for=silent_for)
    looks.at(1.0)
    refused = [(What.DRAINED, 0, None), (What.KEPT, None, 0)]
    assert looks.at(2.0, (Want.DRAIN, 0)) == refused
    assert looks.at(3.0, (Want.DRAIN, 0)) == refused
    assert looks.at(4.0) == []


def test_a_probe_is_handed_on() -> None:
    looks = Looks(2)
    looks.settle()
    assert looks.at(1.0, (Want.PROBE, 1)) == [(What.PROBED, None, 1)]
    assert looks.last.actions[0] == Probe(1)


def test_an_endpoint_that_comes_back_while_it_leaves_has_never_left() -> None:
    looks = Looks(2, hot=1)
    looks.settle()
    looks.at(10.0, (Want.PROMOTE, 1))
    looks.figures(1, covered=0, silent_for=9.0)
    assert looks.at(12.0) == [(What.REPLACED, 1, 0)]
    assert looks.hot() == [0]
    assert looks.state.leaving == ()


def test_equals_are_left_alone_whatever_the_noise() -> None:
    looks = Looks(5)
    looks.settle()
    for now in range(1, 2000):
        for i in range(5):
            looks.figures(i, delay=Delay(p50=0.012 + 0.002 * ((now * (i + 3)) % 7 - 3)))
        assert looks.at(now * 10.0) == []


def test_no_endpoint_is_no_decision() -> None:
    decision = decide(0.0, (), FailoverPolicy(), State())
    assert decision.actions == ()
    assert decision.words == ()


def test_a_changed_number_of_endpoints_begins_anew() -> None:
    looks = Looks(3)
    looks.settle()
    looks.health.append(EndpointHealth(3))
    assert [what for what, _, _ in looks.at(10.0)] == [What.CHOSEN] * 3
