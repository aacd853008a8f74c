"""A slot that was stowed is what it would be had it never been away."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.banks import Meta
from monitor.core.chain import Commitment, Kind
from monitor.core.errors import StowedMalformed
from monitor.core.rungs import Rung
from monitor.core.slots import SlotState
from monitor.core.stowing import outline_of, outlined, restore, stow, unstow
from monitor.core.voices import Voices
from tests.core.play import tx, write
from tests.core.twins import FEEDS, ROWS, Twin, look

feeds = st.integers(0, FEEDS - 1)
deeds: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just("says"), feeds, st.lists(st.sampled_from(ROWS), max_size=8)),
    st.tuples(st.just("begins"), feeds),
    st.tuples(st.just("ends"), feeds, st.sampled_from(["B5", "C5"])),
    st.tuples(st.sampled_from(["goes", "comes"])),
)


def play(deed: tuple[Any, ...], twin: Twin) -> None:
    match deed:
        case ("says", feed, rows):
            twin.says(feed, *rows)
        case ("ends", feed, block):
            twin.ends(feed, block)
        case ("begins", feed):
            twin.begins(feed)
        case _:  # it comes and goes
            pass


@given(st.booleans(), st.lists(deeds, max_size=25))
def test_a_slot_that_comes_and_goes_is_as_one_that_stays(
    divides: bool, history: list[tuple[Any, ...]]
) -> None:
    stays, moves = Twin(divides=divides), Twin(divides=divides)
    for deed in history:
        if deed[0] == "goes":
            moves.goes()
        elif deed[0] == "comes" or (deed[0] == "begins" and deed[1] in moves.state.current):
            moves.comes()
        play(deed, stays)
        play(deed, moves)
    moves.comes()
    assert moves.look() == stays.look()
    moves.state.check()


@given(st.lists(deeds, max_size=20))
def test_a_slot_survives_a_restart(history: list[tuple[Any, ...]]) -> None:
    twin = Twin(divides=True)
    for deed in history:
        play(deed, twin)
    before = look(twin.state)
    again = look(restore(stow(twin.state)))
    before["current"] = {}
    for place, bank in enumerate(before["banks"]):
        bank["feed"] = -(2**40) - place
    assert again == before


def told(state: SlotState) -> None:
    """Things are known of the slot that are seldom known."""
    state.statuses, state.fresh_from, state.released_level, state.told_level = 3, 2, 1, 2
    state.confirmed, state.confirmed_at, state.finalized_at = "B5", 100.0, 130.5
    state.finalized = state.gave_up = True
    state.dead, state.parent, state.missed = "why", 4, {1: 7}
    state.signatures = {"B5": b"s" * 64}
    state.recovered_by, state.reconciled_at = Rung.REPLAY, 9
    state.accounts_out[1].add(b"x" * 32)
    state.untold = [(Commitment.FINALIZED, Commitment.CONFIRMED)]
    state.voices = Voices()
    state.voices.name(1, Meta("B5", 4, "B4", 1, 2, 1))
    state.voices.tell(2, 1, is_open=True)
    state.voices.accused.add(2)
    state.voices.needed = 3


def test_all_that_is_known_of_a_slot_survives_a_restart() -> None:
    twin = Twin()
    twin.says(1, *ROWS)
    twin.ends(1, "B5")
    told(twin.state)
    before, voices = look(twin.state), twin.state.voices
    again = restore(stow(twin.state))
    found = look(again)
    for each in (before, found):
        del each["banks"], each["current"]
    assert found == before
    assert again.recovered_by is Rung.REPLAY
    assert all(type(word) is Commitment for pair in again.untold for word in pair)
    assert voices is not None
    assert again.voices is not None
    assert again.voices.by_voter == voices.by_voter
    assert (again.voices.accused, again.voices.needed) == ({2}, 3)


def test_a_slot_may_stay_stowed_over_a_restart() -> None:
    twin = Twin()
    twin.says(1, *ROWS)
    twin.ends(1, "B5")
    twin.begins(1)
    twin.says(1, *ROWS[:3])
    packed = stow(twin.state)
    whole, outline = restore(packed), outline_of(packed)
    assert len(outline) < 1200
    twin.state = outlined(outline)
    assert twin.state.held_rows() == 0
    twin.says(2, tx(5, 7))
    merged = unstow(twin.state, packed)
    assert [row[4] for _, row in merged.news] == [7]
    found, expected = look(twin.state), look(whole)
    assert found["stores"][:2] == expected["stores"]
    assert found["stores"][2]["held"] == [(2, tx(5, 7))]
    assert found["banks"][:2] == expected["banks"]


def test_times_move_with_the_clock_of_the_next_process() -> None:
    twin = Twin()
    twin.says(1, tx(5, 0))
    twin.ends(1, "B5")
    twin.state.banks[0].met_at = 50
    twin.begins(2)
    told(twin.state)
    again = restore(stow(twin.state), moved_ns=2 * 10**9)
    assert (again.confirmed_at, again.finalized_at) == (102.0, 132.5)
    assert [bank.met_at for bank in again.banks] == [2 * 10**9 + 50, 0]
    assert {row[5] for _, row in again.shared.held} == {2 * 10**9 + 5}


def test_a_restored_slot_takes_feeds_like_any_other() -> None:
    twin = Twin()
    twin.says(1, tx(5, 0), tx(5, 1))
    twin.state = restore(stow(twin.state))
    twin.says(1, tx(5, 1), tx(5, 2))
    assert [row[4] for _, row in twin.state.shared.held] == [0, 1, 2]
    assert [bank.bit for bank in twin.state.banks] == [1, 2]
    assert not twin.state.contested


def test_what_came_meanwhile_is_told_apart_from_what_was_there() -> None:
    twin = Twin()
    twin.says(1, tx(5, 0), write(5, "x", "a", 1, mask=2))
    packed = stow(twin.state)
    twin.says(2, tx(5, 0), tx(5, 1), write(5, "x", "a", 8, mask=2), write(5, "y", "a", 9, mask=2))
    merged = unstow(twin.state, packed)
    assert [(origin, row[4]) for origin, row in merged.news] == [(2, 1), (2, 9)]
    assert merged.repeated == {2: 2}
    assert [bank.news for bank in twin.state.banks] == [2, 2]


def test_who_wants_a_row_is_who_wants_any_copy_of_it() -> None:
    twin = Twin(divides=True)
    twin.says(1, tx(5, 0, mask=1))
    packed = stow(twin.state)
    twin.says(2, tx(5, 0, mask=2))
    unstow(twin.state, packed)
    masks = twin.state.shared.masks
    assert masks is not None
    assert list(masks[Kind.TRANSACTION].values()) == [3]


def test_a_block_meta_that_came_again_is_repeated_and_was_no_news() -> None:
    stays, moves = Twin(), Twin()
    for twin in (stays, moves):
        twin.ends(1, "B5")
    moves.goes()
    for twin in (stays, moves):
        twin.ends(2, "B5")
    moves.comes()
    assert moves.look() == stays.look()
    assert moves.repeated == {2: 1}


def test_the_verdict_is_found_again() -> None:
    twin = Twin()
    twin.says(1, tx(5, 0))
    packed = stow(twin.state)
    twin.state.evidence = "of a slot without rows"
    unstow(twin.state, packed)
    assert twin.state.evidence is None


def released(twin: Twin) -> None:
    state = twin.state
    twin.says(1, tx(5, 0))
    twin.ends(1, "B5")
    state.confirm("B5")
    state.told_level = state.released_level = Commitment.CONFIRMED
    state.fresh_from = len(state.shared.held)


def test_a_slot_that_turns_out_contested_meanwhile_knows_what_was_handed_on() -> None:
    stays, moves = Twin(), Twin()
    for twin in (stays, moves):
        released(twin)
    moves.goes()
    for twin in (stays, moves):
        twin.state.contest()
        twin.begins(1)
        twin.says(1, tx(5, 0), tx(5, 1))
    assert moves.state.given != stays.state.given
    moves.comes()
    assert moves.state.given == stays.state.given != set()
    assert moves.look() == stays.look()


def test_ids_that_monitors_at_processed_had_are_known_again() -> None:
    stays, moves = Twin(), Twin()
    for twin in (stays, moves):
        twin.says(1, tx(5, 0))
        twin.state.remember_at_once()
    moves.goes()
    assert moves.state.given_at_once is None
    for twin in (stays, moves):
        twin.state.remember_at_once()[Kind.ENTRY].add(b"one more")
    moves.comes()
    assert moves.state.given_at_once == stays.state.given_at_once


def test_news_may_be_asked_whether_monitors_at_processed_had_them() -> None:
    twin = Twin()
    twin.says(1, tx(5, 0), tx(5, 1))
    packed = stow(twin.state)
    twin.says(2, tx(5, 1), (*tx(5, 0)[:2], tx(5, 0)[2][:64] + b"otherplc", *tx(5, 0)[3:]), tx(5, 2))
    merged = unstow(twin.state, packed, at_once=True)
    assert len(merged.news) == 2
    assert [row[4] for _, row in merged.news if twin.state.is_new_at_once(row)] == [2]


def test_what_a_bank_brought_that_its_feed_gave_up_meanwhile_is_given_up() -> None:
    stays, moves = Twin(), Twin()
    for twin in (stays, moves):
        twin.says(1, tx(5, 0))
        twin.says(2, tx(5, 1))
    moves.goes()
    for twin in (stays, moves):
        twin.begins(1)
        twin.says(1, tx(5, 0, "other"))
    moves.comes()
    assert moves.look() == stays.look()
    assert [row[4] for _, row in moves.state.shared.held] == [1]


def test_frames_that_were_let_go_meanwhile_stay_away_and_identities_come_back() -> None:
    twin = Twin()
    twin.says(1, tx(5, 0))
    packed = stow(twin.state)
    twin.state.forget_rows()
    unstow(twin.state, packed)
    assert twin.state.held_rows() == twin.state.held_bytes() == 0
    assert list(twin.state.shared.tables[Kind.TRANSACTION]) == [tx(5, 0)[2]]


@pytest.mark.parametrize("version", [1, 5, 8])
def test_the_last_write_is_the_one_of_the_highest_version(version: int) -> None:
    stays, moves = Twin(), Twin()
    for twin in (stays, moves):
        twin.says(1, write(5, "x", "a", 5, mask=2))
    moves.goes()
    for twin in (stays, moves):
        twin.says(1, write(5, "x", "b", version, mask=2))
    moves.comes()
    assert moves.look() == stays.look()


@pytest.mark.parametrize("again", [1, 8])
def test_a_repeated_write_of_a_slot_that_was_let_go_is_not_noted(again: int) -> None:
    stays, moves = Twin(), Twin()
    for twin in (stays, moves):
        twin.says(1, write(5, "x", "a", 5, mask=2))
        twin.state.forget_rows()
    moves.goes()
    for twin in (stays, moves):
        twin.says(2, write(5, "x", "a", again, mask=2), write(5, "y", "a", again, mask=2))
    moves.comes()
    assert moves.look() == stays.look()


def test_a_slot_that_was_begun_anew_has_nothing_to_do_with_what_was_stowed() -> None:
    twin = Twin()
    twin.says(1, tx(5, 0))
    packed = stow(twin.state)
    twin.state.begin_anew()
    twin.says(2, tx(5, 1))
    merged = unstow(twin.state, packed)
    assert (merged.news, merged.repeated) == ([], {})
    assert [row[4] for _, row in twin.state.shared.held] == [1]


@pytest.mark.parametrize(
    ("start", "put", "end"),
    [(4, b"\xff", 5), (5, b"\0\0\0\0", 9), (-1, b"", None), (0, b"", None)],
)
def test_bytes_of_another_release_are_refused(start: int, put: bytes, end: int | None) -> None:
    twin = Twin()
    twin.says(1, tx(5, 0))
    packed = bytearray(stow(twin.state))
    packed[start:end] = put
    with pytest.raises(StowedMalformed):
        restore(bytes(packed))
