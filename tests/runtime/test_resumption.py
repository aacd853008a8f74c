"""Where a daemon goes on: behind what is settled and safe everywhere, with what its sinks hold read back."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.chain import Commitment
from monitor.core.jobs import Job, JobState
from monitor.core.level_history import Switch
from monitor.core.rungs import Rung
from monitor.runtime.delivery import Route
from monitor.runtime.outbox import Outbox
from monitor.runtime.resumption import MOST_ENDS, Resumption, Subscription, read_back, resumption
from monitor.stored import AbandonedSlots, Cursor, HeldEvents, StoredSlot, StoredSwitch
from tests.runtime.fakes import DurableMemory, EvenDice, Journal, MemoryLedger, MemorySink

HELD = {5: {b"5:x": 1, b"5:y": 3}, 6: {b"6:x": 1}}


def subscribed(name: str, sink: MemorySink, *monitors: str) -> Subscription:
    bits = {monitor: 1 << i for i, monitor in enumerate(monitors)}
    return Subscription(Route(Outbox(name, sink, Journal(), EvenDice()), sum(bits.values())), bits)


FILE = subscribed("file", DurableMemory(), "a", "b")
OUT = subscribed("out", MemorySink(), "a")


def resumed(
    settled: int | None,
    *frontiers: tuple[str, str, int],
    of: Sequence[Subscription] = (FILE, OUT),
    start_slot: int | None = None,
) -> Resumption:
    """(sink, monitor, frontier) of each cursor."""
    store = MemoryLedger(settled=settled, cursors=[Cursor(*f, place="p") for f in frontiers])
    return resumption(store, of, start_slot)


def test_a_new_store_starts_at_the_tip() -> None:
    assert resumed(None) == Resumption(None, (), None, None)


def test_a_new_store_starts_where_the_user_says() -> None:
    assert resumed(None, start_slot=70) == Resumption(None, (), None, 70)


def test_goes_on_behind_what_is_settled() -> None:
    assert resumed(99, ("file", "a", 99), ("file", "b", 99)).resume_slot == 100


def test_goes_on_behind_the_slowest_sink_that_can_be_read_back() -> None:
    assert resumed(99, ("file", "a", 90), ("file", "b", 80)).resume_slot == 81


def test_a_sink_that_cannot_be_read_back_holds_nobody_back() -> None:
    assert resumed(99, ("file", "a", 99), ("out", "a", 3)).resume_slot == 100


def test_goes_on_behind_what_was_given_up_though_cursors_are_before_it() -> None:
    store = MemoryLedger(settled=99, cursors=[Cursor("file", each, 90, "p") for each in "ab"])
    store.abandon([AbandonedSlots(91, 6_500_000, "not wanted", 0)])
    assert resumption(store, [FILE], None).resume_slot == 6_500_000


def store_of(*ends: SlotEnd) -> MemoryLedger:
    """A store whose file is settled up to slot 9, with these ends from slot 10 on."""
    cursors = [Cursor("file", monitor, 9, "p") for monitor in ("a", "b")]
    store = MemoryLedger(settled=9, cursors=cursors)
    for slot, end in enumerate(ends, 10):
        store.certificates[slot] = StoredSlot(
            slot, end, "proof", "hash", slot - 1, slot, (), (), (), None, 0
        )
    return store


def test_slots_that_were_closed_behind_an_open_one_are_done_with() -> None:
    store = store_of(SlotEnd.PARTIAL, SlotEnd.COMPLETE, SlotEnd.LOST, SlotEnd.SKIPPED)
    assert resumption(store, [FILE], None).closed == (
        Certificate(11, SlotEnd.COMPLETE, "proof", "hash", 10, 11),
        Certificate(13, SlotEnd.SKIPPED, "proof", "hash", 12, 13),
    )


def test_the_last_block_before_tells_how_many_blocks_lie_behind_it() -> None:
    store = store_of(SlotEnd.COMPLETE)
    for slot, end in ((6, SlotEnd.COMPLETE), (7, SlotEnd.RECOVERED), (8, SlotEnd.SKIPPED)):
        store.certificates[slot] = replace(store.certificates[10], slot=slot, end=end)
    for sinks, slots in (([FILE], [7, 10]), ([FILE, OUT], [7])):
        assert [each.slot for each in resumption(store, sinks, None).closed] == slots
    assert resumption(store, [FILE], 20).closed == ()


def test_a_last_block_without_a_height_tells_nothing() -> None:
    store = store_of()
    store.certificates[9] = StoredSlot(
        9, SlotEnd.COMPLETE, "proof", "hash", 8, None, (), (), (), None, 0
    )
    assert resumption(store, [FILE], None).closed == ()


def test_for_a_sink_that_is_new_no_slot_is_done_with() -> None:
    store = store_of(SlotEnd.PARTIAL, SlotEnd.COMPLETE)
    assert resumption(store, [FILE, OUT], None).closed == ()


@pytest.mark.parametrize(
    ("settled", "first_slots"),
    [(10, [7, 20, 30]), (18, [7, 20, 30]), (19, [20, 30]), (40, [30])],
)
def test_switches_that_slots_in_flight_need_come_back_and_the_last_one(
    settled: int, first_slots: list[int]
) -> None:
    store = MemoryLedger(settled=settled)
    levels = (Commitment.PROCESSED, Commitment.CONFIRMED)
    switches = [Switch(slot, *levels, "calm") for slot in (3, 7, 20, 30)]
    store.keep_switches([StoredSwitch(switch, 0) for switch in switches])
    found = resumption(store, [FILE], None).switches
    assert [switch.first_slot for switch in found] == first_slots


def test_switches_that_open_slots_need_come_back() -> None:
    store = store_with_open_slots()
    levels = (Commitment.PROCESSED, Commitment.CONFIRMED)
    lowest = store.open_before(2**62)[0][0]
    switches = [Switch(lowest + after, *levels, "calm") for after in (-2, -1, 1, 2)]
    store.keep_switches([StoredSwitch(switch, 0) for switch in switches])
    assert resumption(store, [FILE], None).switches == tuple(switches[1:])


def test_what_is_configured_no_more_holds_nobody_back() -> None:
    found = resumed(99, ("file", "a", 95), ("file", "gone", 3), ("gone", "a", 4))
    assert found.resume_slot == 96
    assert [(c.sink, c.monitor) for c in found.cursors] == [("file", "a")]


def test_a_file_whose_sink_has_a_new_name_goes_on_where_it_was() -> None:
    renamed = subscribed("renamed", DurableMemory({"p": HELD}), "a", "b")
    found = resumed(99, ("file", "a", 90), ("out", "b", 80), of=[renamed, OUT])
    assert found.cursors == (Cursor("renamed", "a", 90, "p"), Cursor("renamed", "b", 80, "p"))


def test_a_cursor_of_the_sinks_own_name_comes_before_one_of_its_file() -> None:
    file = subscribed("file", DurableMemory({"p": HELD}), "a")
    found = resumed(99, ("another", "a", 90), ("file", "a", 95), of=[file])
    assert found.cursors == (Cursor("file", "a", 95, "p"),)


def test_sinks_that_changed_their_names_keep_their_files() -> None:
    one = subscribed("one", DurableMemory({"q": HELD}), "a")
    two = subscribed("two", DurableMemory({"p": HELD}), "a")
    known = [Cursor("one", "a", 90, "p"), Cursor("two", "a", 95, "q")]
    found = resumption(MemoryLedger(settled=99, cursors=known), [one, two], None)
    assert found.cursors == (Cursor("one", "a", 95, "q"), Cursor("two", "a", 90, "p"))


def test_no_cursor_leads_beyond_what_is_settled() -> None:
    assert resumed(99, ("file", "a", 120)).resume_slot == 100


def test_a_start_slot_behind_it_skips_and_one_before_it_says_nothing() -> None:
    skips = resumed(99, ("file", "a", 90), start_slot=95)
    assert (skips.resume_slot, skips.start_slot, skips.first) == (None, 95, 95)
    stays = resumed(99, ("file", "a", 90), start_slot=91)
    assert (stays.resume_slot, stays.start_slot, stays.first) == (91, None, 91)


async def test_what_a_sink_holds_from_the_first_slot_on_is_known_to_its_route() -> None:
    file = subscribed("file", DurableMemory({"p": {4: {b"4:x": 1}, **HELD}}), "a", "b")
    cursors = await read_back(
        resumed(99, ("file", "a", 4), ("file", "b", 4), of=[file]),
        [file],
    )
    assert file.route.written == HELD
    assert cursors == (Cursor("file", "a", 4, "p"), Cursor("file", "b", 4, "p"))


async def test_cursors_at_several_places_are_all_read_from() -> None:
    sink = DurableMemory({"p": HELD, "q": {5: {b"5:x": 2}, 7: {b"7:x": 1}}})
    file = subscribed("file", sink, "a", "b")
    known = (Cursor("file", "a", 4, "p"), Cursor("file", "b", 4, "q"))
    assert await read_back(Resumption(4, known, 5, None), [file]) == known
    assert file.route.written == {**HELD, 5: {b"5:x": 3, b"5:y": 3}, 7: {b"7:x": 1}}


async def test_a_new_monitor_and_a_new_file_begin_at_the_first_slot_where_writing_begins() -> None:
    file = subscribed("file", DurableMemory({"p": HELD}), "a", "new")
    moved = subscribed("moved", DurableMemory(), "a")
    out = subscribed("out", MemorySink(), "a")
    known = (
        Cursor("file", "a", 4, "p"),
        Cursor("moved", "a", 6, "elsewhere"),
        Cursor("out", "a", 6, "was a file"),
    )
    cursors = await read_back(Resumption(6, known, 5, None), [file, moved, out])
    assert cursors == (
        Cursor("file", "a", 4, "p"),
        Cursor("file", "new", 4, "byte 0"),
        Cursor("moved", "a", 6, "byte 0"),
        Cursor("out", "a", 6, ""),
    )
    assert (moved.route.written, out.route.written) == ({}, {})


async def test_nothing_is_read_back_at_a_first_start_at_the_tip() -> None:
    assert await read_back(resumed(None), [FILE]) == ()


JOB = Job(3, 8, Rung.RPC, 2, JobState.OPEN)


def store_with_open_slots() -> MemoryLedger:
    """Settled up to slot 9; 4 and 12 are open, and there are jobs for 3..7, 8..13 and 15."""
    store = store_of(SlotEnd.COMPLETE, SlotEnd.COMPLETE, SlotEnd.PARTIAL)
    store.certificates[4] = replace(store.certificates[12], slot=4)
    store.found_jobs = [JOB, replace(JOB, first=8, end=14), replace(JOB, first=15, end=16)]
    return store


def test_open_slots_and_jobs_before_the_first_slot_go_on() -> None:
    found = resumption(store_with_open_slots(), [FILE], None)
    assert found.first == 10
    assert found.open == ((4, 5),)
    assert found.jobs == (replace(JOB, first=4, end=5),)


def test_open_slots_and_jobs_go_on_where_the_user_skips() -> None:
    found = resumption(store_with_open_slots(), [FILE], 14)
    assert (found.first, found.closed) == (14, ())
    assert found.open == ((4, 5), (12, 13))
    assert found.jobs == (replace(JOB, first=4, end=5), replace(JOB, first=12, end=13))


def test_jobs_of_slots_that_were_closed_or_signed_off_do_not_come_back() -> None:
    store = store_of(SlotEnd.PARTIAL)
    for slot in (2, 3, 6, 7):
        store.certificates[slot] = replace(store.certificates[10], slot=slot)
    store.found_jobs = [
        replace(JOB, first=first, end=end) for first, end in ((0, 3), (3, 7), (8, 9))
    ]
    found = resumption(store, [FILE], None)
    cut = [(job.first, job.end) for job in found.jobs]
    assert cut == [(2, 3), (3, 4), (6, 7)]


def beside(store: MemoryLedger, start_slot: int | None = None) -> list[tuple[int, int | None]]:
    """Slots and heights of the blocks next to what is open."""
    found = resumption(store, [FILE], start_slot).beside
    return [(each.slot, each.block_height) for each in found]


def test_blocks_next_to_open_slots_tell_the_heights_of_missing_ones() -> None:
    store = store_with_open_slots()
    block = store.certificates[10]
    for slot, end in ((3, SlotEnd.COMPLETE), (5, SlotEnd.SKIPPED), (6, SlotEnd.RECOVERED)):
        store.certificates[slot] = replace(block, slot=slot, end=end, block_height=slot)
    store.certificates[5] = replace(store.certificates[5], parent_slot=None)
    store.certificates[13] = replace(block, slot=13, parent_slot=11)
    assert beside(store) == [(3, 3), (6, 6)]
    assert beside(store, 13) == [(3, 3), (11, 11), (6, 6), (13, 10)]


def test_so_does_the_block_above_a_lost_slot_among_open_ones() -> None:
    store = store_of()
    block = store_of(SlotEnd.PARTIAL).certificates[10]
    for slot in (3, 4, 5, 6, 7):
        store.certificates[slot] = replace(block, slot=slot, parent_slot=None, block_height=None)
    store.certificates[6] = replace(block, slot=6, parent_slot=4, block_height=77)
    store.found_jobs = [replace(JOB, first=4, end=5, state=JobState.LOST)]
    assert beside(store) == [(6, 77)]
    assert [each.state for each in resumption(store, [FILE], None).jobs] == [JobState.LOST]


def test_of_very_many_open_ranges_the_blocks_next_to_the_highest_are_looked_for() -> None:
    store = store_of(*[SlotEnd.COMPLETE, SlotEnd.PARTIAL] * (MOST_ENDS + 1), SlotEnd.COMPLETE)
    slots = {slot for slot, _ in beside(store, max(store.certificates))}
    assert slots == set(range(12, max(store.certificates) + 1, 2))


def test_what_a_sink_held_of_open_slots_follows_its_name() -> None:
    store = store_with_open_slots()
    store._cursors = [Cursor("old", "a", 9, "p"), Cursor("file", "b", 9, "p")]
    held = HeldEvents(4, "old", "a", (b"4:x",))
    gone = replace(held, monitor="gone")
    store.kept_held = [held, gone, replace(held, slot=12), replace(held, sink="file", monitor="b")]
    file = subscribed("file", DurableMemory({"p": HELD}), "a", "b")
    assert resumption(store, [file], None).held == (
        replace(held, sink="file"),
        replace(held, sink="file", monitor="b"),
    )


async def test_lines_of_open_slots_before_the_first_slot_are_known_with_what_was_held() -> None:
    lines = {3: {b"3:x": 1}, 4: {b"4:x": 1, b"4:y": 3}, 9: {b"9:x": 1}}
    file = subscribed("file", DurableMemory({"p": lines}), "a", "b")
    cursors = tuple(Cursor("file", name, 8, "p") for name in ("a", "b"))
    held = (HeldEvents(4, "file", "b", (b"4:x", b"4:z")), HeldEvents(4, "other", "a", (b"4:o",)))
    await read_back(Resumption(8, cursors, 9, None, open=((4, 6),), held=held), [file])
    assert file.route.written == {4: {b"4:x": 3, b"4:y": 3, b"4:z": 2}, 9: {b"9:x": 1}}
    assert file.route.open_slots == {4}
