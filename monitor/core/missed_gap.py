"""What the chain did while the daemon was down: it is caught up with, skipped, or a person is asked."""

from collections.abc import Iterator, Sequence

from monitor.core.chain import Kind
from monitor.core.commands import Command, Refuse
from monitor.core.events import Row
from monitor.core.join import Join
from monitor.core.progress import Progress


class MissedGap:
    """The slots from the first one that was not settled up to the live chain, until their number is known."""

    def __init__(self, join: Join, progress: Progress, most: int, on_exceeded: str) -> None:
        """`most`: slots that a start may have to catch up with; `on_exceeded`: as in `RecoveryPolicy`."""
        self._join = join
        self._progress = progress
        self._most = most
        self._on_exceeded = on_exceeded
        self._first: int | None = None
        self._live: tuple[int, int] | None = None
        """The lowest and the highest slot that the first feed to speak told, or named as a parent."""

    @property
    def is_open(self) -> bool:
        """Whether it is still to be weighed."""
        return self._first is not None

    def begin_at(self, resume_slot: int | None) -> None:
        """The process before settled all slots below this one. None: there was none."""
        self._first = resume_slot

    def heard(self, rows: Sequence[Row]) -> None:
        """A feed told these rows. What only the store speaks of is no live slot, whatever its certificates name."""
        if self._first is None:
            return
        told = {row[1] for row in rows} | {row[4][0] for row in rows if row[0] == Kind.BLOCK_META}
        ours = [slot for slot in told if slot >= self._first]
        if ours:
            self._live = min(ours), max(ours)

    def weigh(self, now: float) -> Iterator[Command]:
        """As soon as a feed has spoken: is it more than the user wants to catch up with?"""
        if self._first is None or self._live is None:
            return
        first, (lowest, tip) = self._first, self._live
        self._first = None
        slots = tip - first
        if slots <= self._most or self._on_exceeded == "catch_up":
            if slots > 0:
                self._progress.begin_catch_up(first, tip, now)
        elif self._on_exceeded == "skip":
            self._skip(first, lowest)
        else:
            yield Refuse(
                f"slots {first} to {tip - 1} were missed since the last run: {slots}, and "
                f"recovery.max_catchup_slots is {self._most}; raise it, or set "
                "recovery.on_catchup_exceeded to skip (they are recorded as lost) or catch_up"
            )

    def _skip(self, first: int, end: int) -> None:
        join = self._join
        for slot in [slot for slot in join.slots if first <= slot < end]:
            join.gate.drop(join.slots.pop(slot))  # a certificate names it, and nobody wants it
        join.ledger.skips.skip(first, end)
        join.links.append((first, end))  # nothing is asked for there any more
        sentence = "the gap since the last run was skipped"
        join.gate.report("critical", sentence, slot=first, to_slot=end)
