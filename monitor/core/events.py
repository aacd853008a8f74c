"""First glossary: all that can happen to the kernel.

Rows of the hot path are plain tuples inside one batch event (a frozen dataclass costs 0.72 us, a tuple 0.04).
Their layout is named here, once:

`Row`, one update of a feed, as `wire.peek` reads it:

    (kind, slot, key, mask, extra, stamp, frame)

    kind    a `Kind`, as int
    slot    u64
    key     what makes the update itself within its slot and kind:
              transaction, transaction_status   the signature (64 bytes) and the index (8, little-endian)
              account      pubkey (32) + txn_signature (64), or pubkey + b"!" + 16-byte hash of the content when unsigned
              entry        the hash (32 bytes) and the index (8, little-endian)
              slot         the status (int)
              block        (blockhash, filter name)
              block_meta   the blockhash (base58 text)
              undo         the version that is taken back (int)
              commitment   the new level (int)
              ping, pong   0, or the pong's id
    mask    bit i set: monitor i (in the order of the configuration) wants it, as the server judged
    extra   by kind:
              transaction, transaction_status   the index in the block (int)
              account      write_version (int), local to the node that sent it
              entry        the index (int)
              slot         (parent or None, dead_error or None, generation)
              block        None
              block_meta   (parent_slot, parent_blockhash, block_height or None, executed_transaction_count, entries_count, generation,
                           the blockhash's 32 bytes, or b"" when its text is no base58)
              undo         (blockhash or None, reason)
              commitment   (monitor's name, old level, reason)
            generation: g of the hidden filter `~g` that the update came under, or 0
    stamp   when the reading thread took the frame, nanoseconds of the monotonic clock
    frame   the SubscribeUpdate's bytes, or None when the kernel made the row itself
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.core.chain import Commitment
from monitor.core.endings import Ending
from monitor.core.rungs import Rung, Verdict
from monitor.core.wishes import Wish

Row = tuple[int, int, Any, int, Any, int, bytes | None]


@dataclass(frozen=True, slots=True)
class FramesArrived:
    """A feed delivered updates, in the order of its stream."""

    feed: int
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class FeedOpened:
    """A server accepted the stream (its initial metadata came)."""

    feed: int


@dataclass(frozen=True, slots=True)
class FeedEnded:
    """A feed is over, by whichever side; nothing more of it will come."""

    feed: int
    ending: Ending
    jitter: float
    """Uniform in [0, 1): what a back-off may use."""


@dataclass(frozen=True, slots=True)
class FloorTold:
    """An endpoint said how far back it can replay, or it is certain that it will not say."""

    endpoint: int
    first_available: int | None = None
    """The oldest slot that it holds; u64's largest: nothing yet (TRAPS 20); None: it did not say."""
    has_replay: bool = True
    """False: it said that it keeps nothing to replay."""


@dataclass(frozen=True, slots=True)
class Started:
    """The daemon is ready to watch: the first event, once."""

    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class ReadingResumed:
    """A full sink, or a stop of the whole process, had ended all reading, which goes on. Comes before what waited meanwhile."""

    paused: float
    """Seconds for which nothing was read: a feed's silence of that time was ours."""


@dataclass(frozen=True, slots=True)
class FetchPaced:
    """All calls of a `Fetch` have gone to their servers, or a further one waits for its turn. At first one waits."""

    slot: int
    rung: Rung
    is_waiting: bool
    """For the rate, a connection, or memory: then no server is slow, nobody has been asked."""


@dataclass(frozen=True, slots=True)
class BlockFetched:
    """RPCs brought a block. It is believed when links and counts say so, like any other."""

    slot: int
    rung: Rung
    sources: tuple[int, ...]
    """Origins (`core.origins`) that told this very block; the first one's copy is here."""
    rows: list[Row]
    """Transactions and transaction statuses that monitors want, or all where all are counted, then one block_meta.

    Its entries_count is 0 and its generation too: an RPC tells neither.
    """
    dissent: tuple[int, ...] = ()
    """Origins that told another block of this slot."""
    signatures: bytes = b""
    """Of all its transactions, wanted or not, 64 bytes each; empty where no monitor asks for accounts."""


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """No block came of a `Fetch`."""

    slot: int
    rung: Rung
    verdict: Verdict
    """The most hopeful of what the sources said."""
    jitter: float
    """Uniform in [0, 1)."""
    retry_after: float = 0.0
    """Seconds for which the sources do not want to be asked."""
    dissent: tuple[int, ...] = ()
    """Origins that told blocks which differ."""


@dataclass(frozen=True, slots=True)
class AccountsRead:
    """The state of the watched accounts at `context_slot`, in place of writes that nobody can bring any more."""

    first: int
    end: int
    """The slots first..end-1 are what it stands for."""
    context_slot: int
    """The lowest of the rows' slots; where there are none, a slot from which on the accounts were read."""
    rows: list[Row]
    """Account rows, unsigned, of the states that are believed."""
    source: int
    """Origin of most of them."""
    witnesses: int = 1
    """RPCs that told each of them alike."""
    dissent: tuple[int, ...] = ()
    """Origins that told something else of the same slot."""
    unsure: tuple[bytes, ...] = ()
    """Watched accounts of which no state is believed: not so many RPCs told one alike."""


@dataclass(frozen=True, slots=True)
class AccountsUnread:
    """No RPC could tell the watched accounts."""

    first: int
    end: int
    jitter: float


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was handed on of slots that the kernel had let go of, as `Certify` had it stored."""

    slots: tuple[int, ...]
    """Those that were asked for."""
    given: Mapping[int, bytes]
    """By slot; one of which nothing was handed on is missing."""


@dataclass(frozen=True, slots=True)
class SignedOff:
    """An operator takes responsibility for a lost slot."""

    slot: int
    reason: str


@dataclass(frozen=True, slots=True)
class Wished:
    """An operator asks for something of one endpoint; what is decided about it stands in `Kernel.decisions`."""

    wish: Wish


@dataclass(frozen=True, slots=True)
class LevelPinned:
    """An operator says at which level monitors are released that name none."""

    level: Commitment | None
    """None: the policy decides again."""
    reason: str


@dataclass(frozen=True, slots=True)
class Stowed:
    """A slot is safe on the disk, as its last `Stow` told it."""

    slot: int


@dataclass(frozen=True, slots=True)
class StowFailed:
    """There was no room for a slot, or it could not be written. What was there of it before, if anything, still is."""

    slot: int
    why: str
    """In words, with the remedy."""


@dataclass(frozen=True, slots=True)
class Unstowed:
    """A slot was read back."""

    slot: int
    packed: bytes
    """As `Stow` told it."""
    moved_ns: int = 0
    """What the monotonic clock is ahead of the one of the process that stowed it."""


@dataclass(frozen=True, slots=True)
class UnstowFailed:
    """What was on the disk of a slot is lost."""

    slot: int
    why: str


SpillEvent = Stowed | StowFailed | Unstowed | UnstowFailed
RecoveryEvent = (
    FetchPaced | BlockFetched | FetchFailed | AccountsRead | AccountsUnread | Recalled | SignedOff
)
StreamEvent = FramesArrived | FeedOpened | FeedEnded | FloorTold
Event = StreamEvent | Started | ReadingResumed | Wished | LevelPinned | RecoveryEvent
