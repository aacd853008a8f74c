"""Trap 8: `created_at` is the server's clock, and a replay says "now": delays are between arrivals, live ones only."""

from monitor.core.commands import AmendFeed
from monitor.wire.names import NameTable
from monitor.wire.pb import geyser_pb2
from monitor.wire.peek import peek
from tests.core.play import ALL, Play, confirmed, created, finalized, processed, tx
from tests.traps.telling import block_meta, certificates
from tests.wire.frames import frame, transaction

MS = 1_000_000


def test_what_a_server_says_of_its_clock_is_not_read() -> None:
    plain = frame("all", transaction=transaction())
    update = geyser_pb2.SubscribeUpdate.FromString(plain)
    update.created_at.seconds += 10**9
    dated = update.SerializeToString()
    names = NameTable(1, {"all": 1}, judge=lambda _kind, _frame: 0)
    early, late = (row[:6] for row in peek([(11, plain), (11, dated)], names))
    assert early == late


def test_a_delay_is_the_time_between_the_arrivals_of_two_metas() -> None:
    play = Play(ALL, feeds=2)
    play.says(2, created(5), tx(5, 0), block_meta(5, transactions=1, stamp=10 * MS))
    play.says(1, created(5), tx(5, 0), block_meta(5, transactions=1, stamp=25 * MS))
    play.says(1, finalized(5)).says(2, finalized(5)).at(4)
    assert dict(certificates(play)[5].delay_ns) == {0: 15 * MS, 1: 0}


def test_a_replayed_meta_tells_no_delay() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 4, tx(4, 0)).block(2, 4, tx(4, 0)).says(1, confirmed(4)).ends(2)
    play.says(1, tx(5, 1), block_meta(5, transactions=2, stamp=10 * MS)).at(1)
    back = play.opened()[-1]
    play.accepts(back).says(back, created(6), tx(6, 0), block_meta(6, transactions=1))
    assert play.of(AmendFeed)[-1].from_slot == 5
    replayed = [tx(5, 0), tx(5, 1), block_meta(5, transactions=2, stamp=900 * MS), processed(5)]
    play.says(back, *replayed, tx(6, 0), block_meta(6, transactions=1), finalized(6)).at(9)
    certificate = certificates(play)[5]
    assert certificate.end == "complete"
    assert certificate.delay_ns == ((0, 0),)
