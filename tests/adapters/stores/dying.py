"""A process that stores rounds until it is killed, for tests: `python -m tests.adapters.stores.dying FILE CALL`.

It kills itself at the CALL-th time that SQLite writes to the disk or has it synced, before that is done. It tells on
the standard output each round that the store acknowledged.
"""

import os
import signal
import sys
from pathlib import Path

import apsw
from typing_extensions import override

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.core.certificates import SlotEnd
from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.rungs import Rung
from monitor.stored import AbandonedSlots, Cursor, HeldEvents, StoredSlot

ROUNDS = 4
FAR = 1000
BIG = 9_000
"""Bytes handed on of a slot: more than two pages, so that a round is several writes."""


class MarkedDisk(apsw.VFS):
    """Counts what SQLite asks of the disk, and ends the process at a mark."""

    def __init__(self, mark: int) -> None:
        self.left = mark
        super().__init__("marked", "", makedefault=True)

    def count(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @override
    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return MarkedFile(self, name, flags)


class MarkedFile(apsw.VFSFile):
    """A file on it."""

    def __init__(
        self, disk: MarkedDisk, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        self.disk = disk
        super().__init__("unix", name, flags)

    @override
    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.count()
        super().xWrite(data, offset)

    @override
    def xSync(self, flags: int) -> None:
        self.disk.count()
        super().xSync(flags)


def put_round(store: SqliteLedger, number: int) -> None:
    """Slot `number` becomes open, the one before it is recovered, and far ones are given up."""
    end, earlier = SlotEnd.PARTIAL, SlotEnd.RECOVERED
    certificates = [
        StoredSlot(number, end, "proof", None, None, None, (), (), (), None, number),
        StoredSlot(number - 1, earlier, "proof", None, None, None, (), (), (), "rpc", number),
    ]
    changes: list[Job | JobsDone] = [
        JobsDone(number - 1, number),
        Job(number, number + 1, Rung.RPC, 0, JobState.OPEN),
    ]
    held = [HeldEvents(number, "file", "a", (b"%d" % number,))]
    with store.together():
        store.abandon([AbandonedSlots(FAR + 2 * number, FAR + 2 * number + 2, "far", number)])
        store.commit(certificates, [Cursor("file", "a", number, f"byte {number}")], number)
        store.commit_recovery({number: number.to_bytes(1, "little") * BIG}, changes, held)


def main() -> None:
    """Store the rounds."""
    path, mark = Path(sys.argv[1]), int(sys.argv[2])
    disk = MarkedDisk(mark)
    store = SqliteLedger(path)
    for number in range(1, ROUNDS + 1):
        put_round(store, number)
        os.write(1, b"%d\n" % number)
    store.close()
    os.write(1, b"%d marks left\n" % disk.left)


if __name__ == "__main__":
    main()
