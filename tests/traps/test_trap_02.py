"""Trap 2: entries_count is 0 for a block that the serving validator made itself; it is no count to rely on."""

from tests.core.play import Play, confirmed, created, finalized
from tests.traps.telling import ENTRIES, block_meta, certificates, digest, hashed_entry


def test_entries_of_a_block_without_a_count_are_all_when_the_last_one_is_the_blockhash() -> None:
    play = Play(ENTRIES)
    play.says(1, created(5), hashed_entry(5, 0, digest("first")), block_meta(5), confirmed(5))
    assert play.take() == []
    play.says(1, hashed_entry(5, 1, digest("B5")), confirmed(5))
    assert play.take() == ["5 entry 0", "5 entry 1"]


def test_a_block_without_a_count_is_certified_complete() -> None:
    play = Play(ENTRIES)
    rows = [hashed_entry(5, 0, digest("first")), hashed_entry(5, 1, digest("B5"))]
    play.says(1, created(5), *rows, block_meta(5), finalized(5))
    play.says(1, created(6), hashed_entry(6, 0, digest("B6")), block_meta(6)).at(4)
    assert certificates(play)[5].end == "complete"


def test_an_entry_missing_in_the_middle_is_noticed_without_a_count() -> None:
    play = Play(ENTRIES)
    rows = [hashed_entry(5, 0, digest("first")), hashed_entry(5, 2, digest("B5"))]
    play.says(1, created(5), *rows, block_meta(5), confirmed(5))
    assert play.take() == []


def test_an_entry_of_another_bank_does_not_stand_for_one_that_is_missing() -> None:
    play = Play(ENTRIES)
    rows = [hashed_entry(5, 0, digest("first")), hashed_entry(5, 0, digest("other"))]
    play.says(1, created(5), *rows, hashed_entry(5, 2, digest("B5")), block_meta(5), confirmed(5))
    assert play.take() == []


def test_a_slot_of_no_entries_at_all_is_not_whole() -> None:
    play = Play(ENTRIES)
    play.says(1, created(5), block_meta(5), confirmed(5))
    assert play.take() == []
    assert "a slot was passed over incomplete" in play.at(2).sentences()
