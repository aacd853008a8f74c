"""The port `Feeds` over grpcio: a reading thread for each stream, and one alarm for the loop."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import grpc

from monitor.adapters.grpc.alarm import Alarm
from monitor.adapters.grpc.calls import Call
from monitor.adapters.grpc.channels import SUBSCRIBE, EndpointUnusable, metadata_of, open_channel
from monitor.adapters.grpc.choice import choose
from monitor.adapters.grpc.intake import Intake
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.ports import Endpoint, StreamEnded, Taken

STOP_SECONDS: Final = 1.0
"""Threads that have not ended by then are left to the end of the process; they are daemons."""
_STOP_LOOK_SECONDS: Final = 0.005


@dataclass(slots=True)
class _Feed:
    intake: Intake
    call: Call | None = None
    thread: threading.Thread | None = None


class GrpcFeeds:
    """Streams over grpcio, all on the loop that calls. Each has a thread and a connection of its own."""

    def __init__(
        self,
        settings: GrpcSettings,
        stamp: Callable[[], int] = time.monotonic_ns,
        path: str = SUBSCRIBE,
    ) -> None:
        """Choose the reader, which for `auto` takes some tens of milliseconds. `stamp` gives monotonic nanoseconds.

        `path`: of the method; of another than Subscribe, all that is sent counts as a request, pings too.
        """
        self._settings = settings
        self._path = path
        self._stamp = stamp
        self._alarm = Alarm(stamp)
        self._feeds: dict[int, _Feed] = {}
        self._choice = choose(settings.reader)
        self._first = 0
        """Which feed the next take begins with, so that none starves at the limit."""

    @property
    def reader_chosen(self) -> str:
        """The reader in use: segregated, single_threaded or plain."""
        return self._choice.reader.value

    @property
    def reader_reason(self) -> str:
        """Why this reader, for the log."""
        return self._choice.reason

    def open(self, feed: int, endpoint: Endpoint, request: bytes) -> None:
        """Begin a stream under this number; what becomes of it arrives through `take`."""
        self._alarm.attach()
        intake = Intake(feed, self._settings.feed_buffer_bytes, self._alarm, self._stamp)
        self._feeds[feed] = opened = _Feed(intake)
        choice = self._choice
        try:
            metadata = metadata_of(endpoint)
            channel = open_channel(
                endpoint,
                self._settings,
                single_threaded=choice.single_threaded,
                segregated=choice.segregated,
            )
        except EndpointUnusable as error:
            intake.end(error.code, str(error))
            return
        opened.call = choice.open_call(channel, metadata, request, intake, self._path)
        opened.thread = threading.Thread(
            target=_read,
            args=(channel, opened.call, intake),
            name=f"feed-{feed}-{endpoint.name}",
            daemon=True,
        )
        opened.thread.start()

    def send(self, feed: int, request: bytes) -> None:
        """Send a request on the stream; the latest unsent one wins, pings queue. An ended feed ignores it."""
        found = self._feeds.get(feed)
        if found is not None and found.call is not None:
            found.call.send(request)

    def close(self, feed: int) -> None:
        """Cancel the stream; its StreamEnded still comes."""
        found = self._feeds.get(feed)
        if found is not None and found.call is not None:
            found.call.cancel()

    async def wait(self, seconds: float | None) -> None:
        """Return when something can be taken, or after `seconds`; while much comes, within 1 ms."""
        await self._alarm.sleep(seconds, self._is_something)

    def wake(self) -> None:
        """End the present wait, or else the next one at once; on the loop's thread."""
        self._alarm.wake()

    def take(self, limit_bytes: int) -> list[Taken]:
        """All that arrived, until the frames' bytes reach the limit; order is kept within each feed."""
        taken: list[Taken] = []
        numbers = list(self._feeds)
        self._first = (self._first + 1) % max(len(numbers), 1)
        for number in numbers[self._first :] + numbers[: self._first]:
            feed = self._feeds[number]
            items, size = feed.intake.take(limit_bytes)
            limit_bytes -= size
            if feed.intake.stalled and feed.call is not None:
                feed.call.resume()
            taken += items
            if items and isinstance(items[-1], StreamEnded):
                self._forget(number)
        self._alarm.behind = limit_bytes <= 0
        return taken

    async def stop(self) -> None:
        """Cancel every stream and join its thread; returns within about a second."""
        threads = []
        for feed in self._feeds.values():
            if feed.call is not None and feed.thread is not None:
                feed.call.cancel()
                threads.append(feed.thread)
        looks = int(STOP_SECONDS / _STOP_LOOK_SECONDS)
        while looks and any(thread.is_alive() for thread in threads):
            await asyncio.sleep(_STOP_LOOK_SECONDS)
            looks -= 1

    def _is_something(self) -> bool:
        return any(feed.intake.is_waiting() for feed in self._feeds.values())

    def _forget(self, number: int) -> None:
        thread = self._feeds.pop(number).thread
        if thread is not None:
            thread.join()  # its last act was to tell the end


def _read(channel: grpc.Channel, call: Call, intake: Intake) -> None:
    ending = ("INTERNAL", "the reading thread failed")
    try:
        ending = call.run()
    finally:
        channel.close()
        intake.end(*ending)
