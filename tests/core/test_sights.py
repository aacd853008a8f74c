"""What a connection has shown, and so which slots it should have brought."""

from monitor.core.commands import AmendFeed
from monitor.core.scope import EVERY_MONITOR, Scope
from monitor.core.sights import Sights
from monitor.core.slots import SlotState


def seen(*slots: int, feed: int = 1, endpoint: int = 0, ended: bool = False) -> Sights:
    """An endpoint whose connection covered these slots."""
    sights = Sights(2)
    sights.begin(feed, endpoint, is_replay=False)
    for slot in slots:
        sights.open[feed].tied(slot, covers=True)
    if ended:
        sights.end(feed)
    return sights


def spanned(sights: Sights, first: int, end: int) -> list[int]:
    """Slots that an unbroken stream of endpoint 0 spans."""
    return [slot for slot in range(first, end) if sights.owed_by(0, slot) is not None]


def less_and_all_again(sights: Sights, slots: tuple[SlotState, ...] = ()) -> None:
    """Feed 1 is asked for the chain alone, and then for everything."""
    sights.amend(AmendFeed(1, 2, None, Scope.CHAIN), slots)
    sights.amend(AmendFeed(1, 3, None), slots)


def test_an_unbroken_stream_should_have_brought_all_between_its_ends() -> None:
    sights = seen(5, 9)
    assert spanned(sights, 4, 11) == [6, 7, 8]
    assert sights.owed_by(1, 7) is None


def test_what_a_stream_spanned_is_remembered_after_its_end() -> None:
    sights = seen(5, 9, ended=True)
    assert spanned(sights, 4, 11) == [6, 7, 8]


def test_what_lies_between_two_connections_is_nobodys_fault() -> None:
    sights = seen(5, 7, ended=True)
    sights.begin(2, 0, is_replay=False)
    for slot in (10, 12):
        sights.open[2].tied(slot, covers=True)
    assert spanned(sights, 4, 14) == [6, 11]


def test_a_stream_that_never_covered_a_slot_spans_nothing() -> None:
    sights = Sights(1)
    sights.begin(1, 0, is_replay=False)
    for slot in (5, 9):
        sights.open[1].tied(slot, covers=False)
    assert sights.owed_by(0, 7) is None
    sights.end(1)
    assert sights.owed_by(0, 7) is None


def test_a_replayed_block_takes_no_stream_back() -> None:
    sights = seen(5, 9, 4)
    assert sights.open[1].last_tied == 9
    assert sights.open[1].first_covered == 5


def test_a_slot_is_passed_when_every_feed_with_blocks_is_above_it() -> None:
    sights = seen(5)
    sights.begin(2, 1, is_replay=False)
    assert sights.have_passed(4)
    assert not sights.have_passed(5)
    sights.open[2].tied(4, covers=False)
    assert not sights.have_passed(4)
    sights.end(2)
    assert sights.have_passed(4)


def test_spans_that_nobody_asks_for_are_forgotten() -> None:
    sights = seen(5, 9, ended=True)
    sights.forget_below(8)
    assert sights.owed_by(0, 7) == EVERY_MONITOR
    sights.forget_below(9)
    assert sights.owed_by(0, 7) is None


def test_the_end_of_a_feed_that_is_not_open_changes_nothing() -> None:
    sights = seen(5, 9)
    sights.end(7)
    assert list(sights.open) == [1]


def test_who_is_asked_for_a_part_alone_is_waited_for_by_nobody() -> None:
    sights = seen(5)
    sights.begin(2, 1, is_replay=False)
    sights.amend(AmendFeed(2, 2, None, Scope.CHAIN), ())
    sights.open[2].tied(3, covers=False)
    assert sights.have_passed(4)


def test_what_a_stream_spanned_ends_where_something_else_is_asked_of_it() -> None:
    sights = seen(5, 9)
    less_and_all_again(sights)
    for slot in (11, 13):
        sights.open[1].tied(slot, covers=True)
    assert spanned(sights, 4, 15) == [6, 7, 8, 12]


def test_a_slot_that_was_begun_before_something_else_was_asked_is_not_whole() -> None:
    sights, begun, ended = seen(5), SlotState(6), SlotState(5)
    live = begun.open_bank(1, 0, began_whole=True)
    other = begun.open_bank(2, 1, began_whole=True)
    done = ended.open_bank(1, 0, began_whole=True)
    done.blockhash = "B5"
    less_and_all_again(sights, (ended, begun, SlotState(7)))
    assert (live.began_whole, other.began_whole, done.began_whole) == (False, True, True)


def test_slots_of_a_server_without_lifecycle_count_from_the_new_request_on() -> None:
    sights = seen(5)
    less_and_all_again(sights)
    sight = sights.open[1]
    assert not sight.is_third(6)
    sight.met(2)
    assert not sight.is_third(9)
    sight.met(3)
    assert [sight.is_third(slot) for slot in (10, 11, 12)] == [False, False, True]


def asked_for(carried: int, generation: int = 2) -> AmendFeed:
    """Feed 1 is to bring everything for these monitors alone."""
    return AmendFeed(1, generation, None, carried=carried)


def test_for_other_monitors_the_stream_goes_on() -> None:
    sights, begun, ended = seen(5, 9), SlotState(10), SlotState(9)
    banks = [state.open_bank(1, 0, began_whole=True) for state in (ended, begun)]
    banks[0].blockhash = "B9"
    sights.amend(asked_for(0b10), (ended, begun, SlotState(11)))
    assert [(bank.began_whole, bank.carries) for bank in banks] == [
        (True, EVERY_MONITOR),
        (True, 0b10),
    ]
    sights.open[1].tied(13, covers=True)
    assert spanned(sights, 4, 15) == [6, 7, 8, 10, 11, 12]
    assert [sights.owed_by(0, slot) for slot in (8, 10)] == [EVERY_MONITOR, 0b10]


def test_a_stream_that_covered_nothing_yet_covers_nothing_for_other_monitors() -> None:
    sights = seen()
    sights.amend(asked_for(0b10), ())
    assert sights.open[1].first_covered is None
    assert not sights.open[1].is_part


def test_requests_before_the_last_one_are_forgotten_when_it_is_answered() -> None:
    sights = seen(5)
    sight = sights.open[1]
    sight.has_lifecycle = True
    sights.amend(asked_for(0b011), ())
    sights.amend(asked_for(0b110, generation=3), ())
    sight.met(2)
    assert [sight.carried_from(generation) for generation in (0, 2, 3)] == [0b010, 0b010, 0b110]
    sight.met(3)
    assert [sight.carried_from(generation) for generation in (0, 3)] == [0b110] * 2


def test_a_request_that_is_answered_is_all_that_counts_of_those_before_the_next() -> None:
    sights = seen(5)
    sight = sights.open[1]
    sights.amend(asked_for(0b011), ())
    sight.met(2)
    sight.has_lifecycle = True
    sights.amend(asked_for(0b111, generation=3), ())
    assert sight.carried_from() == 0b011
