"""Trap 1: older servers send BlockMeta before the transactions of its slot; it alone seals nothing."""

from monitor.core.commands import Fetch
from tests.core.play import ALL, Play, confirmed, created, finalized, meta, processed, tx
from tests.core.test_repair import RPC, Recovery
from tests.traps.telling import FEW, certificates


def test_a_slot_whose_meta_came_first_waits_until_its_transactions_are_counted() -> None:
    play = Play(ALL)
    play.says(1, created(5), meta(5, transactions=2), processed(5), confirmed(5))
    assert play.take() == []
    play.says(1, tx(5, 1), confirmed(5))
    assert play.take() == []
    play.says(1, tx(5, 0), confirmed(5))
    assert play.take() == ["5 t0", "5 t1"]


def test_no_certificate_says_complete_before_the_count_is_reached() -> None:
    play = Play(ALL)
    play.says(1, created(5), meta(5, transactions=2), tx(5, 0))
    play.says(1, created(6), meta(6, transactions=0), finalized(6))
    assert 5 not in certificates(play)
    play.says(1, tx(5, 1)).at(4)
    assert certificates(play)[5].end == "complete"


def test_where_meta_is_no_fence_a_filtered_slot_waits_for_what_may_follow() -> None:
    play = Play(FEW)
    play.says(1, created(4), meta(4, transactions=9), tx(4, 3), confirmed(4)).at(1.0)
    play.take()
    play.says(1, created(5), meta(5, transactions=9), confirmed(5))
    assert play.take() == []
    play.says(1, tx(5, 3)).at(4.0)
    assert play.take() == ["5 t3"]


def test_where_meta_is_no_fence_nothing_is_asked_for_while_the_rest_may_still_come() -> None:
    play = Recovery(FEW, recovery=RPC)
    play.says(1, created(4), meta(4, transactions=9), tx(4, 3), confirmed(4)).at(1.0)
    play.says(1, created(5), meta(5, transactions=9), confirmed(5))
    play.block(1, 6, tx(6, 0)).says(1, created(7))
    assert play.asked(Fetch) == []
    play.says(1, tx(5, 3)).at(4.0)
    assert play.asked(Fetch) == []
    assert "5 t3" in play.take()
