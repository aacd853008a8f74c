"""A daemon's parts and ports with points at which it can be killed, each as it is but for these."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import anyio
from typing_extensions import override

from monitor.adapters.sinks.jsonl import JsonlSettings, JsonlSink
from monitor.adapters.stores.ledger import SqliteLedger
from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.commands import AmendFeed, CloseFeed, OpenFeed, Release
from monitor.core.events import AccountsRead, BlockFetched, Event, Recalled, SignedOff
from monitor.core.jobs import Job, JobsDone
from monitor.core.origins import Origins
from monitor.core.rungs import Rung
from monitor.ports import AccountsFound, BlockFound, Clock, FramesTaken, NoBlock, Paced, unpaced
from monitor.runtime.bookkeeping import Books
from monitor.runtime.delivery import Delivery
from monitor.runtime.driver import Driver
from monitor.stored import Cursor, HeldEvents, SignOff, StoredSlot
from tests.scenarios.marks import Executioner, Killed, Mark
from tests.scenarios.virtual_blocks import ROUND_TRIP, VirtualBlocks

JUDGED: Final[Mapping[type[object], Mark]] = {
    BlockFetched: Mark.BLOCK_JUDGED,
    Recalled: Mark.RECALLED,
    AccountsRead: Mark.STATES_JUDGED,
    SignedOff: Mark.SIGN_OFF_JUDGED,
}
LIVE: Final = b'"source":"live"'


class MarkedStore(SqliteLedger):
    """Points before and after the end of a transaction, by what is in it."""

    def __init__(self, path: Path, executioner: Executioner) -> None:
        super().__init__(path)
        self._executioner = executioner
        self._before: list[Mark] = []
        self._after: list[Mark] = []

    @override
    @contextmanager
    def together(self) -> Iterator[None]:
        self._before, self._after = [], []
        self._executioner.check()
        with super().together():
            yield
            for mark in self._before:
                self._executioner.reach(mark)
        for mark in self._after:
            self._executioner.reach(mark)

    @override
    def commit(self, slots: Sequence[StoredSlot], cursors: Sequence[Cursor], settled: int) -> None:
        super().commit(slots, cursors, settled)
        ends = {slot.end for slot in slots}
        if SlotEnd.RECOVERED in ends:
            self._before.append(Mark.CERTIFICATE_UNCOMMITTED)
            self._after.append(Mark.CERTIFICATE_COMMITTED)
        if SlotEnd.LOST in ends:
            self._after.append(Mark.LOST_COMMITTED)

    @override
    def commit_recovery(
        self,
        given: Mapping[int, bytes],
        changes: Sequence[Job | JobsDone],
        held: Sequence[HeldEvents] = (),
    ) -> None:
        super().commit_recovery(given, changes, held)
        if given:
            self._before.append(Mark.GIVEN_UNCOMMITTED)
            self._after.append(Mark.GIVEN_COMMITTED)
        if changes:
            self._before.append(Mark.JOBS_UNCOMMITTED)
            self._after.append(Mark.JOBS_COMMITTED)

    @override
    def sign_off(self, signed: SignOff) -> None:
        super().sign_off(signed)
        self._before.append(Mark.SIGN_OFF_UNCOMMITTED)
        self._after.append(Mark.SIGN_OFF_COMMITTED)

    @override
    def watch_anew(self, first: int) -> None:
        self._executioner.check()
        super().watch_anew(first)
        self._executioner.reach(Mark.START_FORGOT_JOBS)

    @override
    def given(self, slots: Sequence[int]) -> dict[int, bytes]:
        self._executioner.reach(Mark.RECALL_BEGUN)
        return super().given(slots)


class MarkedSink(JsonlSink):
    """Points in and behind each write, where events in it were recovered."""

    def __init__(self, settings: JsonlSettings, clock: Clock, executioner: Executioner) -> None:
        super().__init__(settings, clock, write=self._tear)
        self._executioner = executioner
        self._is_recovered = False
        self._is_unsafe = False

    @override
    async def write(self, lines: Sequence[bytes]) -> None:
        self._executioner.check()
        self._is_recovered = any(LIVE not in line for line in lines)
        await super().write(lines)
        if self._is_recovered:
            self._is_unsafe = True
            self._executioner.reach(Mark.LINES_WRITTEN)

    @override
    async def flush(self) -> None:
        self._executioner.check()
        await super().flush()
        if self._is_unsafe:
            self._is_unsafe = False
            self._executioner.reach(Mark.LINES_SYNCED)

    def _tear(self, descriptor: int, batch: bytes | memoryview) -> int:
        try:
            if self._is_recovered:
                self._executioner.reach(Mark.LINES_TORN)
        except Killed:
            os.write(descriptor, batch[: len(batch) // 2])
            raise
        return os.write(descriptor, batch)


class MarkedBlocks(VirtualBlocks):
    """Points before, in and behind each question."""

    executioner: Executioner

    @override
    async def fetch(
        self, slot: int, rung: Rung, witnesses: int, paced: Paced = unpaced
    ) -> BlockFound | NoBlock:
        self.executioner.reach(Mark.FETCH_BEGUN)
        await anyio.sleep(ROUND_TRIP / 2)
        self.executioner.reach(Mark.FETCH_UNDER_WAY)
        found = await super().fetch(slot, rung, witnesses, paced)
        if isinstance(found, BlockFound):
            self.executioner.reach(Mark.FETCH_ANSWERED)
        return found

    @override
    async def accounts(self, min_context_slot: int) -> AccountsFound | None:
        self.executioner.reach(Mark.ACCOUNTS_ASKED)
        found = await super().accounts(min_context_slot)
        if found is not None:
            self.executioner.reach(Mark.ACCOUNTS_ANSWERED)
        return found


class MarkedBooks(Books):
    """Points at which the books know what the store does not."""

    executioner: Executioner

    @override
    def certify(
        self, certificates: Sequence[Certificate], given: Mapping[int, bytes] | None = None
    ) -> None:
        super().certify(certificates, given)
        ends = {certificate.end for certificate in certificates}
        if SlotEnd.RECOVERED in ends:
            self.executioner.reach(Mark.CERTIFICATE_TOLD)
        if SlotEnd.LOST in ends:
            self.executioner.reach(Mark.LOST_TOLD)
        if given:
            self.executioner.reach(Mark.GIVEN_TOLD)

    @override
    def keep_jobs(self, changes: Sequence[Job | JobsDone]) -> None:
        super().keep_jobs(changes)
        self.executioner.reach(Mark.JOBS_TOLD)

    @override
    def sign_off(self, slot: int, reason: str) -> SignOff:
        signed = super().sign_off(slot, reason)
        self.executioner.reach(Mark.SIGN_OFF_TOLD)
        return signed


class MarkedDelivery(Delivery):
    """Points at which recovered events are in an outbox, and nowhere else."""

    executioner: Executioner
    origins: Origins

    @override
    def hand_on(self, release: Release) -> None:
        super().hand_on(release)
        states = self.origins.reconciled(0)
        came_from = {released[1] for released in release.released}
        if any(self.origins.endpoints <= origin < states for origin in came_from):
            self.executioner.reach(Mark.LINES_QUEUED)
        if any(origin >= states for origin in came_from):
            self.executioner.reach(Mark.STATES_QUEUED)


class MarkedDriver(Driver):
    """Points between what the kernel says and its being done."""

    executioner: Executioner
    replays: set[int]
    """Feeds that are replays for recovery."""

    @override
    def _handle(self, event: Event, now: float) -> None:
        commands = self.kernel.handle(event, now)
        mark = JUDGED.get(type(event))
        if mark is not None:
            self.executioner.reach(mark)
        self._perform(commands)

    @override
    def _steer(self, command: OpenFeed | AmendFeed | CloseFeed) -> None:
        super()._steer(command)
        if isinstance(command, OpenFeed) and command.is_replay:
            self.replays.add(command.feed)
            self.executioner.reach(Mark.REPLAY_OPENED)

    @override
    def _frames(self, taken: FramesTaken, now: float) -> None:
        super()._frames(taken, now)
        if taken.feed in self.replays:
            self.executioner.reach(Mark.REPLAY_UNDER_WAY)
