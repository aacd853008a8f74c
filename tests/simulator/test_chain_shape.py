"""Shapes come in the shares asked for, and never so that one hides another."""

import itertools
from random import Random

import pytest

from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.chain_shape import Shape, ShapePlan


def shapes(settings: ChainSettings, count: int) -> list[Shape]:
    plan, dice = ShapePlan(settings), Random(5)
    return [plan.next(dice) for _ in range(count)]


def test_shares_are_those_of_the_settings() -> None:
    drawn = shapes(ChainSettings(), 60_000)
    assert drawn.count(Shape.SKIPPED) / len(drawn) == pytest.approx(0.04, abs=0.005)
    assert drawn.count(Shape.FORKED) / len(drawn) == pytest.approx(0.03, abs=0.005)
    assert drawn.count(Shape.DEAD) / len(drawn) == pytest.approx(0.005, abs=0.0015)
    assert drawn.count(Shape.RECREATED) / len(drawn) == pytest.approx(0.005, abs=0.0015)


def test_an_unusual_slot_is_followed_by_a_plain_one() -> None:
    drawn = shapes(ChainSettings(skipped=0.3, forked=0.2, dead=0.1, recreated=0.1), 3000)
    for shape, after in itertools.pairwise(drawn):
        if shape in (Shape.FORKED, Shape.DEAD):
            assert after is Shape.PLAIN
        if shape is Shape.SKIPPED:
            assert after in (Shape.SKIPPED, Shape.PLAIN)


def test_skips_come_in_runs_of_at_most_four() -> None:
    drawn = shapes(ChainSettings(skipped=0.3), 3000)
    runs = {len(list(run)) for shape, run in itertools.groupby(drawn) if shape is Shape.SKIPPED}
    assert runs == {1, 2, 4}


def test_forks_come_in_runs_up_to_the_depth_and_in_the_share_that_is_asked_for() -> None:
    drawn = shapes(ChainSettings(forked=0.08, fork_depth=3), 30_000)
    runs = {len(list(run)) for shape, run in itertools.groupby(drawn) if shape is Shape.FORKED}
    assert runs == {1, 2, 3}
    assert drawn.count(Shape.FORKED) / len(drawn) == pytest.approx(0.08, abs=0.01)


def test_the_first_slots_are_plain() -> None:
    drawn = shapes(ChainSettings(skipped=0.5, forked=0.4), 4)
    assert drawn == [Shape.PLAIN] * 4


def test_nothing_goes_wrong_when_nothing_is_asked() -> None:
    settings = ChainSettings(skipped=0, forked=0, dead=0, recreated=0)
    assert set(shapes(settings, 500)) == {Shape.PLAIN}
