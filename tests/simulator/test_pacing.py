"""A replay that takes its time: so many slots a second, nothing live meanwhile, and all of it afterwards."""

from itertools import pairwise

import pytest

from tests.simulator.subscriber import make_region, request_all, story, subscribe
from tests.simulator.tiny_chain import plain_chain


def metas(told: list[str]) -> list[str]:
    return [each for each in told if each.endswith("meta")]


def test_a_replay_takes_the_time_that_its_rate_says_and_what_lives_comes_after_it() -> None:
    region = make_region(plain_chain(8), replay_rate=2.0)
    region.advance(4.0)
    session = subscribe(region, request_all(0, from_slot=100), 4.0)
    quick = subscribe(region, request_all(0), 4.0)
    told = []
    for tenth in range(41, 90):
        region.advance(tenth / 10)
        story(quick)
        told += [(tenth / 10, each) for each in metas(story(session))]
    assert [slot for _, slot in told] == [f"{slot} meta" for slot in range(100, 108)]
    replayed = [at for at, _ in told[:3]]
    assert [b - a for a, b in pairwise(replayed)] == pytest.approx([0.5] * 2)


def test_a_slow_reader_saves_nothing_up() -> None:
    region = make_region(plain_chain(8), replay_rate=2.0)
    region.advance(6.0)
    session = subscribe(region, request_all(0, from_slot=100), 6.0)
    region.advance(8.2)
    assert len(metas(story(session))) <= 2


def test_without_a_rate_it_comes_as_fast_as_it_is_read() -> None:
    region = make_region(plain_chain(8))
    region.advance(6.0)
    session = subscribe(region, request_all(0, from_slot=100), 6.0)
    region.advance(6.1)
    assert len(metas(story(session))) > 4
