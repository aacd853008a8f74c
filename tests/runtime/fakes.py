"""Fakes of the ports for tests in virtual time: what the world would do, decided by the test."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
from typing_extensions import override

from monitor.core.commands import Report
from monitor.core.errors import ReaderLeft, SinkFailed
from monitor.ports import Endpoint, Taken


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


class ScriptedFeeds:
    """Streams that bring what the test puts into them."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, bytes | str]] = []
        self.requests: list[tuple[int, bytes]] = []
        """(feed, request) of everything opened or sent, in order."""
        self.takes: list[int] = []
        self._taken: list[Taken] = []
        self._something = anyio.Event()

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
        if not self._taken:
            self._something = anyio.Event()
            with anyio.move_on_after(seconds):
                await self._something.wait()

    def take(self, limit_bytes: int) -> list[Taken]:
        self.takes.append(limit_bytes)
        taken, self._taken = self._taken, []
        return taken

    async def stop(self) -> None:
        pass
