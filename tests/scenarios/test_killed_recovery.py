"""The daemon killed at points of its recovery: nothing is lost, nothing comes twice, and no job is left hanging."""

from pathlib import Path

from monitor.adapters.stores.ledger import SqliteLedger
from tests.e2e.expected import expected
from tests.scenarios.killed_recovery import Machine, kill_at_marks
from tests.scenarios.marks import Mark
from tests.scenarios.test_outages import assert_certified, assert_truth
from tests.scenarios.test_stitched import busiest_accounts, monitors, wants

KILLS = 10


def signed_off(machine: Machine) -> set[int]:
    """Slots that the operator gave up."""
    store = SqliteLedger(machine.store)
    found = {signed.slot for signed in store.signed_off()}
    store.close()
    return found


def assert_nothing_hangs(machine: Machine) -> None:
    """The store knows of nothing that is left to be done."""
    store = SqliteLedger(machine.store)
    settled = store.settled()
    assert settled is not None
    assert settled >= machine.slots[-1]
    end = machine.slots.stop
    assert store.open_before(end) == []
    assert [job for job in store.jobs() if job.first < end] == []
    assert store.given(machine.slots) == {}
    assert [held for held in store.held() if held.slot < end] == []
    store.close()


async def prove_killed(folder: Path, seed: int, kills: int) -> tuple[Machine, str]:
    """One run, and all that must hold of it; and how large it was."""
    accounts = busiest_accounts(seed)
    machine = await kill_at_marks(monitors(accounts), folder, seed=seed, kills=kills)
    given_up = signed_off(machine)
    certificates = machine.certificates()
    events = machine.events()
    wanted = expected(machine.truth(), wants(accounts), machine.slots)
    found = {event["id"] for event in events}
    wanted = {
        key: record
        for key, record in wanted.items()
        if record["slot"] not in given_up or key in found
    }
    stood_for = assert_truth(events, wanted, machine.slots, certificates)
    slots = [slot for slot in machine.slots if slot not in given_up]
    rungs = assert_certified(machine.chain_anew(), slots, certificates)
    assert_nothing_hangs(machine)
    marks = len(set(machine.executioner.killed_at))
    told = [f"{count} by {rung}" for rung, count in sorted(rungs.items())]
    size = [
        f"{len(machine.executioner.killed_at)} kills at {marks} of {len(Mark)} points",
        f"{len(machine.slots)} slots",
        *told,
        f"{stood_for} account writes reconciled",
        f"{len(given_up)} signed off",
    ]
    return machine, ", ".join(size)


async def test_a_daemon_killed_at_points_of_its_recovery_brings_everything_once(
    tmp_path: Path,
) -> None:
    machine, _ = await prove_killed(tmp_path, seed=1, kills=KILLS)
    assert len(machine.executioner.killed_at) == KILLS
