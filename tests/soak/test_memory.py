"""The memory soak, small: what three feeds bring is taken once, every slot closes, and the judgement is right."""

from collections import Counter

import pytest

from tests.bench.slots import CONFIRMED_AFTER, FINALIZED_AFTER, FIXED, MESSAGES
from tests.soak.memory import FEEDS, MOST_MB, Watched, watch_messages

SLOTS = 40
EVENTS_A_SLOT = MESSAGES - FIXED
METAS = 1


def watched(*sizes: float, every: float = 1.0) -> Watched:
    return Watched([(n * every, mb) for n, mb in enumerate(sizes)])


@pytest.mark.real_time
def test_three_feeds_of_closing_slots_are_taken_once() -> None:
    released = SLOTS - CONFIRMED_AFTER
    small = watch_messages(SLOTS * MESSAGES, released * EVENTS_A_SLOT)
    assert small.messages == Counter({f"feed{n}": SLOTS * MESSAGES for n in range(FEEDS)})
    assert small.events == small.lines == released * EVENTS_A_SLOT
    assert small.slots == {"complete": SLOTS - FINALIZED_AFTER}
    assert small.duplicates == (FEEDS - 1) * SLOTS * (EVENTS_A_SLOT + METAS)
    assert small.coverage == 1
    assert [
        line for line in small.complaints if '"error"' in line
    ] == []  # else of a machine that stalled


def test_memory_that_grows_after_the_warm_up_is_told() -> None:
    grown = watched(10, 90, *(100 + 1.5 * n for n in range(8)))
    assert grown.slope == pytest.approx(1.5)
    assert any("grew by 1.50 MB a minute" in each for each in grown.failures())


def test_growth_while_warming_up_is_none() -> None:
    flat = watched(10, 90, *[100.0] * 8)
    flat.slots["complete"] = 7
    assert flat.slope == 0
    assert flat.failures() == []


def test_too_much_memory_and_slots_that_are_not_whole_are_told() -> None:
    large = watched(MOST_MB, MOST_MB)
    large.peak = MOST_MB
    large.slots.update(complete=1, partial=2)
    large.complaints = ["first", "second"]
    assert large.failures() == [
        "250 MB, more than 250",
        "coverage 1, slots closed as {'complete': 1, 'partial': 2}",
        "first",
    ]


def test_a_daemon_that_falls_behind_is_told() -> None:
    slow = watched(100.0, 100.0)
    slow.slots["complete"] = 3
    slow.messages.update(feed0=1_000, feed1=969)
    slow.due = 1_000
    assert slow.failures() == ["took 969 of 1000 messages of a feed"]


def test_coverage_below_one_is_told() -> None:
    broken = watched(100.0, 100.0)
    broken.slots["complete"] = 3
    broken.coverage = 0.75
    assert broken.failures() == ["coverage 0.75, slots closed as {'complete': 3}"]
