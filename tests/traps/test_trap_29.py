"""Trap 29: the live stream is open, and the tip is read once, before it is computed what is to be filled."""

from monitor.core.commands import Fetch, OpenFeed
from monitor.core.endings import EndReason
from tests.core.play import ALL, confirmed, created, tx
from tests.core.test_repair import RPC, Recovery


def restarted() -> Recovery:
    """Slots up to 9 were settled by the process before."""
    return Recovery(ALL, resume_slot=10, recovery=RPC)


def test_after_a_restart_the_streams_begin_live_and_nothing_is_asked_for_before_they_speak() -> (
    None
):
    play = restarted().at(5)
    assert [each.from_slot for each in play.of(OpenFeed)] == [None]
    assert play.asked(Fetch) == []


def test_what_is_filled_ends_where_the_live_stream_began() -> None:
    play = restarted().says(1, created(20)).block(1, 21, tx(21, 0)).says(1, confirmed(21))
    catch_up = play.kernel.standing().catch_up
    assert catch_up is not None
    assert catch_up.slots == 10
    play.ends(1, EndReason.REPLAY_EXPIRED, floor=20)
    asked = [each.slot for each in play.asked(Fetch)]
    assert asked[0] == 20
    assert max(asked) == 20


def test_the_tip_is_read_once() -> None:
    play = restarted().says(1, created(20))
    for slot in range(21, 40):
        play.block(1, slot, tx(slot, 0)).says(1, confirmed(slot))
    catch_up = play.kernel.standing().catch_up
    assert catch_up is not None
    assert catch_up.slots == 10


def test_what_comes_live_meanwhile_is_handed_on_and_fetched_by_nobody() -> None:
    play = restarted().says(1, created(20))
    for slot in range(21, 30):
        play.block(1, slot, tx(slot, 0)).says(1, confirmed(slot))
    play.at(4)
    assert [line for line in play.take() if not line.startswith("20")] == [
        f"{slot} t0" for slot in range(21, 30)
    ]
    assert all(each.slot <= 20 for each in play.asked(Fetch))
