"""All streaming calls are alike in what is no request, in how they end, and in what a mute server sends."""

from collections.abc import Callable

import pytest

from monitor.simulator.call import Call
from monitor.simulator.region import Region
from tests.simulator.subscriber import make_region
from tests.simulator.tiny_chain import plain_chain

Opening = Callable[[Region], Call]


def subscribe(region: Region) -> Call:
    return region.open({}, 0.0)


def subscribe_deshred(region: Region) -> Call:
    return region.deshred.open({}, 0.0)


both = pytest.mark.parametrize("opening", [subscribe, subscribe_deshred])


@both
@pytest.mark.parametrize("sent", [b"\xff", b"\x0a" + bytes(200), bytes(3000)])
def test_what_is_no_request_ends_it_without_a_word(opening: Opening, sent: bytes) -> None:
    call = opening(make_region(plain_chain(1), max_decoding_message_size=2000))
    call.receive(sent, 0.0)
    assert call.ending == ("OK", "")


@both
def test_nothing_changes_an_ending(opening: Opening) -> None:
    region = make_region(plain_chain(1))
    call = opening(region)
    call.break_request_stream(0.0)
    call.receive(b"\xff", 0.0)
    call.cancel()
    call.break_request_stream(0.0)
    assert call.ending == ("OK", "")
    region.advance(10.0)
    assert call.frames(10) == []


@both
def test_who_leaves_gets_nothing_of_what_is_queued(opening: Opening) -> None:
    region = make_region(plain_chain(1))
    call = opening(region)
    region.advance(10.0)
    call.cancel()
    assert call.ending == ("CANCELLED", "")
    assert call.frames(10) == []
    assert region.end_streams("gone") == 0


@both
def test_frames_are_taken_in_order_and_no_more_than_asked_for(opening: Opening) -> None:
    region, again = make_region(plain_chain(1)), make_region(plain_chain(1))
    call, alike = opening(region), opening(again)
    region.advance(25.0)
    again.advance(25.0)
    taken = [call.frames(2), call.frames(2), call.frames(2)]
    assert list(map(len, taken)) == [2, 1, 0]
    assert [*taken[0], *taken[1]] == alike.frames(10)


@both
def test_a_mute_server_sends_nothing_and_keeps_it(opening: Opening) -> None:
    region = make_region(plain_chain(1))
    call = opening(region)
    region.advance(15.0)
    region.faults.muted = True
    assert call.frames(10) == []
    region.faults.muted = False
    assert len(call.frames(10)) == 2
