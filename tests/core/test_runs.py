"""A run of rows of one slot: what is new, what is held, and what is counted."""

from monitor.core.chain import Commitment, Kind
from monitor.core.monitors import Monitor, TransactionsFilter
from tests.core.play import ALL, SOME, VAULT, Play, confirmed, created, meta, tx, write

AT_ONCE = Monitor("at once", commitment=Commitment.PROCESSED, transactions=TransactionsFilter())


def test_a_batch_may_hold_rows_of_many_slots_in_any_order() -> None:
    play = Play(AT_ONCE)
    play.says(1, created(5), created(6), tx(5, 0, "a"), tx(6, 0, "b"), tx(6, 1, "c"), tx(5, 1, "d"))
    assert play.take() == ["5 a", "6 b", "6 c", "5 d"]
    assert play.kernel.tally.duplicates[:1] == [0]


def test_the_first_copy_wins_and_every_other_is_a_duplicate_of_its_endpoint() -> None:
    play = Play(ALL, feeds=2)
    play.says(1, created(5), tx(5, 0), tx(5, 0)).says(2, created(5), tx(5, 0), tx(5, 1))
    assert play.kernel.tally.duplicates[:2] == [1, 1]
    play.says(2, meta(5, transactions=2), confirmed(5))
    assert [(released[1], released[5][4]) for released in play.given] == [(0, 0), (1, 1)]


def test_only_rows_that_somebody_wants_are_held() -> None:
    play = Play(AT_ONCE, ALL)
    play.says(1, created(5), tx(5, 0, mask=0))
    assert play.kernel.gate.held_bytes == 0
    play.says(1, tx(5, 1, mask=1))
    assert play.kernel.gate.held_bytes == len(b"frame of t1\0\0")


def test_a_row_of_a_released_slot_is_handed_on_late_whatever_came_of_it_before() -> None:
    play = Play(SOME)
    play.says(1, created(5), tx(5, 0), meta(5), confirmed(5))
    assert play.take() == ["5 t0"]
    play.says(1, tx(5, 1))
    assert play.take() == ["5 t1 late"]


def test_of_one_banks_writes_the_highest_version_is_the_last_in_whatever_order() -> None:
    play = Play(VAULT)
    play.says(1, created(5), write(5, "x", "t2", 9), write(5, "x", "t1", 8), meta(5), confirmed(5))
    assert play.take() == ["5 x by t2"]


def test_data_that_were_dropped_for_want_of_memory_are_counted_and_not_held_again() -> None:
    play = Play(ALL, held_bytes=30)
    play.says(1, created(5), tx(5, 0), tx(5, 1), tx(5, 2))
    assert play.kernel.tally.shed == 3
    assert play.kernel.gate.held_bytes == 0
    play.says(1, tx(5, 3))
    assert play.kernel.tally.shed == 4
    assert play.kernel.gate.held_bytes == 0


def test_a_block_may_come_behind_its_meta_and_tells_nothing_of_fences() -> None:
    blocks = Monitor("blocks", commitment=Commitment.PROCESSED)
    play = Play(blocks)
    row = (Kind.BLOCK, 5, ("B5", "blocks"), 1, None, 5, b"block")
    play.says(1, created(5), meta(5), row)
    assert play.kernel.gate.unfenced == frozenset()
    assert len(play.given) == 1


def test_what_comes_of_a_slot_that_is_on_the_disk_is_held_and_not_given() -> None:
    play = Play(AT_ONCE)
    play.says(1, created(5), tx(5, 0))
    play.kernel.join.slots[5].told.is_away = True
    before = play.kernel.gate.held_bytes
    play.says(1, tx(5, 1), meta(5, transactions=2, mask=1))
    assert play.take() == ["5 t0"]
    assert play.kernel.gate.held_bytes == before + len((tx(5, 1)[6] or b"") + b"frame")
