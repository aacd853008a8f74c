"""A link of a block that was signed off counts once that very block is known to be final."""

from monitor.core.banks import Meta
from monitor.core.chain import Commitment
from monitor.core.given_up import GivenUp

LINK = Meta("B8", 5, "B5", None, 2, 0)


def named(slot: int, blockhash: str, level: Commitment) -> list[tuple[int, Meta]]:
    given_up = GivenUp()
    given_up.keep(8, LINK)
    given_up.name(slot, blockhash, level)
    return given_up.proven


def test_a_final_child_that_names_the_block_proves_its_link() -> None:
    assert named(8, "B8", Commitment.FINALIZED) == [(8, LINK)]


def test_a_confirmed_child_proves_nothing() -> None:
    assert named(8, "B8", Commitment.CONFIRMED) == []


def test_a_child_of_another_block_of_the_slot_proves_nothing() -> None:
    assert named(8, "A8", Commitment.FINALIZED) == []


def test_a_slot_that_nobody_gave_up_is_nothing_to_it() -> None:
    assert named(7, "B8", Commitment.FINALIZED) == []


def test_a_link_is_told_once() -> None:
    given_up = GivenUp()
    given_up.keep(8, LINK)
    for _ in range(2):
        given_up.name(8, "B8", Commitment.FINALIZED)
    assert len(given_up.proven) == 1
