"""Performs what the kernel asks of the world beside streams: blocks and accounts of RPCs, what the store remembers, floors.

Each command is answered by one event in the inbox; nothing that a server does raises. Commands wait for a free place;
there are as many as the kernel leases, so they need no bound of their own.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

import anyio
import anyio.abc

from monitor.core.backoff import full_jitter
from monitor.core.commands import AskFloor, CancelFetch, Fetch, ReadAccounts, Recall, Report
from monitor.core.errors import StoreFailed
from monitor.core.events import (
    AccountsRead,
    AccountsUnread,
    BlockFetched,
    FetchFailed,
    FetchPaced,
    FloorTold,
    Recalled,
    RecoveryEvent,
)
from monitor.core.origins import Origins
from monitor.core.rungs import Rung, Verdict
from monitor.ports import BlockFound, Blocks, Dice, NoBlock, Reporter, Sounder
from monitor.runtime.inbox import Inbox

AT_ONCE: Final = 100
"""Blocks asked for at a time, of all rungs; how many each RPC gets is decided behind the port. Guessed."""

Errand = Fetch | ReadAccounts | Recall | AskFloor
Remember = Callable[[Sequence[int]], Awaitable[Mapping[int, bytes]]]
"""What was handed on of slots, as `ports.RecoveryStore.given`; raises StoreFailed."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Whom recovery asks."""

    blocks: Blocks | None
    """None where no RPC is configured."""
    remember: Remember
    sounder: Sounder | None = None
    """None: no floor is told."""
    at_once: int = AT_ONCE
    """Blocks asked for at a time."""


class Recovering:
    """One daemon's way to RPCs and to what it remembers of slots."""

    def __init__(
        self, sources: Sources, inbox: Inbox, origins: Origins, dice: Dice, reporter: Reporter
    ) -> None:
        self.blocks = sources.blocks
        self._sounder = sources.sounder
        self.inbox = inbox
        """Where answers go."""
        self._remember = sources.remember
        self._post = inbox.post
        self._origins = origins
        self._dice = dice
        self._reporter = reporter
        self._due: deque[Errand] = deque()
        self._something = anyio.Event()
        self._places = anyio.CapacityLimiter(sources.at_once)
        self._fetches: dict[tuple[int, Rung], list[anyio.CancelScope]] = {}
        """Those under way, by what they are for; the latest last."""

    @property
    def rpc_names(self) -> list[str]:
        """In the order of the configuration."""
        return [] if self.blocks is None else [tally.name for tally in self.blocks.tallies]

    def perform(self, errand: Errand | CancelFetch) -> None:
        """Begin this soon; without an RPC what needs one is answered now. To cancel takes no time."""
        if isinstance(errand, CancelFetch):
            self._cancel(errand)
        elif self.blocks is None and isinstance(errand, Fetch):
            jitter = self._dice.jitter()
            self._post(FetchFailed(errand.slot, errand.rung, Verdict.CANNOT, jitter))
        elif self.blocks is None and isinstance(errand, ReadAccounts):
            self._post(AccountsUnread(errand.first, errand.end, self._dice.jitter()))
        elif self._sounder is None and isinstance(errand, AskFloor):
            self._post(FloorTold(errand.endpoint))
        else:
            self._due.append(errand)
            self._something.set()

    async def run(self) -> None:
        """Perform until cancelled; what is under way then stays unanswered."""
        async with anyio.create_task_group() as tasks:
            while True:
                await self._something.wait()
                self._something = anyio.Event()
                while self._due:
                    self._begin(self._due.popleft(), tasks)

    def _begin(self, errand: Errand, tasks: anyio.abc.TaskGroup) -> None:
        match errand:
            case Fetch():
                scope = anyio.CancelScope()
                self._fetches.setdefault((errand.slot, errand.rung), []).append(scope)
                tasks.start_soon(self._fetch, errand, scope, name=f"fetch {errand.slot}")
            case ReadAccounts():
                tasks.start_soon(self._read, errand, name=f"accounts {errand.end}")
            case Recall():
                tasks.start_soon(self._recall, errand, name=f"recall {len(errand.slots)}")
            case AskFloor():
                tasks.start_soon(self._ask_floor, errand, name=f"floor {errand.endpoint}")
            case _:
                assert_never(errand)

    async def _fetch(self, errand: Fetch, scope: anyio.CancelScope) -> None:
        blocks = self.blocks
        if blocks is None:
            return
        key = slot, rung = errand.slot, errand.rung

        def paced(is_waiting: bool) -> None:
            self._post(FetchPaced(slot, rung, is_waiting))

        with scope:
            async with self._places:
                found = await blocks.fetch(slot, rung, errand.witnesses, paced)
            self._post(self._told(errand, found))
        self._fetches[key].remove(scope)
        if not self._fetches[key]:
            del self._fetches[key]

    def _cancel(self, cancel: CancelFetch) -> None:
        """The latest, where two ask for one block. What was answered already is not known here any more."""
        fetch = next(
            (
                each
                for each in reversed(self._due)
                if isinstance(each, Fetch) and (each.slot, each.rung) == (cancel.slot, cancel.rung)
            ),
            None,
        )
        if fetch is not None:
            self._due.remove(fetch)
        elif (cancel.slot, cancel.rung) in self._fetches:
            self._fetches[cancel.slot, cancel.rung][-1].cancel()

    def _told(self, errand: Fetch, found: BlockFound | NoBlock) -> RecoveryEvent:
        origin = self._origins.rpc
        dissent = tuple(origin(rpc) for rpc in found.dissent)
        match found:
            case BlockFound():
                sources = tuple(origin(rpc) for rpc in found.sources)
                told = (found.rows, dissent, found.signatures)
                return BlockFetched(errand.slot, errand.rung, sources, *told)
            case NoBlock():
                jitter, pause = self._dice.jitter(), found.retry_after
                return FetchFailed(errand.slot, errand.rung, found.verdict, jitter, pause, dissent)

    async def _ask_floor(self, errand: AskFloor) -> None:
        if self._sounder is not None:
            self._post(await self._sounder.floor(errand.endpoint))

    async def _read(self, errand: ReadAccounts) -> None:
        blocks = self.blocks
        if blocks is None:
            return
        found = await blocks.accounts(errand.min_context_slot)
        if found is None:
            self._post(AccountsUnread(errand.first, errand.end, self._dice.jitter()))
            return
        origin = self._origins.reconciled
        self._post(
            AccountsRead(
                errand.first,
                errand.end,
                found.context_slot,
                found.rows,
                origin(found.source),
                found.witnesses,
                tuple(origin(rpc) for rpc in found.dissent),
                found.unsure,
            )
        )

    async def _recall(self, errand: Recall) -> None:
        """Without an answer events would be handed on twice: so the store is asked until it tells."""
        tries = 0
        while True:
            try:
                given = await self._remember(errand.slots)
            except StoreFailed as error:
                tries += 1
                facts = {"slots": len(errand.slots), "error": str(error)}
                self._reporter.report(
                    Report("error", "what was handed on could not be recalled", facts)
                )
                await anyio.sleep(full_jitter(tries, self._dice.jitter()))
            else:
                self._post(Recalled(errand.slots, given))
                return
