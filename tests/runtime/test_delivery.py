"""Delivery: who gets which record, what is judged and cut on the way, and what a broken frame costs."""

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import orjson
import pytest

from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import Release, Released
from monitor.core.events import Row
from monitor.core.monitors import (
    AccountsFilter,
    BlocksFilter,
    DataSlice,
    Monitor,
    TransactionsFilter,
)
from monitor.ports import Written
from monitor.runtime.delivery import Delivery, Route, id_of
from monitor.runtime.outbox import Outbox
from monitor.wire.base58 import key_text
from monitor.wire.pb import geyser_pb2
from monitor.wire.records import RecordWriter
from tests.runtime.fakes import EvenDice, Forgetful, Journal, MemorySink, VirtualClock
from tests.wire import frames
from tests.wire.record_samples import BLOCKHASH, PARENT_HASH, TRANSACTION_INFO, encode

SLOT = 5
A = Monitor("a", transactions=TransactionsFilter())
B = Monitor("b", transactions=TransactionsFilter())
BROKEN = b"\xff\xff"


def transaction(
    mask: int, index: int = 0, frame: bytes | None = None, signature: bytes | None = None
) -> Released:
    update = geyser_pb2.SubscribeUpdateTransaction(slot=SLOT, transaction=TRANSACTION_INFO)
    update.transaction.index = index
    if signature is not None:
        update.transaction.transaction.signatures[0] = signature
    made = frames.frame("a", transaction=update)
    key = frames.SIGNATURE + index.to_bytes(8, "little")
    return _released((Kind.TRANSACTION, SLOT, key, mask, index, 7_000, frame or made))


def account(mask: int, **write: Any) -> Released:
    made = frames.frame("a", account=frames.account(SLOT, **write))
    return _released((Kind.ACCOUNT, SLOT, frames.PUBKEY + frames.SIGNATURE, mask, 77, 7_000, made))


def block(mask: int, **content: Any) -> Released:
    update = geyser_pb2.SubscribeUpdateBlock(
        slot=SLOT, blockhash=BLOCKHASH, parent_blockhash=PARENT_HASH, **content
    )
    made = frames.frame("a", block=update)
    return _released((Kind.BLOCK, SLOT, (BLOCKHASH, "a"), mask, None, 7_000, made))


def _released(row: Row) -> Released:
    return (row[3], 0, False, 0, BLOCKHASH, row)


class Office:
    """A delivery, its sinks and its log; sinks are written when the test says so."""

    def __init__(
        self,
        *monitors: Monitor,
        routes: Sequence[int] = (1,),
        judged: Mapping[Kind, int] | None = None,
        slices_on_server: bool = False,
        forgetful: Sequence[int] = (),
        bound_bytes: int = 1_000_000,
    ) -> None:
        self.journal = Journal()
        self.sinks = [Forgetful() if i in forgetful else MemorySink() for i in range(len(routes))]
        self.outboxes = [
            Outbox(f"sink{i}", sink, self.journal, EvenDice(), bound_bytes=bound_bytes)
            for i, sink in enumerate(self.sinks)
        ]
        self.routes = [
            Route(outbox, mask) for outbox, mask in zip(self.outboxes, routes, strict=True)
        ]
        self.writer = RecordWriter(["ams"], [monitor.name for monitor in monitors])
        self.delivery = Delivery(
            monitors,
            self.routes,
            self.writer,
            dict(judged or {}),
            VirtualClock(),
            self.journal,
            slices_on_server=slices_on_server,
        )

    def holds(self, sink: int, released: Released, mask: int) -> None:
        """The sink was given this event for these monitors before the daemon started."""
        line = encode(self.writer, released, Commitment.CONFIRMED, 0)
        self.written(sink).setdefault(SLOT, {})[id_of(line)] = mask

    def written(self, sink: int) -> Written:
        """What the sink is known to hold."""
        return self.routes[sink].written

    async def records(
        self, *released: Released, level: Commitment = Commitment.CONFIRMED
    ) -> list[list[dict[str, Any]]]:
        """By sink, what it got of these events."""
        async with anyio.create_task_group() as tasks:
            for outbox in self.outboxes:
                tasks.start_soon(outbox.run)
            self.delivery.hand_on(Release(level, list(released)))
            for outbox in self.outboxes:
                outbox.finish()
        return [[orjson.loads(line) for line in sink.lines] for sink in self.sinks]


async def test_sinks_that_name_the_same_monitors_share_the_very_record() -> None:
    office = Office(A, B, routes=[0b11, 0b11])
    first, second = await office.records(transaction(0b11))
    assert first == second
    assert first[0]["monitors"] == ["a", "b"]
    assert office.sinks[0].lines[0] is office.sinks[1].lines[0]


async def test_each_sink_reads_its_own_monitors_on_the_record_and_nothing_else() -> None:
    first, second, third = await Office(A, B, routes=[0b01, 0b11, 0b10]).records(transaction(0b01))
    assert [record["monitors"] for record in first + second + third] == [["a"], ["a"]]
    assert third == []


async def test_a_sink_gets_the_monitors_that_it_is_for() -> None:
    first, second = await Office(A, B, routes=[0b01, 0b11]).records(transaction(0b11))
    assert first[0]["monitors"] == ["a"]
    assert second[0]["monitors"] == ["a", "b"]


async def test_records_keep_the_order_of_the_release() -> None:
    (got,) = await Office(A).records(*(transaction(1, index) for index in (3, 1, 2)))
    assert [record["index"] for record in got] == [3, 1, 2]


async def test_a_record_says_its_level_its_sender_and_when_it_came() -> None:
    (got,) = await Office(A).records(transaction(1), level=Commitment.FINALIZED)
    assert got[0]["commitment"] == "finalized"
    assert got[0]["endpoint"] == "ams"
    assert got[0]["received_at"] == "2026-11-21T07:42:00.000007Z"


async def test_an_event_that_the_kernel_made_bears_the_present_moment() -> None:
    slots = Monitor("slots")
    row: Row = (Kind.SLOT, SLOT, 1, 0, (4, None, False), 0, None)
    await anyio.sleep(2)
    (got,) = await Office(slots).records((1, -1, False, 0, None, row))
    assert got[0]["received_at"] == "2026-11-21T07:42:02.000000Z"
    assert got[0]["endpoint"] is None


def undo(mask: int, version: int = 0) -> Released:
    row: Row = (Kind.UNDO, SLOT, version, mask, (BLOCKHASH, "it died"), 0, None)
    return (mask, -1, False, version, BLOCKHASH, row)


async def test_undo_and_commitment_are_handed_on_as_they_are_and_counted() -> None:
    rich = Monitor("rich", accounts=AccountsFilter(owner=(key_text(frames.OWNER),)))
    office = Office(rich, B, routes=[0b11, 0b01], judged={Kind.ACCOUNT: 0b11})
    extra = ("b", Commitment.PROCESSED, "forks")
    row: Row = (Kind.COMMITMENT, SLOT, Commitment.CONFIRMED, 0b10, extra, 0, None)
    switched: Released = (0b10, -1, False, 0, None, row)
    both, first = await office.records(undo(0b11), switched)
    assert [(record["id"], record["monitors"]) for record in both] == [
        ("5:undo:0", ["rich", "b"]),
        ("5:commitment:confirmed", ["b"]),
    ]
    assert [record["id"] for record in first] == ["5:undo:0"]
    assert office.delivery.events == {
        (0, Kind.UNDO, 0b11): 1,
        (1, Kind.UNDO, 0b01): 1,
        (0, Kind.COMMITMENT, 0b10): 1,
    }


async def test_a_sink_without_use_for_records_is_counted_and_gets_none() -> None:
    office = Office(A, B, routes=[0b11, 0b01], forgetful=[0])
    nothing, something = await office.records(transaction(0b11), transaction(0b10, 1))
    assert (nothing, len(something)) == ([], 1)
    kind = int(Kind.TRANSACTION)
    assert office.delivery.events == {(0, kind, 0b11): 1, (1, kind, 0b01): 1, (0, kind, 0b10): 1}


async def test_a_frame_that_only_forgetful_sinks_get_is_not_read() -> None:
    office = Office(A, forgetful=[0])
    await office.records(transaction(1, frame=BROKEN))
    assert office.delivery.malformed == 0


@pytest.mark.parametrize("level", list(Commitment))
async def test_what_a_server_was_not_asked_for_exactly_is_judged_here(level: Commitment) -> None:
    rich = Monitor("rich", accounts=AccountsFilter(owner=(key_text(frames.OWNER),)))
    poor = Monitor("poor", accounts=AccountsFilter(owner=(key_text(bytes(32)),)))
    office = Office(rich, poor, routes=[0b11], judged={Kind.ACCOUNT: 0b11})
    (got,) = await office.records(account(0b11), account(0b10), level=level)
    assert [record["monitors"] for record in got] == [["rich"]]


async def test_what_a_server_judged_is_believed() -> None:
    rich = Monitor("rich", accounts=AccountsFilter(owner=(key_text(frames.OWNER),)))
    poor = Monitor("poor", accounts=AccountsFilter(owner=(key_text(bytes(32)),)))
    office = Office(rich, poor, routes=[0b11], judged={Kind.ACCOUNT: 0b01})
    (got,) = await office.records(account(0b11))
    assert got[0]["monitors"] == ["rich", "poor"]


async def test_data_are_cut_here_for_each_monitor_as_it_asks() -> None:
    head = Monitor("head", accounts=AccountsFilter(), data_slices=(DataSlice(0, 2),))
    tail = Monitor("tail", accounts=AccountsFilter(), data_slices=(DataSlice(2, 2),))
    whole = Monitor("whole", accounts=AccountsFilter())
    (got,) = await Office(head, tail, whole, routes=[0b111]).records(account(0b111))
    assert [(record["monitors"], record["data"]) for record in got] == [
        (["head"], "ZGE="),
        (["tail"], "dGE="),
        (["whole"], "ZGF0YQ=="),
    ]


async def test_data_that_the_server_cut_are_not_cut_again() -> None:
    middle = Monitor("middle", accounts=AccountsFilter(), data_slices=(DataSlice(2, 2),))
    (got,) = await Office(middle, slices_on_server=True).records(account(1, data=b"ta"))
    assert got[0]["data"] == "dGE="


async def test_every_write_is_told_apart_by_its_transaction() -> None:
    last = Monitor("last", accounts=AccountsFilter())
    every = Monitor("every", accounts=AccountsFilter(), every_write=True)
    (got,) = await Office(last, every, routes=[0b11]).records(account(0b11))
    pubkey = key_text(frames.PUBKEY)
    assert got[0]["id"] == f"5:account:{pubkey}"
    assert got[1]["id"].startswith(f"5:account:{pubkey}:")


async def test_accounts_of_a_block_are_cut_too() -> None:
    head = Monitor(
        "head", blocks=BlocksFilter(include_accounts=True), data_slices=(DataSlice(0, 2),)
    )
    (got,) = await Office(head).records(block(1, accounts=[frames.account().account]))
    assert [write["data"] for write in got[0]["accounts"]] == ["ZGE="]


async def test_a_block_of_a_superset_is_trimmed_to_each_monitors_filter() -> None:
    with_accounts = Monitor("a", blocks=BlocksFilter(include_accounts=True))
    named = Monitor("b", blocks=BlocksFilter(account_include=(key_text(bytes(32)),)))
    office = Office(with_accounts, named, routes=[0b11], judged={Kind.BLOCK: 0b11})
    content: dict[str, Any] = {
        "accounts": [frames.account().account],
        "transactions": [TRANSACTION_INFO],
    }
    (got,) = await office.records(block(0b01, **content), block(0b10, **content))
    kept = [(len(record["accounts"]), len(record["transactions"])) for record in got]
    assert kept == [(1, 1), (0, 0)]


async def test_a_block_that_was_asked_for_exactly_comes_as_it_is() -> None:
    plain = Monitor("a", blocks=BlocksFilter())
    (got,) = await Office(plain).records(block(1, accounts=[frames.account().account]))
    assert len(got[0]["accounts"]) == 1


async def test_a_frame_that_does_not_decode_is_reported_and_the_rest_goes_on() -> None:
    office = Office(A)
    (got,) = await office.records(
        transaction(1, 1), transaction(1, 2, frame=BROKEN), transaction(1, 3)
    )
    assert [record["index"] for record in got] == [1, 3]
    assert office.delivery.malformed == 1
    (report,) = office.journal.reports
    assert (report.level, report.sentence) == ("error", "an event could not be decoded")
    assert report.facts["slot"] == SLOT


async def test_a_block_to_trim_that_does_not_decode_is_reported_and_the_rest_goes_on() -> None:
    plain = Monitor("a", blocks=BlocksFilter())
    office = Office(plain, judged={Kind.BLOCK: 1})
    broken: Row = (Kind.BLOCK, SLOT, (BLOCKHASH, "a"), 1, None, 7_000, BROKEN)
    (got,) = await office.records(_released(broken), block(1))
    assert (len(got), office.delivery.malformed) == (1, 1)


async def test_is_full_while_any_sink_is_and_has_room_once_all_have() -> None:
    office = Office(A, B, routes=[0b01, 0b10], bound_bytes=1)
    office.delivery.hand_on(Release(Commitment.CONFIRMED, [transaction(0b10)]))
    assert office.delivery.is_full()
    with anyio.move_on_after(60) as patience:
        await office.delivery.has_room()
    assert patience.cancelled_caught
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(office.outboxes[1].run)
        await office.delivery.has_room()
        office.outboxes[1].finish()
    assert not office.delivery.is_full()


async def test_an_event_that_a_sink_holds_already_is_not_queued_again() -> None:
    office = Office(A, B, routes=[0b11, 0b11])
    office.holds(0, transaction(0b11), 0b11)
    other = transaction(0b11, index=1, signature=b"s" * 64)
    first, second = await office.records(transaction(0b11), other)
    assert [record["index"] for record in first] == [1]
    assert [record["index"] for record in second] == [0, 1]
    assert office.delivery.repeated == 1
    assert office.delivery.events == {
        (0, Kind.TRANSACTION, 0b11): 1,
        (1, Kind.TRANSACTION, 0b11): 2,
    }


async def test_monitors_for_whom_a_sink_does_not_hold_an_event_get_it_alone() -> None:
    office = Office(A, B, routes=[0b11])
    office.holds(0, transaction(0b11), 0b01)
    ((record,),) = await office.records(transaction(0b11))
    assert record["monitors"] == ["b"]
    assert office.delivery.repeated == 0


async def test_events_that_a_sink_holds_for_others_go_by_no_monitor_of_its_own() -> None:
    office = Office(A, B, routes=[0b01])
    office.holds(0, transaction(0b01), 0b01)
    assert await office.records(transaction(0b10)) == [[]]
    assert office.delivery.repeated == 0


def at_version(released: Released, version: int) -> Released:
    return (*released[:3], version, *released[4:])


async def test_nothing_of_a_version_follows_its_undo_in_a_sink_that_held_it() -> None:
    office = Office(A, B, routes=[0b11, 0b11])
    office.holds(0, transaction(0b11), 0b11)
    office.holds(0, undo(0b11), 0b01)
    office.holds(1, transaction(0b11), 0b11)
    lacked = transaction(0b11, index=1, signature=b"s" * 64)
    first, second = await office.records(
        lacked, undo(0b11), undo(0b11), lacked, at_version(lacked, 1)
    )
    told = [(record["kind"], record["version"], record["monitors"]) for record in first]
    assert told == [
        ("transaction", 0, ["b"]),
        ("undo", 0, ["b"]),
        ("transaction", 1, ["a", "b"]),
    ]
    told = [(record["kind"], record["version"], record["monitors"]) for record in second]
    assert told == [
        ("transaction", 0, ["a", "b"]),
        ("undo", 0, ["a", "b"]),
        ("transaction", 1, ["a", "b"]),
    ]


async def test_an_undo_is_given_to_no_sink_that_has_nothing_of_the_version() -> None:
    office = Office(A, B, routes=[0b11, 0b11])
    office.holds(0, transaction(0b11), 0b01)
    office.written(1)[SLOT] = {}
    first, second = await office.records(undo(0b11))
    assert [record["monitors"] for record in first] == [["a"]]
    assert second == []


async def test_events_of_an_earlier_version_than_the_one_that_a_sink_holds_are_not_given() -> None:
    office = Office(A)
    office.holds(0, at_version(transaction(1), 1), 1)
    late = transaction(1, index=1, signature=b"s" * 64)
    (got,) = await office.records(late, undo(1), at_version(late, 1), undo(1, 1))
    assert [record["id"].split(":")[:2] for record in got] == [
        ["5.1", "transaction"],
        ["5.1", "undo"],
    ]


async def test_what_is_no_part_of_a_block_is_given_whatever_was_undone() -> None:
    office = Office(A)
    office.holds(0, transaction(1), 1)
    office.holds(0, undo(1), 1)
    dead: Row = (Kind.SLOT, SLOT, SlotStatus.DEAD, 1, (4, "x", True), 0, None)
    processed: Row = (Kind.SLOT, SLOT, SlotStatus.PROCESSED, 1, (4, None, False), 0, None)
    extra = ("a", Commitment.PROCESSED, "forks")
    switched: Row = (Kind.COMMITMENT, SLOT, Commitment.CONFIRMED, 1, extra, 0, None)
    rows = (dead, processed, switched)
    (got,) = await office.records(*((1, -1, False, 0, None, row) for row in rows))
    assert [record["kind"] for record in got] == ["slot", "commitment"]
    assert got[0]["status"] == "dead"


async def test_what_a_sink_held_is_forgotten_with_its_slot() -> None:
    office = Office(A)
    office.holds(0, transaction(1), 1)
    office.delivery.settle(SLOT - 1)
    assert office.written(0).keys() == {SLOT}
    office.delivery.settle(SLOT)
    assert office.written(0) == {}


async def test_what_a_sink_held_of_an_open_slot_is_kept_until_the_slot_is_closed() -> None:
    office = Office(A)
    office.holds(0, transaction(1), 1)
    office.delivery.certify([Certificate(SLOT, SlotEnd.PARTIAL, "x")])
    office.delivery.settle(SLOT)
    assert await office.records(transaction(1)) == [[]]
    office.delivery.certify([Certificate(SLOT, SlotEnd.LOST, "x")])
    office.delivery.settle(SLOT + 1)
    assert office.written(0).keys() == {SLOT}
    office.delivery.certify([Certificate(SLOT, SlotEnd.RECOVERED, "x")])
    assert (office.written(0), office.routes[0].open_slots) == ({}, set())


async def test_a_certificate_of_a_slot_of_which_a_sink_held_nothing_keeps_nothing() -> None:
    office = Office(A)
    office.delivery.certify([Certificate(SLOT, SlotEnd.PARTIAL, "x")])
    assert (office.written(0), office.routes[0].open_slots) == ({}, set())


async def test_late_events_hold_the_place_back_until_the_store_learns_of_them() -> None:
    office = Office(A)
    outbox = office.outboxes[0]
    office.delivery.hand_on(Release(Commitment.CONFIRMED, [transaction(1)]))
    for slot in (SLOT, SLOT + 1):
        outbox.settle(slot)
        office.delivery.hand_on(Release(Commitment.CONFIRMED, [transaction(1)]))
    places = [outbox._marks[-1].later]
    office.delivery.certify([], {SLOT: b"given"})
    outbox.settle(SLOT + 2)
    places.append(outbox._marks[-1].later)
    line = outbox.queued // 3
    assert places == [line, 3 * line]


def test_the_id_of_a_record_is_read_from_its_beginning() -> None:
    assert id_of(b'{"id":"5.1:entry:0","kind":"entry"}\n') == b"5.1:entry:0"
