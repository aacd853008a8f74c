"""Endpoints say what they are and how far back they replay."""

import anyio
import pytest

from monitor.adapters.grpc.probes import GrpcProbes
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.core.endpoint_profile import EndpointCheck, EndpointProfile, ServerFamily
from monitor.core.events import FloorTold
from monitor.core.floors import NOTHING_STORED
from monitor.ports import Endpoint
from monitor.wire.pb import geyser_pb2
from tests.adapters.grpc.servers import endpoint, unused_port
from tests.adapters.grpc.test_probe import (
    Answer,
    answering,
    at_forty,
    from_nine,
    mute,
    nothing,
    unknown,
    version,
)
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time

VERSION = '{"version":{"package":"yellowstone-grpc-geyser","version":"15.1.2"},"extra":{}}'


class Hour:
    """It is always seven seconds past the start."""

    def now(self) -> float:
        return 7.0

    def utc_ns(self, stamp_ns: int) -> int:
        return stamp_ns


def told(_request: bytes, _context: object) -> bytes:
    return geyser_pb2.GetVersionResponse(version=VERSION).SerializeToString()


def never_stored(_request: bytes, _context: object) -> bytes:
    answer = geyser_pb2.SubscribeReplayInfoResponse(first_available=NOTHING_STORED)
    return answer.SerializeToString()


def probes(*endpoints: Endpoint, gzip: bool = False) -> GrpcProbes:
    return GrpcProbes(endpoints, GrpcSettings(gzip=gzip), Hour(), PATIENCE)


@pytest.mark.parametrize(
    ("replay", "has_replay", "floor"),
    [
        (from_nine, True, 9),
        (nothing, False, None),
        (unknown, None, None),
        (never_stored, True, None),
    ],
)
async def test_a_profile_is_what_the_endpoint_says(
    replay: Answer, has_replay: bool | None, floor: int | None
) -> None:
    with answering(told, replay, at_forty) as port:
        found = await probes(endpoint(unused_port()), endpoint(port)).profile(1)
    assert found.latency is not None
    assert found == EndpointProfile(
        1,
        ServerFamily.YELLOWSTONE_BLOCKS,
        "yellowstone-grpc-geyser 15.1.2",
        None,
        has_replay,
        floor,
        40,
        "identity",
        found.latency,
        7.0,
    )


async def test_an_endpoint_that_tells_nothing_has_a_profile_of_its_refusal() -> None:
    with answering(unknown, unknown) as port:
        found = await probes(endpoint(port), gzip=True).profile(0)
    assert (found.family, found.version) == (ServerFamily.UNKNOWN, None)
    assert (found.refusal, found.compression) == ("UNIMPLEMENTED", "gzip")
    gone = await probes(endpoint(unused_port())).profile(0)
    assert gone.refusal is not None
    assert gone.refusal.startswith("UNAVAILABLE: ")
    assert (gone.tip, gone.latency) == (None, None)


async def test_a_mute_endpoint_delays_no_other() -> None:
    with answering(mute, nothing) as silent, answering(version, nothing) as closed:
        asking = probes(endpoint(silent), endpoint(closed), endpoint(unused_port()))
        found: list[EndpointProfile] = []

        async def ask(number: int) -> None:
            found.append(await asking.profile(number))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, 0)
            async with anyio.create_task_group() as others:
                others.start_soon(ask, 1)
                others.start_soon(ask, 2)
            tasks.cancel_scope.cancel()
    refusals = {each.endpoint: (each.refusal or "").partition(":")[0] for each in found}
    assert refusals == {1: "UNAUTHENTICATED", 2: "UNAVAILABLE"}


async def test_a_mute_endpoint_has_a_profile_in_the_end() -> None:
    with answering(mute, nothing) as silent:
        asking = GrpcProbes([endpoint(silent)], GrpcSettings(), Hour(), 0.2)
        found = await asking.profile(0)
    assert found.refusal is not None
    assert found.refusal.startswith("DEADLINE_EXCEEDED")


@pytest.mark.parametrize(
    ("replay", "answer"),
    [
        (from_nine, FloorTold(0, 9)),
        (nothing, FloorTold(0, None, has_replay=False)),
        (unknown, FloorTold(0)),
        (never_stored, FloorTold(0, NOTHING_STORED)),
    ],
)
async def test_a_floor_is_told_or_it_is_certain_that_it_is_not(
    replay: Answer, answer: FloorTold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.adapters.grpc.probes.PATIENCE", PATIENCE)
    with answering(told, replay) as port:
        asking = probes(endpoint(port))
        assert [await asking.floor(0), await asking.floor(0)] == [answer] * 2


@pytest.mark.parametrize(
    ("replay", "has_replay", "floor"),
    [
        (from_nine, True, 9),
        (nothing, False, None),
        (unknown, None, None),
        (never_stored, True, None),
    ],
)
async def test_a_check_is_how_the_endpoint_does(
    replay: Answer, has_replay: bool | None, floor: int | None
) -> None:
    with answering(told, replay, at_forty) as port:
        found = await probes(endpoint(unused_port()), endpoint(port)).check(1)
    assert found.latency is not None
    assert found == EndpointCheck(has_replay, floor, 40, found.latency, 7.0)


async def test_a_check_of_an_endpoint_that_is_not_there_finds_nothing() -> None:
    nobody = EndpointCheck(None, None, None, None, 7.0)
    assert await probes(endpoint(unused_port())).check(0) == nobody
    assert await probes(Endpoint("ams", "ftp://x")).check(0) == nobody


async def test_an_endpoint_whose_calls_are_turned_off_is_there() -> None:
    with answering(told, unknown) as port:
        found = await probes(endpoint(port)).check(0)
    assert found.latency is not None
    assert found == EndpointCheck(None, None, None, found.latency, 7.0)
