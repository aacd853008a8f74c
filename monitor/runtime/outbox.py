"""A sink's queue, bounded in bytes, and the one task that empties it.

What is queued while a write runs goes out in the next one, and writes keep a small distance, so batches grow
with the load and an idle sink is written at once. What was written is made safe beside later writes. A sink that fails is tried again with the same lines for as long
as the daemon lives: nothing is dropped; the driver stops taking frames while a queue is at its bound.

How far the sink's cursor may go is found by marks. When a slot is settled, all that was queued until then is to be
safe before the cursor moves there; and where the first line of a later slot stands, a daemon that starts again
begins to read back. Lines of a slot that was settled open, and that a recovery brought, are read back too until a
certificate of the slot tells of them.
"""

import math
from collections import deque
from typing import Final, NamedTuple

import anyio

from monitor.core.backoff import full_jitter
from monitor.core.commands import Report
from monitor.core.errors import ReaderLeft, SinkFailed
from monitor.ports import Dice, DurableSink, Reporter, Sink

BOUND_BYTES: Final = 16 * 2**20
"""Bytes a queue may hold before frames are left with the servers. Guessed: a second of full chain traffic."""
BATCH_BYTES: Final = 2**20
"""Bytes of one write. Guessed: large enough that a call costs nothing, small enough to copy."""
DISTANCE: Final = 0.002
"""Seconds between the beginnings of two writes: a write costs a change of thread, which batches share. Guessed."""
LATE_BYTES: Final = 256 * 2**20
"""How far behind its newest line a sink is read back for slots that no certificate comes for. Guessed: about two
seconds of a start."""


class _Mark(NamedTuple):
    """A slot was settled. Positions are bytes queued since the start."""

    slot: int
    needed: int
    """What has to be safe before the cursor is here."""
    later: int
    """Where the first line of a later slot begins, or will."""


class Outbox:
    """Lines on their way to one sink."""

    def __init__(
        self,
        name: str,
        sink: Sink,
        reporter: Reporter,
        dice: Dice,
        *,
        bound_bytes: int = BOUND_BYTES,
    ) -> None:
        self.name = name
        self.takes_records = sink.takes_records
        self.queued_bytes = 0
        self.written = 0
        """Records that the sink acknowledged."""
        self.failures = 0
        self.is_open = False
        self.durable: DurableSink | None = sink if isinstance(sink, DurableSink) else None
        """The sink, where it can be read back."""
        self._sink = sink
        self._reporter = reporter
        self._dice = dice
        self._bound_bytes = bound_bytes
        self._lines: deque[bytes] = deque()
        self._queued = 0
        self._first: dict[int, int] = {}
        """Position of the first line of each slot, of those that are not settled."""
        self._late: dict[int, int] = {}
        """Position of the first line of each settled slot that came since its last certificate."""
        self._settled = -1
        self._marks: deque[_Mark] = deque()
        self._cursor: tuple[int, str] | None = None
        self._began = -DISTANCE
        self._closing = False
        self._waiting: anyio.Event | None = None
        self._unsafe = anyio.Event()
        """Something was written since the last flush began."""
        self.errors: dict[str, str] = {}
        """The last error of what fails now: writing, flushing, closing."""
        self._room: anyio.Event | None = None
        self._finished = anyio.Event()
        self._left: ReaderLeft | None = None

    def put(self, line: bytes, slot: int) -> None:
        """Queue one record. Never blocks and never drops; `is_full` says when to stop."""
        begins = self._first if slot > self._settled else self._late
        if slot not in begins:
            begins[slot] = self._queued
        self.put_beside(line)

    def put_beside(self, line: bytes) -> None:
        """Queue a record that no restart needs to find again: cursors do not look at it."""
        self._lines.append(line)
        self._queued += len(line)
        self.queued_bytes += len(line)
        if self._waiting is not None:
            self._waiting.set()
            self._waiting = None

    def go_on_behind(self, slot: int) -> None:
        """An earlier process settled the slots up to this one."""
        self._settled = slot

    def settle(self, slot: int) -> None:
        """All lines of slots up to this one were queued; what may yet come of them is no reason to wait."""
        self._settled = max(slot, self._settled)
        self._first = {later: begins for later, begins in self._first.items() if later > slot}
        if self._late:
            least = self._queued - LATE_BYTES
            self._late = {late: begins for late, begins in self._late.items() if begins >= least}
        later = min([*self._first.values(), *self._late.values()], default=self._queued)
        if self._marks and self._marks[-1].needed == self._queued:
            self._marks.pop()
        self._marks.append(_Mark(slot, self._queued, later))

    def certify(self, slot: int) -> None:
        """The store learns what was queued of this slot before the cursor moves: it need not be read back for it."""
        self._late.pop(slot, None)

    @property
    def failing(self) -> str | None:
        """The last error while the sink fails; None once it takes, or makes safe, what it was given."""
        return next(reversed(self.errors.values()), None)

    @property
    def queued(self) -> int:
        """Position: bytes ever queued."""
        return self._queued

    @property
    def safe(self) -> int:
        """Position up to which the sink has made all safe, or has acknowledged it where it can do no more."""
        if self.durable is None:
            return self._queued - self.queued_bytes
        return self.durable.safe_bytes

    def cursor(self) -> tuple[int, str] | None:
        """The last settled slot of which all lines are safe, and the place of the first line of a later one.

        None before the first one. Ask only when the sink is open.
        """
        safe = self.safe
        reached = None
        while self._marks and self._marks[0].needed <= safe:
            reached = self._marks.popleft()
        if reached is not None:
            place = "" if self.durable is None else self.durable.place(reached.later)
            self._cursor = (reached.slot, place)
        return self._cursor

    def is_full(self) -> bool:
        """Whether the bound is reached."""
        return self.queued_bytes >= self._bound_bytes

    async def has_room(self) -> None:
        """Return once the queue is under its bound."""
        while self.is_full():
            self._room = anyio.Event()
            await self._room.wait()

    def finish(self) -> None:
        """Let `run` write what is queued and return."""
        self._closing = True
        if self._waiting is not None:
            self._waiting.set()
            self._waiting = None

    async def finished(self) -> None:
        """Return once `run` has returned."""
        await self._finished.wait()

    async def open(self) -> None:
        """Open the sink. Raises SinkFailed."""
        await self._sink.open()
        self.is_open = True

    async def run(self) -> None:
        """Write until `finish`; then flush and close. Cancelling it leaves lines unwritten.

        A sink whose reader has left ends it early, for `lasts` to tell.
        """
        async with anyio.create_task_group() as tasks:
            if math.isfinite(self._sink.flush_due_in()):
                tasks.start_soon(self._flush_all)
            try:
                await self._write_all()
            except ReaderLeft as error:
                self._left = error
            tasks.cancel_scope.cancel()
        self.is_open = False
        if self._left is None:
            try:
                await self._sink.close()
            except SinkFailed as error:
                self._failed("closing", error)
        self._finished.set()

    async def lasts(self) -> None:
        """Return once `run` has returned. Raises ReaderLeft when that is why, to whoever can stop the daemon."""
        await self._finished.wait()
        if self._left is not None:
            raise self._left

    async def _write_all(self) -> None:
        while self._lines or not self._closing:
            if not self._lines:
                await self._wait()
                continue
            await self._keep_distance()
            lines = self._batch()
            await self._persist(lines)
            self.queued_bytes -= sum(map(len, lines))
            self.written += len(lines)
            self._unsafe.set()
            if self._room is not None and not self.is_full():
                self._room.set()
                self._room = None

    def _batch(self) -> list[bytes]:
        lines: list[bytes] = []
        size = 0
        while self._lines and size < BATCH_BYTES:
            line = self._lines.popleft()
            size += len(line)
            lines.append(line)
        return lines

    async def _keep_distance(self) -> None:
        """Wait for company, unless much is queued already."""
        early = self._began + DISTANCE - anyio.current_time()
        if early > 0 and self.queued_bytes < BATCH_BYTES and not self._closing:
            await anyio.sleep(early)
        self._began = anyio.current_time()

    async def _wait(self) -> None:
        """Until something is queued."""
        waiting = self._waiting = anyio.Event()
        await waiting.wait()

    async def _persist(self, lines: list[bytes]) -> None:
        tries = 0
        while True:
            try:
                await self._sink.write(lines)
            except SinkFailed as error:
                tries += 1
                self._failed("writing", error)
                await anyio.sleep(full_jitter(tries, self._dice.jitter()))
            else:
                self._succeeded("writing")
                return

    async def _flush_all(self) -> None:
        """Make safe what was written, soon after it was."""
        while True:
            await self._unsafe.wait()
            await anyio.sleep(self._sink.flush_due_in())
            self._unsafe = anyio.Event()
            tries = 0
            while not await self._flush():
                tries += 1
                least = self._sink.flush_due_in()
                await anyio.sleep(max(least, full_jitter(tries, self._dice.jitter())))

    async def _flush(self) -> bool:
        try:
            await self._sink.flush()
        except SinkFailed as error:
            self._failed("flushing", error)
            return False
        self._succeeded("flushing")
        return True

    def _succeeded(self, what: str) -> None:
        if self.errors.pop(what, None) is not None:
            self._reporter.report(Report("info", "a sink recovered", {"sink": self.name}))

    def _failed(self, what: str, error: SinkFailed) -> None:
        self.failures += 1
        self.errors[what] = str(error)
        self._reporter.report(
            Report("error", "a sink failed", {"sink": self.name, "error": str(error)})
        )
