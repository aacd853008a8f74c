"""Begins what the recovery queue leases: what was forgotten of its slots comes back first, then a rung is asked."""

from collections.abc import Callable, Generator, Iterator
from math import inf
from typing import Final

from monitor.core.commands import CancelFetch, Command, Fetch, Recall
from monitor.core.events import BlockFetched, FetchFailed, Recalled
from monitor.core.join import Join
from monitor.core.recovery import RecoveryQueue
from monitor.core.recovery_terms import Failure, Lease, Offer
from monitor.core.replays import SOON, Replays
from monitor.core.rungs import Rung, Verdict

WITNESSES: Final = 2
"""RPCs that must tell the same block: counts and links do not show an altered transaction."""
FLOOR_PAUSE: Final = 0.5
"""Seconds until a replay is tried again that waits for endpoints to say how far back they reach. Guessed."""
ROUNDS_A_TURN: Final = 8
"""A replay that nobody will make is given up, and the next one is leased, so often before live rows have their turn:
each may be of five hundred slots, which take two milliseconds. Guessed."""

Fail = Callable[[Lease, Failure, float], None]
"""`fail(lease, failure, now)`."""


class Errands:
    """Leases on their way to who performs them."""

    def __init__(self, join: Join, queue: RecoveryQueue, replays: Replays, fail: Fail) -> None:
        self._join = join
        self._ledger = join.ledger
        self._queue = queue
        self._replays = replays
        self._fail = fail
        self._recalled: list[Lease] = []
        """Leases whose slots are no longer forgotten."""
        self._recalling: list[Lease] = []
        self._asked: dict[int, Rung] = {}
        """By slot, where a `Fetch` for a lease is under way."""
        self._has_more = False
        """There may be more to lease at once."""
        self._rests_until = -inf
        """No replay is leased before, since endpoints are about to tell how far back they reach."""

    @property
    def is_due(self) -> bool:
        """Something waits for `begin` alone."""
        return bool(self._recalled) or self._has_more

    @property
    def is_asking(self) -> bool:
        """Something is under way that `cancel` may have to end."""
        return bool(self._asked)

    def begin(self, now: float) -> Iterator[Command]:
        """Begin what is due, some of it a turn. What was forgotten of its slots comes back first."""
        self._queue.set_floors(self._replays.lowest(), None, self._join.pace.slot_time, now)
        self._recalling = [each for each in self._recalling if self._queue.is_leased(each)]
        leases = [each for each in self._recalled if self._queue.is_leased(each)]
        self._recalled = []
        gone: list[int] = []
        for _ in range(ROUNDS_A_TURN):
            leased = self._queue.lease(
                now, frontier=self._ledger.frontier(), offer=self._offer(now)
            )
            leases += [lease for lease in leased if self._is_known(lease, gone)]
            has_failed = False
            for lease in leases:
                has_failed |= yield from self._ask(lease, now)
            leases = []
            # The next rung, or the next endpoint, at once.
            self._has_more = has_failed or any(each.rung is Rung.REPLAY for each in leased)
            if not self._has_more:
                break
        if gone:
            yield Recall(tuple(gone))

    def answered(self, event: BlockFetched | FetchFailed) -> None:
        """A `Fetch` was."""
        if self._asked.get(event.slot) is event.rung:
            del self._asked[event.slot]

    def cancel(self) -> Iterator[CancelFetch]:
        """End what is under way for no lease any more; before `begin`, which may ask another rung."""
        leased_on = self._queue.leased_on
        over = [(slot, rung) for slot, rung in self._asked.items() if leased_on(slot) is not rung]
        for slot, rung in over:
            del self._asked[slot]
            yield CancelFetch(slot, rung)

    def _offer(self, now: float) -> Offer:
        if now < self._rests_until:
            return Offer(most=0)
        held = sum(each.rung is Rung.REPLAY for each in self._recalling)
        return self._replays.offer(held, now)

    def _is_known(self, lease: Lease, gone: list[int]) -> bool:
        """Whether nothing of its slots is forgotten; what is, is added to `gone`, and the lease waits for it."""
        forgotten = self._ledger.forgotten
        forgotten.busy.update(range(lease.first, lease.end))
        of_lease = forgotten.among(lease.first, lease.end)
        if of_lease:
            gone += of_lease
            self._recalling.append(lease)
        return not of_lease

    def _ask(self, lease: Lease, now: float) -> Generator[Command, None, bool]:
        """Answers whether the rung failed."""
        self._begin_anew(lease)
        if lease.rung is Rung.REPLAY:
            return (yield from self._replay(lease, now))
        for slot in range(lease.first, lease.end):
            self._asked[slot] = lease.rung
            yield Fetch(slot, lease.rung, WITNESSES)
        return False

    def _replay(self, lease: Lease, now: float) -> Generator[Command, None, bool]:
        """Answers whether the rung failed."""
        replays = self._replays
        yield from replays.ask_floors(now)
        if replays.awaits_floors(now):
            self._rests_until = now + FLOOR_PAUSE
            self._fail(lease, Failure(Verdict.THROTTLED, retry_after=FLOOR_PAUSE), now)
            return False
        begun = replays.begin(lease.first, lease.end, now)
        if begun is not None:
            yield begun
            return False
        verdict = replays.why_nobody(lease.first, now)
        pause = 0.0 if verdict is Verdict.CANNOT else SOON
        self._fail(lease, Failure(verdict, retry_after=pause), now)
        return True

    def recalled(self, event: Recalled, now: float) -> None:
        """What was handed on of forgotten slots is known again."""
        ledger = self._ledger
        for slot in event.slots:
            state = ledger.take_back(slot, event.given.get(slot), now)
            for blockhash, level in ledger.forgotten.names_of(slot):
                self._join.know(slot, blockhash, level, now, is_link=True)
            if state is not None and state.confirmed is not None:
                self._queue.open(slot, slot + 1, now)  # it is known to hold a block
        known = [
            each for each in self._recalling if not ledger.forgotten.among(each.first, each.end)
        ]
        self._recalling = [each for each in self._recalling if each not in known]
        self._recalled += known

    def _begin_anew(self, lease: Lease) -> None:
        """Slots that were dropped for want of memory can be whole again only from their first row on."""
        for slot in range(lease.first, lease.end):
            state = self._join.slots.get(slot)
            if state is not None and state.shed:
                self._join.gate.let_go(state)
                state.begin_anew()
