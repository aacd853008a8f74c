"""Keeping feeds open: back-off, silence, and the replay after a reconnect, told as dialogue."""

import pytest

from monitor.core.backoff import LONGEST_DELAY, full_jitter, slow
from monitor.core.certificates import SlotEnd
from monitor.core.chain import Kind
from monitor.core.circuit import FAILURES, FIRST_PAUSE, PROGRESS
from monitor.core.commands import AmendFeed, CloseFeed, OpenFeed
from monitor.core.connections import (
    BLIND,
    REPLAY_PATIENCE,
    Connections,
)
from monitor.core.endings import Ending, EndReason
from monitor.core.endpoint_health import Circuit
from monitor.core.events import ReadingResumed
from monitor.core.reach import FLOOR_MARGIN, REFUSAL_LIMIT, REPEAT_LIMIT, REPEAT_WINDOW
from tests.core.play import ALL, Play, confirmed, created, finalized, meta, processed, tx


def test_reopens_after_a_back_off_that_grows_without_progress() -> None:
    play = Play(ALL)
    play.ends(1, jitter=0.999)
    assert len(play.opened()) == 1
    play.at(0.5)
    assert play.opened() == [1, 2]
    play.ends(2, jitter=0.999).at(1.0)
    assert play.opened() == [1, 2]
    play.at(1.5)
    assert play.opened() == [1, 2, 3]


def test_back_off_is_reset_by_complete_slots_and_not_by_opening() -> None:
    play = Play(ALL)
    for feed in range(1, 6):
        play.ends(feed, jitter=0.0).at(play.now + BLIND)
    connection = play.kernel.connections.all[0]
    assert connection.breaker.failures == 5
    for slot in range(10, 42):
        play.block(6, slot, tx(slot, 0, f"s{slot}"))
    assert connection.breaker.failures == 0


def test_one_complete_slot_is_too_little_progress_to_reset_the_back_off() -> None:
    play = Play(ALL)
    play.ends(1).at(1.0)
    for slot in range(10, 41):
        play.block(2, slot, tx(slot, 0, f"s{slot}"))
    assert play.kernel.connections.all[0].breaker.failures == 1
    play.block(2, 41, tx(41, 0, "s41"))
    assert play.kernel.connections.all[0].breaker.failures == 0


@pytest.mark.parametrize("reason", [EndReason.AUTH, EndReason.LIMIT, EndReason.FOREIGN])
def test_what_only_a_person_can_cure_is_tried_slowly(reason: EndReason) -> None:
    play = Play(ALL)
    play.ends(1, reason)
    play.at(14.9)
    assert play.opened() == [1]
    play.at(15.0)
    assert play.opened() == [1, 2]


def test_a_clean_end_of_stream_is_an_outage_too() -> None:
    play = Play(ALL)
    play.ends(1, EndReason.END).at(1.0)
    assert play.opened() == [1, 2]
    assert play.kernel.connections.errors == [{EndReason.END: 1}]


def test_the_last_ending_is_kept_while_the_next_stream_is_open() -> None:
    play = Play(ALL)
    (connection,) = play.kernel.connections.all
    assert connection.last_ending is None
    play.ends(1, EndReason.END).at(1.0)
    assert connection.feed == 2
    assert connection.last_ending is not None
    assert connection.last_ending.reason == EndReason.END


def test_a_feed_that_was_not_read_is_not_silent() -> None:
    play = Play(ALL)
    play.now = 14.0
    assert play.kernel.handle(ReadingResumed(14.0), 14.0) == []
    assert play.kernel.connections.next_deadline() == 29.0


def test_a_pause_of_our_reading_lengthens_patience_by_itself_and_no_more() -> None:
    connections = Connections(1, generation=1, silence=15.0)
    list(connections.start(0.0, None))
    connections.reading_resumed(20.0, 30.0)
    assert connections.next_deadline() == 35.0
    connections.reading_resumed(20.0, 30.0)
    assert connections.next_deadline() == 45.0


def test_a_feed_that_falls_silent_is_closed_and_comes_back() -> None:
    play = Play(ALL)
    play.at(14.9)
    assert play.of(CloseFeed) == []
    play.at(15.0)
    assert play.of(CloseFeed) == [CloseFeed(1)]
    play.ends(1).at(16.0)
    assert play.opened() == [1, 2]


def test_rows_of_a_feed_that_has_ended_are_ignored() -> None:
    play = Play(ALL)
    play.ends(1)
    play.says(1, created(5), tx(5, 0), meta(5), confirmed(5))
    assert play.take() == []


def test_after_a_reconnect_the_first_covered_slot_asks_for_a_replay_of_what_is_open() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).says(1, created(5), tx(5, 0, "b0")).ends(1).at(1.0)
    play.says(2, tx(6, 1, "half"), meta(6, transactions=2))
    assert play.of(AmendFeed) == []
    play.block(2, 7, tx(7, 0, "d"))
    assert play.of(AmendFeed) == [AmendFeed(2, 1, 5)]


def test_replayed_slots_before_the_fence_are_whole() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4), created(5), tx(5, 0, "b0")).ends(1).at(1)
    play.says(2, tx(6, 1, "c1"), meta(6, transactions=2), processed(6))
    play.block(2, 7, tx(7, 0, "d")).says(2, confirmed(7))
    assert play.take() == ["4 a"]
    play.says(2, tx(5, 0, "b0"), tx(5, 1, "b1"), meta(5, transactions=2), processed(5))
    assert play.take() == ["5 b0", "5 b1"]
    play.says(2, tx(6, 0, "c0"), tx(6, 1, "c1"), meta(6, transactions=2), processed(6))
    assert play.take() == ["6 c0", "6 c1", "7 d"]
    play.says(2, tx(7, 0, "d"), meta(7), processed(7))
    assert "a replay reached its fence" in play.sentences()
    assert play.take() == []


def test_a_whole_outage_is_replayed_from_the_highest_slot_met() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4)).ends(1).at(1)
    play.block(2, 9, tx(9, 0, "f"))
    assert play.of(AmendFeed) == [AmendFeed(2, 1, 4)]


def test_no_replay_is_asked_for_when_another_feed_held_everything() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4, tx(4, 0, "s4")).ends(1)
    for slot in (4, 5, 6):
        play.block(2, slot, tx(slot, 0, f"s{slot}"))
    play.at(0.3).block(3, 6, tx(6, 0, "s6"))
    assert play.of(AmendFeed) == []


def test_one_feed_replays_at_a_time() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4)).ends(1).ends(2).at(1)
    first, second = play.opened()[2:]
    play.block(first, 9, tx(9, 0, "f")).block(second, 9, tx(9, 0, "f"))
    assert play.of(AmendFeed) == [AmendFeed(first, 1, 4)]


def test_an_expired_replay_is_asked_for_again_from_above_the_floor() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).ends(1).at(1)
    play.block(2, 90, tx(90, 0, "f")).ends(2, EndReason.REPLAY_EXPIRED, floor=40).at(3)
    play.block(3, 93, tx(93, 0, "g"))
    assert [command.from_slot for command in play.of(AmendFeed)] == [4, 40 + FLOOR_MARGIN]


def _after_a_long_outage() -> Play:
    """Five tries failed; feed 6 is open, and has asked for what is missing."""
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a"))
    for feed in range(1, 6):
        play.ends(feed, jitter=0.0).at(play.now + BLIND)
    return play.block(6, 90, tx(90, 0, "f"))


def test_a_refused_replay_is_no_failure_so_the_feed_is_back_at_once() -> None:
    play = _after_a_long_outage()
    play.ends(6, EndReason.REPLAY_EXPIRED, floor=40, jitter=0.999).at(play.now + 0.5)
    assert play.opened()[-1] == 7
    assert play.kernel.connections.all[0].breaker.failures == 5


def test_a_feed_that_ends_otherwise_while_it_replays_is_a_failure() -> None:
    play = _after_a_long_outage()
    play.ends(6, EndReason.TRANSIENT, jitter=0.999).at(play.now + BLIND - 0.5)
    assert play.opened()[-1] == 6
    assert play.kernel.connections.all[0].breaker.failures == 6


def test_each_refusal_in_a_row_asks_further_above_the_floor_until_none_is_asked() -> None:
    play = _after_a_long_outage()
    for feed, floor in enumerate((40, 50, 60), start=6):
        play.ends(feed, EndReason.REPLAY_EXPIRED, floor=floor).at(play.now + 0.25)
        play.block(feed + 1, 91 + feed, tx(91 + feed, 0, f"s{feed}"))
    asked = [command.from_slot for command in play.of(AmendFeed)]
    assert asked == [4, 40 + FLOOR_MARGIN, 50 + 2 * FLOOR_MARGIN]
    assert len(asked) == REFUSAL_LIMIT
    play.at(play.now + REPEAT_WINDOW - 1).ends(9).at(play.now + 10)
    play.block(play.opened()[-1], 99, tx(99, 0, "z"))
    assert len(play.of(AmendFeed)) == REFUSAL_LIMIT + 1


def test_a_replay_that_reaches_its_fence_forgets_the_refusals_before_it() -> None:
    play = _after_a_long_outage()
    play.ends(6, EndReason.REPLAY_EXPIRED, floor=40).at(play.now + 0.25)
    play.block(7, 91, tx(91, 0, "g"))
    play.says(7, tx(44, 0, "h"), meta(44), processed(44), meta(91), processed(91))
    assert "a replay reached its fence" in play.sentences()
    assert play.kernel.connections.all[0].refused == []


def test_a_server_without_replay_is_not_asked_again() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).ends(1).at(1)
    play.block(2, 9, tx(9, 0, "f")).ends(2, EndReason.REPLAY_OFF).at(3)
    play.block(3, 12, tx(12, 0, "g"))
    assert len(play.of(AmendFeed)) == 1


def test_the_same_from_slot_is_asked_of_an_endpoint_twice_a_minute_at_most() -> None:
    play = Play(ALL)
    play.says(1, created(4), tx(4, 0, "a")).ends(1)
    for _ in range(5):
        play.at(play.now + 5)
        feed = play.opened()[-1]
        play.block(feed, 9, tx(9, 0, "f")).ends(feed, EndReason.REPLAY_AHEAD)
    assert len(play.of(AmendFeed)) == REPEAT_LIMIT


def test_back_off_lies_between_its_bounds() -> None:
    delays = [full_jitter(failures, jitter) for failures in range(1, 99) for jitter in (0.0, 0.999)]
    assert min(delays) == 0.25
    assert max(delays) < LONGEST_DELAY
    assert LONGEST_DELAY / 2 == slow(0.0)


def test_opening_is_asked_for_with_from_slot_only_at_a_named_start() -> None:
    play = Play(ALL, start_slot=7)
    play.ends(1).at(1)
    assert [c.from_slot for c in play.of(OpenFeed)] == [7, None]


def returned_after_an_outage() -> Play:
    """Both feeds were away from slot 6 on, are back at 200, and feed 3 replays."""
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0)).block(2, 5, tx(5, 0)).says(1, finalized(5))
    play.ends(1).ends(2).at(0.5)
    play.block(3, 200, tx(200, 0)).block(4, 200, tx(200, 0))
    assert play.of(AmendFeed) == [AmendFeed(3, 1, 6)]
    play.take()
    return play


def replays(play: Play, first: int, end: int) -> None:
    for slot in range(first, end):
        play.says(3, tx(slot, 0, f"s{slot}"), meta(slot), processed(slot))


def test_no_slot_of_a_replay_under_way_is_given_up_while_others_finalize() -> None:
    play = returned_after_an_outage()
    play.says(4, confirmed(200), finalized(200)).at(3.0)
    assert play.take() == ["200 t0"]
    replays(play, 6, 200)
    assert play.take() == [f"{slot} s{slot} late" for slot in (199, *range(6, 199))]
    play.block(3, 201, tx(201, 0)).block(4, 201, tx(201, 0))
    assert set(play.certified().values()) == {SlotEnd.COMPLETE}
    assert play.settled() == 200


def test_a_replay_that_brings_slots_is_waited_for_however_long() -> None:
    play = returned_after_an_outage()
    for slot in range(6, 6 + 6 * 20, 20):
        replays(play, slot, slot + 20)
        play.says(4).at(play.now + REPLAY_PATIENCE - 1)
    assert play.kernel.connections.replaying_from() == 6
    play.says(3).says(4).at(play.now + 1)
    assert play.kernel.connections.replaying_from() is None


def test_what_a_connection_covered_is_not_kept_for_its_whole_life() -> None:
    play = Play(ALL)
    for slot in range(5, 50):
        play.block(1, slot, tx(slot, 0))
    assert play.kernel.connections.all[0].covered == {5}


def test_a_replay_that_never_reaches_its_fence_is_given_up() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4, tx(4, 0, "a")).says(1, confirmed(4)).ends(1).ends(2).at(1)
    first, second = play.opened()[2:]
    play.block(first, 9, tx(9, 0, "f")).block(second, 9, tx(9, 0, "f")).at(11)
    play.block(second, 10, tx(10, 0, "g"))
    assert play.of(AmendFeed) == [AmendFeed(first, 1, 4), AmendFeed(second, 1, 4)]


def test_nothing_is_waited_for_before_the_start() -> None:
    connections = Connections(2, generation=1, silence=15.0)
    assert connections.next_deadline() is None
    list(connections.start(0.0, None))
    assert connections.next_deadline() == 15.0


def test_what_a_feed_says_after_its_end_changes_nothing() -> None:
    connections = Connections(1, generation=1, silence=15.0)
    list(connections.start(0.0, None))
    ending = Ending(EndReason.TRANSIENT, "UNAVAILABLE", "gone")
    assert len(list(connections.ended(1, ending, 0.0, 1.0))) == 1
    connections.heard(1, 1.0)
    assert list(connections.opened(1, 1.0)) == []
    assert list(connections.ended(1, ending, 0.0, 1.0)) == []
    taken = connections.meta_taken(1, 5, covers=True, missing=lambda _, __: 4, now=1.0)
    assert list(taken) == []
    assert not connections.is_replaying(1, 5)
    assert connections.errors == [{EndReason.TRANSIENT: 1}]


def test_a_replay_refused_before_any_was_asked_for_teaches_no_floor() -> None:
    play = Play(ALL)
    play.ends(1, EndReason.REPLAY_EXPIRED)
    assert play.kernel.connections.all[0].floor is None


def test_each_endpoint_waits_for_its_own_back_off() -> None:
    play = Play(ALL, feeds=2)
    play.ends(1, jitter=0.0).ends(2, EndReason.AUTH).at(0.25)
    assert play.opened() == [1, 2, 3]
    play.at(15.0)
    assert play.opened() == [1, 2, 3, 4]


def test_pings_are_a_sign_of_life_and_nothing_else() -> None:
    play = Play(ALL)
    ping = (Kind.PING, 0, 0, 0, None, 5, b"frame")
    play.at(14.0).says(1, ping).at(19.9)
    assert play.of(CloseFeed) == []
    assert play.take() == []


def test_a_slot_that_no_replay_brings_does_not_keep_later_ones_from_being_replayed() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0, "a")).says(1, created(5), tx(5, 0, "b0")).ends(1)
    for covered in (9, 19, 29):
        play.at(play.now + 2)
        feed = play.opened()[-1]
        play.block(feed, covered, tx(covered, 0, f"s{covered}")).block(feed, covered).ends(feed)
    assert [command.from_slot for command in play.of(AmendFeed)] == [5, 5, 19]


def failed(times: int) -> Play:
    """One of two endpoints failed so many times, while the other streamed."""
    play = Play(ALL, feeds=2)
    feed = 1
    for _ in range(times):
        play.ends(feed)
        reopens = play.kernel.connections.all[0].reopen_at
        assert reopens is not None
        while play.now < reopens - 10:
            play.at(play.now + 10).says(2)
        play.says(2).at(reopens)
        feed = play.opened()[-1]
    return play


def test_an_endpoint_that_fails_again_and_again_is_left_alone_and_then_probed() -> None:
    play = failed(FAILURES - 1)
    connection = play.kernel.connections.all[0]
    play.ends(play.opened()[-1])
    assert connection.breaker.state is Circuit.OPEN
    assert connection.reopen_at == play.now + FIRST_PAUSE
    play = failed(FAILURES)
    assert play.kernel.connections.all[0].breaker.state is Circuit.HALF_OPEN
    assert play.kernel.health.snapshot(play.now)[0].circuit is Circuit.HALF_OPEN
    play.ends(play.opened()[-1])
    assert play.kernel.connections.all[0].reopen_at == play.now + 2 * FIRST_PAUSE


def test_a_probe_that_streams_closes_the_circuit() -> None:
    play = failed(FAILURES)
    feed = play.opened()[-1]
    for slot in range(10, 10 + PROGRESS):
        play.block(feed, slot, tx(slot, 0))
    assert play.kernel.connections.all[0].breaker.state is Circuit.CLOSED


def test_when_the_last_stream_ends_whoever_was_left_alone_is_tried_soon() -> None:
    play = failed(FAILURES - 1)
    play.ends(play.opened()[-1])
    play.ends(2)
    assert play.kernel.connections.all[0].reopen_at == play.now + BLIND


def test_whom_a_person_must_cure_is_not_hurried() -> None:
    play = Play(ALL, feeds=2)
    play.ends(1, EndReason.AUTH).ends(2)
    assert play.kernel.connections.all[0].reopen_at == play.now + LONGEST_DELAY / 2


def test_while_no_feed_is_open_endpoints_are_tried_often() -> None:
    play = Play(ALL, feeds=2)
    both = play.kernel.connections.all
    for each in both:
        each.breaker.failures = FAILURES - 1
    play.ends(1, jitter=0.999)
    assert both[0].reopen_at is not None
    assert both[0].reopen_at > play.now + BLIND  # the other one sees the chain
    play.ends(2, jitter=0.999)
    assert both[1].reopen_at == play.now + BLIND
