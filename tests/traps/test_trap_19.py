"""Trap 19: a clean end of a stream is an outage too: it is opened again, and what was missed meanwhile is got back."""

from monitor.core.certificates import SlotEnd
from monitor.core.commands import Fetch, OpenFeed
from monitor.core.endings import EndReason
from monitor.core.events import FeedEnded
from monitor.wire.status import STREAMING, classify
from tests.core.play import ALL, confirmed, finalized, tx
from tests.core.test_repair import RPC, Recovery

CLEAN = classify("OK", "", STREAMING)


def ended() -> tuple[Recovery, int]:
    """Slot 5 was whole; then the server ended the stream without an error. The feed that came instead."""
    play = Recovery(ALL, recovery=RPC)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5)).take()
    play.hears(FeedEnded(1, CLEAN, 0.0)).at(1)
    back = play.opened()[-1]
    play.accepts(back)
    return play, back


def test_a_stream_that_ended_cleanly_is_opened_again() -> None:
    play, back = ended()
    assert CLEAN.reason is EndReason.END
    assert back == 2
    assert "a feed ended" in play.sentences()
    assert play.kernel.connections.errors[0] == {EndReason.END: 1}


def test_clean_ends_in_a_row_make_the_pause_grow_as_errors_do() -> None:
    play, back = ended()
    assert play.kernel.connections.all[0].breaker.failures == 1
    play.hears(FeedEnded(back, CLEAN, 0.9))
    assert play.kernel.connections.all[0].breaker.failures == 2


def test_what_was_missed_meanwhile_is_missing_though_nobody_said_so() -> None:
    play, back = ended()
    play.block(back, 9, tx(9, 0), parent=8, parent_block="B8").says(back, confirmed(9))
    play.hears(FeedEnded(back, classify("INTERNAL", "from_slot is not supported", STREAMING), 0.0))
    asked = [each.slot for each in play.asked(Fetch)]
    assert sorted(asked) == [6, 7, 8]
    for slot in (8, 7, 6):
        play.fetched(slot, tx(slot, 0))
    assert play.take() == ["6 t0", "7 t0", "8 t0", "9 t0"]


def test_slots_of_a_clean_end_are_certified_as_recovered() -> None:
    play, back = ended()
    play.block(back, 7, tx(7, 0)).says(back, confirmed(7))
    play.hears(FeedEnded(back, classify("INTERNAL", "from_slot is not supported", STREAMING), 0.0))
    play.fetched(6, tx(6, 0)).at(play.now + 1)
    last = play.asked(OpenFeed)[-1].feed
    play.accepts(last).block(last, 8, tx(8, 0)).says(last, finalized(8)).at(play.now + 9)
    assert play.certified()[6] is SlotEnd.RECOVERED
