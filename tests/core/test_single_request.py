"""A reader that can send one request a stream and no second: its replays, told as dialogue."""

from monitor.core.commands import AmendFeed, OpenFeed
from monitor.core.connections import REPLAY_PATIENCE
from monitor.core.endings import EndReason
from monitor.core.reach import FLOOR_MARGIN, REFUSAL_LIMIT, REPEAT_LIMIT
from tests.core.play import SOME, Play, confirmed, created, finalized, meta, processed, tx


def single(feeds: int = 1, start_slot: int | None = None) -> Play:
    return Play(SOME, feeds=feeds, start_slot=start_slot, can_amend=False)


def asked(play: Play) -> list[int | None]:
    """The from_slot of every opening."""
    return [command.from_slot for command in play.of(OpenFeed)]


def broken_in_slot_5() -> Play:
    """Slot 4 is whole, slot 5 was cut short; feed 2 is open since."""
    play = single()
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4), created(5), tx(5, 0, "b0"))
    play.ends(1).at(1)
    play.take()
    return play.accepts(2)


def test_a_stream_that_is_opened_again_begins_with_what_is_missing() -> None:
    play = broken_in_slot_5()
    assert asked(play) == [None, 5]


def test_no_request_is_ever_sent_on_an_open_stream() -> None:
    play = broken_in_slot_5()
    play.block(2, 9, tx(9, 0, "f")).block(2, 10, tx(10, 0, "g"))
    assert play.of(AmendFeed) == []


def test_where_all_that_was_met_is_whole_the_highest_slot_is_asked_for_again() -> None:
    play = single()
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4)).ends(1).at(1)
    assert asked(play) == [None, 4]


def test_slots_replayed_before_the_first_lifecycle_status_are_whole() -> None:
    play = broken_in_slot_5()
    play.says(2, tx(5, 0, "b0"), tx(5, 1, "b1"), meta(5, transactions=2), processed(5))
    play.says(2, tx(6, 0, "c"), meta(6), processed(6), confirmed(6))
    assert play.take() == ["5 b0", "5 b1"]
    play.says(2, tx(7, 1, "in flight"), confirmed(6))
    assert play.take() == ["6 c"]
    assert "a replay reached its fence" not in play.sentences()
    play.says(2, created(7))
    assert "a replay reached its fence" in play.sentences()
    assert play.kernel.connections.replaying_from() is None


def test_the_slot_in_flight_at_the_opening_is_not_whole() -> None:
    play = broken_in_slot_5()
    play.says(2, tx(5, 0, "b0"), meta(5), processed(5), tx(6, 0, "c"), meta(6), processed(6))
    play.says(2, tx(7, 1, "d1"), created(8), meta(7, transactions=2), processed(7))
    play.says(2, tx(8, 0, "e"), meta(8), processed(8), confirmed(8))
    assert play.take() == ["5 b0", "6 c"]
    play.at(4)
    assert play.take() == ["7 d1", "8 e"]
    assert play.sentences().count("a slot was passed over incomplete") == 1


def test_the_slot_in_flight_is_not_whole_when_its_meta_comes_before_any_lifecycle_status() -> None:
    play = broken_in_slot_5()
    play.says(2, tx(5, 0, "b0"), meta(5), processed(5))
    play.says(2, tx(6, 1, "c1"), meta(6, transactions=2), created(7), confirmed(6))
    assert play.take() == ["5 b0"]
    play.at(4)
    assert play.take() == ["6 c1"]
    assert play.sentences().count("a slot was passed over incomplete") == 1


def test_a_slot_passed_over_before_its_replay_was_proven_brings_the_rest_late() -> None:
    play = broken_in_slot_5()
    play.says(2, tx(5, 0, "b0"), meta(5), processed(5), confirmed(5)).at(4)
    assert play.take() == ["5 b0"]
    play.says(2, tx(6, 0, "c"), meta(6), created(7), tx(6, 1, "c1"), meta(6), confirmed(6))
    play.at(play.now + 1)
    assert play.take() == ["6 c", "6 c1"]


def test_what_came_twice_at_the_seam_is_handed_on_once() -> None:
    play = broken_in_slot_5()
    play.says(2, tx(5, 0, "b0"), meta(5), processed(5), tx(6, 0, "c"), meta(6), processed(6))
    play.says(2, created(7), tx(6, 0, "c"), meta(6), processed(6), confirmed(6))
    assert play.take() == ["5 b0", "6 c"]


def test_a_start_slot_is_replayed_whole_and_asked_for_again_until_something_came() -> None:
    play = single(start_slot=7)
    play.ends(1).at(1).accepts(2)
    assert asked(play) == [7, 7]
    play.says(2, tx(7, 0, "a"), meta(7), processed(7), tx(8, 1, "in flight"), confirmed(7))
    assert play.take() == ["7 a"]


def test_before_anything_is_ours_nothing_is_asked_for() -> None:
    play = single()
    play.ends(1).at(1)
    assert asked(play) == [None, None]


def test_no_replay_is_asked_for_while_another_feed_has_everything() -> None:
    play = single(feeds=2)
    for feed in (1, 2):
        play.block(feed, 4, tx(4, 0, "a"))
    play.says(2, created(5)).ends(1).at(1)
    assert asked(play) == [None, None, None]


def test_what_was_missed_before_the_other_feed_came_back_is_asked_for() -> None:
    play = single(feeds=2)
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4), created(5)).ends(1).ends(2, jitter=0.99)
    play.at(0.25).accepts(3).ends(3, EndReason.REPLAY_OFF).at(0.49)
    assert asked(play) == [None, None, 5]
    play.at(0.5).accepts(4)
    assert asked(play) == [None, None, 5, 5, None]


def test_a_server_without_replay_is_not_asked_again() -> None:
    play = broken_in_slot_5()
    play.ends(2, EndReason.REPLAY_OFF).at(2)
    assert asked(play) == [None, 5, None]


def test_an_expired_replay_is_asked_for_again_from_above_the_floor() -> None:
    play = broken_in_slot_5()
    play.ends(2, EndReason.REPLAY_EXPIRED, floor=40).at(2)
    assert asked(play) == [None, 5, 40 + FLOOR_MARGIN]


def test_an_endpoint_that_refuses_again_and_again_is_opened_without_a_replay() -> None:
    play = broken_in_slot_5()
    for feed in range(2, 2 + REFUSAL_LIMIT):
        play.ends(feed, EndReason.REPLAY_EXPIRED, floor=40 + feed)
        play.at(play.now + 0.25).accepts(feed + 1)
    assert asked(play)[-1] is None
    assert None not in asked(play)[1:-1]


def test_a_try_that_no_server_accepted_asked_for_nothing() -> None:
    play = single()
    play.block(1, 4, tx(4, 0, "a")).ends(1)
    for feed in range(2, 6):
        play.at(play.now + 0.25).ends(feed, EndReason.UNREACHABLE)
    assert asked(play) == [None, 4, 4, 4, 4]


def test_the_same_from_slot_is_asked_of_an_endpoint_twice_a_minute_at_most() -> None:
    play = broken_in_slot_5()
    for feed in range(2, 6):
        play.ends(feed).at(play.now + 0.25).accepts(feed + 1)
    assert asked(play).count(5) == REPEAT_LIMIT


def test_a_replay_that_brings_nothing_is_given_up_in_time_counted_from_the_acceptance() -> None:
    play = single()
    play.block(1, 4, tx(4, 0, "a")).ends(1).at(1).at(1 + REPLAY_PATIENCE)
    assert play.kernel.connections.replaying_from() == 4
    play.accepts(2).at(play.now + REPLAY_PATIENCE - 1)
    assert play.kernel.connections.replaying_from() == 4
    play.at(play.now + 1)
    assert play.kernel.connections.replaying_from() is None


def test_slots_are_kept_from_where_the_replay_has_come_to() -> None:
    play = broken_in_slot_5()
    for slot in range(5, 200):
        play.says(2, tx(slot, 0, "b0"), meta(slot), processed(slot))
        play.says(2, confirmed(slot), finalized(slot))
    assert play.kernel.connections.replaying_from() == 199
    assert play.take() == [f"{slot} b0" for slot in range(5, 199)]
    assert len(play.kernel.join.slots) < 80


def test_rows_of_a_lower_slot_prove_nothing_of_the_one_replayed_before() -> None:
    play = broken_in_slot_5()
    play.says(2, tx(6, 0, "c"), meta(6), tx(5, 0, "b0"), confirmed(6))
    assert play.take() == []
    play.says(2, tx(7, 0, "d"), meta(7), processed(7))
    assert [line for line in play.take() if line.startswith("6")] == []
