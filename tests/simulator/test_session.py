"""One Subscribe call: requests replace each other, pings, half-close, and every way to end (PROTOCOL 2, 5.2)."""

import pytest

from monitor.wire.pb import geyser_pb2
from tests.simulator.subscriber import (
    EPOCH,
    make_region,
    request_all,
    story,
    subscribe,
    told,
    updates,
)
from tests.simulator.tiny_chain import plain_chain


def ping_request(number: int) -> bytes:
    request = geyser_pb2.SubscribeRequest()
    request.ping.id = number
    return request.SerializeToString()


def pings(frames: list[bytes]) -> list[float]:
    parsed = map(geyser_pb2.SubscribeUpdate.FromString, frames)
    return [one.created_at.ToNanoseconds() / 1e9 - EPOCH for one in parsed if one.HasField("ping")]


def test_nothing_but_pings_flows_before_the_first_request() -> None:
    region = make_region(plain_chain(3))
    session = region.open({}, 0.5)
    region.advance(21.0)
    frames = session.frames(1000)
    assert pings(frames) == pytest.approx([0.5, 10.5, 20.5], abs=1e-6)
    assert len(frames) == 3
    assert geyser_pb2.SubscribeUpdate.FromString(frames[0]).filters == []


def test_what_came_before_the_first_request_is_not_sent_after_it() -> None:
    region = make_region(plain_chain(1))
    session = region.open({}, 0.0)
    region.advance(0.5)
    session.receive(request_all().SerializeToString(), 0.5)
    region.advance(0.95)
    assert story(session)[0] == "100 entry 0"


def test_request_replaces_the_whole_of_the_one_before() -> None:
    region = make_region(plain_chain(2))
    session = subscribe(region, request_all())
    region.advance(1.0)
    only_metas = geyser_pb2.SubscribeRequest()
    only_metas.blocks_meta["mine"].SetInParent()
    session.receive(only_metas.SerializeToString(), 1.0)
    region.advance(2.0)
    arrived = updates(session)
    assert [told(update) for update in arrived if told(update).startswith("101")] == ["101 meta"]
    assert arrived[-1].filters == ["mine"]


def test_what_is_queued_keeps_its_old_names() -> None:
    region = make_region(plain_chain(1))
    session = subscribe(region, request_all())
    region.advance(1.0)
    session.receive(b"", 1.0)
    region.advance(9.0)
    assert {name for update in updates(session) for name in update.filters} >= {
        "transaction",
        "meta",
    }


def test_empty_request_stops_all_but_pings_and_pongs() -> None:
    region = make_region(plain_chain(2))
    session = subscribe(region, request_all(2))
    region.advance(0.0)
    session.receive(b"", 0.0)
    session.receive(ping_request(4), 0.0)
    region.advance(9.0)
    assert story(session) == ["pong 4"]
    assert session.level == 0


def test_only_the_newest_of_several_requests_is_obeyed() -> None:
    region = make_region(plain_chain(2), replay_stored_slots=0)
    session = subscribe(region, request_all(0, from_slot=1))
    session.receive(request_all().SerializeToString(), 0.0)
    region.advance(1.0)
    assert session.ending is None
    assert story(session)


def test_request_makes_the_region_due_at_once() -> None:
    region = make_region(plain_chain(1))
    session = region.open({}, 0.0)
    region.advance(0.6)
    assert region.next_due() == pytest.approx(0.7)
    session.receive(request_all().SerializeToString(), 0.62)
    assert region.next_due() == 0.62
    region.advance(0.62)
    assert region.next_due() == pytest.approx(0.7)


def test_change_of_level_joins_the_other_ring_at_its_tail() -> None:
    region = make_region(plain_chain(3))
    session = subscribe(region, request_all(0))
    region.advance(2.5)  # 100 is confirmed since 2.0
    story(session)
    session.receive(request_all(1).SerializeToString(), 2.5)
    region.advance(9.0)
    lines = story(session)
    assert "100 meta" not in lines
    assert [line for line in lines if line.endswith("meta")] == ["101 meta", "102 meta"]


def test_pong_has_the_number_and_nothing_else_of_the_request_counts() -> None:
    region = make_region(plain_chain(1))
    session = subscribe(region, request_all())
    region.advance(0.0)
    request = geyser_pb2.SubscribeRequest(from_slot=1)
    request.ping.id = -3
    session.receive(request.SerializeToString(), 0.25)
    region.advance(1.0)
    pong, *rest = updates(session)
    assert (pong.pong.id, list(pong.filters)) == (-3, [])
    assert pong.created_at.ToNanoseconds() / 1e9 - EPOCH == pytest.approx(0.25, abs=1e-6)
    assert told(rest[-1]) == "100 PROCESSED"


def test_ping_with_a_bad_filter_is_fatal_all_the_same() -> None:
    region = make_region(plain_chain(1))
    session = region.open({}, 0.0)
    request = geyser_pb2.SubscribeRequest()
    request.ping.id = 1
    request.accounts["a"].account.append("abc")
    session.receive(request.SerializeToString(), 0.0)
    text = "failed to create filter: String is the wrong size"
    assert session.ending == ("INVALID_ARGUMENT", text)


def test_bad_filter_ends_the_stream_after_what_is_queued() -> None:
    region = make_region(plain_chain(1))
    session = subscribe(region, request_all())
    region.advance(1.0)
    bad = geyser_pb2.SubscribeRequest()
    bad.transactions["t"].signature = "0OIl"
    session.receive(bad.SerializeToString(), 1.0)
    region.advance(9.0)
    assert story(session)[-1] == "100 PROCESSED"
    text = "failed to create filter: failed to decode string to signature"
    assert session.ending == ("INVALID_ARGUMENT", text)


def test_half_closed_stream_goes_on() -> None:
    region = make_region(plain_chain(1))
    session = subscribe(region, request_all())
    session.half_close(0.0)
    region.advance(9.0)
    assert story(session)[-1] == "100 FINALIZED"
    assert session.ending is None


def test_full_queue_is_delivered_and_then_the_client_has_lagged() -> None:
    region = make_region(plain_chain(9), channel_capacity=20)
    session = subscribe(region, request_all())
    region.advance(9.0)
    assert len(session.frames(1000)) == 20
    assert session.ending == ("INTERNAL", "lagged to send an update")
    assert session not in region.sessions


def test_one_ping_waits_at_a_full_queue() -> None:
    region = make_region(plain_chain(0, first=100), channel_capacity=1)
    session = region.open({}, 0.0)
    region.advance(35.0)
    assert pings(session.frames(10)) == pytest.approx([0.0, 10.0], abs=1e-6)
    region.advance(45.0)
    assert pings(session.frames(10)) == pytest.approx([40.0], abs=1e-6)


def test_cancelled_session_is_forgotten_and_silent() -> None:
    region = make_region(plain_chain(3))
    session = subscribe(region, request_all())
    region.advance(1.0)
    session.cancel()
    region.advance(30.0)
    assert region.sessions == ()
    assert session.frames(10) == []


def test_two_sessions_do_not_know_each_other() -> None:
    region = make_region(plain_chain(2))
    everything = subscribe(region, request_all())
    metas = geyser_pb2.SubscribeRequest()
    metas.blocks_meta["m"].SetInParent()
    few = subscribe(region, metas)
    region.advance(9.0)
    assert story(few) == ["100 meta", "101 meta"]
    assert len(story(everything)) > 20


def test_client_that_leaves_while_its_replay_is_prepared() -> None:
    region = make_region(plain_chain(3))
    region.advance(2.0)
    session = subscribe(region, request_all(0, from_slot=100), 2.0)
    region.advance(2.0)
    session.cancel()
    region.advance(3.0)
    assert story(session) == []
    assert session.ending == ("CANCELLED", "")


def test_request_during_a_replay_waits_for_its_end() -> None:
    region = make_region(plain_chain(6))
    region.advance(3.0)
    session = subscribe(region, request_all(0, from_slot=100), 3.0)
    region.advance(3.01)
    session.frames(5)
    session.receive(b"", 3.02)
    assert region.next_due() > 3.02
    region.advance(3.1)
    assert "102 PROCESSED" in story(session)
    region.advance(9.0)
    assert story(session) == []
