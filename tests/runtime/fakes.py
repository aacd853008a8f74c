"""Fakes of the ports for tests in virtual time: what the world would do, decided by the test."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TypeVar, TypeVarTuple

import anyio
import anyio.lowlevel
from typing_extensions import override

from monitor.core.certificates import CLOSED, SlotEnd
from monitor.core.commands import Report
from monitor.core.errors import ReaderLeft, SinkFailed, StoreFailed
from monitor.core.jobs import Job, JobsDone
from monitor.core.origins import Origins
from monitor.core.ranges import Ranges
from monitor.core.rungs import Rung, Verdict
from monitor.ports import (
    AccountsFound,
    BlockFound,
    Blocks,
    Endpoint,
    Feeds,
    NoBlock,
    Paced,
    RpcTally,
    Sounder,
    Taken,
    Written,
    unpaced,
)
from monitor.runtime.bookkeeping import Books
from monitor.runtime.inbox import Inbox
from monitor.runtime.recovery import Recovering, Remember, Sources
from monitor.runtime.resumption import Subscription
from monitor.stored import (
    AbandonedSlots,
    Cursor,
    HeldEvents,
    SignOff,
    SlotTally,
    StoredSlot,
    StoredSwitch,
)

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")


class VirtualClock:
    """The clock of the virtual event loop; UTC begins at a round moment."""

    def __init__(self) -> None:
        self.stopped = 0.0
        """Seconds for which the process stood still while the world went on."""

    def now(self) -> float:
        return anyio.current_time() + self.stopped

    def utc_ns(self, stamp_ns: int) -> int:
        return 1_795_246_920_000_000_000 + stamp_ns


class EvenDice:
    def jitter(self) -> float:
        return 0.5


@dataclass
class Journal:
    """Keeps every report."""

    reports: list[Report] = field(default_factory=list)

    def report(self, report: Report) -> None:
        self.reports.append(report)

    def sentences(self) -> list[str]:
        return [report.sentence for report in self.reports]


class MemorySink:
    """Keeps lines; fails as often as it is told to, and takes its time."""

    takes_records = True

    def __init__(self, *, failures: int = 0, delay: float = 0.0) -> None:
        self.batches: list[list[bytes]] = []
        self.failures = failures
        self.delay = delay
        self.flushes = 0
        self.closed = False

    @property
    def lines(self) -> list[bytes]:
        return [line for batch in self.batches for line in batch]

    async def open(self) -> None:
        pass

    async def write(self, lines: Sequence[bytes]) -> None:
        await anyio.sleep(self.delay)
        if self.failures:
            self.failures -= 1
            raise SinkFailed("memory: full; forget something")
        self.batches.append(list(lines))

    def flush_due_in(self) -> float:
        return 1.0

    async def flush(self) -> None:
        self.flushes += 1

    async def close(self) -> None:
        self.closed = True


class Forgetful(MemorySink):
    """Has no use for records."""

    takes_records = False


class Abandoned(MemorySink):
    """Takes a few batches; then its reader leaves."""

    def __init__(self, *, batches: int) -> None:
        super().__init__()
        self._room = batches

    @override
    async def write(self, lines: Sequence[bytes]) -> None:
        if len(self.batches) == self._room:
            raise ReaderLeft("memory: its reader has left")
        await super().write(lines)


class Brittle(MemorySink):
    """Takes lines, and cannot make them safe."""

    @override
    async def flush(self) -> None:
        raise SinkFailed("memory: cannot be made safe; forget it")

    @override
    async def close(self) -> None:
        raise SinkFailed("memory: cannot be closed; forget it")


class Hesitant(MemorySink):
    """Makes lines safe after so many refusals."""

    def __init__(self, *, failed_flushes: int) -> None:
        super().__init__()
        self.failed_flushes = failed_flushes

    @override
    async def flush(self) -> None:
        if self.failed_flushes:
            self.failed_flushes -= 1
            raise SinkFailed("memory: busy; wait")
        await super().flush()


class Slow(MemorySink):
    """Takes long to make lines safe."""

    def __init__(self, *, flush_lasts: float) -> None:
        super().__init__()
        self._lasts = flush_lasts

    @override
    async def flush(self) -> None:
        await anyio.sleep(self._lasts)
        await super().flush()


class DurableMemory(MemorySink):
    """Makes lines safe when it is flushed; places are positions. `held` is what it held before."""

    def __init__(self, held: Mapping[str, Written] | None = None, *, delay: float = 0.0) -> None:
        super().__init__(delay=delay)
        self.held = dict(held or {})
        """By place."""
        self.safe_bytes = 0

    @override
    async def flush(self) -> None:
        self.safe_bytes = sum(map(len, self.lines))

    @override
    async def close(self) -> None:
        await self.flush()

    def place(self, position: int) -> str:
        return f"byte {position}"

    def holds(self, place: str) -> bool:
        return place in self.held

    async def read_back(self, place: str, monitors: Mapping[str, int]) -> Written:
        return {slot: dict(ids) for slot, ids in self.held[place].items()}


class ScriptedFeeds:
    """Streams that bring what the test puts into them."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, bytes | str]] = []
        self.requests: list[tuple[int, bytes]] = []
        """(feed, request) of everything opened or sent, in order."""
        self.takes: list[int] = []
        self._taken: list[Taken] = []
        self._something = anyio.Event()
        self._woken = False
        self.stopped = False

    def put(self, taken: Taken) -> None:
        self._taken.append(taken)
        self._something.set()

    def open(self, feed: int, endpoint: Endpoint, request: bytes) -> None:
        self.calls.append(("open", feed, endpoint.name))
        self.requests.append((feed, request))

    def send(self, feed: int, request: bytes) -> None:
        self.calls.append(("send", feed, request))
        self.requests.append((feed, request))

    def close(self, feed: int) -> None:
        self.calls.append(("close", feed, b""))

    async def wait(self, seconds: float | None) -> None:
        if not (self._taken or self._woken):
            self._something = anyio.Event()
            with anyio.move_on_after(seconds):
                await self._something.wait()
        else:
            await anyio.lowlevel.checkpoint()
        self._woken = False

    def wake(self) -> None:
        self._woken = True
        self._something.set()

    def take(self, limit_bytes: int) -> list[Taken]:
        self.takes.append(limit_bytes)
        taken, self._taken = self._taken, []
        return taken

    async def stop(self) -> None:
        self.stopped = True


class MemoryLedger:
    """Keeps certificates, cursors and recovery; fails as often as it is told to."""

    def __init__(self, *, settled: int | None = None, cursors: Sequence[Cursor] = ()) -> None:
        self.certificates: dict[int, StoredSlot] = {}
        self.commits: list[tuple[float, int]] = []
        """When each commit was made, and with how many certificates."""
        self.abandoned: list[AbandonedSlots] = []
        self.forgotten: list[int] = []
        self.failures = 0
        self.handed_on: dict[int, bytes] = {}
        self.changes: list[Job | JobsDone] = []
        """All that became of jobs."""
        self.kept_held: list[HeldEvents] = []
        self.found_jobs: list[Job] = []
        """Of an earlier process."""
        self.signed: list[SignOff] = []
        self.drained: dict[str, int] = {}
        self.kept_switches: list[StoredSwitch] = []
        self.watched_anew: list[int] = []
        self._settled = settled
        self._cursors = list(cursors)

    def commit(self, slots: Sequence[StoredSlot], cursors: Sequence[Cursor], settled: int) -> None:
        self._fail()
        self.commits.append((anyio.current_time(), len(slots)))
        self.certificates.update((slot.slot, slot) for slot in slots)
        self._cursors = list(cursors)
        self._settled = max(settled, self._settled or 0)

    def abandon(self, abandoned: Sequence[AbandonedSlots]) -> None:
        self._fail()
        self.abandoned += abandoned

    def first_kept(self, slot: int) -> int:
        return max((a.end for a in self.abandoned if a.first <= slot < a.end), default=slot)

    def settled(self) -> int | None:
        return self._settled

    def cursors(self) -> list[Cursor]:
        return self._cursors

    def slots(self, first: int, end: int, limit: int) -> list[StoredSlot]:
        self._fail()
        return [self.certificates[s] for s in sorted(self.certificates) if first <= s < end][:limit]

    def forget_before(self, closed_at_ns: int) -> int:
        self.forgotten.append(closed_at_ns)
        return 0

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def last_block(self, before: int) -> StoredSlot | None:
        whole = (SlotEnd.COMPLETE, SlotEnd.RECOVERED)
        lower = (slot for slot, c in self.certificates.items() if slot < before and c.end in whole)
        return self.certificates.get(max(lower, default=-1))

    def open_before(self, slot: int) -> list[tuple[int, int]]:
        ranges = Ranges()
        for number, each in self.certificates.items():
            if number < slot and each.end not in CLOSED:
                ranges.add(number, number + 1)
        return list(ranges)

    def tally(self) -> SlotTally:
        self._fail()
        counts = Counter(stored.end for stored in self.certificates.values())
        return SlotTally(counts, counts)

    def commit_recovery(
        self,
        given: Mapping[int, bytes],
        changes: Sequence[Job | JobsDone],
        held: Sequence[HeldEvents] = (),
    ) -> None:
        self._fail()
        self.handed_on.update(given)
        self.changes += changes
        self.kept_held += held

    def given(self, slots: Sequence[int]) -> dict[int, bytes]:
        self._fail()
        return {slot: self.handed_on[slot] for slot in slots if slot in self.handed_on}

    def held(self) -> list[HeldEvents]:
        return self.kept_held

    def jobs(self) -> list[Job]:
        return self.found_jobs

    def watch_anew(self, first: int) -> None:
        self.watched_anew.append(first)

    def sign_off(self, signed: SignOff) -> None:
        self._fail()
        self.signed.append(signed)

    def signed_off(self) -> list[SignOff]:
        return self.signed

    def keep_drain(self, endpoint: str, at_ns: int | None) -> None:
        self._fail()
        if at_ns is None:
            self.drained.pop(endpoint, None)
        else:
            self.drained.setdefault(endpoint, at_ns)

    def drains(self) -> dict[str, int]:
        return self.drained

    def keep_switches(self, switches: Sequence[StoredSwitch]) -> None:
        self._fail()
        self.kept_switches += switches

    def switches(self) -> list[StoredSwitch]:
        return self.kept_switches

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreFailed("ledger: full; forget something")


async def at_once(function: Callable[[*Arguments], Answer], *arguments: *Arguments) -> Answer:
    """Calls in the loop what the daemon calls in a thread: virtual time does not wait for threads."""
    await anyio.lowlevel.checkpoint()
    return function(*arguments)


def books(*subscriptions: Subscription, store: MemoryLedger | None = None) -> Books:
    """The books of a daemon in virtual time, with the endpoints ams, nyc and tyo and two RPCs."""
    return Books(
        store or MemoryLedger(),
        Origins(3, 2).names(["ams", "nyc", "tyo"], ["rpc1", "rpc2"]),
        subscriptions,
        VirtualClock(),
        Journal(),
        EvenDice(),
        aside=at_once,
    )


async def nothing_remembered(_slots: Sequence[int]) -> Mapping[int, bytes]:
    """A store that holds nothing of what was handed on."""
    await anyio.lowlevel.checkpoint()
    return {}


class ScriptedBlocks:
    """RPCs that answer what the test says, as often as it is asked, after `delay` seconds."""

    def __init__(self, *names: str, delay: float = 0.0) -> None:
        self.tallies = [RpcTally(name) for name in names]
        self.found: dict[int, BlockFound | NoBlock] = {}
        """By slot; what is missing here is NOT_YET."""
        self.state: AccountsFound | None = None
        self.asked: list[tuple[int, Rung, int]] = []
        self.paces: list[bool] = []
        """What each fetch tells of its pace, as it begins."""
        self.closed = False
        self.under_way = 0
        self.most_under_way = 0
        self._delay = delay

    async def fetch(
        self, slot: int, rung: Rung, witnesses: int, paced: Paced = unpaced
    ) -> BlockFound | NoBlock:
        self.asked.append((slot, rung, witnesses))
        for is_waiting in self.paces:
            paced(is_waiting)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await anyio.sleep(self._delay)
        finally:
            self.under_way -= 1
        return self.found.get(slot, NoBlock(Verdict.NOT_YET))

    async def accounts(self, min_context_slot: int) -> AccountsFound | None:
        await anyio.sleep(self._delay)
        enough = self.state is not None and self.state.context_slot >= min_context_slot
        return self.state if enough else None

    async def close(self) -> None:
        self.closed = True


def recovering(
    feeds: Feeds,
    endpoints: int,
    blocks: Blocks | None = None,
    remember: Remember = nothing_remembered,
    sounder: Sounder | None = None,
) -> Recovering:
    """Recovery of a daemon in virtual time; without RPCs when there are no blocks."""
    origins = Origins(endpoints, 0 if blocks is None else len(blocks.tallies))
    inbox = Inbox(feeds.wake)
    sources = Sources(blocks, remember, sounder)
    return Recovering(sources, inbox, origins, EvenDice(), Journal())
