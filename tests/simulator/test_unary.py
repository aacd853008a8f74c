"""The unary calls of a region (PROTOCOL 1)."""

from typing import Any, TypeVar

import orjson
import pytest
from google.protobuf.message import Message

from monitor.core.chain import Commitment
from monitor.simulator.base58 import base58
from monitor.simulator.region import Refused, Region
from monitor.simulator.unary import UnaryStorage
from monitor.wire.pb import geyser_pb2
from tests.simulator.subscriber import make_region
from tests.simulator.tiny_chain import digest, plain_chain, tiny_bank, tiny_chain, tiny_slot

Answer = TypeVar("Answer", bound=Message)
BAD_LEVEL = b"\x08\x09"


def ask(region: Region, method: str, request: Message, answer: type[Answer], now: float) -> Answer:
    return answer.FromString(region.call(method, request.SerializeToString(), {}, now))


def at(now: float, slots: int = 6, **settings: Any) -> Region:
    region = make_region(plain_chain(slots), **settings)
    region.advance(now)
    return region


def slot_of(region: Region, level: Commitment) -> int:
    request = geyser_pb2.GetSlotRequest(commitment=geyser_pb2.CommitmentLevel.ValueType(level))
    return ask(region, "GetSlot", request, geyser_pb2.GetSlotResponse, 0.0).slot


def test_ping_counts_back() -> None:
    answer = ask(at(0.0), "Ping", geyser_pb2.PingRequest(count=-7), geyser_pb2.PongResponse, 0.0)
    assert answer.count == -7


def test_version_is_the_json_of_a_current_server() -> None:
    request = geyser_pb2.GetVersionRequest()
    answer = ask(at(0.0), "GetVersion", request, geyser_pb2.GetVersionResponse, 0.0)
    about = orjson.loads(answer.version)
    assert about["version"]["version"] == "15.1.2"
    assert about["version"]["proto"] == "12.6.0"
    assert about["extra"] == {"hostname": "ams"}


def test_slot_of_each_level() -> None:
    region = at(4.5)  # 103 is processed, 102 confirmed, 100 finalized
    assert [slot_of(region, level) for level in Commitment] == [103, 102, 100]


def test_block_height_and_blockhash_of_the_newest_block() -> None:
    region = at(4.5)
    height = ask(
        region,
        "GetBlockHeight",
        geyser_pb2.GetBlockHeightRequest(),
        geyser_pb2.GetBlockHeightResponse,
        4.5,
    )
    assert height.block_height == 53
    latest = ask(
        region,
        "GetLatestBlockhash",
        geyser_pb2.GetLatestBlockhashRequest(commitment=geyser_pb2.CONFIRMED),
        geyser_pb2.GetLatestBlockhashResponse,
        4.5,
    )
    assert (latest.slot, latest.last_valid_block_height) == (102, 352)
    assert latest.blockhash == base58(digest(102, "a"))


@pytest.mark.parametrize("method", ["GetSlot", "GetBlockHeight", "GetLatestBlockhash"])
def test_no_block_yet(method: str) -> None:
    with pytest.raises(Refused, match=r"^INTERNAL: block is not available yet$"):
        at(0.5).call(method, b"", {}, 0.5)


def test_block_without_height_cannot_be_answered() -> None:
    bank = tiny_bank(100, 99)
    bank.meta.message.ClearField("block_height")
    region = make_region(tiny_chain(tiny_slot(bank)))
    region.advance(1.0)
    with pytest.raises(Refused, match=r"^INTERNAL: failed to build response$"):
        region.call("GetBlockHeight", b"", {}, 1.0)


@pytest.mark.parametrize("method", ["GetSlot", "GetBlockHeight", "GetLatestBlockhash"])
def test_bad_level(method: str) -> None:
    with pytest.raises(Refused, match=r"^UNKNOWN: failed to create CommitmentLevel from 9$"):
        at(4.5).call(method, BAD_LEVEL, {}, 4.5)


def test_unknown_method_and_bad_bytes() -> None:
    with pytest.raises(Refused, match="UNIMPLEMENTED"):
        at(0.0).call("SubscribeGossip", b"", {}, 0.0)
    with pytest.raises(Refused, match="INTERNAL: failed to decode"):
        at(0.0).call("Ping", b"\xff", {}, 0.0)


def test_disabled_calls_are_the_four_about_blocks() -> None:
    region = at(4.5, unary_disabled=True)
    for method in ("GetSlot", "GetBlockHeight", "GetLatestBlockhash", "IsBlockhashValid"):
        with pytest.raises(Refused, match=r"^UNIMPLEMENTED: method disabled$"):
            region.call(method, b"", {}, 4.5)
    assert region.call("GetVersion", b"", {}, 4.5)


def test_request_over_the_size_limit_is_refused_in_words() -> None:
    said = "Error, decoded message length too large: found 8 bytes, the limit is: 7 bytes"
    with pytest.raises(Refused, match=f"^OUT_OF_RANGE: {said}$"):
        at(0.0, max_decoding_message_size=7).call("GetSlot", bytes(8), {}, 0.0)


def test_blockhash_validity_needs_332_blockhashes() -> None:
    request = geyser_pb2.IsBlockhashValidRequest(blockhash=base58(digest(110, "a")))
    early = at(331.5, slots=340)
    with pytest.raises(Refused, match=r"^INTERNAL: startup$"):
        early.call("IsBlockhashValid", request.SerializeToString(), {}, 331.5)
    early.advance(332.0)
    answer = ask(early, "IsBlockhashValid", request, geyser_pb2.IsBlockhashValidResponse, 332.0)
    assert (answer.slot, answer.valid) == (431, True)


def test_blockhash_is_valid_at_levels_that_it_has_reached() -> None:
    region = at(400.5, slots=410)
    valid = []
    for number in (499, 498, 496, 110, 5):
        for level in Commitment:
            request = geyser_pb2.IsBlockhashValidRequest(
                blockhash=base58(digest(number, "a")),
                commitment=geyser_pb2.CommitmentLevel.ValueType(level),
            )
            answer = ask(
                region, "IsBlockhashValid", request, geyser_pb2.IsBlockhashValidResponse, 0.0
            )
            valid.append(answer.valid)
    assert valid == [
        *(True, False, False),  # 499: 400.0 to 400.5
        *(True, True, False),
        *(True, True, True),
        *(False, False, False),  # forgotten
        *(False, False, False),
    ]


def replay_info(region: Region) -> geyser_pb2.SubscribeReplayInfoResponse:
    request = geyser_pb2.SubscribeReplayInfoRequest()
    return ask(region, "SubscribeReplayInfo", request, geyser_pb2.SubscribeReplayInfoResponse, 0.0)


def test_replay_info_names_the_oldest_slot_held() -> None:
    assert replay_info(at(0.5)).first_available == 2**64 - 1
    assert replay_info(at(1.0)).first_available == 100
    assert replay_info(at(40.0, slots=40, replay_stored_slots=15)).first_available == 125


def test_replay_info_is_unset_when_replay_is_off() -> None:
    assert not replay_info(at(3.0, replay_stored_slots=0)).HasField("first_available")


def test_storage_without_the_meta_of_its_newest_slot() -> None:
    storage = UnaryStorage()
    storage.reached(100, Commitment.PROCESSED)
    with pytest.raises(Refused, match="block is not available yet"):
        storage.newest(Commitment.PROCESSED)
