"""Scenarios for the kernel, read as dialogue: what feeds say, and what is handed on.

Rows are short here: a transaction is named by a letter and an index, a block by a letter. Time stands still
unless `at` moves it.
"""

from collections.abc import Sequence
from typing import Any, Self

from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import Certify, Command, OpenFeed, Release, Report, Settled
from monitor.core.endings import Ending, EndReason
from monitor.core.events import FeedEnded, FeedOpened, FramesArrived, LevelPinned, Row, Started
from monitor.core.kernel import Kernel
from monitor.core.monitors import AccountsFilter, Monitor, SlotsFilter, TransactionsFilter
from monitor.core.policy import Policy

ALL = Monitor("all", transactions=TransactionsFilter())
SLOTS = Monitor("slots", slots=SlotsFilter(interslot_updates=False))
SOME = Monitor("some", transactions=TransactionsFilter(vote=False))
"""Filtered, so that no count tells how many there are."""
VAULT = Monitor("vault", accounts=AccountsFilter(account=("x",)))
EVERYTHING = -1
TURNS = 4
"""Of a long work, at one moment."""


def tx(slot: int, index: int, name: str | None = None, mask: int = 1) -> Row:
    signature = (name or f"t{index}").encode().ljust(64, b"\0")
    key = signature + index.to_bytes(8, "little")
    return (Kind.TRANSACTION, slot, key, mask, index, 5, b"frame of " + signature[:4])


def entry(slot: int, index: int, mask: int = 1, name: str | None = None) -> Row:
    key = (name or f"entry {index}").encode().ljust(32, b"\0") + index.to_bytes(8, "little")
    return (Kind.ENTRY, slot, key, mask, index, 5, b"frame")


def write(slot: int, account: str, by: str, version: int, mask: int = 1) -> Row:
    key = account.encode().ljust(32, b"\0") + by.encode().ljust(64, b"\0")
    return (Kind.ACCOUNT, slot, key, mask, version, 5, f"{account} by {by}".encode())


def status(slot: int, what: SlotStatus, parent: int | None = None, generation: int = 1) -> Row:
    return (Kind.SLOT, slot, int(what), 0, (parent, None, generation), 5, b"frame")


def created(slot: int) -> Row:
    return status(slot, SlotStatus.CREATED_BANK, slot - 1)


def processed(slot: int) -> Row:
    return status(slot, SlotStatus.PROCESSED)


def confirmed(slot: int) -> Row:
    return status(slot, SlotStatus.CONFIRMED)


def finalized(slot: int) -> Row:
    return status(slot, SlotStatus.FINALIZED)


def dead(slot: int) -> Row:
    return status(slot, SlotStatus.DEAD)


def meta(
    slot: int,
    block: str | None = None,
    parent: int | None = None,
    parent_block: str | None = None,
    transactions: int = 1,
    mask: int = 0,
    height: int | None = None,
    digest: bytes | None = None,
    generation: int = 1,
) -> Row:
    up = slot - 1 if parent is None else parent
    name = block or f"B{slot}"
    last = name.encode().ljust(32, b"\0") if digest is None else digest
    extra = (
        up,
        parent_block or f"B{up}",
        height,
        transactions,
        0,
        generation,
        last,
    )
    return (Kind.BLOCK_META, slot, name, mask, extra, 5, b"frame")


class Play:
    """A kernel, its feeds, and what came out so far."""

    def __init__(
        self,
        *monitors: Monitor,
        feeds: int = 1,
        level: Commitment = Commitment.CONFIRMED,
        hold: float = 2.0,
        rpcs: int = 0,
        **policy: Any,
    ) -> None:
        self.kernel = Kernel(monitors, feeds, Policy(level, hold=hold, **policy), rpcs=rpcs)
        self.now = 0.0
        self.commands: list[Command] = []
        self.given: list[tuple[Any, ...]] = []
        self._do(self.kernel.handle(Started(), self.now))
        for feed in self.opened():
            self.accepts(feed)

    def pins(self, event: LevelPinned) -> Self:
        """An operator says the level."""
        self._do(self.kernel.handle(event, self.now))
        return self

    def opened(self) -> list[int]:
        """Feeds that were asked for, in order."""
        return [c.feed for c in self.commands if isinstance(c, OpenFeed)]

    def accepts(self, feed: int) -> Self:
        """The server accepts the feed's stream."""
        self._do(self.kernel.handle(FeedOpened(feed), self.now))
        return self

    def says(self, feed: int, *rows: Row) -> Self:
        """The feed delivers these rows in one batch."""
        self._do(self.kernel.handle(FramesArrived(feed, list(rows)), self.now))
        return self

    def block(self, feed: int, slot: int, *rows: Row, **of_meta: Any) -> Self:
        """The feed delivers a whole slot with these rows and says PROCESSED."""
        count = sum(row[0] == Kind.TRANSACTION for row in rows)
        of_meta.setdefault("transactions", count)
        return self.says(feed, created(slot), *rows, meta(slot, **of_meta), processed(slot))

    def ends(
        self,
        feed: int,
        reason: EndReason = EndReason.TRANSIENT,
        *,
        floor: int | None = None,
        jitter: float = 0.0,
    ) -> Self:
        ending = Ending(reason, "UNAVAILABLE", "gone", floor)
        self._do(self.kernel.handle(FeedEnded(feed, ending, jitter), self.now))
        return self

    def at(self, now: float) -> Self:
        """Time passes, with every deadline kept on the way. Long work is done in a few turns at one moment."""
        turns = 0
        while (deadline := self.kernel.next_deadline()) is not None and deadline <= now:
            turns = turns + 1 if deadline <= self.now else 0
            assert turns <= TURNS, "a deadline that does not move would spin"
            self.now = max(self.now, deadline)
            self._do(self.kernel.tick(self.now))
        self.now = now
        return self

    def take(self) -> list[str]:
        """What was handed on since the last call, short: `5 t0`, `5 account x by t1`, `5 confirmed`."""
        given, self.given = self.given, []
        return [_short(released) for released in given]

    def certificates(self) -> dict[int, Certificate]:
        """The last certificate of each slot so far."""
        return {each.slot: each for command in self.of(Certify) for each in command.certificates}

    def certified(self) -> dict[int, SlotEnd]:
        """What each slot with a certificate came to, as the last one says."""
        return {slot: each.end for slot, each in sorted(self.certificates().items())}

    def settled(self) -> int | None:
        """The last slot up to which all is settled, or None."""
        return max((command.slot for command in self.of(Settled)), default=None)

    def sentences(self) -> list[str]:
        """Every log line so far."""
        return [c.sentence for c in self.commands if isinstance(c, Report)]

    def of(self, kind: type[Command]) -> list[Any]:
        """Every command of one kind so far."""
        return [c for c in self.commands if isinstance(c, kind)]

    def _do(self, commands: Sequence[Command]) -> None:
        self.commands.extend(commands)
        for command in commands:
            if isinstance(command, Release):
                self.given.extend(command.released)
        self.kernel.check()


def _short(released: tuple[Any, ...]) -> str:
    mask, _, late, version, _, row = released
    kind, slot, key, _, extra, _, frame = row
    if kind == Kind.TRANSACTION:
        word = key[:64].rstrip(b"\0").decode()
    elif kind == Kind.ACCOUNT:
        word = frame.decode()
    elif kind == Kind.SLOT:
        word = SlotStatus(key).name.lower()
    elif kind == Kind.ENTRY:
        word = f"entry {extra}"
    elif kind == Kind.UNDO:
        word = "undo"
    elif kind == Kind.COMMITMENT:
        word = f"is {Commitment(key).name.lower()}"
    else:
        word = f"meta {key}"
    who = f" for {mask:b}" if mask != 1 else ""
    numbered = f"{slot}.{version}" if version else f"{slot}"
    return f"{numbered} {word}{who}{' late' if late else ''}"
