"""The hand-over: in order, in slices between which others have their turn, and to its end."""

from collections.abc import Sequence

import anyio
import pytest

from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Abandon, Certify, KeepJobs, Release, Released, Settled
from monitor.core.jobs import Job, JobState
from monitor.core.monitors import BlocksFilter, Monitor, TransactionsFilter
from monitor.core.rungs import Rung
from monitor.runtime.delivery import id_of
from monitor.runtime.handover import SLICE_EVENTS, HandOver, slices
from tests.runtime.fakes import MemoryLedger, books
from tests.runtime.test_delivery import SLOT, Office, block, transaction
from tests.wire.record_samples import TRANSACTION_INFO

TRANSACTIONS = Monitor("a", transactions=TransactionsFilter())
BLOCKS = Monitor("a", blocks=BlocksFilter())
CONFIRMED = Commitment.CONFIRMED


def _many(count: int) -> list[Released]:
    return [transaction(1, index) for index in range(count)]


async def _turns(office: Office, *commands: Release | Settled) -> list[int]:
    """How many lines were queued at each turn that another task had while these were performed."""
    handover = HandOver(office.delivery, books())
    seen: list[int] = []
    done = anyio.Event()

    async def look() -> None:
        while not done.is_set():
            seen.append(len(office.outboxes[0]._lines))
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        await anyio.lowlevel.checkpoint()
        for command in commands:
            handover.add(command)
        await handover.run()
        done.set()
    return seen


async def test_others_have_their_turn_between_two_slices() -> None:
    office = Office(TRANSACTIONS)
    slice_count = 6
    seen = await _turns(office, Release(CONFIRMED, _many(slice_count * SLICE_EVENTS)))
    between = {count for count in seen if 0 < count < slice_count * SLICE_EVENTS}
    assert between <= {SLICE_EVENTS * each for each in range(1, slice_count)}
    assert len(between) >= 2  # not all: which of two tasks goes first in a turn is nobody's to say


async def test_sliced_lines_keep_the_order_of_the_releases() -> None:
    office = Office(TRANSACTIONS)
    first, second = _many(2 * SLICE_EVENTS + 1), [transaction(1, 9_000)]
    handover = HandOver(office.delivery, books())
    handover.add(Release(CONFIRMED, first))
    handover.add(Release(CONFIRMED, second))
    await handover.run()
    lines = [*office.outboxes[0]._lines]
    office.outboxes[0]._lines.clear()
    office.delivery.hand_on(Release(CONFIRMED, first + second))
    assert lines == [*office.outboxes[0]._lines]


async def test_what_was_given_up_is_in_the_books_before_what_is_settled_behind_it() -> None:
    office, own = Office(TRANSACTIONS), books()
    own.begin(10)
    handover = HandOver(office.delivery, own)
    handover.add(Abandon(10, 15, "not wanted"))
    handover.add(Settled(14))
    await handover.run()
    assert [slot.slot for slot in await own.slots(0, 100, 100)] == [10, 11, 12, 13, 14]


async def test_a_slot_is_settled_after_the_last_slice_of_what_came_before() -> None:
    office = Office(TRANSACTIONS)
    events = _many(2 * SLICE_EVENTS)
    office.delivery.hand_on(Release(CONFIRMED, events[-1:]))
    written = office.delivery._routes[0].written
    written[SLOT] = {id_of(office.outboxes[0]._lines.pop()): 1}
    await _turns(office, Release(CONFIRMED, events), Settled(SLOT))
    assert not written
    assert (
        office.delivery.repeated == 2 * SLICE_EVENTS
    )  # known up to the last: all have the same signature


async def test_a_cancelled_hand_over_comes_to_its_end() -> None:
    office = Office(TRANSACTIONS)
    handover = HandOver(office.delivery, books())
    handover.add(Release(CONFIRMED, _many(4 * SLICE_EVENTS)))
    with anyio.CancelScope() as scope:
        scope.cancel()
        await handover.run()
    assert len(office.outboxes[0]._lines) == 4 * SLICE_EVENTS


async def test_a_block_is_made_in_turns_and_is_the_same_as_in_one_go() -> None:
    content = [TRANSACTION_INFO] * 400
    office = Office(BLOCKS)
    seen = await _turns(office, Release(CONFIRMED, [block(1, transactions=content)]))
    assert len(seen) > 3
    made = [*office.outboxes[0]._lines]
    office.outboxes[0]._lines.clear()
    office.delivery.hand_on(Release(CONFIRMED, [block(1, transactions=content)]))
    assert made == [*office.outboxes[0]._lines]


async def test_a_block_that_cannot_be_read_is_said_once() -> None:
    office = Office(BLOCKS)
    broken = block(1)
    row = (*broken[5][:6], b"\xff\xff")
    await _turns(office, Release(CONFIRMED, [(*broken[:5], row), block(1)]))
    assert office.delivery.malformed == 1
    assert len(office.outboxes[0]._lines) == 1


async def test_certificates_jobs_and_lines_come_to_the_books_in_the_order_of_the_kernel() -> None:
    office = Office(TRANSACTIONS)
    office.routes[0].written[SLOT] = {b"x": 1}
    store = MemoryLedger()
    kept = books(store=store)
    kept.begin(SLOT)
    handover = HandOver(office.delivery, kept)
    job = Job(SLOT, SLOT + 1, Rung.RPC, 0, JobState.OPEN)
    certificate = Certificate(SLOT, SlotEnd.PARTIAL, "x")
    for command in (Certify([certificate], {SLOT: b"given"}), Settled(SLOT), KeepJobs([job])):
        handover.add(command)
    await handover.run()
    await kept.close()
    assert (store.certificates[SLOT].end, store.settled()) == (SlotEnd.PARTIAL, SLOT)
    assert (store.handed_on, store.changes) == ({SLOT: b"given"}, [job])
    assert office.routes[0].open_slots == {SLOT}


@pytest.mark.parametrize(
    ("kinds", "alone", "expected"),
    [
        ("t" * 100, False, [48, 48, 4]),
        ("", True, []),
        ("ttbt", True, [2, 1, 1]),
        ("bb", True, [1, 1]),
        ("t" * 50 + "b", True, [48, 2, 1]),
        ("ttbt", False, [4]),
    ],
)
def test_slices_are_bounded_and_blocks_alone(
    kinds: str, alone: bool, expected: Sequence[int]
) -> None:
    events: list[Released] = [
        (1, 0, False, 0, None, (int(Kind.BLOCK if each == "b" else Kind.ENTRY), n, 0, 1, 0, 0, b""))
        for n, each in enumerate(kinds)
    ]
    cut = list(slices(events, alone=alone))
    assert [len(part) for part in cut] == expected
    assert [event for part in cut for event in part] == events
