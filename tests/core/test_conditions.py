"""What is measured of the chain: in seconds, of what was seen live, and not of our own stops."""

import pytest

from monitor.core.certificates import SlotEnd
from monitor.core.conditions import (
    LATELY,
    START,
    TIMED,
    WINDOW,
    Conditions,
    Delays,
    Gauges,
    RecentDelay,
)
from monitor.core.pace import Pace


def gauges_of(pace: Pace | None = None) -> Gauges:
    """Begun long enough ago."""
    return Gauges(pace or Pace(), -START)


def test_nothing_is_said_of_the_chain_in_our_first_minute() -> None:
    gauges = Gauges(Pace(), 100.0)
    gauges.ended(SlotEnd.FORKED, 110.0)
    early = gauges.conditions(159.0)
    assert not early.is_known
    assert early == Conditions(slot_time=0.4, latency=None, throughput=0.0)
    later = gauges.conditions(160.0)
    assert later.is_known
    assert later.fork_rate == 1.0


def test_nothing_was_seen_so_far() -> None:
    assert gauges_of().conditions(10.0) == Conditions(
        slots=0,
        fork_rate=None,
        dead_rate=None,
        disagreements=0,
        equivocations=0,
        tip_age=10.0 + START,
        confirmed_age=10.0 + START,
        finalized_age=10.0 + START,
        slot_lag=None,
        slot_time=0.4,
        throughput=0.0,
    )


def test_shares_are_of_the_slots_that_were_seen_or_closed_within_the_window() -> None:
    gauges = gauges_of()
    for slot in range(100):
        gauges.slot_seen(slot, slot * 0.4)
    for end in (SlotEnd.FORKED, SlotEnd.FORKED, SlotEnd.DEAD, SlotEnd.COMPLETE):
        gauges.ended(end, 40.0)
    seen = gauges.conditions(40.0)
    assert (seen.slots, seen.fork_rate, seen.dead_rate) == (100, 0.02, 0.01)
    for _ in range(396):
        gauges.ended(SlotEnd.RECOVERED, 41.0)
    closed = gauges.conditions(41.0)
    assert (closed.slots, closed.fork_rate, closed.dead_rate) == (400, 0.005, 0.0025)
    assert gauges.conditions(41.0 + WINDOW).slots == 0


def test_a_slot_that_is_open_counts_when_it_is_closed() -> None:
    gauges = gauges_of()
    for end in (SlotEnd.PARTIAL, SlotEnd.LOST, SlotEnd.SKIPPED, SlotEnd.RECOVERED):
        gauges.ended(end, 1.0)
    assert gauges.conditions(1.0).slots == 2


def test_a_slot_is_timed_from_its_first_sight() -> None:
    gauges = gauges_of()
    for slot in range(20):
        gauges.slot_seen(slot, float(slot))
        gauges.slot_seen(slot, slot + 0.3)
        gauges.confirmed(slot, slot + 0.5)
        gauges.finalized(slot, slot + 0.75)
    known = gauges.conditions(20.0)
    assert known.confirmation_delay == RecentDelay(0.5, 0.5)
    assert known.finalization_delay == RecentDelay(0.75, 0.75)


def test_what_was_recovered_or_replayed_says_nothing_of_delays() -> None:
    gauges = gauges_of()
    gauges.slot_seen(1000, 5.0)
    for slot in range(20):
        gauges.slot_seen(slot, 6.0)
        gauges.confirmed(slot, 7.0)
        gauges.finalized(slot, 8.0)
    known = gauges.conditions(9.0)
    assert (known.confirmation_delay, known.finalization_delay) == (None, None)
    assert (known.confirmed_age, known.finalized_age) == (2.0, 1.0)


def test_forks_under_a_finalized_slot_are_no_longer_timed() -> None:
    gauges = gauges_of()
    for slot in range(20):
        gauges.slot_seen(slot, float(slot))
    gauges.finalized(19, 20.0)
    for slot in range(19):
        gauges.finalized(slot, 21.0)
        gauges.confirmed(slot, 21.0)
    known = gauges.conditions(21.0)
    assert (known.confirmation_delay, known.finalization_delay) == (None, None)
    assert known.finalized_age == 1.0


def test_few_delays_say_nothing() -> None:
    delays = Delays()
    delays.add(1.0, 0.0)
    delays.add(1.0, 1.0)
    assert delays.told(1.0) is None
    delays.add(3.0, 2.0)
    assert delays.told(2.0) == RecentDelay(1.0, 3.0)
    assert delays.told(32.0) is None


def test_what_is_usual_is_learned() -> None:
    delays = Delays()
    for second in range(120):
        delays.add(0.6, float(second))
    delays.add(4.0, 120.0)
    told = delays.told(120.0)
    assert told is not None
    assert told.usual == 0.6


def test_memory_is_bounded_however_fast_slots_are() -> None:
    gauges = gauges_of()
    for slot in range(2 * TIMED):
        gauges.slot_seen(slot, slot * 0.1 + 0.001)
        gauges.slot_seen(slot, slot * 0.1 + 0.01)
    assert len(gauges._timed) == TIMED
    fast = gauges_of()
    for slot in range(10_000):
        fast.slot_seen(slot, slot / 1000)
    assert len(fast._timed) <= 100


def test_the_ages_are_of_what_advances() -> None:
    gauges = gauges_of()
    gauges.slot_seen(10, 1.0)
    gauges.slot_seen(9, 5.0)
    gauges.confirmed(8, 2.0)
    gauges.confirmed(7, 5.0)
    gauges.finalized(5, 3.0)
    gauges.finalized(4, 5.0)
    known = gauges.conditions(10.0)
    assert (known.tip_age, known.confirmed_age, known.finalized_age) == (9.0, 8.0, 7.0)
    gauges.tip_moved(9.5)
    assert gauges.conditions(10.0).tip_age == 0.5


def test_a_stop_of_ours_is_no_silence_of_the_chain() -> None:
    gauges = gauges_of()
    gauges.slot_seen(10, 10.0)
    gauges.confirmed(10, 10.5)
    gauges.finalized(10, 11.0)
    gauges.excuse(100.0, 111.0)
    known = gauges.conditions(116.0)
    assert (known.tip_age, known.confirmed_age, known.finalized_age) == (6.0, 5.5, 5.0)


def test_just_after_a_stop_of_ours_no_calm_is_known_but_trouble_is() -> None:
    gauges = gauges_of()
    gauges.slot_seen(10, 10.0)
    gauges.excuse(100.0, 111.0)
    gauges.disagreed(112.0)
    unsettled = gauges.conditions(115.9)
    assert not unsettled.is_known
    assert unsettled.disagreements == 1
    assert gauges.conditions(116.0).is_known


def test_a_short_stop_of_ours_is_soon_over() -> None:
    gauges = gauges_of()
    gauges.excuse(10.0, 20.0)
    gauges.excuse(0.1, 22.0)
    assert not gauges.conditions(24.9).is_known
    gauges.excuse(0.1, 25.0)
    assert not gauges.conditions(25.0).is_known
    assert gauges.conditions(25.2).is_known


def test_more_excused_than_there_was_is_none() -> None:
    gauges = gauges_of()
    gauges.slot_seen(10, 10.0)
    gauges.excuse(100.0, 12.0)
    assert gauges.conditions(17.0).tip_age == 5.0


def test_what_arrives_in_a_heap_after_a_stop_is_not_timed() -> None:
    gauges = gauges_of()
    for slot in range(10):
        gauges.slot_seen(slot, float(slot))
    gauges.excuse(50.0, 60.0)
    for slot in range(100):
        gauges.slot_seen(slot, 60.0 + slot / 100)
        gauges.confirmed(slot, 60.0 + slot / 100)
    assert gauges.conditions(65.0).confirmation_delay is None
    for slot in range(100, 110):
        gauges.slot_seen(slot, 65.0 + slot)
        gauges.confirmed(slot, 65.5 + slot)
    assert gauges.conditions(175.0).confirmation_delay == RecentDelay(0.5, 0.5)


def test_the_lag_is_behind_what_is_spoken_of_in_seconds() -> None:
    pace = Pace()
    gauges = gauges_of(pace)
    pace.reached(100, 1.0)
    gauges.slot_seen(90, 1.0)
    assert gauges.conditions(1.0).slot_lag == pytest.approx(4.0)
    gauges.slot_seen(101, 1.0)
    assert gauges.conditions(1.0).slot_lag == 0.0


def test_trouble_is_counted_within_the_window() -> None:
    gauges = gauges_of()
    gauges.disagreed(1.0)
    gauges.disagreed(2.0)
    gauges.equivocated(7, 1.0)
    gauges.equivocated(7, 2.0)
    gauges.equivocated(8, 3.0)
    known = gauges.conditions(10.0)
    assert (known.disagreements, known.equivocations) == (2, 2)
    past = gauges.conditions(10.0 + WINDOW)
    assert (past.disagreements, past.equivocations) == (0, 0)


def test_latency_and_throughput_are_of_what_was_released_lately() -> None:
    gauges = gauges_of()
    for release in range(200):
        gauges.released(30, 0.2 if release % 10 else 1.5, release / 10)
    known = gauges.conditions(19.95)
    assert known.throughput == pytest.approx(300.0, rel=0.1)
    assert known.latency == 1.5
    assert gauges.conditions(20.0 + LATELY).latency is None
    for release in range(10):
        gauges.released(1, 0.1 if release == 0 else 9.0, 50.0)
    assert gauges.conditions(50.0).latency == 0.1


def test_short_pauses_leave_slots_timed_and_take_no_part_in_the_time() -> None:
    gauges = Gauges(Pace())
    for slot in range(200):
        now = 60.0 + slot
        gauges.slot_seen(slot, now)
        gauges.excuse(0.05, now)
        if slot >= 10:
            gauges.confirmed(slot - 10, now)
    told = gauges.conditions(300.0 - 40.0).confirmation_delay
    assert told is not None
    assert told.p50 == pytest.approx(10.0 - 11 * 0.05)
