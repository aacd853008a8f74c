"""A bank that its feed gave up says nothing of the block, though it bore the same keys."""

import pytest

from monitor.core.chain import Commitment
from monitor.core.events import Row
from monitor.core.monitors import AccountsFilter, Monitor, TransactionsFilter
from tests.core.play import Play, confirmed, created, meta, tx, write

BOTH = Monitor("both", transactions=TransactionsFilter(), accounts=AccountsFilter(account=("x",)))


def said(row: Row, frame: bytes) -> Row:
    return (*row[:6], frame)


FIRST = (said(tx(5, 0), b"old"), said(write(5, "x", "t0", 1), b"x old"))
SECOND = (said(tx(5, 0), b"new"), said(write(5, "x", "t0", 9), b"x new"))


def frames(play: Play) -> list[bytes | None]:
    """What was handed on, as it came."""
    given, play.given = play.given, []
    return [row[6] for *_, row in given]


@pytest.mark.parametrize("is_ahead", [False, True])
def test_of_what_two_banks_say_otherwise_only_the_bank_of_the_block_is_handed_on(
    is_ahead: bool,
) -> None:
    play = Play(BOTH, feeds=2)
    play.block(1, 4, transactions=0).block(2, 4, transactions=0)
    play.says(1, created(5), *FIRST)
    if is_ahead:
        play.says(2, created(5), *SECOND)
    play.says(1, created(5), *SECOND, meta(5), created(6))
    if not is_ahead:
        play.says(2, created(5), *SECOND)
    play.says(2, meta(5), confirmed(5)).at(2.0)
    assert frames(play) == [b"new", b"x new"]


def test_what_is_held_is_counted_without_the_bank_that_was_given_up() -> None:
    play = Play(BOTH)
    play.says(1, created(5), *FIRST)
    assert play.kernel.gate.held_bytes == len(b"old" + b"x old")
    play.says(1, created(5))
    assert play.kernel.gate.held_bytes == 0


def test_a_copy_that_another_feed_brought_first_stays() -> None:
    play = Play(BOTH, feeds=2)
    play.says(2, created(5), *SECOND).says(1, created(5), *FIRST, created(5))
    play.says(2, meta(5), confirmed(5)).at(2.0)
    assert frames(play) == [b"new", b"x new"]


def test_a_block_whose_bank_begins_anew_stays() -> None:
    play = Play(BOTH).says(1, created(5), *FIRST, meta(5), created(5), confirmed(5))
    play.at(2.0)
    assert play.kernel.gate.held_bytes == len(b"old" + b"x old")


def test_what_was_given_at_once_is_taken_back_and_the_next_bank_is_given() -> None:
    play = Play(BOTH, level=Commitment.PROCESSED)
    play.says(1, created(5), *FIRST, created(5), *SECOND)
    assert frames(play) == [b"old", b"x old", None, b"new", b"x new"]


def test_what_two_feeds_gave_at_once_is_not_given_again() -> None:
    play = Play(BOTH, feeds=2, level=Commitment.PROCESSED)
    play.says(1, created(5), *FIRST).says(2, created(5), tx(5, 1, "other"))
    play.says(1, created(5), *SECOND)
    assert frames(play) == [b"old", b"x old", tx(5, 1, "other")[6]]
