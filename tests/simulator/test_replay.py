"""from_slot: what is replayed, what is refused, and the seam to what is live (PROTOCOL 3)."""

from collections import Counter

import pytest

from monitor.core.chain import Commitment
from monitor.simulator.received import FrozenBlock, Received
from monitor.simulator.replay import ReplayBuffer, replayed_messages
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
from tests.simulator.tiny_chain import plain_chain, tiny_bank, tiny_chain, tiny_slot

BLOCK = ["tx 0", "status 0", "tx 1", "status 1", "entry 0", "block", "meta"]


def block_of(slot: int, *statuses: str) -> list[str]:
    return [f"{slot} {line}" for line in (*BLOCK, *statuses)]


def test_content_and_order_at_processed() -> None:
    region = make_region(plain_chain(4))
    region.advance(4.0)
    session = subscribe(region, request_all(0, from_slot=100), 4.0)
    region.advance(4.01)
    assert story(session) == [
        *block_of(100, "PROCESSED", "CONFIRMED", "FINALIZED"),
        *block_of(101, "PROCESSED", "CONFIRMED"),
        *block_of(102, "PROCESSED", "CONFIRMED"),
        *block_of(103, "PROCESSED"),
    ]


def test_higher_level_replays_only_what_has_reached_it() -> None:
    region = make_region(plain_chain(4))
    region.advance(4.0)
    confirmed = subscribe(region, request_all(1, from_slot=100), 4.0)
    finalized = subscribe(region, request_all(2, from_slot=100), 4.0)
    region.advance(4.0)
    region.advance(4.01)
    assert {line.split()[0] for line in story(confirmed)} == {"100", "101", "102"}
    assert {line.split()[0] for line in story(finalized)} == {"100"}


def test_a_write_below_the_last_one_is_not_replayed() -> None:
    region = make_region(tiny_chain(tiny_slot(tiny_bank(100, 99, writes=[(7, 1), (7, 2), (7, 2)]))))
    region.advance(1.0)
    session = subscribe(region, request_all(0, from_slot=100), 1.0)
    region.advance(1.01)
    assert [line for line in story(session) if "write" in line] == ["100 write 7 v2"] * 2


def test_stamps_are_the_old_ones_but_statuses_have_the_request_time() -> None:
    region = make_region(plain_chain(1))
    region.advance(3.0)
    session = subscribe(region, request_all(0, from_slot=100), 3.0)
    region.advance(3.01)
    stamps = {told(one): one.created_at.ToNanoseconds() / 1e9 - EPOCH for one in updates(session)}
    assert stamps["100 tx 0"] == pytest.approx(0.3, abs=1e-6)
    assert stamps["100 block"] == pytest.approx(0.9, abs=1e-6)
    assert stamps["100 PROCESSED"] == stamps["100 CONFIRMED"] == pytest.approx(3.0, abs=1e-6)


def test_from_slot_may_be_a_skipped_one() -> None:
    chain = tiny_chain(
        tiny_slot(tiny_bank(100, 99)),
        tiny_slot(tiny_bank(103, 100)),
        tiny_slot(tiny_bank(104, 103)),
    )
    region = make_region(chain)
    region.advance(5.0)
    session = subscribe(region, request_all(0, from_slot=101), 5.0)
    region.advance(5.01)
    assert story(session)[0] == "103 tx 0"


def test_dead_slots_forks_and_given_up_banks_are_not_replayed() -> None:
    chain = tiny_chain(
        tiny_slot(
            tiny_bank(100, 99, name="x", ends=0.4, canonical=False),
            tiny_bank(100, 99, transactions=1, begins=0.5, ends=0.9),
        ),
        tiny_slot(tiny_bank(101, 100, canonical=False)),
        tiny_slot(tiny_bank(102, 100, dead="gone")),
        tiny_slot(tiny_bank(103, 100)),
    )
    region = make_region(chain)
    region.advance(20.0)
    session = subscribe(region, request_all(0, from_slot=100), 20.0)
    region.advance(20.01)
    lines = story(session)
    assert {line.split()[0] for line in lines} == {"100", "103"}
    assert "100 tx 1" not in lines


def test_processed_has_a_hole_where_the_slot_was_under_way() -> None:
    """PROTOCOL 0.4: neither the replay nor the live part has what was sent before."""
    region = make_region(plain_chain(3))
    region.advance(1.45)  # the first transaction of 101 was sent, the rest not yet
    session = subscribe(region, request_all(0, from_slot=100), 1.45)
    region.advance(1.75)
    region.advance(2.0)
    lines = story(session)
    assert [line for line in lines if line.startswith("101")] == [
        "101 tx 1",
        "101 status 1",
        "101 entry 0",
        "101 COMPLETED",
        "101 block",
        "101 meta",
        "101 PROCESSED",
    ]
    assert lines[:7] == block_of(100)


def test_confirmed_has_no_hole() -> None:
    region = make_region(plain_chain(4))
    region.advance(2.5)
    session = subscribe(region, request_all(1, from_slot=100), 2.5)
    region.advance(20.0)
    counts = Counter(line for line in story(session) if not line.split()[1].isupper())
    assert counts == Counter(line for slot in range(100, 104) for line in block_of(slot))


def test_slots_frozen_while_the_request_is_served_come_twice() -> None:
    region = make_region(plain_chain(3), replay_wait=0.2)
    region.advance(1.8)
    session = subscribe(region, request_all(0, from_slot=100), 1.8)
    region.advance(2.05)
    counts = Counter(story(session))
    assert counts["101 meta"] == counts["101 block"] == counts["101 PROCESSED"] == 2
    assert counts["101 tx 0"] == 1
    assert counts["100 meta"] == 1


def test_later_request_with_from_slot_replays_on_the_live_stream() -> None:
    region = make_region(plain_chain(3))
    session = subscribe(region, request_all())
    region.advance(3.0)
    assert Counter(story(session))["100 meta"] == 1
    session.receive(request_all(0, from_slot=101).SerializeToString(), 3.0)
    region.advance(3.0)
    region.advance(3.01)
    assert [line for line in story(session) if line.endswith("meta")] == ["101 meta", "102 meta"]


def test_off_is_refused() -> None:
    region = make_region(plain_chain(3), replay_stored_slots=0)
    region.advance(3.0)
    session = subscribe(region, request_all(0, from_slot=100), 3.0)
    region.advance(3.0)
    assert session.ending == ("INTERNAL", "from_slot is not supported")


def test_too_old_is_refused_and_names_the_oldest() -> None:
    region = make_region(plain_chain(40), replay_stored_slots=15)
    region.advance(40.0)
    session = subscribe(region, request_all(0, from_slot=100), 40.0)
    assert updates(session) == []
    # Slots 100 to 135 are finalized, 36 to 39 are not: 15 are held.
    text = "broadcast from 100 is not available, last available: 125"
    assert session.ending == ("OUT_OF_RANGE", text)


@pytest.mark.parametrize(("level", "from_slot"), [(0, 104), (1, 103), (2, 101), (0, 500)])
def test_slot_above_the_newest_of_the_level_is_refused(level: int, from_slot: int) -> None:
    region = make_region(plain_chain(6))
    region.advance(4.5)  # 103 is processed, 102 confirmed, 100 finalized
    session = subscribe(region, request_all(level, from_slot=from_slot), 4.5)
    region.advance(4.51)
    assert updates(session) == []
    assert session.ending == ("INTERNAL", "failed to get replay response")


def test_just_started_server_has_nothing_to_replay() -> None:
    region = make_region(plain_chain(3))
    session = subscribe(region, request_all(0, from_slot=100), 0.0)
    region.advance(0.0)
    region.advance(0.01)
    assert session.ending == ("INTERNAL", "failed to get replay response")


def test_pages_of_a_slow_client_are_the_same_replay() -> None:
    region = make_region(plain_chain(6), channel_capacity=4)
    region.advance(6.0)
    session = subscribe(region, request_all(0, from_slot=100), 6.0)
    region.advance(6.01)
    assert len(session.frames(1)) == 1  # the ping
    assert len(session.frames(5)) == 5
    assert len(updates(session)) > 40
    assert session.ending is None


def test_ring_that_overruns_during_a_replay_ends_the_stream_after_it() -> None:
    region = make_region(plain_chain(30), channel_capacity=3)
    region.advance(6.0)
    session = subscribe(region, request_all(0, from_slot=100), 6.0)
    region.advance(6.01)
    while region.next_due() < 9.0:
        region.advance(region.next_due())
    assert session.ending is None
    lines = story(session)
    assert lines[-1] == "105 PROCESSED"
    assert session.ending == ("INTERNAL", "lagged to receive geyser messages")


def frozen(slot: int) -> FrozenBlock:
    bank = tiny_bank(slot, slot - 1)
    return FrozenBlock(
        [Received(update, 1) for _, update in bank.updates], Received(bank.meta, 1), 1
    )


def test_buffer_keeps_ten_finalized_slots_whatever_its_size() -> None:
    buffer = ReplayBuffer(stored_slots=3)
    for slot in range(100, 112):
        buffer.add(frozen(slot)).levels.append(Commitment.FINALIZED)
        buffer.trim()
    assert buffer.oldest == 102


def test_buffer_does_not_trim_before_something_is_finalized() -> None:
    buffer = ReplayBuffer(stored_slots=3)
    for slot in range(100, 120):
        buffer.add(frozen(slot)).levels.append(Commitment.CONFIRMED)
        buffer.trim()
    assert buffer.oldest == 100


def test_buffer_replays_statuses_in_the_order_reached() -> None:
    buffer = ReplayBuffer(stored_slots=3)
    buffer.add(frozen(100)).levels.extend([Commitment.PROCESSED, Commitment.CONFIRMED])
    messages = list(replayed_messages(buffer.replay(100, Commitment.PROCESSED, 5)))
    statuses = [getattr(message, "status", None) for message in messages]
    assert statuses[-2:] == [geyser_pb2.SLOT_PROCESSED, geyser_pb2.SLOT_CONFIRMED]
    assert buffer.replay(100, Commitment.FINALIZED, 5) == []
