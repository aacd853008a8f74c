"""Recovery in the store: jobs never overlap, and what was handed on stays as long as its slot is open."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.core.certificates import SlotEnd
from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.rungs import Rung
from monitor.stored import HeldEvents, SignOff, StoredSlot

OPEN, LEASED, LOST = JobState


def job(first: int, end: int, state: JobState = OPEN, rung: Rung = Rung.RPC) -> Job:
    return Job(first, end, rung, 1, state)


def certified(slot: int, end: SlotEnd) -> StoredSlot:
    return StoredSlot(slot, end, "proof", None, None, None, (), (), (), None, 0)


@pytest.fixture
def store(tmp_path: Path) -> SqliteLedger:
    return SqliteLedger(tmp_path / "ledger.sqlite")


def kept(store: SqliteLedger, *changes: Job | JobsDone) -> list[Job]:
    """The jobs after these changes, in one round each."""
    for change in changes:
        store.commit_recovery({}, [change])
    return store.jobs()


def test_jobs_are_there_after_a_restart_by_slot(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    jobs = [Job(70, 80, Rung.REPLAY, 2, OPEN), Job(5, 6, Rung.ARCHIVE, 0, LOST)]
    before = SqliteLedger(path)
    before.commit_recovery({}, jobs)
    before.close()
    assert SqliteLedger(path).jobs() == jobs[::-1]


def test_a_lease_of_an_earlier_process_is_open(store: SqliteLedger) -> None:
    assert kept(store, job(5, 8, LEASED)) == [job(5, 8, OPEN)]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (job(10, 20, LOST), [job(10, 20, LOST)]),
        (job(10, 12, LOST), [job(10, 12, LOST), job(12, 20)]),
        (job(18, 20, LOST), [job(10, 18), job(18, 20, LOST)]),
        (job(14, 15, LOST), [job(10, 14), job(14, 15, LOST), job(15, 20)]),
        (job(5, 12, LOST), [job(5, 12, LOST), job(12, 20)]),
        (job(18, 25, LOST), [job(10, 18), job(18, 25, LOST)]),
        (job(5, 25, LOST), [job(5, 25, LOST)]),
        (job(5, 10, LOST), [job(5, 10, LOST), job(10, 20)]),
        (job(20, 25, LOST), [job(10, 20), job(20, 25, LOST)]),
        (JobsDone(10, 20), []),
        (JobsDone(14, 15), [job(10, 14), job(15, 20)]),
        (JobsDone(0, 10), [job(10, 20)]),
        (JobsDone(20, 99), [job(10, 20)]),
    ],
)
def test_a_change_of_a_part_leaves_the_rest(
    store: SqliteLedger, change: Job | JobsDone, left: list[Job]
) -> None:
    assert kept(store, job(10, 20), change) == left


def test_a_change_over_several_jobs_takes_the_place_of_what_it_covers(store: SqliteLedger) -> None:
    apart = [job(10, 12), job(14, 16, LOST), job(18, 20)]
    assert kept(store, *apart, job(11, 19, rung=Rung.ARCHIVE)) == [
        job(10, 11),
        job(11, 19, rung=Rung.ARCHIVE),
        job(19, 20),
    ]


def test_changes_of_one_round_are_made_in_their_order(store: SqliteLedger) -> None:
    store.commit_recovery({}, [job(5, 9), JobsDone(6, 7), job(6, 7, LOST), JobsDone(8, 9)])
    assert store.jobs() == [job(5, 6), job(6, 7, LOST), job(7, 8)]


RANGES = st.tuples(st.integers(0, 30), st.integers(1, 12))
CHANGES = st.lists(
    st.tuples(
        RANGES, st.sampled_from([None, OPEN, LOST]), st.sampled_from([Rung.RPC, Rung.ARCHIVE])
    ),
    max_size=15,
)


@given(CHANGES)
@settings(deadline=None)
def test_after_any_changes_every_slot_is_where_the_last_one_left_it(
    changes: list[tuple[tuple[int, int], JobState | None, Rung]],
) -> None:
    store = SqliteLedger(Path(":memory:"))
    by_slot: dict[int, tuple[JobState, Rung]] = {}
    made: list[Job | JobsDone] = []
    for (first, length), state, rung in changes:
        end = first + length
        made.append(JobsDone(first, end) if state is None else Job(first, end, rung, 0, state))
        for slot in range(first, end):
            by_slot.pop(slot, None)
            if state is not None:
                by_slot[slot] = (state, rung)
    store.commit_recovery({}, made)
    jobs = store.jobs()
    told = {slot: (each.state, each.rung) for each in jobs for slot in range(each.first, each.end)}
    assert told == by_slot
    assert sum(each.end - each.first for each in jobs) == len(by_slot)


def test_what_was_handed_on_is_given_back_and_the_last_counts(store: SqliteLedger) -> None:
    store.commit_recovery({5: b"a", 6: b""}, [])
    store.commit_recovery({5: b"b"}, [])
    assert store.given([4, 5, 6]) == {5: b"b", 6: b""}


def test_more_slots_than_a_question_takes_are_given_back(store: SqliteLedger) -> None:
    store.commit_recovery({slot: b"x" for slot in range(0, 70_000, 2)}, [])
    assert len(store.given(range(70_000))) == 35_000


def test_what_was_handed_on_goes_away_with_the_job(store: SqliteLedger) -> None:
    held = [HeldEvents(slot, "file", "a", (b"x", b"y")) for slot in (5, 6, 7)]
    store.commit_recovery({5: b"a", 6: b"b", 7: b"c"}, [job(5, 8)], held)
    store.commit_recovery({}, [JobsDone(5, 7)])
    assert store.given([5, 6, 7]) == {7: b"c"}
    assert store.held() == held[2:]


def test_what_was_handed_on_stays_until_a_certificate_closes_the_slot(store: SqliteLedger) -> None:
    store.commit([certified(5, SlotEnd.PARTIAL), certified(6, SlotEnd.LOST)], [], 6)
    store.commit_recovery({5: b"a", 6: b"b"}, [], [HeldEvents(5, "file", "a", (b"x",))])
    store.commit_recovery({}, [JobsDone(5, 7)])
    assert store.given([5, 6]) == {5: b"a", 6: b"b"}
    store.commit([certified(5, SlotEnd.RECOVERED)], [], 6)
    assert (store.given([5, 6]), store.held()) == ({6: b"b"}, [])


def test_a_restart_drops_what_it_watches_anew(store: SqliteLedger) -> None:
    held = [HeldEvents(slot, "file", "a", (b"x",)) for slot in (5, 6)]
    store.commit_recovery({5: b"a", 6: b"b"}, [job(3, 9), job(12, 20)], held)
    store.watch_anew(6)
    assert (store.jobs(), store.given([5, 6]), store.held()) == ([job(3, 6)], {5: b"a"}, held[:1])


def test_a_restart_of_an_empty_queue_drops_nothing(store: SqliteLedger) -> None:
    store.watch_anew(6)
    assert store.jobs() == []


def test_what_a_sink_held_is_told_by_slot_sink_and_monitor(store: SqliteLedger) -> None:
    one = HeldEvents(6, "file", "a", (b"tx:1", b"tx:2"))
    others = [replace(one, monitor="b"), replace(one, sink="other"), replace(one, slot=7)]
    store.commit_recovery({}, [], [*others[::-1], replace(one, ids=(b"old",))])
    store.commit_recovery({}, [], [one])
    assert store.held() == [one, *others]


def test_a_sign_off_is_kept_and_the_slot_is_open_no_more(store: SqliteLedger) -> None:
    store.commit([certified(slot, SlotEnd.LOST) for slot in (5, 6, 7)], [], 7)
    store.commit_recovery({6: b"x"}, [])
    store.sign_off(SignOff(6, "first", 1))
    store.sign_off(SignOff(6, "nobody has it", 2))
    assert store.signed_off() == [SignOff(6, "nobody has it", 2)]
    assert store.open_before(100) == [(5, 6), (7, 8)]
    store.commit_recovery({}, [JobsDone(6, 7)])
    assert store.given([6]) == {}
