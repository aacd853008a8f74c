"""Faults of a server that stays up: it stalls, ends streams cleanly, or lies."""

from monitor.wire.pb import geyser_pb2
from tests.simulator.subscriber import request_all, story, subscribe, told, updates
from tests.simulator.test_faults import running, slots_told
from tests.simulator.tiny_chain import tiny_bank


def test_a_stalled_region_keeps_streams_open_and_brings_pings_alone() -> None:
    region = running()
    session = subscribe(region, request_all())
    region.advance(3.0)
    story(session)
    assert region.faults.apply("stall", None) == (
        "ams is stalled; its streams stay open and bring pings alone"
    )
    assert region.faults.active == ["stall"]
    region.advance(10.5)
    frames = [geyser_pb2.SubscribeUpdate.FromString(frame) for frame in session.frames(99)]
    assert [frame.WhichOneof("update_oneof") for frame in frames] == ["ping"]
    region.faults.apply("heal", None)
    region.advance(12.0)
    assert slots_told(story(session), "meta") == [111]


def test_a_region_can_end_its_streams_cleanly() -> None:
    region = running()
    session = subscribe(region, request_all())
    assert region.faults.apply("end", None) == "ams ended 1 streams cleanly; new ones are welcome"
    assert session.ending == ("OK", "")
    assert region.open({}, 0.0).ending is None


def test_a_lying_region_names_blockhashes_that_no_block_has() -> None:
    region = running(8)
    session = subscribe(region, request_all())
    region.advance(3.0)
    region.faults.apply("lie", "1")
    assert region.faults.active == ["lie 1"]
    region.advance(20.0)
    said = {
        one.block_meta.slot: one.block_meta
        for one in updates(session)
        if told(one).endswith("meta")
    }
    true = {slot: tiny_bank(slot, slot - 1).meta.message for slot in said}
    lies = [slot for slot, meta in said.items() if meta.blockhash != true[slot].blockhash]  # type: ignore[attr-defined]
    assert lies == [103, 104, 105, 106, 107]
    assert all(said[slot].parent_blockhash == true[slot].parent_blockhash for slot in said)  # type: ignore[attr-defined]


def test_a_region_counts_no_entries_of_blocks_that_its_own_validator_made() -> None:
    region = running(8)
    session = subscribe(region, request_all())
    region.faults.apply("uncount", None)
    region.advance(20.0)
    lines = updates(session)
    counts = {one.block_meta.entries_count for one in lines if told(one).endswith("meta")}
    assert counts == {0}
    assert "103 block" in [told(one) for one in lines]
    assert region.faults.apply("heal", None) == "ams is healed of uncount 1"
