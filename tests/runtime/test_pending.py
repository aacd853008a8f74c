"""What waits for the store: until sinks are safe, in order, and no more of it than there is."""

from dataclasses import replace

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment
from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.level_history import Switch
from monitor.core.rungs import Rung
from monitor.runtime.pending import Entry, Pending, Positions
from monitor.stored import AbandonedSlots, HeldEvents, SignOff, StoredSlot, StoredSwitch

STORED = StoredSlot(7, SlotEnd.PARTIAL, "proof", None, None, None, (), (), (), None, 0)
JOB = Job(7, 8, Rung.RPC, 0, JobState.OPEN)
LEVELS = (Commitment.PROCESSED, Commitment.CONFIRMED)
HELD = HeldEvents(7, "file", "a", (b"x", b"y"))


def entry(
    slot: int = 7,
    end: SlotEnd = SlotEnd.PARTIAL,
    *,
    needed: Positions = (),
    given: bytes | None = None,
    held: tuple[HeldEvents, ...] = (),
) -> Entry:
    return Entry(slot, replace(STORED, slot=slot, end=end), needed, given, held)


def test_nothing_waits_at_first() -> None:
    pending = Pending()
    assert not pending.ready([])
    assert (pending.size_bytes, pending.has_recovery) == (0, False)


def test_a_certificate_and_what_belongs_to_it_wait_for_every_sink() -> None:
    pending = Pending()
    pending.certify(entry(needed=(10, 20), given=b"given", held=(HELD,)))
    assert not pending.ready([10, 19])
    ready = pending.ready([10, 20])
    assert (ready.slots, ready.given, ready.held) == ([STORED], {7: b"given"}, [HELD])


def test_changes_of_jobs_keep_their_order_behind_one_that_waits() -> None:
    pending = Pending()
    pending.keep_jobs([JOB], (5,))
    pending.keep_jobs([JobsDone(7, 8)], (10,))
    pending.keep_jobs([replace(JOB, first=9, end=10)], (0,))
    assert pending.ready([4]).changes == []
    assert pending.ready([5]).changes == [JOB]
    assert pending.ready([10]).changes == [JOB, JobsDone(7, 8), replace(JOB, first=9, end=10)]


def test_what_was_given_up_waits_for_no_sink_and_is_told_meanwhile() -> None:
    pending = Pending()
    pending.certify(entry(needed=(10,)))
    far = AbandonedSlots(10, 6_500_000, "not wanted", 0)
    pending.abandon(far)
    assert pending.has_recovery
    assert pending.ready([0]).abandoned == [far]
    assert [slot.slot for slot in pending.abandoned(12, 2**62, 3)] == [12, 13, 14]
    ready = pending.ready([0])
    more = replace(far, first=6_500_000, end=6_500_001)
    pending.abandon(more)
    pending.done(ready)
    assert pending.ready([0]).abandoned == [more]


def test_what_is_stored_waits_no_more_and_what_came_meanwhile_does() -> None:
    pending = Pending()
    pending.certify(entry(7))
    pending.certify(entry(8, given=b"8"))
    pending.keep_jobs([JOB], ())
    ready = pending.ready([])
    pending.certify(entry(7, SlotEnd.RECOVERED))
    pending.keep_jobs([JobsDone(7, 8)], ())
    pending.done(ready)
    left = pending.ready([])
    assert [each.end for each in left.slots] == [SlotEnd.RECOVERED]
    assert (left.given, left.changes) == ({}, [JobsDone(7, 8)])
    pending.done(left)
    assert not pending.ready([])
    assert pending.size_bytes == 0


def test_a_certificate_that_needs_no_more_takes_the_place_of_the_one_before() -> None:
    pending = Pending()
    pending.certify(entry(needed=(5,), given=bytes(1000)))
    pending.certify(entry(end=SlotEnd.RECOVERED, needed=(5,)))
    assert [each.end for each in pending.ready([5]).slots] == [SlotEnd.RECOVERED]
    assert pending.size_bytes == entry().size


def test_a_certificate_does_not_wait_for_what_its_amendment_needs() -> None:
    pending = Pending()
    pending.certify(entry(needed=(5,), given=b"a"))
    pending.certify(entry(needed=(9,), given=b"b"))
    pending.certify(entry(end=SlotEnd.RECOVERED, needed=(20,)))
    first = pending.ready([5])
    assert (first.slots, first.given) == ([STORED], {7: b"a"})
    assert pending.ready([9]).given == {7: b"b"}
    pending.done(first)
    assert not pending.ready([8])
    pending.done(pending.ready([9]))
    assert [each.end for _, each in pending.slots(0, 10)] == [SlotEnd.RECOVERED]
    pending.done(pending.ready([20]))
    assert (pending.size_bytes, [*pending.slots(0, 10)]) == (0, [])


def test_what_was_handed_on_is_told_anew_without_a_certificate() -> None:
    pending = Pending()
    pending.certify(Entry(7, None, (5,), b"late", ()))
    assert [*pending.slots(0, 10)] == []
    ready = pending.ready([5])
    assert (ready.slots, ready.given) == ([], {7: b"late"})
    pending.done(ready)
    assert pending.size_bytes == 0


def test_what_is_told_anew_takes_the_certificate_that_waits_along() -> None:
    pending = Pending()
    pending.certify(entry(needed=(5,), given=b"a", held=(HELD,)))
    pending.certify(Entry(7, None, (9,), b"late", ()))
    assert pending.ready([5]).given == {7: b"a"}
    ready = pending.ready([9])
    assert (ready.slots, ready.given, ready.held) == ([STORED], {7: b"late"}, [HELD])


def test_a_sign_off_goes_with_the_next_round() -> None:
    pending = Pending()
    one, other = SignOff(7, "x", 1), SignOff(8, "y", 2)
    pending.sign_off(one)
    assert pending.has_recovery
    ready = pending.ready([])
    assert ready
    pending.sign_off(other)
    pending.done(ready)
    assert (ready.signed, pending.ready([]).signed) == ([one], [other])
    assert (pending.awaits(one), pending.awaits(other)) == (False, True)


def test_a_switch_goes_with_the_next_round_whatever_sinks_have_made_safe() -> None:
    pending = Pending()
    one, other = (StoredSwitch(Switch(s, *LEVELS, "calm"), s) for s in (7, 9))
    pending.certify(entry(needed=(10,)))
    pending.keep_switch(one)
    assert pending.has_recovery
    ready = pending.ready([0])
    assert ready
    pending.keep_switch(other)
    pending.done(ready)
    assert (ready.switches, pending.ready([0]).switches) == ([one], [other])


def test_amendments_that_sinks_have_overtaken_are_not_stored() -> None:
    pending = Pending()
    pending.certify(entry(needed=(5,), given=b"a"))
    pending.certify(entry(end=SlotEnd.RECOVERED, needed=(9,)))
    ready = pending.ready([9])
    assert [each.end for each in ready.slots] == [SlotEnd.RECOVERED]
    pending.done(ready)
    assert pending.size_bytes == 0


def test_what_was_handed_on_of_an_open_slot_stays_true_when_its_certificate_is_amended() -> None:
    pending = Pending()
    pending.certify(entry(given=b"given"))
    pending.certify(entry(end=SlotEnd.LOST))
    assert pending.given([6, 7]) == {7: b"given"}
    pending.certify(entry(end=SlotEnd.LOST, given=b"more"))
    assert pending.given([7]) == {7: b"more"}
    pending.certify(entry(end=SlotEnd.RECOVERED))
    assert pending.given([7]) == {}


def test_what_sinks_held_at_the_start_goes_with_the_next_round() -> None:
    pending = Pending()
    pending.keep_held([HELD])
    assert pending.has_recovery
    ready = pending.ready([])
    assert ready
    assert ready.held == [HELD]
    pending.done(ready)
    assert not pending.ready([])


def test_recovery_is_what_a_crash_would_have_to_go_on_with() -> None:
    pending = Pending()
    pending.certify(entry())
    assert not pending.has_recovery
    pending.certify(entry(8, given=b""))
    assert pending.has_recovery
    pending = Pending()
    pending.keep_jobs([JOB], ())
    assert pending.has_recovery


def test_all_that_waits_has_its_size() -> None:
    pending = Pending()
    sizes = [pending.size_bytes]
    pending.certify(entry())
    sizes.append(pending.size_bytes)
    pending.certify(entry(given=bytes(1000)))
    sizes.append(pending.size_bytes)
    pending.certify(entry(given=bytes(1000), held=(HELD,)))
    sizes.append(pending.size_bytes)
    pending.keep_jobs([JOB], ())
    sizes.append(pending.size_bytes)
    assert sizes == sorted(set(sizes))
    assert sizes[2] - sizes[1] == 1000


def test_certificates_that_wait_are_told_by_slot() -> None:
    pending = Pending()
    for slot in (5, 6, 7):
        pending.certify(entry(slot))
    assert [slot for slot, _ in pending.slots(6, 8)] == [6, 7]


def test_a_slot_of_which_nothing_is_stored_holds_back_those_behind_it() -> None:
    pending = Pending()
    pending.certify(entry(7, needed=(0,)))
    pending.certify(entry(8, needed=(5,)))
    pending.certify(entry(9, needed=(10,)))
    assert pending.first_after(pending.ready([0]), settled=6) == 8
    assert pending.first_after(pending.ready([5]), settled=6) == 9
    assert pending.first_after(pending.ready([10]), settled=6) is None


def test_news_of_a_slot_that_is_stored_hold_nothing_back() -> None:
    pending = Pending()
    for slot in (7, 9):
        pending.certify(entry(slot, needed=(0,)))
    pending.certify(entry(8, needed=(5,)))
    ready = pending.ready([0])
    assert pending.first_after(ready, settled=6) == 8
    pending.done(ready)
    for slot in (6, 7, 9):
        pending.certify(Entry(slot, None, (99,), b"more", ()))
    assert pending.first_after(pending.ready([0]), settled=7) == 8
    assert pending.first_after(pending.ready([5]), settled=7) is None
