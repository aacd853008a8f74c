import os
import signal
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import grpc
import pytest

from monitor.adapters.grpc import worker
from monitor.adapters.grpc.process_feeds import ProcessFeeds
from monitor.adapters.grpc.settings import GrpcSettings, Reader, Workers
from monitor.ports import Endpoint, StreamEnded
from tests.adapters.grpc.servers import REQUEST, endpoint, serving, until_gone
from tests.adapters.grpc.taking import frames_of, until_ended, until_frames
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time

SETTINGS = GrpcSettings(reader=Reader.SEGREGATED, workers=Workers.PROCESS)

PARENT = """
    import asyncio, sys
    from monitor.adapters.grpc.process_feeds import ProcessFeeds
    from tests.adapters.grpc.servers import REQUEST, endpoint
    from tests.adapters.grpc.test_process_feeds import SETTINGS

    async def watch():
        feeds = ProcessFeeds(SETTINGS)
        feeds.open(1, endpoint(int(sys.argv[1])), REQUEST)
        while True:
            await feeds.wait(None)
            if feeds.take(1000):
                print(*feeds.processes.values(), flush=True)

    asyncio.run(watch())
"""


def one_and_hold(_requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
    yield b"one"
    until_gone(context)


def runs(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
async def feeds() -> AsyncIterator[ProcessFeeds]:
    made = ProcessFeeds(SETTINGS)
    yield made
    await made.stop()


async def test_endpoints_have_a_process_each_and_its_feeds_share_it(feeds: ProcessFeeds) -> None:
    with serving(one_and_hold) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        feeds.open(2, endpoint(port), REQUEST)
        feeds.open(3, Endpoint("fra", f"127.0.0.1:{port}"), REQUEST)
        await until_frames(feeds, 3)
        assert sorted(feeds.processes) == ["ams", "fra"]
        assert len(set(feeds.processes.values()) - {os.getpid()}) == 2


async def test_killed_process_ends_its_feeds_alone_and_the_next_opening_starts_another(
    feeds: ProcessFeeds,
) -> None:
    with serving(one_and_hold) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        feeds.open(2, Endpoint("fra", f"127.0.0.1:{port}"), REQUEST)
        await until_frames(feeds, 2)
        before = feeds.processes
        os.kill(before["ams"], signal.SIGKILL)
        text = "the reader process of ams was ended by SIGKILL; the next opening starts another"
        assert await until_ended(feeds, 1) == {1: [StreamEnded(1, "UNAVAILABLE", text)]}
        assert feeds.processes == {"fra": before["fra"]}
        feeds.send(1, REQUEST)
        feeds.close(1)
        feeds.open(3, endpoint(port), REQUEST)
        assert frames_of(await until_frames(feeds, 1)) == [b"one"]
        assert feeds.processes["ams"] != before["ams"]


async def test_what_came_before_the_end_of_a_process_is_taken_before_its_feeds_end(
    feeds: ProcessFeeds,
) -> None:
    with serving(one_and_hold) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        with anyio.fail_after(PATIENCE):
            while not feeds.is_something():
                await feeds.wait(None)
            os.kill(feeds.processes["ams"], signal.SIGKILL)
            while feeds.processes:
                await feeds.wait(None)
        taken = (await until_ended(feeds, 1))[1]
    assert isinstance(taken[-1], StreamEnded)
    assert len(taken) > 1


async def test_what_a_process_brought_is_taken_though_another_has_been_started_since(
    feeds: ProcessFeeds,
) -> None:
    with serving(one_and_hold) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        with anyio.fail_after(PATIENCE):
            while not feeds.is_something():
                await feeds.wait(None)
            os.kill(feeds.processes["ams"], signal.SIGKILL)
            while feeds.processes:
                await feeds.wait(None)
        feeds.open(2, endpoint(port), REQUEST)
        taken = (await until_ended(feeds, 1))[1]
    assert isinstance(taken[-1], StreamEnded)
    assert len(taken) > 1


async def test_token_stands_in_no_command_line(feeds: ProcessFeeds) -> None:
    with serving(one_and_hold) as (_, port):
        feeds.open(1, endpoint(port, token="open sesame"), REQUEST)
        await until_frames(feeds, 1)
        line = Path(f"/proc/{feeds.processes['ams']}/cmdline").read_bytes()
    assert b"reader_process" in line
    assert b"sesame" not in line


async def test_stop_leaves_no_process() -> None:
    feeds = ProcessFeeds(SETTINGS)
    with serving(one_and_hold) as (_, port):
        feeds.open(1, endpoint(port), REQUEST)
        await until_frames(feeds, 1)
        pid = feeds.processes["ams"]
        await feeds.stop()
        assert not runs(pid)


async def test_daemon_that_is_killed_leaves_no_process() -> None:
    root = Path(__file__).resolve().parents[3]
    with serving(one_and_hold) as (_, port):
        command = [sys.executable, "-c", textwrap.dedent(PARENT), str(port)]
        async with await anyio.open_process(command, cwd=root) as parent:
            assert parent.stdout is not None
            pid = int((await parent.stdout.receive()).split()[0])  # a line for each frame
            over = os.pidfd_open(pid)
            parent.kill()
            with anyio.fail_after(PATIENCE):
                await anyio.wait_readable(over)
            os.close(over)


async def test_process_that_cannot_start_ends_the_feed_unavailable(
    feeds: ProcessFeeds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(worker.sys, "executable", str(tmp_path / "python"))  # type: ignore[attr-defined]
    feeds.open(1, endpoint(1), REQUEST)
    await feeds.wait(None)
    text = "no reader process could be started: No such file or directory"
    assert feeds.take(1) == [StreamEnded(1, "UNAVAILABLE", text)]
    assert feeds.processes == {}


async def test_process_that_ends_by_itself_is_told_with_its_status(
    feeds: ProcessFeeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker.sys, "executable", "/bin/false")  # type: ignore[attr-defined]
    feeds.open(1, endpoint(1), REQUEST)
    text = "the reader process of ams ended with status 1; the next opening starts another"
    assert await until_ended(feeds, 1) == {1: [StreamEnded(1, "UNAVAILABLE", text)]}
