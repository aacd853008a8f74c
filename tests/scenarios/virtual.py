"""The daemon on simulated regions in virtual time: no sockets, no threads, a day in seconds.

`VirtualFeeds` is the port that the driver reads through, straight from sans-I/O regions. It keeps what it handed
over, so that a test can ask what the daemon could know at any moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import anyio

from monitor.core.events import FloorTold
from monitor.ports import Endpoint, FramesTaken, StreamEnded, StreamOpened, Taken
from monitor.simulator.refused import Refused
from monitor.simulator.region import Region
from monitor.simulator.session import Session
from monitor.wire.pb import geyser_pb2
from monitor.wire.requests import PING

TAKE_FRAMES = 100_000
CALL_TIME = 0.05
"""Seconds that a unary call takes."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request that reached a region, pings left out."""

    at: float
    region: str
    request: bytes


@dataclass(slots=True)
class Span:
    """From when to when a stream to a region was open."""

    region: str
    opened_at: float
    ended_at: float = inf


@dataclass(slots=True)
class _Stream:
    region: Region
    session: Session
    span: Span


class VirtualFeeds:
    """Streams to regions by endpoint name. Opening takes no time; everything else takes the regions' own."""

    def __init__(self, regions: Mapping[str, Region]) -> None:
        self._regions = regions
        self._streams: dict[int, _Stream] = {}
        self._pending: list[Taken] = []
        self.requests: list[tuple[int, bytes]] = []
        """What was sent, pings left out."""
        self.log: list[Sent] = []
        """The same as regions saw it."""
        self.delivered: list[tuple[int, bytes]] = []
        """(feed, frame) of everything handed over, in order."""
        self.delivered_at: list[float] = []
        """When each of these was."""
        self.spans: list[Span] = []
        """Every stream that a region accepted."""
        self._woken = anyio.Event()

    def open(self, feed: int, endpoint: Endpoint, request: bytes) -> None:
        region = self._regions[endpoint.name]
        now = anyio.current_time()
        metadata = {} if endpoint.token is None else {"x-token": endpoint.token}
        try:
            session = region.open(metadata, now)
        except Refused as refused:
            self._pending.append(StreamEnded(feed, refused.code, refused.text))
            return
        session.receive(request, now)
        self._note(feed, region, request)
        span = Span(endpoint.name, now)
        self.spans.append(span)
        self._streams[feed] = _Stream(region, session, span)
        self._pending.append(StreamOpened(feed))

    def send(self, feed: int, request: bytes) -> None:
        stream = self._streams.get(feed)
        if stream is not None:
            if request != PING:
                self._note(feed, stream.region, request)
            stream.session.receive(request, anyio.current_time())

    async def floor(self, endpoint: int) -> FloorTold:
        """What the region answers; as `Sounder`, with endpoints in the order of the regions."""
        region = list(self._regions.values())[endpoint]
        await anyio.sleep(CALL_TIME)
        try:
            answer = region.call("SubscribeReplayInfo", b"", {}, anyio.current_time())
        except Refused:
            return FloorTold(endpoint)
        told = geyser_pb2.SubscribeReplayInfoResponse.FromString(answer)
        if not told.HasField("first_available"):
            return FloorTold(endpoint, has_replay=False)
        return FloorTold(endpoint, told.first_available)

    def close(self, feed: int) -> None:
        stream = self._streams.pop(feed, None)
        if stream is not None:
            stream.session.cancel()
            stream.span.ended_at = anyio.current_time()
            self._pending.append(StreamEnded(feed, "CANCELLED", "Locally cancelled"))

    def _note(self, feed: int, region: Region, request: bytes) -> None:
        self.requests.append((feed, request))
        self.log.append(Sent(anyio.current_time(), region.name, request))

    async def wait(self, seconds: float | None) -> None:
        if self._pending:
            await anyio.lowlevel.checkpoint()
            return
        now = anyio.current_time()
        due = min(region.next_due() for region in self._regions.values())
        until = due if seconds is None else min(due, now + seconds)
        with anyio.move_on_after(max(until - now, 0.0) + 1e-6):
            await self._woken.wait()
        self._woken = anyio.Event()

    def wake(self) -> None:
        self._woken.set()

    def take(self, limit_bytes: int) -> list[Taken]:
        now = anyio.current_time()
        for region in self._regions.values():
            region.advance(now)
        taken, self._pending = self._pending, []
        for feed, stream in list(self._streams.items()):
            frames = stream.session.frames(TAKE_FRAMES)
            if frames:
                self.delivered.extend((feed, frame) for frame in frames)
                self.delivered_at += [now] * len(frames)
                stamp = int(now * 1e9)
                taken.append(
                    FramesTaken(feed, [(stamp, frame) for frame in frames], sum(map(len, frames)))
                )
            elif stream.session.ending is not None:
                del self._streams[feed]
                stream.span.ended_at = now
                taken.append(StreamEnded(feed, *stream.session.ending))
        return taken

    async def stop(self) -> None:
        self._streams.clear()

    def break_off(self) -> None:
        """The daemon was killed: its side of every stream is gone."""
        for feed in list(self._streams):
            self.close(feed)


def endpoints(names: Sequence[str]) -> tuple[Endpoint, ...]:
    """One endpoint a region."""
    return tuple(Endpoint(name, f"http://{name}", provider=name) for name in names)
