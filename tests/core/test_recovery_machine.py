"""The queue under anything, in any order, beside a model of plain lists: what must hold after every single step."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.recovery import RecoveryQueue
from monitor.core.recovery_terms import Failure, Lease
from monitor.core.rungs import LADDER, Rung, Verdict
from tests.core.recovering import REPLAY, RPC, terms

SLOT = st.integers(0, 30)
LENGTH = st.integers(1, 8)
RUNGS = st.sampled_from([(RPC,), (REPLAY,), (REPLAY, RPC), LADDER])
FLOOR = st.one_of(st.none(), st.integers(0, 30))
UP = st.sampled_from([0.0, 0.3, 1.0, 20.0, 4000.0])
FRONTIER = st.one_of(st.none(), SLOT)


class QueueMachine(RuleBasedStateMachine):
    """`model`: the open slots. `stored`: what a store that takes all changes would hold."""

    @initialize(rungs=RUNGS, workers=st.integers(1, 3), patience=st.sampled_from([0.0, 15.0]))
    def begin(self, rungs: tuple[Rung, ...], workers: int, patience: float) -> None:
        self.terms = terms(*rungs, workers=workers, replays=workers, patience=patience)
        self.jobs = RecoveryQueue(self.terms)
        self.now = 0.0
        self.model: set[int] = set()
        self.lost: set[int] = set()
        self.stored: dict[int, tuple[Rung, int, JobState]] = {}
        self.leases: list[Lease] = []

    @rule(first=SLOT, length=LENGTH, is_unknown=st.booleans())
    def opened(self, first: int, length: int, is_unknown: bool) -> None:
        self.jobs.open(first, first + length, self.now, is_unknown=is_unknown)
        self.model |= set(range(first, first + length))

    @rule(first=SLOT, length=LENGTH)
    def closed(self, first: int, length: int) -> None:
        told = self.jobs.close_range(first, first + length)
        slots = [slot for each in told for slot in range(each.first, each.end)]
        assert slots == sorted(self.model & set(range(first, first + length)))
        self.model -= set(slots)
        self.lost -= set(slots)

    @rule(frontier=FRONTIER)
    def leased(self, frontier: int | None) -> None:
        leases = self.jobs.lease(self.now, frontier=frontier)
        for each in leases:
            assert each.first in self.model
            assert self.jobs.rung_of(each.first) is each.rung
        assert self.jobs.lease(self.now, frontier=frontier) == []
        self.leases += leases

    @rule(
        draw=st.data(),
        verdict=st.sampled_from(Verdict),
        jitter=st.floats(0, 0.99),
        retry_after=st.sampled_from([0.0, 0.0, 5.0]),
    )
    def failed(
        self, draw: st.DataObject, verdict: Verdict, jitter: float, retry_after: float
    ) -> None:
        if self.leases:
            each = draw.draw(st.sampled_from(self.leases))
            self.leases.remove(each)
            lost = self.jobs.failed(each, Failure(verdict, jitter, retry_after), self.now)
            self.note_lost(lost)

    @rule(draw=st.data())
    def fetched(self, draw: st.DataObject) -> None:
        if self.leases:
            each = draw.draw(st.sampled_from(self.leases))
            if self.jobs.fetched(each.first, self.now):
                assert each.first in self.model

    @rule(up=UP)
    def time_passed(self, up: float) -> None:
        self.now += up
        self.note_lost(self.jobs.expire(self.now)[1])
        due = self.jobs.next_deadline()
        assert due is None or due > self.now

    @rule(replay=FLOOR, rpc=FLOOR)
    def floors_moved(self, replay: int | None, rpc: int | None) -> None:
        self.jobs.set_floors(replay, rpc, 0.4, self.now)

    @rule(slot=SLOT)
    def signed_off(self, slot: int) -> None:
        assert self.jobs.sign_off(slot) == (slot in self.lost)
        self.model -= {slot} & self.lost
        self.lost.discard(slot)

    @rule()
    def stored_all(self) -> None:
        for each in self.jobs.changes():
            for slot in range(each.first, each.end):
                if isinstance(each, JobsDone):
                    self.stored.pop(slot, None)
                else:
                    self.stored[slot] = (each.rung, each.attempts, each.state)
        assert set(self.stored) == self.model
        assert {slot for slot, each in self.stored.items() if each[2] is JobState.LOST} == self.lost

    @rule()
    def started_again(self) -> None:
        self.stored_all()
        kept = dict(self.stored)
        self.jobs = RecoveryQueue(self.terms)
        self.leases = []
        self.jobs.restore([Job(slot, slot + 1, *kept[slot]) for slot in sorted(kept)], self.now)
        self.stored_all()
        for slot, (rung, attempts, state) in kept.items():
            assert self.stored[slot] == (rung, attempts, state)

    @rule()
    def worked_on_until_nothing_is_open(self) -> None:
        for _ in range(2000):
            if not self.model - self.lost:
                return
            while leases := self.jobs.lease(self.now, frontier=None):
                for each in leases:
                    failure = Failure(Verdict.FAILED, 0.5)
                    self.note_lost(self.jobs.failed(each, failure, self.now))
            self.now = max(self.now, self.jobs.next_deadline() or self.now)
            self.note_lost(self.jobs.expire(self.now)[1])
        raise AssertionError("a slot is neither brought nor LOST for ever")

    def note_lost(self, slots: list[int]) -> None:
        assert not self.lost & set(slots), "told as LOST twice"
        self.lost |= set(slots)

    @invariant()
    def agrees_with_the_model(self) -> None:
        if hasattr(self, "jobs"):
            self.jobs.check()
            assert len(self.jobs) == len(self.model)
            assert all(self.jobs.is_open(slot) for slot in self.model)
            assert self.jobs.lost_slots() == sorted(self.lost)
            assert sum(self.jobs.counts().values()) == len(self.model)


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
