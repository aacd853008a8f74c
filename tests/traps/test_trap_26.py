"""Trap 26: half-closing the request stream ends the stream of an older server, so that it is left open."""

import pytest

from monitor.adapters.grpc.settings import GrpcSettings, Reader
from monitor.core.endings import EndReason
from monitor.ports import Endpoint, StreamEnded
from monitor.simulator.families import Family
from monitor.simulator.region import RegionSettings
from monitor.wire.status import STREAMING, classify
from tests.adapters.grpc.taking import frames_of, until_ended, until_frames
from tests.simulator.subscriber import make_region, request_all, subscribe
from tests.simulator.test_cluster import running
from tests.simulator.tiny_chain import plain_chain
from tests.traps.wires import feeds_of, wanted

OPEN = (Reader.SEGREGATED, Reader.PLAIN)
"""Readers that keep their side open."""
FRAMES = 300


@pytest.mark.parametrize("family", list(Family))
def test_an_older_server_takes_a_half_close_for_the_end(family: Family) -> None:
    session = subscribe(make_region(plain_chain(3), family=family), request_all())
    session.half_close(0.5)
    assert (session.ending is None) is (family is not Family.OLDER)


@pytest.mark.real_time
@pytest.mark.parametrize("reader", OPEN)
async def test_a_stream_of_an_older_server_goes_on(reader: Reader) -> None:
    with running(regions=("ams",), server=RegionSettings(family=Family.OLDER)) as cluster:
        async with feeds_of(GrpcSettings(reader=reader)) as feeds:
            feeds.open(1, Endpoint("ams", cluster.endpoints["ams"]), wanted())
            taken = await until_frames(feeds, FRAMES)
    assert not any(isinstance(each, StreamEnded) for each in taken)
    assert len(frames_of(taken)) >= FRAMES


@pytest.mark.real_time
async def test_the_reader_that_cannot_keep_it_open_sees_an_outage_and_no_error() -> None:
    with running(regions=("ams",), server=RegionSettings(family=Family.OLDER)) as cluster:
        async with feeds_of(GrpcSettings(reader=Reader.SINGLE_THREADED)) as feeds:
            feeds.open(1, Endpoint("ams", cluster.endpoints["ams"]), wanted())
            *_, end = (await until_ended(feeds, 1))[1]
    assert isinstance(end, StreamEnded)
    assert classify(end.code, end.text, STREAMING).reason is EndReason.END
