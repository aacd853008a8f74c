"""Signing off, as far as the daemon's own parts: the kernel says what is lost, and hears who takes it on."""

from pathlib import Path

import anyio

from monitor.adapters.http.control import SignedOffSlots
from monitor.adapters.stores.ledger import SqliteLedger
from monitor.app.controls import AT_ONCE, controls
from monitor.app.views import recovery
from monitor.app.wiring import Daemon
from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.events import SignedOff
from monitor.core.jobs import Job, JobState
from monitor.core.rungs import Rung
from monitor.runtime.resumption import resumption
from tests.app.daemons import NOBODY, assembled, configuration


async def test_a_slot_that_is_not_lost_cannot_be_signed_off(tmp_path: Path) -> None:
    made = assembled(configuration(tmp_path, {"ams": NOBODY}))

    assert await controls(made).sign_off(7, 7, "seen by hand") == SignedOffSlots(0)
    assert made.recovering.inbox.take() is None


async def test_the_kernel_hears_of_a_lost_slot_that_was_signed_off(tmp_path: Path) -> None:
    store = SqliteLedger(tmp_path / "ledger.sqlite")
    made = assembled(configuration(tmp_path, {"ams": NOBODY}), store=store)
    made.books.begin(1)
    kernel = made.driver.kernel
    kernel.repair.queue.restore([Job(7, 8, Rung.RPC, 0, JobState.LOST)], 0.0)

    assert await controls(made).sign_off(8, 8, "seen by hand") == SignedOffSlots(0)
    answers: list[SignedOffSlots] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_signs_off, made, answers)
        await anyio.wait_all_tasks_blocked()
        assert answers == []  # it is not stored yet
        await made.books.close()
    assert answers == [SignedOffSlots(1)]
    heard = made.recovering.inbox.take()
    assert heard == SignedOff(7, "seen by hand")
    kernel.handle(heard, 0.0)
    assert await controls(made).sign_off(7, 7, "seen by hand") == SignedOffSlots(0)


async def _signs_off(
    made: Daemon, answers: list[SignedOffSlots], first: int = 7, last: int = 7
) -> None:
    answers.append(await controls(made).sign_off(first, last, "seen by hand"))


async def test_of_a_long_range_the_lowest_lost_slots_are_signed_off_and_the_next_is_told(
    tmp_path: Path,
) -> None:
    store = SqliteLedger(tmp_path / "ledger.sqlite")
    made = assembled(configuration(tmp_path, {"ams": NOBODY}), store=store)
    made.books.begin(1)
    queue, answers = made.driver.kernel.repair.queue, list[SignedOffSlots]()
    queue.restore([Job(7, 10 + AT_ONCE, Rung.RPC, 0, JobState.LOST)], 0.0)
    queue.close(8)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_signs_off, made, answers, 6, 9 + AT_ONCE)
        await anyio.wait_all_tasks_blocked()
        await made.books.close()
    following = 8 + AT_ONCE
    assert answers == [SignedOffSlots(AT_ONCE, following)]
    signed = [each.slot for each in store.signed_off()]
    assert signed == [7, *range(9, following)]
    heard = [made.recovering.inbox.take() for _ in signed]
    assert heard == [SignedOff(slot, "seen by hand") for slot in signed]


async def test_a_restart_knows_what_was_signed_off(tmp_path: Path) -> None:
    store = SqliteLedger(tmp_path / "ledger.sqlite")
    made = assembled(configuration(tmp_path, {"ams": NOBODY}), store=store)
    made.driver.kernel.repair.queue.restore([Job(7, 8, Rung.RPC, 0, JobState.LOST)], 0.0)
    made.books.begin(1)
    lost = Certificate(7, SlotEnd.LOST, "no rung of recovery brought it")
    made.books.certify([lost])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_signs_off, made, [])
        await anyio.wait_all_tasks_blocked()
        await made.books.close()
    assert [(each.slot, each.reason) for each in store.signed_off()] == [(7, "seen by hand")]
    assert resumption(store, [], None).open == ()


def test_what_may_be_signed_off_is_shown_in_ranges(tmp_path: Path) -> None:
    made = assembled(configuration(tmp_path, {"ams": NOBODY}))
    jobs = [Job(first, end, Rung.RPC, 0, JobState.LOST) for first, end in ((7, 8), (9, 12))]
    made.driver.kernel.repair.queue.restore(jobs, 0.0)

    assert recovery(made)["lost_ranges"] == [{"from": 7, "to": 8}, {"from": 9, "to": 12}]
    made.driver.kernel.handle(SignedOff(10, "seen by hand"), 0.0)
    assert recovery(made)["lost_ranges"] == [
        {"from": 7, "to": 8},
        {"from": 9, "to": 10},
        {"from": 11, "to": 12},
    ]
