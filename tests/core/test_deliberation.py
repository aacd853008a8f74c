"""One look: what is remembered of each endpoint, and what it is worth."""

from math import inf

from monitor.core.deliberation import SOUND_FOR, Deliberation, State
from monitor.core.endpoint_health import Role
from monitor.core.failover import FailoverPolicy, SetRole
from monitor.core.hard_signals import Fault
from monitor.core.wishes import Want
from tests.core.looks import Looks, sound


def first(*healths: object) -> Deliberation:
    """The first look at some endpoints."""
    look = Deliberation(0.0, healths, FailoverPolicy(), State())  # type: ignore[arg-type]
    look.look()
    return look


def test_at_the_first_look_the_sound_ones_count_as_long_sound() -> None:
    look = first(sound(0), sound(1, silent_for=9.0))
    assert [place.sound_since for place in look.places] == [-inf, None]
    assert look.is_soundly(0)
    assert not look.is_soundly(1)
    assert look.pool() == [0]


def test_soundness_begins_anew_after_each_fault() -> None:
    looks = Looks(1)
    looks.settle()
    looks.figures(0, silent_for=9.0)
    looks.at(10.0)
    assert looks.state.places[0].sound_since is None
    looks.figures(0, silent_for=0.0)
    looks.at(20.0)
    look = Deliberation(20.0 + SOUND_FOR, looks.health, looks.policy, looks.state)
    assert look.is_soundly(0)
    look = Deliberation(19.9 + SOUND_FOR, looks.health, looks.policy, looks.state)
    assert not look.is_soundly(0)


def test_those_that_lag_are_the_pool_only_where_none_is_sound() -> None:
    assert first(sound(0, lag=9.0), sound(1)).pool() == [1]
    assert first(sound(0, lag=9.0), sound(1, silent_for=9.0)).pool() == [0]
    assert first(sound(0, lag=9.0), sound(1, is_open=False)).pool() == [1, 0]


def test_those_that_nobody_believes_are_the_pool_only_where_nobody_else_brings_anything() -> None:
    assert first(sound(0, trust=0.1)).pool() == [0]
    assert first(sound(0, trust=0.1, is_open=False)).pool() == []
    assert first(sound(0, trust=0.1, silent_for=9.0)).pool() == []
    assert first(sound(0, trust=0.1, is_drained=True)).pool() == []
    assert first(sound(0, trust=0.1), sound(1, lag=9.0)).pool() == [1]


def test_the_best_is_open_then_of_another_provider_then_better() -> None:
    look = first(sound(0, is_open=False), sound(1, miss_rate=0.5), sound(2, priority=2), sound(3))
    assert look.best([0, 1, 2, 3]) == 3
    assert look.best([0, 1, 2]) == 2
    assert look.best([0, 1]) == 1
    look.place(3, has_place=True)
    assert look.provider(3) == "p3"
    same = first(sound(0, provider="one"), sound(1, provider="one"), sound(2, miss_rate=0.5))
    same.place(0, has_place=True)
    assert same.best([1, 2]) == 2


def test_without_a_provider_each_is_its_own() -> None:
    look = first(sound(0, provider=""), sound(1, provider=""))
    assert look.provider(0) != look.provider(1)


def test_a_stream_that_was_closed_for_a_while_is_told_so() -> None:
    looks = Looks(2)
    looks.settle()
    looks.figures(1, is_open=False)
    looks.at(10.0)
    look = Deliberation(16.0, looks.health, looks.policy, looks.state)
    look.look()
    assert look.places[1].fault is Fault.CLOSED
    assert look.fault_told(1) == "its stream is closed for 6.0 s"
    assert look.fault_told(0) == ""


def test_a_worse_fault_is_told_before_a_closed_stream() -> None:
    looks = Looks(2)
    looks.settle()
    looks.figures(1, is_open=False, needs_person=True)
    looks.at(10.0)
    looks.at(20.0)
    faults = [looks.state.places[1].fault]
    looks.figures(1, needs_person=False, lag=9.0)
    looks.at(30.0)
    faults.append(looks.state.places[1].fault)
    assert faults == [Fault.NEEDS_PERSON, Fault.CLOSED]


def test_what_is_unchanged_is_the_same_as_before() -> None:
    looks = Looks(3)
    looks.settle()
    looks.at(1.0)
    before = looks.state.places
    looks.at(2.0)
    assert all(a is b for a, b in zip(before, looks.state.places, strict=True))


def test_feeds_begin_before_others_end() -> None:
    looks = Looks(2, hot=1)
    looks.settle()
    looks.figures(0, silent_for=9.0)
    looks.at(1.0)
    assert looks.last.actions[:2] == (SetRole(1, Role.HOT), SetRole(0, Role.WARM))


def test_a_drained_endpoint_that_has_no_place_is_off_at_once() -> None:
    looks = Looks(2, hot=1)
    looks.settle()
    looks.at(1.0, (Want.DRAIN, 1))
    assert looks.actions(SetRole) == [SetRole(1, Role.OFF)]


def test_for_how_long_one_has_been_sound_is_told() -> None:
    looks = Looks(2)
    looks.settle()
    looks.figures(1, silent_for=9.0)
    looks.at(10.0)
    looks.figures(1, silent_for=0.0)
    looks.at(20.0)
    look = Deliberation(50.0, looks.health, looks.policy, looks.state)
    assert [look.soundness_told(i) for i in (0, 1)] == ["sound since the start", "sound for 30 s"]
