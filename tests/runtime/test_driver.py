"""The driver: feeds opened and closed as the kernel asks, time kept, sinks never overrun."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import orjson
import pytest

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import Report
from monitor.core.endings import EndReason
from monitor.core.kernel import Kernel
from monitor.core.monitors import Monitor, TransactionsFilter
from monitor.core.policy import Policy
from monitor.ports import Blocks, Endpoint, FramesTaken, StreamEnded, StreamOpened
from monitor.runtime.bookkeeping import Books
from monitor.runtime.delivery import Delivery, Route
from monitor.runtime.driver import TAKE_BYTES, Driver, World
from monitor.runtime.outbox import Outbox
from monitor.wire.pb import geyser_pb2
from monitor.wire.plan import compile_plan
from monitor.wire.records import RecordWriter
from tests.runtime.fakes import (
    EvenDice,
    Journal,
    MemorySink,
    ScriptedFeeds,
    VirtualClock,
    books,
    recovering,
)
from tests.wire import frames
from tests.wire.record_samples import TRANSACTION_INFO

ALL = Monitor("all", transactions=TransactionsFilter())
AMS = Endpoint("ams", "http://ams")
NYC = Endpoint("nyc", "http://nyc")


def status(slot: int, what: SlotStatus) -> bytes:
    update = geyser_pb2.SubscribeUpdateSlot(slot=slot, parent=slot - 1, status=int(what))  # type: ignore[arg-type]
    return frames.frame("~1", slot=update)


def transaction(slot: int, index: int) -> bytes:
    update = geyser_pb2.SubscribeUpdateTransaction(slot=slot, transaction=TRANSACTION_INFO)
    update.transaction.index = index
    update.transaction.signature = bytes([index]) * 64
    return frames.frame("all", transaction=update)


def meta(slot: int, transactions: int) -> bytes:
    update = geyser_pb2.SubscribeUpdateBlockMeta(
        slot=slot,
        blockhash=f"B{slot}",
        parent_slot=slot - 1,
        parent_blockhash=f"B{slot - 1}",
        executed_transaction_count=transactions,
    )
    return frames.frame("~1", block_meta=update)


def slot_of(slot: int, *indexes: int) -> list[bytes]:
    """A whole slot up to its confirmation."""
    return [
        status(slot, SlotStatus.CREATED_BANK),
        *(transaction(slot, index) for index in indexes),
        meta(slot, len(indexes)),
        status(slot, SlotStatus.PROCESSED),
        status(slot, SlotStatus.CONFIRMED),
    ]


class Stage:
    """A driver that runs, and the hands that move its world."""

    def __init__(
        self,
        *,
        monitors: Sequence[Monitor] = (ALL,),
        endpoints: Sequence[Endpoint] = (AMS,),
        sink: MemorySink | None = None,
        bound_bytes: int = 1_000_000,
        policy: Policy | None = None,
        kept: Books | None = None,
        blocks: Blocks | None = None,
        kernel: type[Kernel] = Kernel,
    ) -> None:
        self.feeds = ScriptedFeeds()
        self.journal = Journal()
        self.sink = sink or MemorySink()
        clock, dice = VirtualClock(), EvenDice()
        self.clock = clock
        policy = policy or Policy(Commitment.CONFIRMED)
        self.plans = [compile_plan(monitors, policy.commitment, end) for end in endpoints]
        self.outbox = Outbox("memory", self.sink, self.journal, dice, bound_bytes=bound_bytes)
        delivery = Delivery(
            monitors,
            [Route(self.outbox, (1 << len(monitors)) - 1)],
            RecordWriter([end.name for end in endpoints], [m.name for m in monitors]),
            {},
            clock,
            self.journal,
            slices_on_server=False,
        )
        self.driver = Driver(
            kernel(monitors, len(endpoints), policy, rpcs=len(blocks.tallies) if blocks else 0),
            World(self.feeds, clock, dice, self.journal),
            endpoints,
            self.plans,
            delivery,
            kept or books(),
            recovering(self.feeds, len(endpoints), blocks),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Stage"]:
        """The driver runs while the block does; then the sink gets what is left."""
        async with anyio.create_task_group() as writing:
            writing.start_soon(self.outbox.run)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.driver.run)
                tasks.start_soon(self.driver.recovering.run)
                await settle()
                yield self
                await settle()
                tasks.cancel_scope.cancel()
            self.outbox.finish()

    async def opens(self, feed: int) -> None:
        self.feeds.put(StreamOpened(feed))
        await settle()

    async def says(self, feed: int, *said: bytes) -> None:
        frames = [(1, frame) for frame in said]
        self.feeds.put(FramesTaken(feed, frames, sum(map(len, said))))
        await settle()

    async def ends(self, feed: int, code: str = "UNAVAILABLE", text: str = "gone") -> None:
        self.feeds.put(StreamEnded(feed, code, text))
        await settle()

    def calls(self, word: str) -> list[tuple[int, Any]]:
        """What was asked of the feeds under this word."""
        return [(feed, what) for name, feed, what in self.feeds.calls if name == word]

    def records(self) -> list[dict[str, Any]]:
        """All that the sink got."""
        return [orjson.loads(line) for line in self.sink.lines]

    def reported(self, sentence: str) -> list[Report]:
        """Log lines of this sentence."""
        return [report for report in self.journal.reports if report.sentence == sentence]


async def settle() -> None:
    """Let everything run that can without time passing on noticeably."""
    await anyio.sleep(0.001)


async def test_opens_a_feed_to_every_endpoint_with_the_plans_request() -> None:
    async with Stage(endpoints=(AMS, NYC)).running() as stage:
        assert stage.calls("open") == [(1, "ams"), (2, "nyc")]
        request = stage.plans[0].request(1)
        assert stage.feeds.requests == [(1, request), (2, request)]


async def test_asks_from_the_start_slot_when_one_is_named() -> None:
    async with Stage(policy=Policy(Commitment.CONFIRMED, start_slot=77)).running() as stage:
        assert stage.feeds.requests == [(1, stage.plans[0].request(1, 77))]


async def test_frames_become_records_in_the_order_of_the_chain() -> None:
    stage = Stage()
    async with stage.running():
        await stage.opens(1)
        await stage.says(1, *slot_of(5, 2, 0, 1), *slot_of(6, 0))
    assert [(r["slot"], r["index"]) for r in stage.records()] == [(5, 0), (5, 1), (5, 2), (6, 0)]


async def test_copies_of_two_endpoints_become_one_record_that_names_the_first() -> None:
    stage = Stage(endpoints=(AMS, NYC))
    async with stage.running():
        await stage.says(2, *slot_of(5, 0))
        await stage.says(1, *slot_of(5, 0))
    assert [r["endpoint"] for r in stage.records()] == ["nyc"]


async def test_a_replay_is_asked_for_on_the_stream_that_is_open() -> None:
    async with Stage().running() as stage:
        await stage.says(1, *slot_of(4, 0))
        await stage.ends(1)
        await anyio.sleep(1)
        await stage.says(2, *slot_of(9, 0))
        assert stage.calls("send") == [(2, stage.plans[0].request(1, 4))]


async def test_a_frame_that_is_no_update_closes_the_feed_as_foreign() -> None:
    stage = Stage()
    async with stage.running():
        await stage.opens(1)
        await stage.says(1, b"\xff\xff")
        assert stage.calls("close") == [(1, b"")]
        await stage.says(1, *slot_of(5, 0))
        await stage.ends(1, "CANCELLED", "Locally cancelled")
    assert stage.driver.kernel.connections.errors == [{EndReason.FOREIGN: 1}]
    (ended,) = stage.reported("a feed ended")
    assert (ended.facts["reason"], ended.facts["code"]) == ("foreign", "CANCELLED")
    assert "SubscribeUpdate" in ended.facts["text"]
    assert stage.records() == []


async def test_what_came_in_one_batch_before_a_frame_that_is_no_update_is_taken() -> None:
    stage = Stage()
    async with stage.running():
        await stage.says(1, *slot_of(5, 0), b"\xff\xff", transaction(5, 1))
        assert stage.calls("close") == [(1, b"")]
    assert [record["slot"] for record in stage.records()] == [5]


@pytest.mark.parametrize(
    ("opened", "code", "text", "reason"),
    [
        (False, "UNAVAILABLE", "connection refused", EndReason.UNREACHABLE),
        (True, "UNAVAILABLE", "connection lost", EndReason.TRANSIENT),
        (True, "OK", "", EndReason.END),
        (False, "UNAUTHENTICATED", "no valid auth token", EndReason.AUTH),
        (True, "INTERNAL", "lagged to receive geyser messages", EndReason.LAGGED),
    ],
)
async def test_an_ending_is_classed_by_what_was_said_and_when(
    opened: bool, code: str, text: str, reason: EndReason
) -> None:
    stage = Stage()
    async with stage.running():
        if opened:
            await stage.opens(1)
        await stage.ends(1, code, text)
    assert stage.driver.kernel.connections.errors == [{reason: 1}]


async def test_a_feed_that_ended_is_opened_again_after_its_back_off() -> None:
    async with Stage().running() as stage:
        await stage.ends(1)
        await anyio.sleep(0.3)
        assert len(stage.calls("open")) == 1
        await anyio.sleep(0.1)
        assert stage.calls("open") == [(1, "ams"), (2, "ams")]


async def test_a_server_that_is_away_for_long_is_no_busy_loop() -> None:
    stage = Stage()
    async with stage.running():
        for feed in range(1, 101):
            await stage.ends(feed)
            await anyio.sleep(31)
        assert len(stage.calls("open")) == 101
        assert len(stage.feeds.takes) < (31 + 10) * 101


async def test_a_mute_feed_is_closed_at_its_deadline() -> None:
    async with Stage().running() as stage:
        await anyio.sleep(14.9)
        assert stage.calls("close") == []
        await anyio.sleep(0.2)
        assert stage.calls("close") == [(1, b"")]


async def test_a_slot_that_nobody_holds_whole_is_passed_over_at_its_deadline() -> None:
    stage = Stage()
    async with stage.running():
        await stage.says(1, status(4, SlotStatus.CREATED_BANK))
        await stage.says(1, transaction(5, 1), meta(5, 2), status(5, SlotStatus.CONFIRMED))
        await anyio.sleep(1.9)
        assert stage.sink.lines == []
        await anyio.sleep(0.2)
        assert [r["index"] for r in stage.records()] == [1]


async def test_a_stop_of_the_whole_process_is_no_silence_of_a_feed() -> None:
    async with Stage(endpoints=(AMS, NYC)).running() as stage:
        await stage.opens(1)
        await anyio.sleep(5)
        stage.clock.stopped += 60
        await anyio.sleep(8)
        assert stage.calls("close") == []
        stage.clock.stopped += 60
        await stage.says(1, status(4, SlotStatus.CREATED_BANK), meta(4, 0))
        await anyio.sleep(14)
        assert {feed for feed, _ in stage.calls("close")} == {2}
        await anyio.sleep(2)
        assert {feed for feed, _ in stage.calls("close")} == {1, 2}


async def test_takes_nothing_while_a_sink_is_full() -> None:
    stage = Stage(sink=MemorySink(delay=5), bound_bytes=1)
    async with stage.running():
        await stage.says(1, *slot_of(5, 0))
        taken = len(stage.feeds.takes)
        await stage.says(1, *slot_of(6, 0))
        await anyio.sleep(4)
        assert len(stage.feeds.takes) == taken
        await anyio.sleep(2)
        assert len(stage.feeds.takes) > taken
        await anyio.sleep(6)
    assert [r["slot"] for r in stage.records()] == [5, 6]


async def test_a_feed_that_waited_for_a_full_sink_is_not_taken_for_mute() -> None:
    stage = Stage(sink=MemorySink(delay=60), bound_bytes=1)
    async with stage.running():
        await stage.says(1, *slot_of(5, 0))
        await stage.says(1, *slot_of(6, 0))
        await anyio.sleep(61)
        assert stage.calls("close") == []


async def test_the_time_of_a_full_sink_is_no_silence_of_a_feed() -> None:
    stage = Stage(endpoints=(AMS, NYC), sink=MemorySink(delay=60), bound_bytes=1)
    async with stage.running():
        await stage.says(1, *slot_of(5, 0))
        await anyio.sleep(74)
        assert (
            stage.calls("close") == []
        )  # not even of feeds that brought nothing in the first look
        await anyio.sleep(2)
        assert sorted(stage.calls("close")) == [(1, b""), (2, b"")]


async def test_takes_a_bounded_amount_at_a_time() -> None:
    async with Stage().running() as stage:
        await stage.says(1, *slot_of(5, 0))
        assert set(stage.feeds.takes) == {TAKE_BYTES}


async def test_counts_what_came_of_each_endpoint() -> None:
    stage = Stage(endpoints=(AMS, NYC))
    async with stage.running():
        await stage.opens(2)
        await anyio.sleep(1)
        said = slot_of(5, 0, 1)
        await stage.says(2, *said)
    quiet, busy = stage.driver.traffic
    assert busy.kinds == {Kind.SLOT: 3, Kind.TRANSACTION: 2, Kind.BLOCK_META: 1}
    assert busy.frames_bytes == sum(map(len, said))
    assert busy.last_at == pytest.approx(1, abs=0.1)
    assert busy.open_feeds == 1
    assert (quiet.frames_bytes, quiet.last_at, quiet.open_feeds) == (0, None, 0)


async def test_a_feed_counts_as_open_from_its_acceptance_to_its_end() -> None:
    async with Stage().running() as stage:
        traffic = stage.driver.traffic[0]
        assert traffic.open_feeds == 0
        await stage.opens(1)
        assert traffic.open_feeds == 1
        await stage.ends(1)
        assert traffic.open_feeds == 0
        await anyio.sleep(1)
        await stage.ends(2)
        assert traffic.open_feeds == 0


@pytest.mark.parametrize(
    "taken",
    [
        StreamOpened(9),
        FramesTaken(9, [(1, b"\xff")], 1),
        FramesTaken(9, [(1, frames.frame("all", ping=geyser_pb2.SubscribeUpdatePing()))], 9),
        StreamEnded(9, "OK", ""),
    ],
    ids=["opened", "garbage", "frames", "ended"],
)
async def test_what_no_feed_of_ours_says_is_ignored(taken: Any) -> None:
    stage = Stage()
    async with stage.running():
        stage.feeds.put(taken)
        await settle()
        assert stage.calls("close") == []
    assert stage.driver.traffic[0].open_feeds == 0
    assert stage.driver.kernel.connections.errors == [{}]


async def test_reports_name_endpoints_not_their_numbers() -> None:
    stage = Stage(endpoints=(AMS, NYC))
    async with stage.running():
        await stage.opens(2)
        await stage.ends(1)
    assert [report.facts["endpoint"] for report in stage.journal.reports] == ["nyc", "ams"]


async def test_reports_without_an_endpoint_pass_as_they_are() -> None:
    stage = Stage()
    async with stage.running():
        await stage.says(1, status(4, SlotStatus.CREATED_BANK))
        await stage.says(1, transaction(5, 1), meta(5, 2), status(5, SlotStatus.CONFIRMED))
        await anyio.sleep(2.1)
    passed_over = stage.reported("a slot was passed over incomplete")
    assert [report.facts["slot"] for report in passed_over] == [4, 5]
