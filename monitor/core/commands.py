"""Second glossary: all that the kernel may ask for. The runtime performs it, in order.

`Released`, one event that is handed on, is a plain tuple:

    (mask, endpoint, late, version, blockhash, row)

    mask       monitors that get it (bits as in `Row`); for accounts judged on the last write, those to be judged locally
    endpoint   index of the endpoint whose copy won, or -1 when the kernel made the row
    late       True when the slot had been released before
    version    the daemon's number of a block of that slot
    blockhash  base58 text, or None while unknown
    row        a `Row`; for a `slot` row that the kernel made, extra is (parent or None, dead_error or None, observed)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.core.certificates import Certificate
from monitor.core.chain import Commitment
from monitor.core.events import Row
from monitor.core.jobs import Job, JobsDone
from monitor.core.level_history import Switch
from monitor.core.rungs import Rung
from monitor.core.scope import EVERY_MONITOR, Scope

Released = tuple[int, int, bool, int, str | None, Row]


@dataclass(frozen=True, slots=True)
class OpenFeed:
    """Open a stream to an endpoint under a new feed number and send the request of this generation."""

    feed: int
    endpoint: int
    generation: int
    from_slot: int | None = None
    is_replay: bool = False
    """A stream for recovery: at confirmed, so that it brings whole blocks of the chain alone."""
    scope: Scope = Scope.EVERYTHING
    carried: int = EVERY_MONITOR
    """The monitors it is asked for (bits as in `Row`)."""


@dataclass(frozen=True, slots=True)
class AmendFeed:
    """Send a request again on the open stream, in the place of the one before.

    The same one with from_slot: the server replays (PROTOCOL 3.5). Without: something else is asked for,
    or for other monitors.
    """

    feed: int
    generation: int
    from_slot: int | None
    scope: Scope = Scope.EVERYTHING
    carried: int = EVERY_MONITOR


@dataclass(frozen=True, slots=True)
class CloseFeed:
    """Cancel a feed; its end is reported as FeedEnded all the same."""

    feed: int


@dataclass(frozen=True, slots=True)
class AskFloor:
    """Ask an endpoint how far back it can replay (SubscribeReplayInfo); answered by one `FloorTold`."""

    endpoint: int


@dataclass(frozen=True, slots=True)
class ProbeEndpoint:
    """Get to know an endpoint anew: what it runs and how far it is. Nothing waits for the answer."""

    endpoint: int


@dataclass(frozen=True, slots=True)
class Release:
    """Hand these events on to the monitors named in their masks, in this order."""

    commitment: Commitment
    released: list[Released]


@dataclass(frozen=True, slots=True)
class Report:
    """Write one log line: a constant sentence in the past tense, facts in keys."""

    level: str
    """debug, info, warning, error or critical."""
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Certify:
    """Store these certificates, each over an earlier one of its slot. What was to be handed on came before."""

    certificates: list[Certificate]
    given: Mapping[int, bytes] = field(default_factory=dict)
    """Of the open ones: what was handed on so far, to be stored and given back by `Recalled`."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Every slot of ours up to this one has a certificate, and all that is held of them was handed on at every level.

    So a daemon that starts again need not look at them, and cursors may move up to here.
    """

    slot: int


@dataclass(frozen=True, slots=True)
class KeepSwitch:
    """Store from which slot on another level holds, no later than any cursor that passes that slot."""

    switch: Switch


@dataclass(frozen=True, slots=True)
class Fetch:
    """Get this block from RPCs; answered by one `BlockFetched` or `FetchFailed`, and before by `FetchPaced` whenever that changes."""

    slot: int
    rung: Rung
    """RPC or ARCHIVE: which pool."""
    witnesses: int
    """How many of them must tell the same block, as far as there are so many."""


@dataclass(frozen=True, slots=True)
class CancelFetch:
    """Ask nobody for this block any more: the slot is closed, or the lease is void. The `Fetch` needs no answer."""

    slot: int
    rung: Rung


@dataclass(frozen=True, slots=True)
class KeepJobs:
    """Store what became of recovery jobs, in this order, each over what is stored of its slots."""

    changes: list[Job | JobsDone]


@dataclass(frozen=True, slots=True)
class ReadAccounts:
    """Read the accounts that monitors name by pubkey; answered by one `AccountsRead` or `AccountsUnread`."""

    first: int
    end: int
    min_context_slot: int
    """Older states are of no use."""


@dataclass(frozen=True, slots=True)
class Abandon:
    """Store that these slots are lost and given up for good: first to `end`, `end` excluded. They may be millions.

    That is their certificate; there was none. Like one it comes before `Settled`.
    """

    first: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """End the daemon: what it found is for a person to decide."""

    why: str


@dataclass(frozen=True, slots=True)
class Recall:
    """Give back what was handed on of these slots; answered by one `Recalled`."""

    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stow:
    """Put this slot on the disk, over what is there of it; answered by one `Stowed` or `StowFailed`."""

    slot: int
    packed: bytes
    """As `core.stowing.stow` made it."""


@dataclass(frozen=True, slots=True)
class Unstow:
    """Read a slot back that is on the disk, where it stays; answered by one `Unstowed` or `UnstowFailed`."""

    slot: int


@dataclass(frozen=True, slots=True)
class Unneeded:
    """What is on the disk of these slots, or on the way there, is needed no more. Needs no answer."""

    slots: tuple[int, ...]


SpillCommand = Stow | Unstow | Unneeded
RecoveryCommand = Fetch | CancelFetch | ReadAccounts | Recall | KeepJobs | Abandon | Refuse
StreamCommand = OpenFeed | AmendFeed | CloseFeed | AskFloor | ProbeEndpoint
Command = StreamCommand | Release | Report | Certify | Settled | KeepSwitch | RecoveryCommand
