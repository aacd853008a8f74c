"""Recovery by replay, on a stream of its own."""

from dataclasses import replace

import pytest

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Kind
from monitor.core.commands import CloseFeed, Fetch, OpenFeed, Recall
from monitor.core.connections import REPLAY_PATIENCE
from monitor.core.endings import EndReason
from monitor.core.events import FloorTold, ReadingResumed, Recalled
from monitor.core.headway import SLOW_WINDOW
from monitor.core.jobs import JobState
from monitor.core.reach import REPEAT_LIMIT
from monitor.core.recovery_floors import NEVER
from monitor.core.recovery_terms import Offer
from monitor.core.repair import RecoveryPolicy
from monitor.core.replays import Replay
from monitor.core.rungs import Rung, Verdict
from tests.core.play import ALL, SOME, confirmed, finalized, meta, tx
from tests.core.test_repair import Recovery, a_gap

BOTH = RecoveryPolicy(
    rungs=(Rung.REPLAY, Rung.RPC), workers={Rung.REPLAY: 2, Rung.RPC: 8}, attempts=1
)


PINGED = (Kind.PING, 0, 0, 1, None, 5, b"frame")


def replaying(**settings: object) -> tuple[Recovery, int]:
    """A gap at slot 6, and the feed that is to replay it."""
    play = a_gap(recovery=BOTH, **settings)
    asked = play.asked(OpenFeed)[-1]
    assert (asked.endpoint, asked.from_slot, asked.is_replay) == (0, 6, True)
    play.take()
    play.accepts(asked.feed)
    play.asked(CloseFeed)
    return play, asked.feed


def test_a_gap_is_replayed_and_goes_out_in_its_place() -> None:
    play, feed = replaying()
    play.says(feed, tx(6, 0, "y0"), meta(6), confirmed(6))
    play.says(feed, tx(7, 0, "x0"))
    assert play.take() == ["6 y0", "7 x0"]
    assert [each.feed for each in play.asked(CloseFeed)] == [feed]
    play.ends(feed, EndReason.END)
    play.block(1, 8)
    play.says(1, confirmed(8), finalized(8))
    play.block(1, 9)
    certificate = play.certificates()[6]
    assert (certificate.end, certificate.recovered_by) == (SlotEnd.RECOVERED, "replay")
    assert play.kernel.standing().recovered == {Rung.REPLAY: 1}
    assert play.asked(Fetch) == []
    play.kernel.check()


def test_what_a_replay_brings_beyond_its_gap_is_not_called_recovered() -> None:
    play, feed = replaying()
    play.says(feed, tx(6, 0, "y0"), meta(6), confirmed(6), tx(7, 0, "x0"), meta(7), confirmed(7))
    play.block(1, 8).says(1, confirmed(8), finalized(8)).block(1, 9)
    told = {slot: each.recovered_by for slot, each in play.certificates().items()}
    assert (told[6], told[7]) == ("replay", None)


def test_a_filtered_slot_is_whole_with_its_meta_though_no_other_slot_follows() -> None:
    play = a_gap(SOME, recovery=BOTH)
    feed = play.asked(OpenFeed)[-1].feed
    play.take()
    play.accepts(feed)
    play.says(feed, tx(6, 0, "y0"))
    assert play.take() == []
    play.says(feed, meta(6, transactions=9))
    assert play.take() == ["6 y0", "7 x0"]


def test_what_a_replay_cannot_bring_is_asked_of_rpcs() -> None:
    play, feed = replaying()
    play.ends(feed, EndReason.REPLAY_EXPIRED, floor=7)
    assert [each.slot for each in play.asked(Fetch)] == [6]


def test_a_server_that_has_the_slot_not_yet_is_asked_again_before_any_rpc() -> None:
    play = a_gap(recovery=replace(BOTH, attempts=2))
    feed = play.asked(OpenFeed)[-1].feed
    play.ends(feed, EndReason.REPLAY_AHEAD).at(play.now + 2)
    assert play.asked(Fetch) == []
    again = play.asked(OpenFeed)[-1]
    assert (again.from_slot, again.is_replay, again.feed > feed) == (6, True, True)


def a_gap_of_two() -> tuple[Recovery, OpenFeed]:
    """Two endpoints lack slot 6, and one of them is asked to replay it."""
    play = Recovery(ALL, feeds=2, recovery=BOTH)
    for feed in (1, 2):
        play.block(feed, 5, tx(5, 0)).says(feed, confirmed(5), finalized(5))
    for feed in (1, 2):
        play.block(feed, 7, tx(7, 0, "x0")).says(feed, confirmed(7))
    first = play.asked(OpenFeed)[-1]
    assert first.is_replay
    return play, first


@pytest.mark.parametrize("reason", [EndReason.REPLAY_OFF, EndReason.REPLAY_EXPIRED])
def test_what_one_server_does_not_replay_is_asked_of_another_before_any_rpc(
    reason: EndReason,
) -> None:
    play, first = a_gap_of_two()
    play.ends(first.feed, reason).at(play.now + 2)
    (second,) = play.asked(OpenFeed)
    assert (second.endpoint, second.is_replay) == (1 - first.endpoint, True)
    assert play.asked(Fetch) == []
    play.ends(second.feed, reason)
    assert [each.slot for each in play.asked(Fetch)] == [6]


def test_what_no_other_endpoint_keeps_is_asked_of_rpcs_at_once() -> None:
    play, first = a_gap_of_two()
    play.kernel.connections.all[1 - first.endpoint].holds_from = 7
    play.ends(first.feed, EndReason.REPLAY_OFF)
    assert [each.slot for each in play.asked(Fetch)] == [6]


def test_a_replay_that_passes_the_slot_without_it_has_failed() -> None:
    play, feed = replaying()
    play.says(feed, tx(8, 0, "z0"))
    assert [each.feed for each in play.asked(CloseFeed)] == [feed]
    play.ends(feed, EndReason.END)
    assert [each.slot for each in play.asked(Fetch)] == [6]


def test_a_replay_that_brings_nothing_is_closed() -> None:
    play, feed = replaying()
    play.at(play.now + REPLAY_PATIENCE)
    assert [each.feed for each in play.asked(CloseFeed)][:1] == [feed]


def test_a_replay_that_only_pings_is_closed() -> None:
    play, feed = replaying()
    for _ in range(3):
        play.at(play.now + REPLAY_PATIENCE / 3).says(feed, PINGED)
    play.at(play.now + REPLAY_PATIENCE / 3)
    assert [each.feed for each in play.asked(CloseFeed)][:1] == [feed]


def trickles(play: Recovery, feed: int, seconds: int, *, pause: int = 4) -> None:
    """The replay brings one slot every `pause` seconds, from slot 6 on."""
    for at in range(0, seconds, pause):
        play.at(play.now + pause)
        slot = 6 + at // pause
        play.says(feed, tx(slot, 0), meta(slot), confirmed(slot))


def closed_of(play: Recovery, feed: int) -> bool:
    return feed in [each.feed for each in play.asked(CloseFeed)]


def test_a_replay_that_trickles_is_closed_and_the_rest_is_asked_of_rpcs() -> None:
    play = long_gap()
    play.ends(1)
    (opened,) = [each for each in play.asked(OpenFeed) if each.is_replay]
    play.kernel.connections.all[1].replay_off = True
    trickles(play, opened.feed, int(SLOW_WINDOW) - 4)
    assert not closed_of(play, opened.feed)
    trickles(play, opened.feed, 8)
    assert closed_of(play, opened.feed)
    assert "a replay was too slow and was closed" in play.sentences()
    play.ends(opened.feed)
    assert play.asked(Fetch)


def test_the_rest_of_a_replay_that_trickles_is_asked_of_another_endpoint_first() -> None:
    play = long_gap()
    (opened,) = [each for each in play.asked(OpenFeed) if each.is_replay]
    trickles(play, opened.feed, int(SLOW_WINDOW) + 4)
    assert closed_of(play, opened.feed)
    play.accepts(play.kernel.connections.all[1].feed or 0)
    play.ends(opened.feed).at(play.now + 2)
    assert play.asked(Fetch) == []
    assert play.kernel.repair.queue.rung_of(1000) is Rung.REPLAY


def test_a_replay_of_many_slots_may_take_as_long_as_it_needs() -> None:
    play = long_gap()
    (opened,) = [each for each in play.asked(OpenFeed) if each.is_replay]
    for slot in range(6, 506, 2):
        play.at(play.now + 1).says(opened.feed, tx(slot, 0))
    assert not closed_of(play, opened.feed)


def test_a_replay_that_trickles_after_a_good_beginning_is_closed_too() -> None:
    play = long_gap()
    (opened,) = [each for each in play.asked(OpenFeed) if each.is_replay]
    play.says(opened.feed, tx(200, 0))
    for slot in range(200, 200 + 2 * int(SLOW_WINDOW), 4):
        play.at(play.now + 4).says(opened.feed, tx(slot, 0))
    assert closed_of(play, opened.feed)


def test_a_replay_was_not_slow_while_nothing_was_read() -> None:
    play = long_gap()
    (opened,) = [each for each in play.asked(OpenFeed) if each.is_replay]
    play.now += 2 * SLOW_WINDOW
    play.hears(ReadingResumed(2 * SLOW_WINDOW)).at(play.now + 1)
    assert not closed_of(play, opened.feed)


def test_the_last_slots_of_a_replay_are_fewer_than_a_window_asks_for() -> None:
    replay = Replay(1, 0, 100, 105, 0.0)
    replay.reached = 105
    replay.look(SLOW_WINDOW)
    assert not replay.is_slow


def test_a_replay_was_not_silent_while_nothing_was_read() -> None:
    play, _ = replaying()
    play.now += 60.0
    play.hears(ReadingResumed(60.0)).at(play.now + REPLAY_PATIENCE / 2)
    assert play.asked(CloseFeed) == []


def test_nobody_waits_for_a_replay_for_recovery() -> None:
    play, feed = replaying()
    play.says(feed, tx(6, 0, "y0"), meta(6))
    play.block(1, 8, tx(8, 0, "z0"))
    assert play.kernel.join.sights.have_passed(7)


def test_the_same_replay_is_not_asked_for_again_and_again() -> None:
    play, feed = replaying()
    for _ in range(REPEAT_LIMIT + 1):
        play.ends(feed)
        play.at(play.now + 2)
        opened = play.asked(OpenFeed)
        if not opened:
            break
        feed = opened[-1].feed
        play.accepts(feed)
    assert play.asked(OpenFeed) == []
    assert [each.slot for each in play.asked(Fetch)][:1] == [6]


def test_without_an_endpoint_that_may_replay_the_next_rung_is_asked_at_once() -> None:
    play = Recovery(ALL, recovery=BOTH)
    play.block(1, 5, tx(5, 0))
    play.says(1, confirmed(5), finalized(5))
    play.kernel.connections.all[0].replay_off = True
    play.block(1, 7, tx(7, 0, "x0"))
    play.says(1, confirmed(7))
    play.at(play.now + 0.01)
    assert [each.slot for each in play.asked(Fetch)] == [6]


def two_gaps() -> tuple[Recovery, int]:
    """One endpoint, which replays slot 6; slot 60 is missing too."""
    play, feed = replaying()
    for slot in range(8, 60):
        play.block(1, slot, tx(slot, 0)).says(1, confirmed(slot))
    play.asked(OpenFeed)
    play.block(1, 61, tx(61, 0)).says(1, confirmed(61))
    return play, feed


def test_one_endpoint_replays_one_gap_after_the_other_and_no_rpc_is_asked() -> None:
    play, feed = two_gaps()
    for _ in range(5):
        play.at(play.now + 1).says(feed, tx(6, 0, "y0"))
    assert (play.asked(OpenFeed), play.asked(Fetch)) == ([], [])
    play.says(feed, meta(6), confirmed(6), tx(7, 0, "x0")).ends(feed, EndReason.END)
    (opened,) = play.asked(OpenFeed)
    assert (opened.from_slot, opened.is_replay) == (60, True)


PAIR = replace(BOTH, attempts=3)


def long_gap(*, deep: int = 1, shallow: int = 1) -> Recovery:
    """The first of two endpoints is connected, the other one is not; slots 6 to 2005 are missing.

    `shallow` and `deep`: how far back they replay.
    """
    play = Recovery(ALL, feeds=2, recovery=PAIR)
    for feed in (1, 2):
        play.block(feed, 5, tx(5, 0)).says(feed, confirmed(5), finalized(5))
    for endpoint, first in enumerate((shallow, deep)):
        play.kernel.connections.all[endpoint].holds_from = first
    play.ends(2, jitter=1.0)
    play.kernel.connections.all[1].reopen_at = None
    play.commands.clear()
    play.kernel.repair.queue.open(6, 2006, play.now)
    return play.says(1, tx(5, 0))


def replays_on(play: Recovery, seconds: int) -> None:
    """Time passes, and every replay brings the beginning of its first slot once a second."""
    for _ in range(seconds):
        play.at(play.now + 1)
        for feed, replay in list(play.kernel.repair.replays.by_feed.items()):
            play.says(feed, tx(replay.first, 0, "y0"))


def test_a_long_gap_waits_for_the_one_endpoint_that_replays_it() -> None:
    play = long_gap()
    play.ends(1)  # and its replay goes on
    replays_on(play, 70)
    (opened,) = [each for each in play.asked(OpenFeed) if each.is_replay]
    assert (opened.endpoint, opened.from_slot) == (0, 6)
    assert play.asked(Fetch) == []
    assert play.kernel.repair.queue.counts() == {
        (JobState.LEASED, Rung.REPLAY): 512,
        (JobState.OPEN, Rung.REPLAY): 2000 - 512,
    }


def test_what_no_connected_endpoint_has_is_asked_of_rpcs_while_a_replay_is_under_way() -> None:
    play = long_gap(shallow=1000)
    replays_on(play, 5)
    (opened,) = play.asked(OpenFeed)
    assert (opened.endpoint, opened.from_slot) == (0, 1000)
    asked = {each.slot for each in play.asked(Fetch)}
    assert max(asked) < 1000
    counts = play.kernel.repair.queue.counts()
    assert counts[JobState.OPEN, Rung.REPLAY] == 2006 - 1000 - 512
    assert counts[JobState.OPEN, Rung.RPC] + len(asked) == 1000 - 6


def test_who_replays_less_far_back_begins_with_what_it_has_while_the_rest_waits() -> None:
    play = long_gap(deep=1000)
    play.kernel.connections.all[1].reopen_at = play.now
    play.at(play.now + 1)
    (_, live) = play.asked(OpenFeed)
    play.accepts(live.feed)
    (opened,) = play.asked(OpenFeed)
    assert (opened.endpoint, opened.from_slot) == (1, 1000)
    assert play.asked(Fetch) == []


def test_who_has_just_been_asked_does_not_take_the_place_of_a_busy_one() -> None:
    play = Recovery(ALL, feeds=2, recovery=PAIR)
    replays, (first, other) = play.kernel.repair.replays, play.kernel.connections.all
    assert replays.begin(6, 7, play.now) is not None
    busy, free = (first, other) if first.asked else (other, first)
    free.asked = [(play.now, 600)] * REPEAT_LIMIT
    assert replays.begin(600, 700, play.now) is None
    assert replays.why_nobody(600, play.now) is Verdict.THROTTLED
    busy.asked.append((play.now, 600))
    assert replays.why_nobody(600, play.now) is Verdict.FAILED


def test_a_lease_that_waits_for_what_was_forgotten_has_its_endpoint() -> None:
    play = Recovery(ALL, feeds=2, recovery=PAIR)
    for connection, first in zip(play.kernel.connections.all, (9, 5), strict=True):
        connection.holds_from = first
    offers = [play.kernel.repair.replays.offer(held, play.now) for held in range(3)]
    assert offers == [Offer(1, NEVER, 5), Offer(1, 5, 9), Offer(1, 5, NEVER)]


def test_what_a_feed_says_that_replays_nothing_is_not_heard() -> None:
    play, _ = replaying()
    assert list(play.kernel.repair.replays.heard(1, 100, play.now)) == []


def test_slots_that_a_replay_shows_to_be_none_are_asked_of_nobody() -> None:
    play = Recovery(ALL, recovery=BOTH)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.block(1, 9, tx(9, 0, "x0")).says(1, confirmed(9))
    (asked,) = play.asked(OpenFeed)[1:]
    assert asked.from_slot == 6
    play.accepts(asked.feed)
    play.says(asked.feed, tx(8, 0, "w0"), meta(8, parent=6), tx(9, 0, "x0"))
    play.ends(asked.feed, EndReason.END)
    assert [each.slot for each in play.asked(Fetch)] == [6]
    assert play.take()[-1:] == ["5 t0"]


def test_a_replay_that_reached_its_end_is_not_asked_for_again_though_the_floor_rose() -> None:
    play = Recovery(ALL, recovery=BOTH)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    play.block(1, 12, tx(12, 0, "x0")).says(1, confirmed(12))
    feed = play.asked(OpenFeed)[-1].feed
    play.accepts(feed)
    play.hears(FloorTold(0, 9))
    play.says(feed, tx(12, 0, "x0"))
    play.ends(feed, EndReason.END)
    play.at(play.now + 5)
    assert [each for each in play.asked(OpenFeed) if each.is_replay] == []
    assert {each.slot for each in play.asked(Fetch)} == set(range(6, 12))


def test_a_slot_that_an_endpoint_is_too_busy_to_replay_is_not_lost_before_it_is_asked() -> None:
    play, feed = two_gaps()
    for _ in range(100):
        play.at(play.now + 1).says(feed, tx(6, 0, "y0"))
    assert not play.kernel.is_lost(60)
    play.says(feed, meta(6), confirmed(6), tx(7, 0, "x0"))
    play.ends(feed, EndReason.END)
    (opened,) = play.asked(OpenFeed)
    assert (opened.from_slot, opened.is_replay) == (60, True)


def left_open(reason: EndReason) -> Recovery:
    """A restart: slot 5 was left open, and the only stream ends before anybody could be asked for it."""
    alone = RecoveryPolicy(rungs=(Rung.REPLAY,), workers={Rung.REPLAY: 1}, attempts=1)
    play = Recovery(ALL, recovery=alone, resume_slot=10, still_open=((5, 6),))
    (recall,) = play.asked(Recall)
    play.ends(1, reason).hears(Recalled(recall.slots, {}))
    return play


def test_a_slot_is_not_lost_while_nobody_is_connected_who_could_replay_it() -> None:
    play = left_open(EndReason.UNREACHABLE)
    play.at(play.now + 40)
    assert not play.kernel.is_lost(5)
    play.at(play.now + 60)
    assert play.kernel.is_lost(5)


def test_who_needs_a_person_is_not_waited_for() -> None:
    play = left_open(EndReason.AUTH)
    play.at(play.now + 20)
    assert play.kernel.is_lost(5)


def test_who_was_asked_in_vain_is_not_waited_for() -> None:
    play, feed = replaying()
    play.ends(feed).ends(1, EndReason.UNREACHABLE)
    assert play.kernel.repair.replays.why_nobody(6, play.now) is Verdict.FAILED
