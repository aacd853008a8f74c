"""A process killed at any moment of its work with the store leaves whole rounds alone."""

import subprocess
import sys
from pathlib import Path

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.core.certificates import SlotEnd
from monitor.core.jobs import Job, JobState
from monitor.core.rungs import Rung
from monitor.stored import Cursor, HeldEvents
from tests.adapters.stores.dying import BIG, FAR, ROUNDS, put_round

ROOT = Path(__file__).resolve().parents[3]
ENOUGH = 10_000
"""More than there are marks."""


def killed_at(path: Path, mark: int) -> tuple[int, list[bytes]]:
    """The exit status, and what it told, of a process that is killed at this mark."""
    command = [sys.executable, "-m", "tests.adapters.stores.dying", str(path), str(mark)]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    return ended.returncode, ended.stdout.splitlines()


def state_after(number: int) -> tuple[object, ...]:
    """What the store tells after this round."""
    if not number:
        return (None, [], [], {}, [], {}, FAR + 2)
    return (
        number,
        [Cursor("file", "a", number, f"byte {number}")],
        [Job(number, number + 1, Rung.RPC, 0, JobState.OPEN)],
        {number: bytes([number]) * BIG},
        [HeldEvents(number, "file", "a", (b"%d" % number,))],
        {**dict.fromkeys(range(number), SlotEnd.RECOVERED), number: SlotEnd.PARTIAL},
        FAR + 2 * number + 2,
    )


def state_of(store: SqliteLedger) -> tuple[object, ...]:
    return (
        store.settled(),
        store.cursors(),
        store.jobs(),
        store.given(range(ROUNDS + 2)),
        store.held(),
        {slot.slot: slot.end for slot in store.slots(0, 100, 100)},
        store.first_kept(FAR + 2),
    )


def test_a_kill_at_any_mark_leaves_all_or_nothing_of_a_round(tmp_path: Path) -> None:
    status, told = killed_at(tmp_path / "whole.sqlite", ENOUGH)
    assert (status, len(told)) == (0, ROUNDS + 1)
    marks = ENOUGH - int(told[-1].split()[0])
    assert marks > 30
    for mark in sorted({*range(1, marks, marks // 14), marks}):
        path = tmp_path / f"killed-{mark}.sqlite"
        status, told = killed_at(path, mark)
        assert status == -9
        store = SqliteLedger(path)
        found = store.settled() or 0
        assert len(told) <= found <= len(told) + 1
        assert state_of(store) == state_after(found)
        tally = store.tally()
        assert sum(tally.ever.values()) == (3 * found + 1 if found else 0)
        put_round(store, found + 1)
        assert state_of(store) == state_after(found + 1)
        store.close()
