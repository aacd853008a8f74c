from collections.abc import Iterator

import anyio
import anyio.lowlevel
import grpc
import pytest

from monitor.adapters.grpc.parcels import of_opening
from monitor.adapters.grpc.settings import GrpcSettings, Reader, Workers
from monitor.adapters.grpc.worker import READ_BYTES, Worker
from monitor.ports import FramesTaken, Taken
from tests.adapters.grpc.servers import REQUEST, endpoint, serving, until_gone
from tests.adapters.grpc.taking import EVERY, frames_of
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time

SETTINGS = GrpcSettings(reader=Reader.SEGREGATED, workers=Workers.PROCESS)
BOUND = 100_000
FRAME = b"x" * 10_000


def many(_requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
    for _ in range(300):
        yield FRAME
    until_gone(context)


def waiting_bytes(worker: Worker) -> int:
    return sum(size for _, size in worker.waiting)


async def test_socket_is_left_alone_while_too_much_waits_and_read_on_when_it_was_taken() -> None:
    told = anyio.Event()
    worker = Worker("ams", BOUND, lambda: told.set())
    with serving(many) as (_, port):
        worker.feeds.add(1)
        worker.write(of_opening(1, endpoint(port), SETTINGS, REQUEST))
        with anyio.fail_after(PATIENCE):
            await told.wait()
            while waiting_bytes(worker) < BOUND:
                await anyio.lowlevel.checkpoint()
            await anyio.sleep(0.2)  # in which all three megabytes would come
            assert waiting_bytes(worker) < BOUND + READ_BYTES + 64 * 1024
            taken: list[Taken] = []
            while len(frames_of(taken)) < 300:
                taken += worker.take(EVERY)[0]
                await anyio.lowlevel.checkpoint()
        worker.end()
        assert worker.process.wait(PATIENCE) == 0


async def test_taking_stops_at_the_limit() -> None:
    worker = Worker("ams", BOUND, lambda: None)
    worker.waiting.extend((FramesTaken(1, [(0, FRAME)], 10_000), 10_000) for _ in range(5))
    assert worker.take(0) == ([], 0)
    assert len(worker.take(20_000)[0]) == 2
    assert worker.take(25_000)[1] == 30_000
    worker.end()
    worker.write(b"what nobody reads any more")
    assert worker.process.wait(PATIENCE) == 0
