"""What the core and the runtime need of the world, as Protocols; adapters provide it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from monitor.core.commands import Report
from monitor.core.endpoint_profile import EndpointCheck, EndpointProfile
from monitor.core.events import FloorTold, Row
from monitor.core.jobs import Job, JobsDone
from monitor.core.rungs import Rung, Verdict
from monitor.stored import (
    AbandonedSlots,
    Cursor,
    HeldEvents,
    SignOff,
    SlotTally,
    StoredSlot,
    StoredSwitch,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One Yellowstone URL, as the user wrote it."""

    name: str
    url: str
    """`http://host:port`, `https://host:port`, or `host:port` (cleartext)."""
    region: str = ""
    provider: str = ""
    priority: int = 1
    token: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    max_streams: int | None = None
    max_filters: int | None = None
    max_pubkeys: int | None = None
    cuckoo: bool | None = None
    """Whether its server reads cuckoo sets; None: nobody said."""


@dataclass(frozen=True, slots=True)
class FramesTaken:
    """Raw frames of one feed, in stream order, each with its stamp (nanoseconds, monotonic)."""

    feed: int
    frames: list[tuple[int, bytes]]
    size: int
    """Their bytes; those of the last frame may be counted with the next ones."""


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """The server's initial metadata came."""

    feed: int


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The stream is over: the gRPC status code's name and the status message as they came."""

    feed: int
    code: str
    text: str


Taken = FramesTaken | StreamOpened | StreamEnded


class Feeds(Protocol):
    """Streams to endpoints. All calls are made by the loop; reading goes on in threads behind it."""

    def open(self, feed: int, endpoint: Endpoint, request: bytes) -> None:
        """Begin a stream under this number; what becomes of it arrives through `take`. Never raises for the network."""

    def send(self, feed: int, request: bytes) -> None:
        """Send a request on the stream; the latest unsent one wins. A feed that has ended ignores it."""

    def close(self, feed: int) -> None:
        """Cancel the stream; its StreamEnded still comes."""

    async def wait(self, seconds: float | None) -> None:
        """Return when something can be taken, when woken, or after `seconds` (None: no limit)."""

    def wake(self) -> None:
        """End the present wait, or else the next one at once: something else is to be done. On the loop's thread."""

    def take(self, limit_bytes: int) -> list[Taken]:
        """All that arrived, at most about `limit_bytes` of frames; order is kept within each feed."""

    async def stop(self) -> None:
        """Cancel every stream and join its thread; returns within about a second."""


class Prober(Protocol):
    """Asks endpoints what they are."""

    async def profile(self, endpoint: int) -> EndpointProfile:
        """What the endpoint of this place in the configuration says of itself. Never raises for what a server does."""

    async def check(self, endpoint: int) -> EndpointCheck:
        """How the endpoint does at present: cheaper than a profile. Never raises for what a server does."""


class Sounder(Protocol):
    """Asks endpoints how far back they can replay, beside their streams."""

    async def floor(self, endpoint: int) -> FloorTold:
        """What the endpoint of this place in the configuration answers, or that it does not, within two seconds or so."""


class Probes(Prober, Sounder, Protocol):
    """Both: asked beside the streams."""


class Sink(Protocol):
    """Where events go. It never sees two calls at once, but for a `flush` beside a `write`."""

    @property
    def takes_records(self) -> bool:
        """False when the sink has no use for the records themselves, so that none need be made."""

    async def open(self) -> None:
        """Prepare to write. Raises SinkFailed saying what, where, and what to do."""

    async def write(self, lines: Sequence[bytes]) -> None:
        """Take whole records, each ending in a newline. Returning is the acknowledgement.

        Raises SinkFailed; the next call then brings the same lines again, and the sink goes on where it stopped.
        Raises ReaderLeft where no call ever can succeed again; it ends the daemon.
        """

    def flush_due_in(self) -> float:
        """Seconds that what was just acknowledged may stay unsafe; infinite where `flush` does nothing."""

    async def flush(self) -> None:
        """Make safe what was acknowledged. Raises SinkFailed."""

    async def close(self) -> None:
        """Flush and close; what was acknowledged is safe when this returns."""


Written = dict[int, dict[bytes, int]]
"""What a sink holds already: slot to id of the event to the mask of monitors that it names (bits as in `Row`)."""


@runtime_checkable
class DurableSink(Sink, Protocol):
    """A sink that can tell what it has made safe, and read it back after a crash: the effect is exactly once.

    Positions are bytes of lines taken since `open`, counted on over rotations.
    """

    @property
    def safe_bytes(self) -> int:
        """Position up to which everything is on the disk."""

    def place(self, position: int) -> str:
        """Where the line that begins at this position stands, as a text that `read_back` of a later process takes."""

    def holds(self, place: str) -> bool:
        """Whether this is a place in what this sink writes, and not in another file."""

    async def read_back(self, place: str, monitors: Mapping[str, int]) -> Written:
        """The ids of all whole lines from `place`, which this sink holds, to the end; `monitors`: name to bit.

        To be called after `open` and before anything is written. Where lines are gone, those behind them are read.
        Raises SinkFailed.
        """


class LedgerStore(Protocol):
    """Certificates and cursors on disk. Calls block: they are made in a thread, one at a time.

    All raise StoreFailed, saying what, where, and what to do.
    """

    def together(self) -> AbstractContextManager[None]:
        """What is committed inside is one transaction: all of it is stored at the end, or nothing."""

    def commit(self, slots: Sequence[StoredSlot], cursors: Sequence[Cursor], settled: int) -> None:
        """Write these in one transaction, each over its predecessor; durable on return.

        `cursors` are all that there are: one that is not among them is forgotten.
        `settled`: every slot from the first of ours to this one has a certificate.
        """

    def abandon(self, abandoned: Sequence[AbandonedSlots]) -> None:
        """Write these in one transaction, over all certificates of their slots; a later `commit` of one goes over them.

        As durable as `commit`, and costs the same however many slots they are.
        """

    def first_kept(self, slot: int) -> int:
        """The lowest slot from this one on that was not abandoned."""

    def settled(self) -> int | None:
        """The highest `settled` ever committed; None in a new store."""

    def cursors(self) -> list[Cursor]:
        """All cursors."""

    def slots(self, first: int, end: int, limit: int) -> list[StoredSlot]:
        """Certificates of slots from `first` to `end`, `end` excluded, ascending, at most `limit`."""

    def last_block(self, before: int) -> StoredSlot | None:
        """The certificate of the highest slot below this one whose block was held whole, if there is one."""

    def open_before(self, slot: int) -> list[tuple[int, int]]:
        """Ranges (first, end) of lower slots whose certificate leaves them open and that nobody signed off.

        Ascending, none adjacent.
        """

    def tally(self) -> SlotTally:
        """How many slots came to what; costs the same however many there are."""

    def forget_before(self, closed_at_ns: int) -> int:
        """Drop closed certificates that are older; returns how many. Open ones stay."""


class RecoveryStore(Protocol):
    """What recovery needs after a restart, in the same file. As `LedgerStore` otherwise."""

    def commit_recovery(
        self,
        given: Mapping[int, bytes],
        changes: Sequence[Job | JobsDone],
        held: Sequence[HeldEvents] = (),
    ) -> None:
        """Write what was handed on of open slots, and what became of jobs, in this order, in one transaction.

        What is stored of a slot's job, `given` and `held` goes away with `JobsDone`; the latter two of a slot that
        still has a certificate which leaves it open stay until there is a closing one.
        """

    def given(self, slots: Sequence[int]) -> dict[int, bytes]:
        """What was handed on of these slots; one of which nothing was stored is missing."""

    def held(self) -> list[HeldEvents]:
        """What sinks held of open slots."""

    def jobs(self) -> list[Job]:
        """All jobs, by slot, none overlapping; a lease of an earlier process is OPEN."""

    def watch_anew(self, first: int) -> None:
        """Drop jobs, `given` and `held` of slots from this one on: a restart watches them from their beginning."""

    def sign_off(self, signed: SignOff) -> None:
        """Keep an operator's word; the last one of a slot counts."""

    def signed_off(self) -> list[SignOff]:
        """What operators signed off, by slot."""


class DrainStore(Protocol):
    """Which endpoints operators took out of use, in the same file. As `LedgerStore` otherwise."""

    def keep_drain(self, endpoint: str, at_ns: int | None) -> None:
        """This endpoint is drained since then (nanoseconds since 1970), or, with None, is not. An earlier time stays."""

    def drains(self) -> dict[str, int]:
        """Since when each that is drained is, by name; some may be of endpoints that there are no more."""


class SwitchStore(Protocol):
    """From which slots on which commitment held, in the same file. As `LedgerStore` otherwise."""

    def keep_switches(self, switches: Sequence[StoredSwitch]) -> None:
        """Write these in one transaction, each over one of the same first slot."""

    def switches(self) -> list[StoredSwitch]:
        """By first slot, ascending; `forget_before` keeps the last one, and those that open slots need."""


class Store(LedgerStore, RecoveryStore, DrainStore, SwitchStore, Protocol):
    """All that one daemon remembers."""


@dataclass(frozen=True, slots=True)
class BlockFound:
    """A block as RPCs tell it."""

    sources: tuple[int, ...]
    """Indexes of the RPCs, in the order of the configuration, that told this very block."""
    rows: list[Row]
    """As `core.events.BlockFetched`."""
    dissent: tuple[int, ...] = ()
    signatures: bytes = b""
    """As `core.events.BlockFetched`."""


@dataclass(frozen=True, slots=True)
class NoBlock:
    """Why there is none."""

    verdict: Verdict
    retry_after: float = 0.0
    """Seconds for which the sources do not want to be asked."""
    dissent: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountsFound:
    """The state of accounts at one slot."""

    context_slot: int
    rows: list[Row]
    """One an account whose state is believed, unsigned, `mask` as the monitors' filters say."""
    source: int
    """Index of the RPC that brought most of them."""
    witnesses: int = 1
    """RPCs that told each of them alike."""
    dissent: tuple[int, ...] = ()
    """Indexes of RPCs that told something else of the same slot."""
    unsure: tuple[bytes, ...] = ()
    """Accounts of which no state is believed: not so many told one alike."""


@dataclass(slots=True)
class RpcTally:
    """What became of the calls to one RPC, for metrics."""

    name: str
    calls: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    """By JSON-RPC code, `http 429`, `timeout`, `unreachable`, `malformed`."""
    waits: int = 0
    """Calls that had to wait for the rate limit."""
    wait_seconds: float = 0.0


Paced = Callable[[bool], None]
"""Called with False when all calls of a fetch have gone, and with True when a further one waits for its turn. At first
one waits: for the rate, a connection, or memory."""


def unpaced(is_waiting: bool) -> None:
    """For who does not want to know."""


class Blocks(Protocol):
    """RPCs, as recovery uses them. Never raises for what a server does."""

    @property
    def tallies(self) -> Sequence[RpcTally]:
        """By RPC, in the order of the configuration."""

    async def fetch(
        self, slot: int, rung: Rung, witnesses: int, paced: Paced = unpaced
    ) -> BlockFound | NoBlock:
        """The block of this slot at confirmed or above, told alike by `witnesses` RPCs if there are so many."""

    async def accounts(self, min_context_slot: int) -> AccountsFound | None:
        """The accounts that monitors name, at this slot or later, each told alike by two RPCs where there are two.

        None: nobody told any, or no account is named.
        """

    async def close(self) -> None:
        """End calls and workers."""


class Clock(Protocol):
    """Time. `now` never goes back; `utc_ns` is for stamps that people read."""

    def now(self) -> float:
        """Seconds of a monotonic clock."""

    def utc_ns(self, stamp_ns: int) -> int:
        """Nanoseconds since 1970 of a monotonic nanosecond stamp."""


class Dice(Protocol):
    """Randomness for back-off."""

    def jitter(self) -> float:
        """Uniform in [0, 1)."""


class Reporter(Protocol):
    """The log."""

    def report(self, report: Report) -> None:
        """Write one line."""
