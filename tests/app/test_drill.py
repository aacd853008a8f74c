"""Drills in virtual time: what is asked of the daemon, what a failover cost, and that nothing stays drained."""

import pytest

from monitor.app.drill import RETURNS_WITHIN, SPARE
from monitor.app.drill_cost import Proof
from monitor.app.following import Seen
from monitor.core.errors import DaemonNotAsked, DrillBroken
from monitor.core.wishes import Want
from tests.app.drills import FILE, Drilled


@pytest.fixture
def daemon() -> Drilled:
    return Drilled()


def test_each_endpoint_is_drained_and_given_back_before_the_next_one(daemon: Drilled) -> None:
    costs = list(daemon.drill().walk(["ams", "nyc"]))

    assert [(want, name) for _, want, name in daemon.asked] == [
        (Want.DRAIN, "ams"),
        (Want.PROMOTE, "ams"),
        (Want.DRAIN, "nyc"),
        (Want.PROMOTE, "nyc"),
    ]
    assert [cost.endpoint for cost in costs] == ["ams", "nyc"]
    assert all(cost.is_clean for cost in costs)


def test_the_stream_is_watched_undisturbed_then_drained_then_given_back(daemon: Drilled) -> None:
    daemon.proved_after = 0.0
    (cost,) = daemon.drill(window=10.0).walk(["ams"])

    assert [at for at, _, _ in daemon.asked] == [10.0, 20.0]
    assert (cost.handed_over, cost.sound_again) == (2.0, 3.0)
    assert 33.0 <= daemon.now < 35.0


def test_a_failover_is_over_when_the_one_that_stood_in_has_gone(daemon: Drilled) -> None:
    daemon.warm, daemon.successor, daemon.stays = {"tyo"}, "tyo", 6.0
    (cost,) = daemon.drill().walk(["ams"])

    assert (cost.sound_again, cost.is_clean) == (6.0, True)


def test_an_endpoint_is_not_given_back_before_its_stream_is_closed(daemon: Drilled) -> None:
    daemon.closes_after = 25.0
    (cost,) = daemon.drill(window=10.0).walk(["ams"])

    assert [at for at, _, _ in daemon.asked] == [10.0, 35.0]
    assert (cost.handed_over, cost.is_clean) == (25.0, True)


def test_the_slots_meanwhile_are_proved_or_counted_as_lost(daemon: Drilled) -> None:
    daemon.states = {109: "lost", 112: "partial", 113: "lost", 114: "recovered", 115: "skipped"}
    (cost,) = daemon.drill().walk(["ams"])

    assert cost.proof == Proof(slots=24, lost=2, recovered=1, missed=0)
    assert not cost.is_clean


def test_slots_are_waited_for_until_they_have_a_certificate(daemon: Drilled) -> None:
    daemon.proved_after = 60.0
    (cost,) = daemon.drill().walk(["ams"])
    assert cost.proof.lost == 0

    daemon.proved_after = 10_000.0
    (cost,) = daemon.drill().walk(["ams"])
    assert cost.proof.lost == cost.proof.slots > 10


def test_what_streams_missed_meanwhile_is_told(daemon: Drilled) -> None:
    daemon.misses_at = 5.0
    (cost,) = daemon.drill().walk(["ams"])
    assert cost.proof.missed == 0

    daemon.misses_at = daemon.now + 15.0
    (cost,) = daemon.drill().walk(["ams"])
    assert cost.proof.missed == 7


def test_what_a_reader_of_the_files_saw_is_told_before_and_meanwhile(daemon: Drilled) -> None:
    first, before, during = ([Seen(FILE, n / 10, n, n)] for n in (9, 1, 2))
    daemon.seen = [first, before, during]
    (cost,) = daemon.drill().walk(["ams"])

    assert (cost.before, cost.during) == (tuple(before), tuple(during))
    assert (cost.duplicates, cost.is_clean) == (2, False)


def test_who_took_over_is_told(daemon: Drilled) -> None:
    (cost,) = daemon.drill().walk(["ams"])
    assert cost.successor is None

    daemon.successor = "tyo"
    (cost,) = daemon.drill().walk(["ams"])
    assert cost.successor == "tyo"


@pytest.mark.parametrize(
    ("outcome", "fault"),
    [
        ("kept", "it kept its place, since no other endpoint is sound"),
        (None, "nothing was decided about its drain in time"),
    ],
)
def test_an_endpoint_that_is_not_drained_is_given_back_at_once(
    daemon: Drilled, outcome: str | None, fault: str
) -> None:
    daemon.outcome = outcome
    (cost,) = daemon.drill().walk(["ams"])

    assert [(at, want) for at, want, _ in daemon.asked] == [
        (10.0, Want.DRAIN),
        (10.0, Want.PROMOTE),
    ]
    assert (cost.fault, cost.handed_over, cost.is_clean) == (fault, None, False)


def test_a_stream_that_is_not_closed_and_a_place_that_does_not_come_back_are_faults(
    daemon: Drilled,
) -> None:
    daemon.closes_after = 10_000.0
    (cost,) = daemon.drill().walk(["ams"])
    assert cost.fault == "its stream was not closed within 60 s"

    daemon.closes_after, daemon.sound_after = 2.0, 10_000.0
    (cost,) = daemon.drill().walk(["nyc"])
    assert cost.fault == "it did not get its place back within 120 s"
    assert cost.sound_again is None


def test_a_drill_goes_on_only_while_somebody_can_take_over(daemon: Drilled) -> None:
    drill = daemon.drill()
    walk = drill.walk(["ams", "nyc"])
    next(walk)
    daemon.more = {"nyc": {"open": False}, "tyo": {"trust": 0.1}}

    with pytest.raises(DrillBroken, match="only ams is usable"):
        next(walk)
    assert drill.give_back() is None


def test_one_that_lost_its_place_meanwhile_gets_it_back_before_it_is_drained(
    daemon: Drilled,
) -> None:
    walk = daemon.drill().walk(["ams", "nyc"])
    next(walk)
    daemon.warm.add("nyc")
    cost = next(walk)

    assert [want for _, want, name in daemon.asked if name == "nyc"] == [
        Want.PROMOTE,
        Want.DRAIN,
        Want.PROMOTE,
    ]
    assert cost.is_clean


def test_one_that_gets_no_place_breaks_the_drill_off(daemon: Drilled) -> None:
    daemon.more = {"ams": {"covered": 0}}
    with pytest.raises(DrillBroken, match="ams got no place within 120 s"):
        next(daemon.drill().walk(["ams"]))
    assert daemon.asked == []


def test_a_daemon_that_is_not_ready_is_left_alone(daemon: Drilled) -> None:
    daemon.reasons = ["sink file is not open"]
    with pytest.raises(DrillBroken, match="not ready: sink file is not open"):
        next(daemon.drill().walk(["ams"]))
    assert daemon.asked == []


def test_what_is_drained_when_a_drill_is_interrupted_can_be_given_back(daemon: Drilled) -> None:
    drill = daemon.drill()
    daemon.interrupted_at = 12.0
    with pytest.raises(KeyboardInterrupt):
        next(drill.walk(["ams"]))

    assert drill.drained == "ams"
    assert drill.give_back() == "ams was promoted back"
    assert daemon.asked[-1][1:] == (Want.PROMOTE, "ams")
    assert drill.give_back() is None


def test_a_drain_that_was_just_sent_is_given_back_too(daemon: Drilled) -> None:
    drill = daemon.drill()
    daemon.interrupted_at = 10.1
    with pytest.raises(KeyboardInterrupt):
        next(drill.walk(["ams"]))
    daemon.hears_from = daemon.now + 0.1

    assert drill.give_back() == "ams was promoted back"


@pytest.mark.parametrize(("window", "lease"), [(10.0, 60.0 + SPARE), (300.0, 300.0 + SPARE)])
def test_a_drain_is_over_by_itself_should_the_drill_be_killed(
    daemon: Drilled, window: float, lease: float
) -> None:
    next(daemon.drill(window=window).walk(["ams"]))
    assert daemon.leases == [lease]
    assert [at + lease for at, want, _ in daemon.asked if want is Want.DRAIN] > [
        at for at, want, _ in daemon.asked if want is Want.PROMOTE
    ]


def test_nothing_of_a_drill_is_left_to_the_endpoint_but_what_was_asked_of_it_before(
    daemon: Drilled,
) -> None:
    daemon.more = {"nyc": {"promoted": True}}
    list(daemon.drill(window=10.0).walk(["ams", "nyc"]))
    assert daemon.released == [(23.0, "ams")]


def test_one_that_has_no_place_again_does_not_stay_promoted(daemon: Drilled) -> None:
    daemon.sound_after = 10_000.0
    (cost,) = daemon.drill().walk(["ams"])
    assert cost.sound_again is None
    assert [name for _, name in daemon.released] == ["ams"]


@pytest.mark.parametrize(("window", "lease"), [(10.0, 160.0), (300.0, 450.0)])
def test_a_promotion_is_over_by_itself_should_the_drill_be_killed(
    daemon: Drilled, window: float, lease: float
) -> None:
    daemon.warm.add("ams")
    next(daemon.drill(window=window).walk(["ams"]))
    assert daemon.promoted_for == [lease, lease]


def test_what_a_killed_drill_has_promoted_is_not_promoted_for_good_by_the_next(
    daemon: Drilled,
) -> None:
    daemon.more = {"ams": {"promoted": True, "promotion_ends_in": 100.0}}
    next(daemon.drill().walk(["ams"]))
    assert daemon.promoted_for == [160.0]
    assert [name for _, name in daemon.released] == ["ams"]


def test_one_that_an_operator_promoted_before_is_promoted_again_for_good(daemon: Drilled) -> None:
    daemon.more = {"ams": {"promoted": True}}
    next(daemon.drill().walk(["ams"]))
    assert daemon.promoted_for == [None]


@pytest.mark.parametrize("promoted", [False, True])
def test_an_interrupted_drill_promotes_for_a_while_what_nobody_promoted_before(
    daemon: Drilled, promoted: bool
) -> None:
    daemon.more, daemon.interrupted_at = {"ams": {"promoted": promoted}}, 12.0
    drill = daemon.drill()
    with pytest.raises(KeyboardInterrupt):
        next(drill.walk(["ams"]))
    drill.give_back()
    assert daemon.promoted_for == [None if promoted else 160.0]


def test_a_daemon_that_stops_in_the_midst_and_comes_back_has_drained_nothing(
    daemon: Drilled,
) -> None:
    drill = daemon.drill()
    daemon.down, daemon.forgets_at = [(11.0, 16.0)], 16.0
    with pytest.raises(DaemonNotAsked):
        next(drill.walk(["ams"]))

    assert drill.give_back() == (
        "ams is drained by this drill no more: the daemon was started anew, the time of the drain was over, "
        "or somebody else promoted or drained it; nothing of this drill is left to undo"
    )
    assert [want for _, want, _ in daemon.asked] == [Want.DRAIN]
    assert drill.give_back() is None


def test_a_daemon_that_only_hung_still_has_it_drained_and_gives_it_back(daemon: Drilled) -> None:
    drill = daemon.drill()
    daemon.down = [(11.0, 16.0)]
    with pytest.raises(DaemonNotAsked):
        next(drill.walk(["ams"]))

    assert drill.give_back() == "ams was promoted back"


def test_a_daemon_that_does_not_come_back_is_told_with_what_was_drained(daemon: Drilled) -> None:
    drill = daemon.drill()
    daemon.down = [(11.0, 10_000.0)]
    with pytest.raises(DaemonNotAsked):
        next(drill.walk(["ams"]))
    gone_at = daemon.now

    assert drill.give_back() == (
        "ams was drained, and could not be promoted back: no daemon answers; its drain is over within "
        "90 s, and with the daemon; sooner: chain-monitor endpoints promote ams"
    )
    assert daemon.now - gone_at == RETURNS_WITHIN


def test_a_restart_between_two_looks_breaks_the_drill_off(daemon: Drilled) -> None:
    drill = daemon.drill()
    daemon.forgets_at = 11.1
    with pytest.raises(DrillBroken, match="ams is not drained any more"):
        next(drill.walk(["ams"]))
    told = drill.give_back()
    assert told is not None
    assert told.startswith("ams is drained by this drill no more: ")


def test_one_that_an_operator_drains_meanwhile_stays_drained(daemon: Drilled) -> None:
    drill = daemon.drill()
    daemon.interrupted_at = 13.0
    with pytest.raises(KeyboardInterrupt):
        next(drill.walk(["ams"]))
    daemon.more = {"ams": {"drain_ends_in": None}}
    told = drill.give_back()
    assert told is not None
    assert told.startswith("ams is drained by this drill no more: ")
    assert [want for _, want, _ in daemon.asked] == [Want.DRAIN]


def test_a_drill_breaks_off_where_an_operator_drains_too(daemon: Drilled) -> None:
    daemon.more = {"ams": {"drain_ends_in": None}}
    with pytest.raises(DrillBroken, match="somebody else drained ams too"):
        next(daemon.drill().walk(["ams"]))
    assert [want for _, want, _ in daemon.asked] == [Want.DRAIN]


def test_a_restart_while_it_only_watches_what_is_drained_breaks_the_drill_off(
    daemon: Drilled,
) -> None:
    daemon.forgets_at = 15.0
    with pytest.raises(DrillBroken, match="ams is not drained any more"):
        next(daemon.drill().walk(["ams"]))
    assert [want for _, want, _ in daemon.asked] == [Want.DRAIN]


def test_another_configuration_breaks_the_drill_off(daemon: Drilled) -> None:
    drill = daemon.drill()
    with pytest.raises(DrillBroken, match="lon is no endpoint of the daemon any more"):
        next(drill.walk(["lon"]))
