"""One simulated Yellowstone server: the chain goes in, subscribers' frames come out; no I/O, no clock.

How this works. The chain's slots become events at moments of this region (`schedule`), kept in a heap. `advance` takes
them in order: into the rings at once, and into the reconstruction of blocks, which broadcasts each level. Sessions read
the rings at the end of an advance, and before anything that happens to them at a moment of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count
from math import inf
from random import Random
from typing import Any, Final

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.simulator.deshred import DeshredStreams, Pinged
from monitor.simulator.families import MANNERS, Asked, Family, Manners
from monitor.simulator.faults import Faults
from monitor.simulator.filter_checks import decode_keys
from monitor.simulator.later_fields import with_bank_id
from monitor.simulator.limits import FilterLimits
from monitor.simulator.losses import ALONE, Portion
from monitor.simulator.model import Chain, Update
from monitor.simulator.own_versions import renumbered
from monitor.simulator.pacing import begin
from monitor.simulator.received import Received, StatusNews
from monitor.simulator.refused import Refused
from monitor.simulator.relay import machine_of
from monitor.simulator.rings import LEVELS
from monitor.simulator.schedule import Timing, What, happenings, resettled
from monitor.simulator.session import Session
from monitor.simulator.unary import NOTHING_STORED, UnaryCalls, UnaryStorage

__all__ = ["Refused", "Region", "RegionSettings"]

_NANOSECONDS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RegionSettings:
    """How one server is set up. Times are seconds; defaults are the real server's where it has them."""

    family: Family = Family.USUAL
    slot_time: float = 0.3
    delay: float = 0.0
    """From the leader to this region."""
    jitter: float = 0.0
    """Each event comes later by up to this much."""
    replay_stored_slots: int = 150
    """0 turns from_slot off."""
    channel_capacity: int = 250_000
    """Messages that wait for one client, and batches that a ring holds."""
    version_offset: int = 0
    """What this node's `write_version` is above those of the chain."""
    x_token: str | None = None
    max_decoding_message_size: int = 4 * 2**20
    """Bytes of a request."""
    limits: FilterLimits = field(default_factory=FilterLimits)
    ping_every: float | None = None
    """None: as its family does."""
    subscription_limit: int | None = None
    """Streams of one subscriber at a time; None does not enforce any."""
    unary_disabled: bool = False
    """The four calls about blocks are refused."""
    replay_wait: float = 0.01
    """From a request with from_slot to the moment at which its content is taken; guessed."""
    replay_rate: float | None = None
    """Slots of a replay that are sent a second; None: as fast as they are read."""


class Region:
    """A server and its subscribers. `now` never goes back from one call to the next."""

    def __init__(
        self,
        name: str,
        chain: Chain,
        settings: RegionSettings,
        *,
        seed: int,
        started_at: float,
        utc_offset: float = 0.0,
        portion: Portion = ALONE,
        heard_from: int = 0,
    ) -> None:
        """Slot n begins at `started_at + (n - first_slot) * slot_time`; `now + utc_offset` is seconds since 1970.

        A `started_at` of `inf` waits for `begin`. `portion` is what the region may lose for good when told to. Slots below
        `heard_from` were before its time.
        """
        self.name = name
        self.faults: Final = Faults(self, seed, portion)
        self._chain = chain
        self._settings = settings
        self._seed = seed
        self._utc_offset_ns = int(utc_offset * _NANOSECONDS)
        self.manners: Final[Manners] = MANNERS[settings.family]
        """Of the server's family."""
        self._timing = Timing(
            chain.first_slot,
            started_at,
            settings.slot_time,
            settings.delay,
            settings.jitter,
            self.manners.meta_early,
        )
        self._rejected_owners = decode_keys(settings.limits.accounts.owner_reject)
        self._now = -inf
        self._shifted_at = -inf
        """Since when the present lag holds; what was due before comes now."""
        self._order = count()
        self._next_slot = max(chain.first_slot, heard_from)
        self._events: list[tuple[float, int, What, int, Any]] = []
        self._timers: list[tuple[float, int, Callable[[float], None]]] = []
        self._sessions: list[Session] = []
        self.deshred: Final = DeshredStreams(self)
        self._calls = UnaryCalls(
            name,
            lambda: self._unary,
            self._first_available,
            self.manners,
            disabled=settings.unary_disabled,
        )
        self.restart()

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The streams that have not ended."""
        return tuple(self._sessions)

    @property
    def channel_capacity(self) -> int:
        """See RegionSettings."""
        return self._settings.channel_capacity

    @property
    def limits(self) -> FilterLimits:
        """See RegionSettings."""
        return self._settings.limits

    @property
    def max_request_bytes(self) -> int:
        """See RegionSettings."""
        return self._settings.max_decoding_message_size

    @property
    def slots_begun(self) -> float:
        """Slots since the chain began, by the clock."""
        return (self._now - self._timing.started_at) / self._timing.slot_time

    @property
    def is_mute(self) -> bool:
        """No frame leaves the server."""
        return self.faults.muted

    def utc_ns(self, now: float) -> int:
        """Nanoseconds since 1970."""
        return int(now * _NANOSECONDS) + self._utc_offset_ns

    def begin(self, started_at: float) -> None:
        """The chain begins then after all; for a region that was made with `started_at=inf`."""
        self._timing = replace(self._timing, started_at=started_at)

    def resettle(self) -> None:
        """The chain confirms or finalizes otherwise than it said: what is still to be heard follows it."""
        self._events = sorted(resettled(self._events, self._chain, self._timing))

    def advance(self, now: float) -> None:
        """Do all that is due up to `now`, in order."""
        if not self.is_mute:
            for session in self.sessions:
                session.obey()
        self._now = max(self._now, now)
        while True:
            timer = self._timers[0][0] if self._timers else inf
            self._hear(min(timer, now))
            if timer > now:
                break
            self._flush()
            moment, _, ring = heappop(self._timers)
            ring(moment)
        self._flush()

    def next_due(self) -> float:
        """When `advance` has something to do again; `inf` for never."""
        timer = self._timers[0][0] if self._timers else inf
        asked = inf if self.is_mute else min([one.asked_at for one in self._sessions], default=inf)
        return min(timer, asked, self._next_event())

    def open(self, metadata: Mapping[str, str], now: float) -> Session:
        """A Subscribe call. Raises Refused."""
        session = Session(self, self.admit(metadata, now))
        self._sessions.append(session)
        (self.keep_pinging if self.manners.pings_at_once else self._ping_later)(session, now)
        return session

    def admit(self, metadata: Mapping[str, str], now: float) -> str:
        """Who asks for a stream. Raises Refused."""
        self._now = max(self._now, now)
        if self.faults.killed or self.faults.refusing or self.faults.is_out:
            raise Refused("UNAVAILABLE", "connection refused")
        self._check_token(metadata)
        subscriber = metadata.get("x-subscription-id", "peer")
        limit = self._settings.subscription_limit
        if limit is not None:
            held = sum(session.subscriber == subscriber for session in self._sessions)
            held += self.deshred.held_by(subscriber)
            if held >= limit:
                raise Refused("RESOURCE_EXHAUSTED", "max subscription limit exceeded")
        return subscriber

    def call(self, method: str, request: bytes, metadata: Mapping[str, str], now: float) -> bytes:
        """A unary call: request and response are encoded messages. Raises Refused."""
        self._now = max(self._now, now)
        if self.faults.killed or self.faults.is_out:
            raise Refused("UNAVAILABLE", "connection refused")
        self._check_token(metadata)
        if len(request) > (limit := self.max_request_bytes):
            text = (
                f"Error, decoded message length too large: found {len(request)} bytes, "
                f"the limit is: {limit} bytes"
            )
            raise Refused("OUT_OF_RANGE", text)
        return self._calls.answer(method, request)

    def check_replay(
        self, from_slot: int, level: Commitment, *, with_blocks: bool
    ) -> tuple[str, str] | None:
        """Why this from_slot is refused out of hand, as an ending (PROTOCOL 3.2)."""
        blocks = self._blocks
        is_stored = self._settings.replay_stored_slots > 0
        asked = Asked(from_slot, level, with_blocks, blocks.oldest, blocks.holds, is_stored)
        return self.manners.refuse(asked)

    def ask_replay(self, session: Session, from_slot: int, now: float) -> None:
        """Give the session its replay once the server comes to it."""
        asked_ns = self.utc_ns(now)

        def take(moment: float) -> None:
            if self.is_mute:
                self._set_timer(moment + self._ping_every, take)
                return
            replay = self._blocks.replayed(from_slot, session.level, asked_ns)
            begin(session, replay, self._settings.replay_rate, self._set_timer)(moment)

        self._set_timer(max(now, self._now) + self._settings.replay_wait, take)

    def forget(self, session: Session) -> None:
        """The session is over."""
        if session in self._sessions:
            self._sessions.remove(session)

    def end_streams(self, text: str, code: str = "UNAVAILABLE") -> int:
        """End every stream now; returns how many there were."""
        ended = self.sessions
        for session in ended:
            session.end_now(code, text)
        return len(ended) + self.deshred.end_streams(text, code)

    def restart(self) -> None:
        """Forget everything, as a new process does: slots under way are not tracked any more."""
        stored = self._settings.replay_stored_slots
        self._rings, self._blocks = machine_of(self.manners, self.faults, stored)
        self._unary = UnaryStorage()

    def shift(self, lag: float) -> None:
        """Hear everything `lag` seconds late from now on; what is overdue then comes at once."""
        del lag  # `faults` holds it; only the moment of the change is kept here.
        self._shifted_at = self._now

    def _first_available(self) -> int | None:
        if self._settings.replay_stored_slots == 0:
            return None
        oldest = self._blocks.oldest
        return NOTHING_STORED if oldest is None else oldest

    def _check_token(self, metadata: Mapping[str, str]) -> None:
        if self._settings.x_token not in (None, metadata.get("x-token")):
            raise Refused("UNAUTHENTICATED", "No valid auth token")

    @property
    def _ping_every(self) -> float:
        every = self._settings.ping_every
        return self.manners.ping_every if every is None else every

    def keep_pinging(self, session: Pinged, now: float) -> None:
        """Ping, now and as often as the family does."""
        if session.ending is not None:
            return
        if not self.is_mute:
            session.ping(now)
        self._ping_later(session, now)

    def _ping_later(self, session: Pinged, now: float) -> None:
        self._set_timer(now + self._ping_every, lambda moment: self.keep_pinging(session, moment))

    def _set_timer(self, moment: float, ring: Callable[[float], None]) -> None:
        heappush(self._timers, (moment, next(self._order), ring))

    def _next_event(self) -> float:
        heard = self._events[0][0] if self._events else inf
        if self._chain.end_slot is None or self._next_slot < self._chain.end_slot:
            heard = min(heard, self._timing.begins(self._next_slot))
        return max(heard + self.faults.lag, self._shifted_at)

    def _hear(self, until: float) -> None:
        """Take all events of the validator that are due up to `until`."""
        if until < self._shifted_at:
            return
        events, lag = self._events, self.faults.lag
        while True:
            begins = inf
            if self._chain.end_slot is None or self._next_slot < self._chain.end_slot:
                begins = self._timing.begins(self._next_slot)
            # The very sums of `next_due`: a difference could round the other way, and be due for ever.
            while events and events[0][0] <= begins and events[0][0] + lag <= until:
                heard, _, what, slot, subject = heappop(events)
                if not self.faults.deaf:
                    moment = max(heard + lag, self._shifted_at)
                    self._take(what, slot, subject, self.utc_ns(moment))
            if begins + lag > until:
                return
            self._load_slot()

    def _load_slot(self) -> None:
        number = self._next_slot
        self._next_slot += 1
        try:
            slot = self._chain.slot(number)
        except KeyError:
            return  # The chain has forgotten it: we are too late, and hear nothing of it.
        if self.faults.drops_slot(number):
            return
        dice = Random(f"{self._seed}:{number}")
        for moment, what, slot_number, subject in happenings(slot, self._timing, dice):
            heappush(self._events, (moment, next(self._order), what, slot_number, subject))

    def _take(self, what: What, slot: int, subject: Any, created_at_ns: int) -> None:
        if what is What.META:
            subject = self.faults.told_meta(subject)
        if self.manners.bank_ids and isinstance(subject, Update):
            subject = with_bank_id(subject, slot)
        match what:
            case What.UPDATE:
                self._take_update(subject, created_at_ns)
            case What.META:
                self._unary.meta(subject.message)
                self._blocks.meta(Received(subject, created_at_ns), created_at_ns)
                self._reached(slot, Commitment.PROCESSED, created_at_ns)
            case What.CONFIRMED:
                self._reached(slot, Commitment.CONFIRMED, created_at_ns)
            case What.FINALIZED:
                self._reached(slot, Commitment.FINALIZED, created_at_ns)
            case _:
                self._take_lifecycle(what, slot, subject, created_at_ns)

    def _take_update(self, update: Update, created_at_ns: int) -> None:
        if update.kind is Kind.ACCOUNT and self._settings.version_offset:
            update = renumbered(update, self._settings.version_offset)
        if update.kind is Kind.ACCOUNT and self._rejected_owners:
            message: Any = update.message
            if message.account.owner in self._rejected_owners:
                return
        received = Received(update, created_at_ns)
        hidden = self.faults.drops(received)
        if not hidden:
            self._rings.put(Commitment.PROCESSED, received)
        self._blocks.data(received, created_at_ns, hidden=hidden)

    def _reached(self, slot: int, level: Commitment, created_at_ns: int) -> None:
        self._unary.reached(slot, level)
        self._blocks.reached(slot, level, created_at_ns)

    def _take_lifecycle(self, what: What, slot: int, subject: Any, created_at_ns: int) -> None:
        parent = dead_error = None
        bank_id = slot if self.manners.bank_ids and subject is not None else None
        match what:
            case What.FIRST_SHRED:
                status = SlotStatus.FIRST_SHRED_RECEIVED
                self._blocks.first_shred(slot)
            case What.CREATED_BANK:
                status, parent = SlotStatus.CREATED_BANK, subject.parent
                self._blocks.created_bank(slot)
                self.deshred.shredded(subject, created_at_ns)
            case What.DEAD:
                status, parent, dead_error = SlotStatus.DEAD, subject.parent, subject.dead
                self._blocks.dead(slot)
            case _:
                status = SlotStatus.COMPLETED
        news = StatusNews(slot, status, created_at_ns, parent, dead_error, bank_id)
        self._rings.put_everywhere(news)

    def _flush(self) -> None:
        """Let every session read its ring."""
        for level in LEVELS:
            if batch := self._rings.take(level):
                for session in self.sessions:
                    if session.level is level:
                        session.offer(batch)
