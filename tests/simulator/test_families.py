"""What each family of servers does otherwise than the usual Yellowstone, seen by a subscriber (PROTOCOL 2.9, 3.8, 4.8, 5.7)."""

from typing import Any

import orjson
import pytest

from monitor.core.endpoint_profile import ServerFamily
from monitor.simulator.families import MANNERS, Family
from monitor.simulator.region import Region
from monitor.wire.pb import geyser_pb2
from monitor.wire.server_family import family_of
from monitor.wire.status import STREAMING, classify
from tests.simulator.subscriber import make_region, request_all, story, subscribe, told, updates
from tests.simulator.tiny_chain import plain_chain

FAMILIES = list(Family)


def running(family: Family, slots: int = 30, **settings: Any) -> Region:
    return make_region(plain_chain(slots), family=family, **settings)


def of_slot(lines: list[str], slot: int) -> list[str]:
    return [line for line in lines if line.startswith(str(slot))]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_sends_the_same_contents(family: Family) -> None:
    region = running(family, 8)
    sessions = [subscribe(region, request_all(level)) for level in range(3)]
    region.advance(30.0)
    for session in sessions:
        lines = story(session)
        assert sorted(set(of_slot(lines, 104))) == sorted(
            {
                *("104 FIRST_SHRED_RECEIVED", "104 CREATED_BANK", "104 COMPLETED"),
                *("104 tx 0", "104 tx 1", "104 status 0", "104 status 1", "104 entry 0"),
                *("104 block", "104 meta", "104 PROCESSED", "104 CONFIRMED", "104 FINALIZED"),
            }
        )
        assert len(lines) == len(set(lines))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_tells_its_version(family: Family) -> None:
    answer = running(family).call("GetVersion", b"", {}, 0.0)
    told_of = orjson.loads(geyser_pb2.GetVersionResponse.FromString(answer).version)["version"]
    manners = MANNERS[family]
    assert (told_of["package"], told_of["version"]) == (manners.package, manners.version)


@pytest.mark.parametrize(
    ("family", "known"),
    [
        (Family.OLDER, ServerFamily.YELLOWSTONE_RAW),
        (Family.USUAL, ServerFamily.YELLOWSTONE_BLOCKS),
        (Family.LATER, ServerFamily.YELLOWSTONE_LATER),
        (Family.RICHAT, ServerFamily.RICHAT),
        (Family.LASERSTREAM, ServerFamily.LASERSTREAM),
    ],
)
def test_the_daemon_knows_every_family_by_its_version(family: Family, known: ServerFamily) -> None:
    answer = running(family).call("GetVersion", b"", {}, 0.0)
    assert family_of(geyser_pb2.GetVersionResponse.FromString(answer).version) is known


def test_an_older_server_sends_a_meta_before_the_last_transactions_of_its_slot() -> None:
    region = running(Family.OLDER)
    session = subscribe(region, request_all())
    region.advance(40.0)
    lines = story(session)
    early = [
        slot
        for slot in range(100, 130)
        if lines.index(f"{slot} meta") < lines.index(f"{slot} tx 1")
        and lines.index(f"{slot} PROCESSED") < lines.index(f"{slot} meta")
    ]
    assert 5 < len(early) < 30


@pytest.mark.parametrize("family", [Family.USUAL, Family.LATER, Family.RICHAT, Family.LASERSTREAM])
def test_no_other_family_sends_a_meta_early(family: Family) -> None:
    region = running(family)
    session = subscribe(region, request_all())
    region.advance(40.0)
    lines = story(session)
    for slot in range(100, 130):
        assert lines.index(f"{slot} meta") > lines.index(f"{slot} tx 1")


def test_richat_tells_the_status_first_and_the_block_last_at_confirmed() -> None:
    region = running(Family.RICHAT)
    session = subscribe(region, request_all(1))
    region.advance(30.0)
    lines = of_slot(story(session), 104)
    places = [lines.index(f"104 {word}") for word in ("CONFIRMED", "tx 0", "meta", "block")]
    assert places == sorted(places)


def test_the_usual_and_the_older_tell_the_status_last() -> None:
    for family in (Family.USUAL, Family.OLDER):
        region = running(family)
        session = subscribe(region, request_all(1))
        region.advance(30.0)
        lines = of_slot(story(session), 104)
        places = [lines.index(f"104 {word}") for word in ("tx 0", "block", "meta", "CONFIRMED")]
        assert places == sorted(places)


def test_half_closing_ends_the_stream_of_an_older_server_alone() -> None:
    for family in FAMILIES:
        session = subscribe(running(family), request_all())
        session.half_close(1.0)
        assert session.ending == (("OK", "") if family is Family.OLDER else None)


EXPIRED = {
    Family.OLDER: ("INTERNAL", "broadcast from 90 is not available, last available: 103"),
    Family.USUAL: ("OUT_OF_RANGE", "broadcast from 90 is not available, last available: 103"),
    Family.LATER: ("OUT_OF_RANGE", "broadcast from 90 is not available, last available: 103"),
    Family.RICHAT: ("INVALID_ARGUMENT", "failed to get replay position for slot 90"),
    Family.LASERSTREAM: ("DATA_LOSS", "requested slot 90 is no longer stored"),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_each_refuses_what_it_keeps_no_more_in_its_own_words(family: Family) -> None:
    region = running(family, 40, replay_stored_slots=20)
    region.advance(22.9)
    request = request_all(from_slot=90)
    request.blocks.clear()
    session = subscribe(region, request, 22.9)
    region.advance(23.0)
    assert session.ending is not None
    code, text = EXPIRED[family]
    assert session.ending[0] == code
    assert session.ending[1].split("available: ")[0] == text.split("available: ")[0]
    assert classify(*session.ending, STREAMING).reason == "replay_expired"


@pytest.mark.parametrize("family", FAMILIES)
def test_each_refuses_all_replay_when_it_is_off(family: Family) -> None:
    region = running(family, replay_stored_slots=0)
    region.advance(9.0)
    request = request_all(from_slot=105)
    request.blocks.clear()
    session = subscribe(region, request, 9.0)
    region.advance(9.1)
    assert session.ending is not None
    said = classify(*session.ending, STREAMING).reason
    assert said == ("replay_expired" if family is Family.RICHAT else "replay_off")


def richat_asked(request: geyser_pb2.SubscribeRequest) -> tuple[str, str] | None:
    region = running(Family.RICHAT)
    region.advance(9.5)
    session = subscribe(region, request, 9.5)
    region.advance(9.6)
    return session.ending


def test_richat_replays_at_processed_alone_and_no_blocks() -> None:
    assert richat_asked(request_all(1, from_slot=105)) == (
        "INVALID_ARGUMENT",
        "replay `from_slot` available only for `processed` commitment",
    )
    assert richat_asked(request_all(0, from_slot=105)) == (
        "INVALID_ARGUMENT",
        "blocks are not possible to replay",
    )


@pytest.mark.parametrize(("family", "again"), [(Family.USUAL, True), (Family.RICHAT, False)])
def test_richat_overlooks_from_slot_on_a_stream_that_has_its_filter(
    family: Family, again: bool
) -> None:
    region = running(family)
    request = request_all()
    request.blocks.clear()
    session = subscribe(region, request)
    region.advance(9.5)
    story(session)
    request.from_slot = 103
    session.receive(request.SerializeToString(), 9.5)
    region.advance(9.6)
    assert ("103 meta" in story(session)) is again
    assert session.ending is None


@pytest.mark.parametrize("family", [Family.OLDER, Family.RICHAT])
def test_servers_that_relay_replay_lifecycle_statuses_and_unfinished_slots(family: Family) -> None:
    region = running(family)
    region.advance(9.5)
    request = request_all(from_slot=105)
    request.blocks.clear()
    session = subscribe(region, request, 9.5)
    region.advance(9.55)
    lines = story(session)
    assert lines[0] == "105 FIRST_SHRED_RECEIVED"
    assert "105 CREATED_BANK" in lines
    assert "109 tx 0" in lines
    assert "109 entry 0" not in lines


def test_an_older_server_with_nothing_to_replay_just_goes_on() -> None:
    region = running(Family.OLDER)
    region.advance(9.5)
    session = subscribe(region, request_all(from_slot=500), 9.5)
    region.advance(11.0)
    assert session.ending is None
    assert "110 meta" in story(session)


def test_an_older_server_replays_at_confirmed_the_contents_of_slots_that_are() -> None:
    region = running(Family.OLDER)
    region.advance(9.5)
    session = subscribe(region, request_all(1, from_slot=105), 9.5)
    region.advance(9.55)
    lines = story(session)
    assert "105 tx 0" in lines
    assert "109 tx 0" not in lines
    assert "109 CREATED_BANK" in lines


@pytest.mark.parametrize("family", FAMILIES)
def test_a_client_that_lags_is_told_so_by_each_in_its_words(family: Family) -> None:
    region = running(family, channel_capacity=20)
    session = subscribe(region, request_all())
    region.advance(20.0)
    waiting = session.frames(1000)
    assert session.ending is not None
    assert classify(*session.ending, STREAMING).reason == "lagged"
    assert (session.ending == ("DATA_LOSS", "lagged")) is (family is Family.RICHAT)
    assert (waiting == []) is (family is Family.RICHAT)


@pytest.mark.parametrize(("family", "first", "every"), [("usual", 0, 10), ("richat", 15, 15)])
def test_pings_come_when_the_family_sends_them(family: str, first: int, every: int) -> None:
    region = running(Family(family))
    session = region.open({}, 0.0)
    region.advance(first + every - 0.1)
    assert len(session.frames(9)) == 1
    region.advance(first + every)
    assert len(session.frames(9)) == 1


def test_a_later_server_tells_of_banks_in_a_field_more() -> None:
    usual, later = (
        updates(subscribe_and_run(running(family))) for family in (Family.USUAL, Family.LATER)
    )
    assert [told(one) for one in usual] == [told(one) for one in later]
    longer = [
        told(one)
        for one, other in zip(later, usual, strict=True)
        if len(one.SerializeToString()) > len(other.SerializeToString())
    ]
    assert of_slot(longer, 104) == [
        "104 CREATED_BANK",
        "104 tx 0",
        "104 tx 1",
        "104 entry 0",
        "104 meta",
    ]


def subscribe_and_run(region: Region) -> Any:
    session = subscribe(region, request_all())
    region.advance(30.0)
    return session
