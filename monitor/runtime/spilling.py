"""Performs what the kernel asks of the spill: slots go to the disk and come back, one call at a time, never on the loop.

Reading comes before writing, since somebody waits for it. A slot is read only once `Stowed` said that it is there, so
that the two orders never cross.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

import anyio
import anyio.to_thread

from monitor.core.backoff import full_jitter
from monitor.core.commands import Report, SpillCommand, Stow, Unneeded, Unstow
from monitor.core.errors import SpillFailed, SpillTorn
from monitor.core.events import SpillEvent, Stowed, StowFailed, Unstowed, UnstowFailed
from monitor.core.stowing import outline_of
from monitor.ports import Dice, Reporter
from monitor.runtime.bookkeeping import Aside
from monitor.spilled import SpillIndex, SpillStore

_NO_SLOTS: Final = SpillIndex((), 0, ())


class Spilling:
    """One daemon's way to the slots that wait on its disk."""

    def __init__(
        self,
        store: SpillStore,
        dice: Dice,
        reporter: Reporter,
        *,
        aside: Aside = anyio.to_thread.run_sync,
    ) -> None:
        self.post: Callable[[SpillEvent], None] = lambda event: None
        """Where answers go, as `Inbox.post`: nowhere until whoever makes the daemon says where."""
        self._store = store
        self._dice = dice
        self._reporter = reporter
        self._aside = aside
        self._reads: deque[Unstow] = deque()
        self._writes: deque[Stow | Unneeded] = deque()
        self._something = anyio.Event()

    @property
    def slots(self) -> int:
        """How many are on the disk."""
        return self._store.slots

    @property
    def bytes_used(self) -> int:
        """What they take there."""
        return self._store.bytes_used

    async def open(self) -> SpillIndex:
        """What an earlier process left; nothing where the folder cannot be used, which is reported: slots stay in memory."""
        try:
            index = await self._aside(self._store.open)
        except SpillFailed as error:
            self._report("error", "the spill could not be opened", error=str(error))
            return _NO_SLOTS
        if index.foreign:
            sentence = "slots that another configuration had left on the disk were removed"
            self._report("warning", sentence, slots=index.foreign)
        if index.torn:
            sentence = "segments of the spill were spoilt, and set aside"
            self._report("error", sentence, files=list(index.torn))
        return index

    def perform(self, command: SpillCommand) -> None:
        """Begin this soon."""
        last = self._writes[-1] if self._writes else None
        if isinstance(command, Unstow):
            self._reads.append(command)
        elif isinstance(command, Unneeded) and isinstance(last, Unneeded):
            self._writes[-1] = Unneeded(last.slots + command.slots)  # one call for a whole stall
        else:
            self._writes.append(command)
        self._something.set()

    async def run(self) -> None:
        """Perform until cancelled; what is under way then stays unanswered."""
        while True:
            await self._something.wait()
            self._something = anyio.Event()
            while self._reads or self._writes:
                if self._reads:
                    await self._read(self._reads.popleft().slot)
                else:
                    await self._write(self._writes.popleft())

    async def _write(self, command: Stow | Unneeded) -> None:
        try:
            if isinstance(command, Unneeded):
                await self._aside(self._store.remove, command.slots)
                return
            outline_bytes = len(outline_of(command.packed))
            await self._aside(self._store.put, command.slot, outline_bytes, command.packed)
        except SpillFailed as error:
            if isinstance(command, Stow):
                self.post(StowFailed(command.slot, str(error)))
            else:  # they stay where they are; the next start finds them of no use
                self._report("warning", "the spill could not be cleared", error=str(error))
        else:
            self.post(Stowed(command.slot))

    async def _read(self, slot: int) -> None:
        """A disk that cannot be read now may be later; until then the slot waits, and so does who asked."""
        tries = 0
        while True:
            try:
                found = await self._aside(self._store.get, slot)
            except SpillTorn as error:
                return self.post(UnstowFailed(slot, str(error)))
            except SpillFailed as error:
                tries += 1
                self._report("error", "a slot could not be read back", slot=slot, error=str(error))
                await anyio.sleep(full_jitter(tries, self._dice.jitter()))
            else:
                return self.post(Unstowed(slot, found.packed, found.moved_ns))

    def _report(self, level: str, sentence: str, **facts: object) -> None:
        self._reporter.report(Report(level, sentence, facts))
