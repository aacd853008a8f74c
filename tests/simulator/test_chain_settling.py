"""Blocks settle after their parents; a hold keeps them back, and lets them come all at once."""

import itertools
from math import inf
from random import Random

from monitor.core.chain import Commitment
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.chain_settling import Hold, Settled, Settling

FIRST = 1_000


def settling(blocks: int, settings: ChainSettings | None = None) -> tuple[Settling, list[Settled]]:
    made, dice = Settling(settings or ChainSettings()), Random(1)
    return made, [made.add(FIRST + number, 1.0, dice) for number in range(blocks)]


def finalized(settled: list[Settled]) -> list[float]:
    return [each.slot + each.finalized_at for each in settled]


def confirmed(settled: list[Settled]) -> list[float]:
    return [each.slot + each.confirmed_at for each in settled]


def test_a_block_settles_after_its_parent() -> None:
    _, plain = settling(200)
    for moments in (confirmed(plain), finalized(plain)):
        assert all(later >= earlier + 0.0199 for earlier, later in itertools.pairwise(moments))


def test_while_finality_stalls_blocks_are_confirmed_as_ever() -> None:
    made, plain = settling(100)
    held = list(made.hold(Hold(Commitment.FINALIZED, FIRST + 50.0, FIRST + 300.0)))
    assert confirmed(held) == confirmed(plain)
    before = [moment for moment in finalized(plain) if moment < FIRST + 50]
    assert before
    assert finalized(held)[: len(before)] == before
    assert min(finalized(held)[len(before) :]) == FIRST + 300


def test_what_was_held_comes_at_once_and_in_order() -> None:
    made, _ = settling(100)
    moments = finalized(list(made.hold(Hold(Commitment.FINALIZED, FIRST, FIRST + 300.0))))
    assert moments == sorted(set(moments))
    assert moments[-1] - moments[0] < 0.11


def test_nothing_is_finalized_while_nothing_is_confirmed() -> None:
    made, _ = settling(100)
    held = list(made.hold(Hold(Commitment.CONFIRMED, FIRST + 50.0, FIRST + 300.0)))
    for moments in (confirmed(held), finalized(held)):
        assert not [moment for moment in moments if FIRST + 50 <= moment < FIRST + 300]


def test_a_block_of_the_time_of_a_hold_is_held_too() -> None:
    made, _ = settling(10)
    list(made.hold(Hold(Commitment.FINALIZED, FIRST + 20.0, FIRST + 300.0)))
    settled = made.add(FIRST + 10, 1.0, Random(2))
    assert finalized([settled])[0] > FIRST + 300
    assert confirmed([settled])[0] < FIRST + 20


def test_a_hold_that_is_ended_lets_go_at_once() -> None:
    made, plain = settling(100)
    list(made.hold(Hold(Commitment.FINALIZED, FIRST + 50.0, FIRST + 300.0)))
    ended = list(made.end_holds(FIRST + 60.0))
    assert [moment for moment in finalized(ended) if moment < FIRST + 50] == [
        moment for moment in finalized(plain) if moment < FIRST + 50
    ]
    assert FIRST + 60.0 in finalized(ended)
    assert finalized(ended)[-1] == finalized(plain)[-1]


def test_it_is_told_what_holds_and_until_when() -> None:
    made, _ = settling(1)
    hold = Hold(Commitment.FINALIZED, 50.0, 300.0)
    list(made.hold(hold))
    assert [made.held(moment) for moment in (49.0, 50.0, 300.0)] == [None, hold, None]


def test_blocks_are_confirmed_as_late_as_is_said() -> None:
    made, plain = settling(1)
    made.slowness = 12.0
    late = made.add(FIRST + 1, 1.0, Random(1))
    assert late.confirmed_at == plain[0].confirmed_at + 12


def test_what_is_forgotten_still_counts_as_a_parent() -> None:
    made, plain = settling(10)
    hold = Hold(Commitment.FINALIZED, FIRST, FIRST + 300.0)
    first = list(made.hold(hold))
    for number in range(5):
        made.forget(FIRST + number)
    again = list(made.hold(Hold(Commitment.FINALIZED, inf, inf)))
    assert again == first[5:]
    assert plain[5:] != again
