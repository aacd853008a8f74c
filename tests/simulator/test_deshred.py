"""SubscribeDeshred: every transaction once, before its bank says anything of it (PROTOCOL 6)."""

from typing import Any

import pytest

from monitor.simulator.deshred import DeshredSession
from monitor.simulator.families import Family
from monitor.simulator.limits import FilterLimits, TransactionsLimits
from monitor.simulator.refused import Refused
from monitor.simulator.region import Region
from monitor.wire.pb import geyser_pb2
from tests.simulator.subscriber import EPOCH, make_region, request_all, subscribe, updates
from tests.simulator.tiny_chain import plain_chain, tiny_transaction

ALL = {"all": geyser_pb2.SubscribeRequestFilterDeshredTransactions()}


def request(**filters: geyser_pb2.SubscribeRequestFilterDeshredTransactions) -> bytes:
    asked = geyser_pb2.SubscribeDeshredRequest(deshred_transactions=filters)
    return asked.SerializeToString()


def opened(region: Region, now: float = 0.0, **filters: Any) -> DeshredSession:
    session = region.deshred.open({}, now)
    session.receive(request(**(filters or ALL)), now)
    return session


def came(session: DeshredSession, limit: int = 1000) -> list[geyser_pb2.SubscribeUpdateDeshred]:
    """All but pings."""
    taken = map(geyser_pb2.SubscribeUpdateDeshred.FromString, session.frames(limit))
    return [update for update in taken if not update.HasField("ping")]


def test_transactions_come_before_their_bank_has_executed_them() -> None:
    region = make_region(plain_chain(1))
    stream = subscribe(region, request_all())
    early = opened(region)

    moment, first = 0.0, list[geyser_pb2.SubscribeUpdateDeshred]()
    while not first:
        moment = region.next_due()
        region.advance(moment)
        first = came(early)

    executed = [update for update in updates(stream) if update.HasField("transaction")]
    assert executed == []
    told = first[0].deshred_transaction
    info: Any = tiny_transaction(100, 0).message
    assert told.slot == 100
    assert told.transaction.signature == info.transaction.signature
    assert told.transaction.transaction == info.transaction.transaction
    assert first[0].filters == ["all"]
    assert first[0].created_at.ToNanoseconds() / 1e9 - EPOCH == pytest.approx(moment, abs=1e-6)


def test_every_transaction_comes_once_with_the_shreds_of_its_own() -> None:
    region = make_region(plain_chain(3))
    early, stream = opened(region), subscribe(region, request_all())

    region.advance(10.0)

    told = [update.deshred_transaction.transaction for update in came(early)]
    landed = [
        u.transaction.transaction.signature for u in updates(stream) if u.HasField("transaction")
    ]
    assert sorted(each.signature for each in told) == sorted(landed)
    first, second = told[:2]
    assert first.completed_data_set_ending_shred_index_exclusive == (
        second.completed_data_set_starting_shred_index
    )


def test_names_say_which_filters_take_it() -> None:
    wanted = geyser_pb2.SubscribeRequestFilterDeshredTransactions
    region = make_region(plain_chain(1))
    key = "11111111111111111111111111111111"
    early = opened(
        region,
        everything=wanted(),
        named=wanted(account_include=[key]),
        votes=wanted(vote=True),
    )

    region.advance(10.0)

    names = [sorted(update.filters) for update in came(early)]
    assert ["everything", "named"] in names
    assert ["everything"] in names


def test_nothing_comes_before_the_first_request() -> None:
    region = make_region(plain_chain(2))
    early = region.deshred.open({}, 0.0)

    region.advance(10.0)

    assert came(early) == []


def test_pings_come_and_are_answered() -> None:
    region = make_region(plain_chain(1))
    early = opened(region)
    ping = geyser_pb2.SubscribeDeshredRequest(ping=geyser_pb2.SubscribeRequestPing(id=7))
    early.receive(ping.SerializeToString(), 0.0)

    first, second = map(geyser_pb2.SubscribeUpdateDeshred.FromString, early.frames(10))

    assert (first.WhichOneof("update_oneof"), second.pong.id) == ("ping", 7)


@pytest.mark.parametrize("family", [Family.OLDER, Family.RICHAT, Family.LASERSTREAM])
def test_families_without_it_say_so(family: Family) -> None:
    with pytest.raises(Refused) as refused:
        make_region(plain_chain(1), family=family).deshred.open({}, 0.0)

    assert refused.value.code == "UNIMPLEMENTED"


def test_token_and_subscription_limit_are_those_of_subscribe() -> None:
    region = make_region(plain_chain(1), x_token="secret", subscription_limit=2)
    with pytest.raises(Refused, match="No valid auth token"):
        region.deshred.open({}, 0.0)
    known = {"x-token": "secret"}
    region.open(known, 0.0)
    early = region.deshred.open(known, 0.0)
    with pytest.raises(Refused, match="max subscription limit"):
        region.open(known, 0.0)

    early.cancel()

    region.open(known, 0.0)


def test_a_filter_over_the_limits_ends_the_stream() -> None:
    limits = FilterLimits(deshred_transactions=TransactionsLimits(any=False))
    region = make_region(plain_chain(1), limits=limits)
    early = opened(region)

    assert early.ending is not None
    assert early.ending[0] == "INVALID_ARGUMENT"
    assert early.ending[1].startswith("failed to create deshred filter: ")
    early.receive(request(**ALL), 0.0)
    region.advance(10.0)
    assert came(early) == []


def test_a_client_that_does_not_read_is_put_off_after_its_queue() -> None:
    region = make_region(plain_chain(3), channel_capacity=2)
    early = opened(region)
    early.half_close(0.0)

    region.advance(10.0)

    assert early.ending == ("INTERNAL", "lagged to send an update")
    assert len(early.frames(10)) == 2


def test_streams_end_with_their_server() -> None:
    region = make_region(plain_chain(1))
    early = opened(region)

    assert region.end_streams("gone") == 1
    early.cancel()

    assert early.ending == ("UNAVAILABLE", "gone")
    assert region.end_streams("gone") == 0
