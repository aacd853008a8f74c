"""One Subscribe call inside a server: requests in, frames out, and how it ends (PROTOCOL 2, 3, 5.2)."""

from collections import deque
from collections.abc import Iterator
from math import inf
from typing import Protocol

from typing_extensions import override

from monitor.core.chain import Commitment, Kind
from monitor.simulator.call import Call, CallHost
from monitor.simulator.filters import Filter
from monitor.simulator.frames import encode_body, frame
from monitor.simulator.received import Message
from monitor.wire.pb import geyser_pb2

_Request = geyser_pb2.SubscribeRequest


class Host(CallHost, Protocol):
    """What a session needs of its server."""

    def check_replay(
        self, from_slot: int, level: Commitment, *, with_blocks: bool
    ) -> tuple[str, str] | None:
        """Why this from_slot is refused out of hand, as an ending."""

    def ask_replay(self, session: "Session", from_slot: int, now: float) -> None:
        """Call `take_replay` a little later."""

    def forget(self, session: "Session") -> None:
        """The session is over."""


class Session(Call):
    """Made by `Region.open`. A request is judged at once and obeyed at the next `advance` or `frames`."""

    _host: Host
    _of_filter = "filter"

    def __init__(self, host: Host, subscriber: str) -> None:
        super().__init__(host, subscriber)
        self.level = Commitment.PROCESSED
        """Of the ring that it reads."""
        self._filter = Filter(_Request(), host.limits)
        self._is_filtered = False
        """A request was obeyed."""
        self._newest: tuple[Filter, int | None, float] | None = None
        """The latest request not yet obeyed, its from_slot, and when it came."""
        self._awaits_replay = False
        self._replay: Iterator[Message] | None = None
        self._replayed_slot = -1
        self._credit = inf
        """Slots of the replay that may be begun besides; below zero it waits for the next one."""
        self._unread: deque[list[Message]] = deque()
        """Batches of the ring that came while a replay keeps the filter loop busy."""
        self._overrun = False

    @property
    def asked_at(self) -> float:
        """When the request came that waits to be obeyed; `inf` when none does, or cannot be yet."""
        if self._newest is None or self._is_busy:
            return inf
        return self._newest[2]

    @property
    def _is_busy(self) -> bool:
        """A replay is under way: the loop that would do anything else waits for it."""
        return self._awaits_replay or self._replay is not None

    @override
    def _judge(self, request: bytes, now: float) -> None:
        message = _Request.FromString(request)
        wanted = Filter(message, self._host.limits)
        if message.HasField("ping"):
            pong = geyser_pb2.SubscribeUpdatePong(id=message.ping.id).SerializeToString()
            self._send_beside(Kind.PONG, pong, now)
            return
        from_slot = message.from_slot if message.HasField("from_slot") else None
        self._newest = (wanted, from_slot, now)

    def half_close(self, now: float) -> None:
        """The client will send no more. The stream goes on, but at older servers."""
        if self._host.manners.ends_at_half_close:
            self.break_request_stream(now)

    @override
    def frames(self, limit: int) -> list[bytes]:
        """Take up to `limit` frames, oldest first."""
        if self._host.is_mute:
            return []
        self.obey()
        taken = self._from_queue(limit)
        while self._replay is not None and len(taken) < limit and self._credit >= 0:
            message = next(self._replay, None)
            if message is None:
                self._replay = None
                self._catch_up()
            else:
                if message.slot != self._replayed_slot:
                    self._replayed_slot = message.slot
                    self._credit -= 1
                self._queue.extend(self._filter.frames(message))
            taken += self._from_queue(limit - len(taken))
        return taken

    def obey(self) -> None:
        """Take up the newest request, unless a replay is under way."""
        if self._newest is None or self._is_busy or self.ending is not None:
            return
        (self._filter, from_slot, came_at), self._newest = self._newest, None
        is_new = not self._is_filtered or self.level is not self._filter.commitment
        self._is_filtered = True
        self.level = self._filter.commitment
        if from_slot is None or (self._host.manners.replays_once and not is_new):
            return
        refusal = self._host.check_replay(
            from_slot, self.level, with_blocks=self._filter.with_blocks
        )
        if refusal is not None:
            self._end(*refusal)
            return
        self._awaits_replay = True
        self._host.ask_replay(self, from_slot, came_at)

    def take_replay(self, replay: Iterator[Message] | None) -> None:
        """What from_slot asked for; None when there is nothing to replay."""
        if self.ending is not None:
            return
        self._awaits_replay = False
        if replay is None:
            self._end("INTERNAL", "failed to get replay response")
        else:
            self._replay = replay

    def is_sending(self, replay: Iterator[Message]) -> bool:
        """Whether it has more of this replay to send."""
        return self._replay is replay

    def may_send_a_slot(self) -> None:
        """One slot more of the replay may go; what was not read in its time is not saved up."""
        self._credit = min(self._credit + 1, 1)

    def offer(self, batch: list[Message]) -> None:
        """What was broadcast on this session's ring."""
        if self._is_busy:
            if len(self._unread) >= self._host.channel_capacity:
                self._overrun = True
            else:
                self._unread.append(batch)
            return
        self._pass(batch)

    def ping(self, now: float) -> None:
        """Queue the server's own ping."""
        self._send_beside(Kind.PING, b"", now)

    def _send_beside(self, kind: Kind, message: bytes, now: float) -> None:
        """Queue what does not come through the filter loop.

        A full queue does not drop it; its sender waits with one message in hand, and makes no other meanwhile.
        """
        if len(self._queue) <= self._host.channel_capacity:
            self._queue.append(frame((), encode_body(kind, message), self._host.utc_ns(now)))

    def _catch_up(self) -> None:
        """Read the part of the ring that was left waiting."""
        if self._overrun:
            self._lag(self._host.manners.lagged_ring)
        while self._unread and self.ending is None:
            self._pass(self._unread.popleft())

    def _pass(self, batch: list[Message]) -> None:
        queue, capacity, frames_of = self._queue, self._host.channel_capacity, self._filter.frames
        for message in batch:
            for made in frames_of(message):
                if len(queue) >= capacity:
                    self._lag(self._host.manners.lagged_queue)
                    return
                queue.append(made)

    def _lag(self, ending: tuple[str, str]) -> None:
        """The client was too slow."""
        if self._host.manners.discards:
            self._queue.clear()
        self._end(*ending)

    @override
    def _end(self, code: str, text: str) -> None:
        super()._end(code, text)
        self._replay = None
        self._unread.clear()
        self._host.forget(self)
