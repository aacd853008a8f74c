"""Keeps the books: certificates and cursors, gathered for a moment and committed together.

Nothing waits for a commit but the very first one: what a sink was given before the store knows where it stands
would be given again, or missed, after a crash. So sinks are written once `begun` is set.

A certificate waits until what was handed on before it is safe. Else a slot that late evidence made whole would be
stored as whole, and the evidence lost in a crash, since nobody looks again at a slot that is settled. For the same
reason what was handed on of an open slot is stored with its certificate, and what became of jobs behind both: what
the store says of an open slot is never more than what is safe, and never less once a cursor has passed its lines.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol, TypeVar, TypeVarTuple

import anyio
import anyio.to_thread

from monitor.core.backoff import full_jitter
from monitor.core.certificates import CLOSED, Certificate
from monitor.core.chain import Commitment
from monitor.core.commands import Report
from monitor.core.errors import StoreFailed
from monitor.core.jobs import Job, JobsDone
from monitor.core.level_history import Switch
from monitor.ports import Clock, Dice, Reporter, Store
from monitor.runtime.filing import stored_slot
from monitor.runtime.pending import Entry, Pending, Round
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

DISTANCE: Final = 0.5
"""Seconds between two commits: each costs a sync of the disk. Guessed."""
GROUPED: Final = 0.1
"""The same, while something of recovery waits. Decided (DESIGN 8)."""
YOUNG: Final = 0.25
"""Share of the daemon's age between two commits, until that is `DISTANCE`: so a daemon that is killed soon, again and
again, still gets on. Guessed."""
SOONEST: Final = 0.05
"""Seconds between two commits at the least."""
BOUND_BYTES: Final = 4 * 2**20
"""Certificates that wait for the store, about; hours of them. Guessed."""
RETENTION_NS: Final = 30 * 86_400 * 10**9
"""How long closed certificates are kept. Decided: long enough to answer for a month."""
FORGET_EVERY: Final = 3600.0
BEGINNING: Final = "the daemon began"
"""Why the first level of all holds."""

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")


class Aside(Protocol):
    """Calls a function that blocks, without holding up the loop."""

    def __call__(
        self, function: Callable[[*Arguments], Answer], /, *arguments: *Arguments
    ) -> Awaitable[Answer]:
        """Its answer."""


class Books:
    """What one daemon keeps of its slots and sinks."""

    _begins_at: Commitment | None = None
    """The level of the first slot of ours, until that is known; None where the store has it."""

    def __init__(
        self,
        store: Store,
        endpoints: Sequence[str],
        subscriptions: Sequence[Subscription],
        clock: Clock,
        reporter: Reporter,
        dice: Dice,
        *,
        aside: Aside = anyio.to_thread.run_sync,
        bound_bytes: int = BOUND_BYTES,
    ) -> None:
        """`endpoints`: their names, in the order of the configuration."""
        self.begun = anyio.Event()
        """The store knows every sink: they may be written."""
        self.newest_slot: int | None = None
        """The last slot that has a certificate."""
        self.durable_slot: int | None = None
        """All events of slots up to this one are safe in every sink, and the store knows; None before it does."""
        self.tally: SlotTally | None = None
        """Slots by what they came to, over all restarts, as of the last commit; None before the first one."""
        self.failures = 0
        self.failing: str | None = None
        """The last error while the store fails."""
        self._store = store
        self._endpoints = endpoints
        self._subscriptions = subscriptions
        self._clock = clock
        self._reporter = reporter
        self._dice = dice
        self._aside = aside
        self._bound_bytes = bound_bytes
        self._turn = anyio.Lock()
        self._pending = Pending()
        outboxes = [subscription.route.outbox for subscription in subscriptions]
        self._durable = [outbox for outbox in outboxes if outbox.durable is not None]
        self._settled: int | None = None
        self._reached = -1
        """What is settled, as the store has it."""
        self._cursors: dict[tuple[str, str], Cursor] = {}
        """As the store has them, or will at the first commit."""
        self._held: dict[str, int] = {}
        """By sink, the last slot of which it held lines at the start: they stand before all that is written now."""
        self._committed: tuple[list[Cursor], int] | None = None
        self._woken = anyio.Event()
        self._resting: anyio.CancelScope | None = None
        """The time between two commits, while it passes."""
        self._room: anyio.Event | None = None
        self._keeps: anyio.Event | None = None
        """Somebody waits for the next commit."""
        self._forget_at = clock.now()
        self._born_at = clock.now()

    async def resume(
        self, first: int | None, cursors: Sequence[Cursor], begins_at: Commitment | None = None
    ) -> None:
        """Begin with these cursors, at this slot; at the tip when it is None. What sinks hold was read back.

        What recovery knew of later slots is dropped: they are watched from their beginning.
        `begins_at`: the daemon's commitment, where the store knows none.

        Raises: StoreFailed.
        """
        self._begins_at = begins_at
        if first is None:
            return
        self._keep_beginning(first)
        self._cursors = {(cursor.sink, cursor.monitor): cursor for cursor in cursors}
        self._held = {
            subscription.route.outbox.name: max(subscription.route.written, default=-1)
            for subscription in self._subscriptions
        }
        self._settled = self._reached = self.newest_slot = first - 1
        for subscription in self._subscriptions:
            subscription.route.outbox.go_on_behind(first - 1)
            slots = [slot for slot in subscription.route.written if slot < first]
            self._pending.keep_held(held for slot in slots for held in _held(subscription, slot))
        async with self._turn:
            await self._aside(self._store.watch_anew, first)
        await self._write()

    @property
    def is_new(self) -> bool:
        """Whether it is not known yet which slot is the first of ours."""
        return self._settled is None

    def begin(self, first: int) -> None:
        """The first slot that is ours, before anything of it is queued: from there on nothing is missed."""
        self._keep_beginning(first)
        self.settle(first - 1)

    def keep_switch(self, switch: Switch) -> None:
        """Store soon, and before a cursor passes its first slot, that another level holds from there on."""
        at_ns = self._clock.utc_ns(int(self._clock.now() * 1e9))
        self._pending.keep_switch(StoredSwitch(switch, at_ns))
        self._hurry()

    def _keep_beginning(self, first: int) -> None:
        level, self._begins_at = self._begins_at, None
        if level is not None:
            self.keep_switch(Switch(first, level, level, BEGINNING))

    def certify(
        self, certificates: Sequence[Certificate], given: Mapping[int, bytes] | None = None
    ) -> None:
        """Store these soon, and what was handed on of these and other open slots, which is `given`.

        Never blocks and never drops; see `is_full`.
        """
        closed_at = self._clock.utc_ns(int(self._clock.now() * 1e9))
        needed = self._queued()
        untold = dict(given or {})
        if untold:
            self._hurry()
        for certificate in certificates:
            slot = certificate.slot
            is_open = certificate.end not in CLOSED
            told = untold.pop(slot, None)
            held = tuple(self._held_of(slot)) if is_open else ()
            stored = stored_slot(certificate, self._endpoints, closed_at)
            self._pending.certify(Entry(slot, stored, needed, told if is_open else None, held))
            if self.newest_slot is None or slot > self.newest_slot:
                self.newest_slot = slot
        for slot, told in untold.items():
            self._pending.certify(Entry(slot, None, needed, told, ()))

    def abandon(self, first: int, end: int, reason: str) -> None:
        """Store soon that these slots, `end` excluded, are lost for good. Costs the same however many they are."""
        closed_at = self._clock.utc_ns(int(self._clock.now() * 1e9))
        self._pending.abandon(AbandonedSlots(first, end, reason, closed_at))
        self.newest_slot = max(end - 1, self.newest_slot or 0)
        self._hurry()

    def keep_jobs(self, changes: Sequence[Job | JobsDone]) -> None:
        """Store what became of jobs soon, behind all that was certified before. Never blocks and never drops."""
        self._pending.keep_jobs(changes, self._queued())
        self._hurry()

    async def recall(self, slots: Sequence[int]) -> dict[int, bytes]:
        """What was handed on of these slots, stored or waiting for it; one of which nothing was is missing.

        Raises: StoreFailed.
        """
        async with self._turn:
            found = await self._aside(self._store.given, slots)
        return {**found, **self._pending.given(slots)}

    def sign_off(self, slot: int, reason: str) -> SignOff:
        """Store an operator's word soon; answers what will be stored."""
        at_ns = self._clock.utc_ns(int(self._clock.now() * 1e9))
        signed = SignOff(slot, reason, at_ns)
        self._pending.sign_off(signed)
        self._hurry()
        return signed

    async def kept(self, signed: SignOff) -> None:
        """Return once this word is stored, however long that takes."""
        while self._pending.awaits(signed):
            self._keeps = self._keeps or anyio.Event()
            await self._keeps.wait()

    async def keep_drain(self, endpoint: str, is_drained: Callable[[], bool]) -> None:
        """Store whether this endpoint is drained, as it is when the store can be written. Raises: StoreFailed."""
        async with self._turn:
            at_ns = self._clock.utc_ns(int(self._clock.now() * 1e9))
            await self._aside(self._store.keep_drain, endpoint, at_ns if is_drained() else None)

    def settle(self, slot: int) -> None:
        """Slots up to this one are done with: cursors may follow once their lines are safe."""
        if self.is_new:
            self._woken.set()
        self._settled = slot
        for subscription in self._subscriptions:
            subscription.route.outbox.settle(slot)

    def is_full(self) -> bool:
        """Whether so much waits for the store that nothing more should be taken."""
        return self._pending.size_bytes >= self._bound_bytes

    async def has_room(self) -> None:
        """Return once more can be taken."""
        while self.is_full():
            self._room = anyio.Event()
            self._woken.set()
            await self._room.wait()

    async def slots(self, first: int, end: int, limit: int) -> list[StoredSlot]:
        """As `LedgerStore.slots`, with what is not stored yet. Raises StoreFailed."""
        async with self._turn:
            stored = await self._aside(self._store.slots, first, end, limit)
            found = {slot.slot: slot for slot in stored}
        found |= {slot.slot: slot for slot in self._pending.abandoned(first, end, limit)}
        found.update(self._pending.slots(first, end))
        return [found[slot] for slot in sorted(found)[:limit]]

    async def run(self) -> None:
        """Commit what there is, now and again, until cancelled."""
        tries = 0
        while True:
            await self._rest(tries)
            try:
                await self._write()
                await self._forget()
            except StoreFailed as error:
                tries += 1
                self._failed(error)
            else:
                self._succeeded(tries)
                tries = 0

    async def _rest(self, tries: int) -> None:
        seconds = full_jitter(tries, self._dice.jitter()) if tries else self._distance()
        with anyio.move_on_after(seconds) as resting:
            self._resting = None if tries else resting
            await self._woken.wait()
        self._resting = None
        self._woken = anyio.Event()

    def _distance(self) -> float:
        most = GROUPED if self._pending.has_recovery else DISTANCE
        return min(most, max(SOONEST, (self._clock.now() - self._born_at) * YOUNG))

    def _hurry(self) -> None:
        """Something of recovery came."""
        if self._resting is not None:
            due = anyio.current_time() + GROUPED
            self._resting.deadline = min(self._resting.deadline, due)

    def _queued(self) -> tuple[int, ...]:
        return tuple(outbox.queued for outbox in self._durable)

    def _held_of(self, slot: int) -> Iterator[HeldEvents]:
        for subscription in self._subscriptions:
            yield from _held(subscription, slot)

    async def close(self) -> None:
        """One last commit, after `run` and the sinks have ended."""
        try:
            await self._write()
        except StoreFailed as error:
            self._failed(error)

    async def _write(self) -> None:
        if self._settled is None:
            return
        self._follow()
        safe = [
            outbox.safe for outbox in self._durable
        ]  # not before: cursors may not be ahead of it
        written = self._pending.ready(safe)
        waits = self._pending.first_after(written, self._reached)
        settled = self._settled if waits is None else min(self._settled, waits - 1)
        state = (list(self._cursors.values()), settled)
        if written or state != self._committed:
            async with self._turn:
                self.tally = await self._aside(self._commit, written, *state)
            self._committed, self._reached = state, settled
            self._pending.done(written)
            if self._keeps is not None:
                self._keeps.set()
                self._keeps = None
        self.durable_slot = min((c.frontier for c in state[0]), default=self._settled)
        self.begun.set()
        if self._room is not None and not self.is_full():
            self._room.set()
            self._room = None

    def _commit(self, written: Round, cursors: list[Cursor], settled: int) -> SlotTally:
        """All of it or nothing. Answers what all slots have come to."""
        with self._store.together():
            self._store.abandon(written.abandoned)
            self._store.keep_switches(written.switches)
            self._store.commit(written.slots, cursors, settled)
            for signed in written.signed:
                self._store.sign_off(signed)
            self._store.commit_recovery(written.given, written.changes, written.held)
            return self._store.tally()

    def _follow(self) -> None:
        """Take over how far each sink is."""
        for subscription in self._subscriptions:
            name, reached = subscription.route.outbox.name, subscription.route.outbox.cursor()
            if reached is None:
                continue
            frontier, place = reached
            for monitor in subscription.monitors:
                begins = place
                if frontier < self._held.get(name, -1):
                    begins = self._cursors[name, monitor].place
                self._cursors[name, monitor] = Cursor(name, monitor, frontier, begins)

    async def _forget(self) -> None:
        now = self._clock.now()
        if now >= self._forget_at:
            self._forget_at = now + FORGET_EVERY
            before = self._clock.utc_ns(int(now * 1e9)) - RETENTION_NS
            async with self._turn:
                await self._aside(self._store.forget_before, before)

    def _succeeded(self, tries: int) -> None:
        self.failing = None
        if tries:
            self._reporter.report(Report("info", "the ledger's store recovered", {}))

    def _failed(self, error: StoreFailed) -> None:
        self.failures += 1
        self.failing = str(error)
        self._reporter.report(Report("error", "the ledger's store failed", {"error": str(error)}))


def _held(subscription: Subscription, slot: int) -> Iterable[HeldEvents]:
    """What a sink held of this slot at the start, by monitor."""
    ids = subscription.route.written.get(slot, {})
    for monitor, bit in subscription.monitors.items():
        of_monitor = tuple(sorted(key for key, mask in ids.items() if mask & bit))
        if of_monitor:
            yield HeldEvents(slot, subscription.route.outbox.name, monitor, of_monitor)
