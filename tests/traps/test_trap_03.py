"""Trap 3: at confirmed and finalized there is one update per account and slot; each write is seen at processed only."""

from monitor.core.chain import Commitment
from monitor.core.monitors import AccountsFilter, Monitor
from monitor.ports import Endpoint
from monitor.wire.pb import geyser_pb2
from monitor.wire.plan import compile_plan
from tests.core.play import VAULT, Play, confirmed, created, finalized, meta, write

EARLY = Monitor("early", commitment=Commitment.PROCESSED, accounts=AccountsFilter(account=("x",)))
EACH = Monitor("each", accounts=AccountsFilter(account=("x",)), every_write=True)
LAST = Monitor("last", commitment=Commitment.FINALIZED, accounts=AccountsFilter(account=("x",)))
CLOCK = "SysvarC1ock11111111111111111111111111111111"
EVERYBODY = 0b1111
VAULTS = (VAULT, EARLY, EACH, LAST)


def test_each_write_is_an_event_at_processed_and_the_last_one_alone_at_higher_levels() -> None:
    play = Play(*VAULTS)
    play.says(1, created(5), write(5, "a", "t0", 1, EVERYBODY), write(5, "a", "t1", 2, EVERYBODY))
    assert play.take() == ["5 a by t0 for 10", "5 a by t1 for 10"]
    play.says(1, meta(5, transactions=2), confirmed(5))
    assert sorted(play.take()) == ["5 a by t0 for 100", "5 a by t1 for 101"]
    play.says(1, finalized(5))
    assert play.take() == ["5 a by t1 for 1000"]


def test_the_server_is_always_asked_at_processed_so_that_no_write_is_hidden() -> None:
    clock = Monitor("clock", accounts=AccountsFilter(account=(CLOCK,)))
    for level in Commitment:
        plan = compile_plan((clock,), level, Endpoint("ams", "http://ams"))
        request = geyser_pb2.SubscribeRequest.FromString(plan.request(1))
        assert request.commitment == geyser_pb2.PROCESSED


def test_a_replay_that_holds_the_last_write_alone_changes_nothing_for_the_last_write() -> None:
    play = Play(VAULT, feeds=2)
    play.says(1, created(5), write(5, "a", "t0", 1), write(5, "a", "t1", 2))
    play.says(1, meta(5, transactions=2))
    play.says(2, write(5, "a", "t1", 70), meta(5, transactions=2), confirmed(5))
    assert play.take() == ["5 a by t1"]
