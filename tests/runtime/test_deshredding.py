"""Deshred feeds on scripted streams: the first copy becomes a record, and nothing waits for anything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import orjson
import pytest

from monitor.core.deshred import ABSENT, SILENCE
from monitor.core.monitors import DeshredFilter, Monitor, TransactionsFilter
from monitor.ports import Endpoint, FramesTaken, StreamEnded, StreamOpened
from monitor.runtime.delivery import Route
from monitor.runtime.deshredding import LOOK, Deshredding
from monitor.runtime.driver import World
from monitor.runtime.outbox import Outbox
from monitor.wire.deshred import PING, deshred_request
from monitor.wire.pb import geyser_pb2
from tests.runtime.fakes import (
    DurableMemory,
    EvenDice,
    Journal,
    MemorySink,
    ScriptedFeeds,
    VirtualClock,
)

MONITORS = (
    Monitor("main", transactions=TransactionsFilter()),
    Monitor("early", deshred=DeshredFilter(vote=False)),
    Monitor("votes", deshred=DeshredFilter(vote=True)),
)
ENDPOINTS = (Endpoint("ams", "http://ams"), Endpoint("nyc", "http://nyc"))


def frame(number: int, *names: str, slot: int = 9) -> bytes:
    update = geyser_pb2.SubscribeUpdateDeshred(filters=names)
    update.deshred_transaction.slot = slot
    info = update.deshred_transaction.transaction
    info.signature = bytes([number]) * 64
    info.transaction.message.recent_blockhash = bytes(32)
    return update.SerializeToString()


@dataclass
class Bench:
    """One run, and what it works with."""

    feeds: ScriptedFeeds = field(default_factory=ScriptedFeeds)
    journal: Journal = field(default_factory=Journal)
    sinks: list[MemorySink] = field(default_factory=list)
    outboxes: list[Outbox] = field(default_factory=list)
    deshredding: Deshredding | None = None
    off: set[int] = field(default_factory=set)

    async def bring(self, feed: int, *frames: bytes) -> None:
        self.feeds.put(FramesTaken(feed, [(1_000, each) for each in frames], sum(map(len, frames))))
        await anyio.sleep(0.01)

    async def end(self, feed: int, code: str, text: str = "") -> None:
        self.feeds.put(StreamEnded(feed, code, text))
        await anyio.sleep(0.01)

    def records(self, sink: int = 0) -> list[tuple[str, str, list[str]]]:
        """(first letters of the id, endpoint, monitors)."""
        lines = map(orjson.loads, self.sinks[sink].lines)
        return [(line["id"][:10], line["endpoint"], line["monitors"]) for line in lines]


@asynccontextmanager
async def running(*masks: int, bound: int = 2**20, can_send: bool = True) -> AsyncIterator[Bench]:
    """Deshred feeds to both endpoints, and a sink for each mask of monitors."""
    bench = Bench()
    for number, _ in enumerate(masks or (6,)):
        bench.sinks.append(DurableMemory())
        outbox = Outbox(f"s{number}", bench.sinks[-1], bench.journal, EvenDice(), bound_bytes=bound)
        bench.outboxes.append(outbox)
    routes = [Route(o, mask) for o, mask in zip(bench.outboxes, masks or (6,), strict=True)]
    world = World(bench.feeds, VirtualClock(), EvenDice(), bench.journal)
    bench.deshredding = Deshredding(
        MONITORS, ENDPOINTS, routes, world, off=lambda: bench.off, can_send=can_send
    )
    async with anyio.create_task_group() as tasks:
        for outbox in bench.outboxes:
            await outbox.open()
            tasks.start_soon(outbox.run)
        tasks.start_soon(bench.deshredding.run)
        await anyio.sleep(0.01)
        yield bench
        tasks.cancel_scope.cancel()


async def test_every_endpoint_is_asked_for_the_monitors_that_want_it() -> None:
    async with running() as bench:
        wanted = deshred_request(MONITORS, ENDPOINTS[0])

        assert bench.feeds.requests == [(1, wanted), (2, wanted)]


async def test_the_first_copy_becomes_a_record_whatever_endpoint_it_came_from() -> None:
    async with running() as bench:
        await bench.bring(2, frame(1, "early"))
        await bench.bring(1, frame(1, "early"), frame(2, "votes"))
        await bench.bring(2, frame(2, "votes"))

        assert bench.records() == [
            ("9:deshred:", "nyc", ["early"]),
            ("9:deshred:", "ams", ["votes"]),
        ]
        assert bench.deshredding is not None
        assert bench.deshredding.events == {(0, 2): 1, (0, 4): 1}
        assert bench.deshredding.copies.repeated == 2
        assert bench.deshredding.received == [2, 2]


async def test_a_copy_that_cannot_be_read_leaves_the_event_to_the_next_one() -> None:
    broken = geyser_pb2.SubscribeUpdateDeshred.FromString(frame(1, "early"))
    broken.deshred_transaction.transaction.transaction.message.account_keys.append(b"short")
    async with running() as bench:
        await bench.bring(1, broken.SerializeToString())
        await bench.bring(2, frame(1, "early"))

        assert bench.records() == [("9:deshred:", "nyc", ["early"])]


async def test_each_sink_gets_its_monitors_and_others_nothing() -> None:
    async with running(1, 2, 6) as bench:
        await bench.bring(1, frame(1, "early", "votes"))

        assert [bench.records(sink) for sink in range(3)] == [
            [],
            [("9:deshred:", "ams", ["early"])],
            [("9:deshred:", "ams", ["early", "votes"])],
        ]


async def test_a_sink_without_use_for_records_counts_its_events() -> None:
    async with running() as bench:
        bench.outboxes[0].takes_records = False
        await bench.bring(1, frame(1, "early"))

        assert bench.records() == []
        assert bench.deshredding is not None
        assert bench.deshredding.events == {(0, 2): 1}


async def test_a_record_is_of_no_slot_to_the_cursor() -> None:
    """Of a slot that was settled long ago, it would be where a restart begins to read."""
    async with running() as bench:
        bench.outboxes[0].settle(20)
        await bench.bring(1, frame(1, "early", slot=9))
        bench.outboxes[0].settle(21)
        await anyio.sleep(3)

        (line,) = bench.sinks[0].lines
        assert bench.outboxes[0].cursor() == (21, f"byte {len(line)}")


async def test_stopping_ends_the_streams() -> None:
    async with running() as bench:
        assert bench.deshredding is not None
        await bench.deshredding.stop()

        assert bench.feeds.stopped


async def test_pings_keep_a_feed_open_and_silence_closes_it() -> None:
    ping = geyser_pb2.SubscribeUpdateDeshred(ping=geyser_pb2.SubscribeUpdatePing())
    async with running() as bench:
        await anyio.sleep(SILENCE - 1)
        await bench.bring(1, ping.SerializeToString())
        await anyio.sleep(2)

        assert ("close", 2, b"") in bench.feeds.calls
        assert ("close", 1, b"") not in bench.feeds.calls


@pytest.mark.parametrize("can_send", [True, False])
async def test_a_ping_is_answered_where_the_reader_can_send(can_send: bool) -> None:
    ping = geyser_pb2.SubscribeUpdateDeshred(ping=geyser_pb2.SubscribeUpdatePing())
    async with running(can_send=can_send) as bench:
        await bench.bring(2, ping.SerializeToString())

        sent = [request for feed, request in bench.feeds.requests[2:] if feed == 2]
        assert sent == [PING] * can_send


async def test_a_feed_that_ended_is_opened_again() -> None:
    async with running() as bench:
        bench.feeds.put(StreamOpened(1))
        await bench.end(1, "UNAVAILABLE", "gone")
        await anyio.sleep(1)

        assert bench.feeds.calls[-1] == ("open", 3, "ams")
        ended = bench.journal.reports[-1]
        assert (ended.sentence, ended.facts["endpoint"]) == ("a deshred feed ended", "ams")
        assert ended.facts["reason"] == "transient"


async def test_an_endpoint_without_the_stream_is_told_once_and_the_other_goes_on() -> None:
    async with running() as bench:
        await bench.end(1, "UNIMPLEMENTED", "Method not found!")
        await bench.bring(2, frame(1, "early"))
        await anyio.sleep(ABSENT + SILENCE)
        again = next(feed for call, feed, name in reversed(bench.feeds.calls) if name == "ams")
        await bench.end(again, "UNIMPLEMENTED", "Method not found!")

        assert again > 1
        assert bench.journal.sentences().count("an endpoint had no deshred stream") == 1
        assert len(bench.records()) == 1


async def test_where_nobody_has_the_stream_that_is_said() -> None:
    async with running() as bench:
        await bench.end(1, "UNIMPLEMENTED")
        await bench.end(2, "UNIMPLEMENTED")

        last = bench.journal.reports[-1]
        assert last.level == "error"
        assert set(last.facts) == {"remedy"}


async def test_bytes_that_are_no_update_end_the_feed_and_nothing_else_of_it_is_read() -> None:
    async with running() as bench:
        await bench.bring(1, frame(1, "early"), b"\xff")
        await bench.bring(1, frame(2, "early"))
        await bench.end(1, "CANCELLED")

        assert ("close", 1, b"") in bench.feeds.calls
        assert len(bench.records()) == 1
        assert bench.journal.reports[-1].facts["reason"] == "foreign"


async def test_frames_of_a_feed_that_is_over_are_left() -> None:
    async with running() as bench:
        await bench.bring(77, frame(1, "early"))

        assert bench.records() == []


async def test_nothing_is_taken_while_a_sink_is_full_and_that_is_no_silence() -> None:
    async with running(bound=100) as bench:
        (sink,), (outbox,) = bench.sinks, bench.outboxes
        sink.delay = 2 * SILENCE
        outbox.put_beside(b"x" * 200)
        await bench.bring(1, frame(1, "early"))
        takes = len(bench.feeds.takes)
        await bench.bring(1, frame(2, "early"))
        assert len(bench.feeds.takes) == takes

        sink.delay = 0.0
        await anyio.sleep(2 * SILENCE + 1)

        assert [line[:12] for line in sink.lines[1:]] == [b'{"id":"9:des'] * 2
        assert not [call for call in bench.feeds.calls if call[0] == "close"]


async def test_an_endpoint_that_is_off_has_no_feed_within_a_second() -> None:
    async with running() as bench:
        before = len(bench.feeds.requests)
        bench.off.add(0)
        await anyio.sleep(LOOK + 0.1)
        assert bench.feeds.calls[-1][:2] == ("close", 1)
        await bench.bring(1, frame(1, "early"))
        assert bench.records() == []
        bench.off.clear()
        await anyio.sleep(LOOK + 0.1)
        assert [feed for feed, _ in bench.feeds.requests[before:]] == [3]
        await bench.bring(3, frame(2, "early"))
        assert [endpoint for _, endpoint, _ in bench.records()] == ["ams"]
