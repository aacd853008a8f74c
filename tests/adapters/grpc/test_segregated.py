import random
import threading
import time
from collections.abc import Iterator

import grpc
import pytest

from monitor.adapters.grpc.alarm import Alarm
from monitor.adapters.grpc.channels import open_channel
from monitor.adapters.grpc.intake import Intake
from monitor.adapters.grpc.segregated import SegregatedCall
from monitor.adapters.grpc.settings import GrpcSettings
from tests.adapters.grpc.servers import REQUEST, endpoint, numbered, request, serving
from tests.adapters.grpc.taking import EVERY, frames_of
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time


def opened(port: int, bound: int = 1 << 30) -> tuple[SegregatedCall, Intake, grpc.Channel]:
    channel = open_channel(endpoint(port), GrpcSettings())
    intake = Intake(1, bound, Alarm(time.monotonic_ns), time.monotonic_ns)
    return SegregatedCall(channel, (), REQUEST, intake), intake, channel


def ten(_requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
    yield from numbered(10)


def echo(requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
    for each in requests:
        yield each
        yield from numbered(50)


def test_call_that_is_over_ignores_everything() -> None:
    with serving(ten) as (_, port):
        call, _, channel = opened(port)
        assert call.run() == ("OK", "")
        call.send(request(2))
        call.resume()
        call.cancel()
        channel.close()


def test_call_cancelled_before_it_is_read_ends() -> None:
    with serving(echo) as (_, port):
        call, _, channel = opened(port)
        call.cancel()
        assert call.run()[0] == "CANCELLED"
        channel.close()


def test_resuming_a_call_that_is_not_stalled_posts_nothing() -> None:
    with serving(ten) as (_, port):
        call, intake, channel = opened(port)
        for _ in range(3):
            call.resume()
        assert call.run() == ("OK", "")
        assert frames_of(intake.take(EVERY)[0]) == numbered(10)
        channel.close()


def test_call_cancelled_while_stalled_ends() -> None:
    with serving(echo) as (_, port):
        call, intake, channel = opened(port, bound=1)
        endings: list[tuple[str, str]] = []
        thread = threading.Thread(target=lambda: endings.append(call.run()))
        thread.start()
        while not intake.stalled:
            thread.join(0.001)
        call.cancel()
        thread.join(PATIENCE)
        channel.close()
    assert [code for code, _ in endings] == ["CANCELLED"]


def test_sends_resumes_and_a_cancel_at_any_moment_leave_a_clean_end() -> None:
    """Each stream is ended at a moment of its own, under sends and stalls."""
    dice = random.Random(5)
    with serving(echo) as (_, port):
        for _ in range(50):
            call, intake, channel = opened(port, bound=64)
            endings: list[tuple[str, str]] = []
            thread = threading.Thread(target=lambda c=call, e=endings: e.append(c.run()))
            thread.start()
            for slot in range(dice.randrange(60)):
                call.send(request(slot))
                intake.take(1 << 20)
                call.resume()
            thread.join(dice.random() / 100)
            call.cancel()
            call.send(request(1))
            call.resume()
            thread.join(PATIENCE)
            call.send(request(1))
            call.resume()
            assert [code for code, _ in endings] == ["CANCELLED"]
            channel.close()


def test_sends_and_resumes_while_the_server_ends_the_stream_leave_a_clean_end() -> None:
    """The last event destroys the queue: whoever posts at that moment must not make the thread wait again."""
    with serving(ten) as (_, port):
        for _ in range(100):
            call, intake, channel = opened(port, bound=64)
            endings: list[tuple[str, str]] = []
            frames = 0
            thread = threading.Thread(target=lambda c=call, e=endings: e.append(c.run()))
            thread.start()
            while thread.is_alive():
                call.send(request(1))
                frames += intake.take(1 << 20)[1]
                call.resume()
            thread.join()
            frames += intake.take(1 << 20)[1]
            assert endings == [("OK", "")]
            assert frames == sum(map(len, numbered(10)))
            channel.close()
