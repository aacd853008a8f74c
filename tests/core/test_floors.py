"""Asking endpoints how far back they replay, told as dialogue."""

from typing import Any

from monitor.core.commands import AmendFeed, AskFloor, Fetch, OpenFeed
from monitor.core.connection import Connection
from monitor.core.endings import EndReason
from monitor.core.errands import FLOOR_PAUSE
from monitor.core.events import FloorTold
from monitor.core.floors import FRESH, NOTHING_STORED, PATIENCE, SILENT, Floors
from monitor.core.reach import FLOOR_MARGIN
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung
from tests.core.play import ALL, confirmed, created, finalized, tx
from tests.core.test_repair import Recovery

BOTH = RecoveryPolicy(rungs=(Rung.REPLAY, Rung.RPC), workers={Rung.REPLAY: 2, Rung.RPC: 8})


def asking(**settings: Any) -> Recovery:
    """The one endpoint has been asked, and not answered."""
    settings.setdefault("recovery", RecoveryPolicy())
    return Recovery(ALL, asks_floors=True, **settings)


def returned(**settings: Any) -> Recovery:
    """The endpoint was away from slot 5 on, is back at 60, and has not answered how far back it replays."""
    play = asking(**settings)
    play.hears(FloorTold(0, 1))
    play.says(1, created(5), tx(5, 0, "a")).ends(1).at(1.0)
    play.commands.clear()
    play.accepts(2)
    assert play.of(AskFloor) == [AskFloor(0)]
    return play.block(2, 60, tx(60, 0, "z"))


def amended(play: Recovery) -> list[int]:
    return [command.from_slot for command in play.of(AmendFeed)]


def test_an_endpoint_that_accepts_a_stream_is_asked() -> None:
    play = asking()
    assert play.of(AskFloor) == [AskFloor(0)]


def test_nobody_is_asked_where_nobody_can_ask() -> None:
    play = Recovery(ALL)
    play.says(1, created(5), tx(5, 0, "a")).ends(1).at(1.0).accepts(2)
    play.block(2, 60, tx(60, 0, "z"))
    assert (play.of(AskFloor), amended(play)) == ([], [5])


def test_a_replay_waits_for_the_answer_and_begins_above_the_floor() -> None:
    play = returned()
    assert amended(play) == []
    play.hears(FloorTold(0, 30))
    assert amended(play) == [30 + FLOOR_MARGIN]
    assert play.kernel.connections.all[0].refused == []
    assert play.kernel.connections.replaying_from() == 30 + FLOOR_MARGIN


def test_the_slots_that_a_replay_shall_bring_are_kept_while_it_waits() -> None:
    play = returned()
    assert play.kernel.connections.replaying_from() == 5
    play.ends(2)
    assert play.kernel.connections.replaying_from() is None


def test_an_endpoint_that_answered_of_late_is_not_waited_for() -> None:
    play = asking()
    play.hears(FloorTold(0, 1))
    play.says(1, created(5), tx(5, 0, "a")).ends(1).at(1.0).accepts(2)
    play.hears(FloorTold(0, 9))
    play.at(play.now + FRESH - 0.1).block(2, 60, tx(60, 0, "z"))
    assert amended(play) == [9 + FLOOR_MARGIN]


def test_an_old_answer_is_asked_for_anew() -> None:
    play = asking()
    play.hears(FloorTold(0, 1))
    play.says(1, created(5), tx(5, 0, "a")).ends(1).at(1.0).accepts(2)
    play.hears(FloorTold(0, 3)).at(play.now + FRESH)
    play.commands.clear()
    play.block(2, 60, tx(60, 0, "z"))
    assert (play.of(AskFloor), amended(play)) == ([AskFloor(0)], [])
    play.hears(FloorTold(0, 20))
    assert amended(play) == [20 + FLOOR_MARGIN]


def test_a_replay_does_not_wait_longer_than_the_patience() -> None:
    play = returned()
    play.at(1.0 + PATIENCE - 0.01)
    assert amended(play) == []
    play.at(1.0 + PATIENCE)
    assert amended(play) == [5]


def test_an_endpoint_that_was_asked_in_vain_is_not_waited_for_a_while() -> None:
    play = returned()
    play.hears(FloorTold(0))
    assert amended(play) == [5]
    play.ends(2).at(play.now + 5).accepts(3).block(3, 90, tx(90, 0, "y"))
    assert len(amended(play)) == 2
    play.hears(FloorTold(0)).ends(3).at(play.now + SILENT).accepts(4).block(4, 300, tx(300, 0, "x"))
    assert len(amended(play)) == 2


def test_a_floor_that_a_server_which_began_anew_tells_may_be_lower() -> None:
    play = returned()
    connection = play.kernel.connections.all[0]
    play.hears(FloorTold(0, 40))
    play.ends(2, EndReason.REPLAY_EXPIRED, floor=50).at(play.now + 5).accepts(3)
    assert connection.floor == 50 + FLOOR_MARGIN
    play.hears(FloorTold(0, 20))
    assert connection.floor == 20 + FLOOR_MARGIN
    assert connection.replayed_below == 50


def test_what_is_wanted_and_held_just_now_is_asked_for_without_a_margin() -> None:
    play = returned()
    play.hears(FloorTold(0, 5))
    assert amended(play) == [5]
    play.ends(2, EndReason.REPLAY_EXPIRED, floor=6).at(play.now + 5)
    assert play.kernel.connections.all[0].replays_from == 6 + FLOOR_MARGIN


def test_what_an_endpoint_does_not_keep_any_more_is_not_asked_for() -> None:
    play = returned()
    play.hears(FloorTold(0, 61))
    assert amended(play) == []
    assert play.kernel.connections.replayed_below() == (61, 61)


def test_what_is_kept_just_below_the_covered_slot_is_asked_for() -> None:
    play = returned()
    play.hears(FloorTold(0, 60))
    assert amended(play) == [60]


def test_an_endpoint_that_stores_nothing_yet_is_asked_again_with_the_next_slot() -> None:
    play = returned()
    play.hears(FloorTold(0, NOTHING_STORED))
    connection = play.kernel.connections.all[0]
    assert (amended(play), connection.floor) == ([], 1 + FLOOR_MARGIN)
    play.at(play.now + FRESH).block(2, 61, tx(61, 0, "y"))
    play.hears(FloorTold(0, 9))
    assert amended(play) == [9 + FLOOR_MARGIN]


def test_an_endpoint_that_says_it_keeps_nothing_is_asked_for_no_replay() -> None:
    play = returned()
    play.hears(FloorTold(0, has_replay=False))
    assert amended(play) == []
    assert play.kernel.connections.all[0].replay_off
    play.ends(2).at(play.now + 5).accepts(3).block(3, 90, tx(90, 0, "y"))
    play.hears(FloorTold(0, 20))
    assert not play.kernel.connections.all[0].replay_off


def test_an_answer_does_not_undo_what_a_refusal_said() -> None:
    play = returned()
    play.hears(FloorTold(0, 3)).ends(2, EndReason.REPLAY_OFF).at(play.now + 5).accepts(3)
    play.hears(FloorTold(0, 20))
    assert play.kernel.connections.all[0].replay_off


def test_an_endpoint_is_not_asked_twice_at_a_time() -> None:
    connection = Connection(0)
    floors = Floors([connection], asks=True)
    assert list(floors.ask(connection, 0.0)) == [AskFloor(0)]
    assert list(floors.accepted(connection, PATIENCE - 0.1)) == []
    assert list(floors.ask(connection, PATIENCE)) == [AskFloor(0)]
    assert not floors.is_awaited(connection, PATIENCE)


def gap(**settings: Any) -> Recovery:
    """Slot 6 is to be recovered by replay, and the endpoint's last answer is old."""
    play = asking(recovery=BOTH, **settings)
    play.hears(FloorTold(0, 1))
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5)).at(FRESH)
    play.commands.clear()
    play.block(1, 7, tx(7, 0, "x0")).says(1, confirmed(7))
    assert play.of(AskFloor) == [AskFloor(0)]
    assert play.of(OpenFeed) == []
    return play


def test_a_replay_for_recovery_waits_for_the_answer() -> None:
    play = gap()
    play.hears(FloorTold(0, 2)).at(play.now + FLOOR_PAUSE)
    (opened,) = play.of(OpenFeed)
    assert (opened.from_slot, opened.is_replay) == (6, True)


def test_a_slot_below_every_floor_is_asked_of_the_next_rung() -> None:
    play = gap()
    play.hears(FloorTold(0, 7)).at(play.now + FLOOR_PAUSE)
    assert play.of(OpenFeed) == []
    assert [fetch.slot for fetch in play.of(Fetch)] == [6]


def test_recovery_asks_nobody_who_stores_nothing_yet() -> None:
    play = gap()
    play.hears(FloorTold(0, NOTHING_STORED)).at(play.now + FLOOR_PAUSE)
    assert (play.of(OpenFeed), play.of(Fetch)) == ([], [])


def test_a_replay_for_recovery_waits_no_longer_than_the_patience() -> None:
    play = gap()
    play.at(play.now + PATIENCE - 0.1)
    assert play.of(OpenFeed) == []
    play.at(play.now + 0.1 + FLOOR_PAUSE)
    assert [opened.from_slot for opened in play.of(OpenFeed)] == [6]
