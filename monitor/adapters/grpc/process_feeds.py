"""The port `Feeds` over reader processes: one for each endpoint, so that reading takes no time of the daemon's core.

A process is started at the first opening of its endpoint and serves every later one. When it ends by itself its streams
end UNAVAILABLE, and the next opening starts another. What waits is bounded twice by half of `feed_buffer_bytes`: in the
process, whose receiving then pauses, and here, where its socket is left alone.
"""

import asyncio
import sys
from dataclasses import replace
from typing import Final

from monitor.adapters.grpc.alarm import Alarm
from monitor.adapters.grpc.choice import choose
from monitor.adapters.grpc.parcels import of_closing, of_opening, of_request
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.adapters.grpc.worker import Worker
from monitor.ports import Endpoint, StreamEnded, Taken

STOP_SECONDS: Final = 1.0
"""Streams that have not ended by then end with their process."""
_STOP_LOOK_SECONDS: Final = 0.005


class ProcessFeeds:
    """Streams read by processes of their own, all for the loop that calls."""

    def __init__(self, settings: GrpcSettings) -> None:
        """Choose the reader for all processes, which for `auto` takes some tens of milliseconds."""
        self._choice = choose(settings.reader)
        self._bound = max(settings.feed_buffer_bytes // 2, 1)
        self._settings = replace(
            settings, reader=self._choice.reader, feed_buffer_bytes=self._bound
        )
        self._alarm = Alarm(lambda: 0)  # everything happens on the loop, so no look need be planned
        self._workers: dict[str, Worker] = {}
        """By the endpoint's name."""
        self._lost: list[Worker] = []
        """Of processes that are over, with what is still to be taken of them."""
        self._by_feed: dict[int, Worker] = {}
        self._refused: list[Taken] = []
        self._first = 0

    @property
    def reader_chosen(self) -> str:
        """The reader in use: segregated, single_threaded or plain."""
        return self._choice.reader.value

    @property
    def reader_reason(self) -> str:
        """Why this reader, for the log."""
        return self._choice.reason

    @property
    def processes(self) -> dict[str, int]:
        """Process ids by the endpoint's name."""
        return {name: each.process.pid for name, each in self._workers.items() if not each.is_over}

    def open(self, feed: int, endpoint: Endpoint, request: bytes) -> None:
        """Begin a stream under this number; what becomes of it arrives through `take`."""
        worker = self._workers.get(endpoint.name)
        if worker is None or worker.is_over:
            if worker is not None:
                self._lost.append(worker)
            try:
                worker = Worker(endpoint.name, self._bound, self._alarm.rouse)
            except OSError as error:
                text = f"no reader process could be started: {error.strerror}"
                self._refused.append(StreamEnded(feed, "UNAVAILABLE", text))
                return
            self._workers[endpoint.name] = worker
        worker.feeds.add(feed)
        self._by_feed[feed] = worker
        worker.write(of_opening(feed, endpoint, self._settings, request))

    def send(self, feed: int, request: bytes) -> None:
        """Send a request on the stream; the latest unsent one wins, pings queue. An ended feed ignores it."""
        worker = self._by_feed.get(feed)
        if worker is not None:
            worker.write(of_request(feed, request))

    def close(self, feed: int) -> None:
        """Cancel the stream; its StreamEnded still comes."""
        worker = self._by_feed.get(feed)
        if worker is not None:
            worker.write(of_closing(feed))

    async def wait(self, seconds: float | None) -> None:
        """Return when something can be taken, or after `seconds`."""
        await self._alarm.sleep(seconds, self.is_something)

    def wake(self) -> None:
        """End the present wait, or else the next one at once; on the loop's thread."""
        self._alarm.wake()

    def take(self, limit_bytes: int) -> list[Taken]:
        """All that arrived, until the frames' bytes reach the limit; order is kept within each feed."""
        taken, self._refused = self._refused, []
        workers = [*self._lost, *self._workers.values()]
        self._first = (self._first + 1) % max(len(workers), 1)
        for worker in workers[self._first :] + workers[: self._first]:
            found, size = worker.take(limit_bytes)
            limit_bytes -= size
            taken += found
        self._lost = [each for each in self._lost if each.waiting]
        for each in taken:
            if isinstance(each, StreamEnded):
                self._by_feed.pop(each.feed, None)
        return taken

    async def stop(self) -> None:
        """Cancel every stream, then end every process; returns within about a second."""
        for feed in list(self._by_feed):
            self.close(feed)
        workers = [each for each in self._workers.values() if not each.is_over]
        looks = int(STOP_SECONDS / _STOP_LOOK_SECONDS)
        while looks and any(self._by_feed.values()):
            await asyncio.sleep(_STOP_LOOK_SECONDS)
            self.take(sys.maxsize)
            looks -= 1
        for worker in workers:
            worker.end()
        while looks and any(worker.process.poll() is None for worker in workers):
            await asyncio.sleep(_STOP_LOOK_SECONDS)
            looks -= 1
        for worker in workers:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()

    def is_something(self) -> bool:
        """Whether there is something to take."""
        return bool(self._refused) or any(
            worker.waiting for worker in (*self._workers.values(), *self._lost)
        )
