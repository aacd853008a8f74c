from math import inf

import pytest

from monitor.core.chain import Commitment
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.view import ChainView, canonical

SLOT_TIME = 0.5
STARTED = 1000.0


def chain_of(window: int = 1200) -> GeneratedChain:
    settings = ChainSettings(
        votes=3, transactions=2, account_writes=6, entries=2, skipped=0.2, forked=0.1, window=window
    )
    return GeneratedChain(4, settings)


def at(slots: float) -> float:
    return STARTED + slots * SLOT_TIME


def test_nothing_is_known_before_the_first_slot() -> None:
    view = ChainView(chain_of(), SLOT_TIME, STARTED)

    assert [view.newest(level, at(-1)) for level in Commitment] == [None, None, None]


@pytest.mark.parametrize("level", list(Commitment))
def test_a_block_is_known_from_the_moment_it_reaches_the_level(level: Commitment) -> None:
    chain = chain_of()
    number = next(
        number
        for number in range(chain.first_slot + 5, chain.first_slot + 50)
        if canonical(chain.slot(number)) is not None
    )
    slot = chain.slot(number)
    bank = canonical(slot)
    assert bank is not None
    offset = {
        Commitment.PROCESSED: max(bank.completed_at, bank.meta_at),
        Commitment.CONFIRMED: slot.confirmed_at,
        Commitment.FINALIZED: slot.finalized_at,
    }[level]
    moment = number - chain.first_slot + offset

    view = ChainView(chain, SLOT_TIME, STARTED)

    assert view.block(number, level, at(moment - 0.01)) is None
    assert view.block(number, level, at(moment + 0.01)) is bank


def test_levels_follow_each_other() -> None:
    chain = chain_of()
    view = ChainView(chain, SLOT_TIME, STARTED)

    tips = [view.newest(level, at(200)) for level in Commitment]

    numbers = [tip.slot for tip in tips if tip is not None]
    assert len(numbers) == 3
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 3


def test_forks_and_skipped_slots_are_no_blocks() -> None:
    chain = chain_of()
    view = ChainView(chain, SLOT_TIME, STARTED)
    numbers = range(chain.first_slot, chain.first_slot + 200)
    lost = [number for number in numbers if canonical(chain.slot(number)) is None]

    assert lost
    assert all(view.block(number, Commitment.PROCESSED, at(400)) is None for number in lost)


def test_the_first_slot_kept_moves_with_the_window() -> None:
    chain = chain_of(window=50)
    view = ChainView(chain, SLOT_TIME, STARTED)
    assert view.first_kept() == chain.first_slot

    chain.slot(chain.first_slot + 99)

    assert view.first_kept() == chain.first_slot + 50
    with pytest.raises(KeyError):
        view.block(chain.first_slot, Commitment.CONFIRMED, at(500))


def test_below_the_first_slot_there_is_no_block() -> None:
    chain = chain_of()
    view = ChainView(chain, SLOT_TIME, STARTED)

    assert view.block(chain.first_slot - 1, Commitment.PROCESSED, at(50)) is None


def test_a_chain_may_begin_later() -> None:
    view = ChainView(chain_of(), SLOT_TIME, inf)
    before = view.newest(Commitment.PROCESSED, at(50))

    view.begin(STARTED)

    assert before is None
    assert view.newest(Commitment.PROCESSED, at(50)) is not None


def test_who_falls_back_sees_the_chain_of_some_slots_ago_at_once() -> None:
    chain = chain_of()
    now, then = ChainView(chain, SLOT_TIME, STARTED), ChainView(chain, SLOT_TIME, STARTED)
    now.newest(Commitment.CONFIRMED, at(100))
    now.fall_back(30)

    for level in Commitment:
        assert now.newest(level, at(100)) is then.newest(level, at(70))

    now.fall_back(0)
    assert now.newest(Commitment.CONFIRMED, at(100)) is then.newest(Commitment.CONFIRMED, at(100))


def test_pruned_slots_are_not_kept() -> None:
    chain = chain_of()
    view = ChainView(chain, SLOT_TIME, STARTED)

    view.fall_back(0, chain.first_slot + 10)

    assert view.first_kept() == chain.first_slot + 10
    view.fall_back(0)
    assert view.first_kept() == chain.first_slot


def test_the_far_future_is_not_made_to_be_looked_at() -> None:
    chain = chain_of(window=50)
    view = ChainView(chain, SLOT_TIME, STARTED)

    assert view.block(chain.first_slot + 10**9, Commitment.CONFIRMED, at(10)) is None
    assert view.block(chain.first_slot + 1, Commitment.CONFIRMED, at(10)) is not None
