"""A fleet of endpoints with random troubles, hour after hour, and a judge of what is decided about it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from random import Random
from typing import Final

from monitor.core.deciding import Decision, decide
from monitor.core.deliberation import State
from monitor.core.dividing import carried_by
from monitor.core.endings import EndReason
from monitor.core.endpoint_health import Circuit, Delay, EndpointHealth, Role
from monitor.core.failover import (
    PLANNED,
    FailoverPolicy,
    Load,
    SetRole,
    Strategy,
    What,
)
from monitor.core.hard_signals import CLOSED_PATIENCE
from monitor.core.scope import EVERY_MONITOR
from monitor.core.wishes import Want, Wish

STEP: Final = 10.0
"""Seconds between two looks."""
FINE: Final = 0.5
"""Seconds between two looks while something has just happened."""
FRESH: Final = 8.0
"""Seconds for which something has just happened."""
LIFE: Final = 10.0
"""Hours that one fleet lives."""
TROUBLES: Final = ("lag", "slow", "silent", "closed", "broken", "trial", "liar", "person", "misses")
"""`trial`: its circuit is half open, and its stream brings slots."""
AWAY: Final = ("closed", "broken", "person")
LAGS: Final = {"lag": 20.0, "slow": 3.0}
"""Seconds behind the tip by trouble."""
MONITORS: Final = 7
UNITS: Final = (0b1000001, 0b0000110, 0b0001000, 0b0010000, 0b0100000)
SLOT_TIME: Final = 0.4
OURS: Final = 10.0
"""Seconds for which a stream that we read too slowly costs its endpoint nothing, unless it is open again before.
DESIGN 6: "lagged" is our fault, and does not fail over.
"""
IN_VAIN: Final = (" slots in 30 s", "as many hand-overs as places")
"""Ends of a hand-over that was not waited for longer."""


@dataclass
class Machine:
    """One endpoint as it really is."""

    provider: str
    priority: int
    delay: float
    role: Role = Role.OFF
    role_at: float = 0.0
    trouble: str = ""
    until: float = 0.0
    covered: float = 0
    lagged: int = 0
    cut_until: float = 0.0
    """We read too slowly, and the server ended the stream: it is open again then."""
    cut: bool = False
    ours_until: float = -STEP
    """Until then it is not told from one whose stream is only cut."""
    carried: int = EVERY_MONITOR

    def health(self, i: int, noise: float) -> EndpointHealth:
        """What is seen of it."""
        trouble = self.trouble
        circuit = {"broken": Circuit.OPEN, "trial": Circuit.HALF_OPEN}.get(trouble, Circuit.CLOSED)
        return EndpointHealth(
            endpoint=i,
            provider=self.provider,
            priority=self.priority,
            is_open=self.is_open,
            circuit=circuit,
            lag=LAGS.get(trouble, 0.2),
            covered=int(self.covered),
            silent_for=60.0 if trouble == "silent" else 0.4,
            miss_rate=0.05 if trouble == "misses" else 0.0001,
            delay=Delay(p50=self.delay + noise),
            errors={EndReason.LAGGED: self.lagged},
            trust=0.2 if trouble == "liar" else 1.0,
            needs_person=trouble == "person",
        )

    @property
    def is_open(self) -> bool:
        """Whether it has a stream."""
        return self.role is not Role.OFF and not self.cut and self.trouble not in AWAY

    @property
    def brings(self) -> bool:
        """Whether slots come of its stream, believed or not."""
        return self.is_open and self.trouble != "silent"


@dataclass
class Fleet:
    """Endpoints that change in time."""

    dice: Random
    machines: list[Machine]
    is_calm: bool
    """Nothing ever happens to it but noise."""
    changed: bool = True
    """Whether anything but noise happened since this was last cleared."""
    happened_at: float = -STEP

    def next_step(self, now: float) -> float:
        """Seconds until the next look: few while something has just happened."""
        return FINE if now < self.happened_at + FRESH else STEP

    def step(self, now: float, passed: float) -> list[Wish]:
        """So many seconds have passed; what an operator wants meanwhile."""
        for machine in self.machines:
            machine.cut = now < machine.cut_until
            if machine.brings:
                machine.covered += passed / SLOT_TIME
            if machine.trouble and now >= machine.until:
                machine.trouble = ""
                self.changed = True
                self.happened_at = now
        wishes = [] if self.is_calm else list(self._happens(now, passed / STEP))
        for machine in self.machines:
            if machine.is_open:
                machine.ours_until = -STEP
        return wishes

    def _happens(self, now: float, part: float) -> Iterator[Wish]:
        """What happens in this part of a long step."""
        dice, n = self.dice, len(self.machines) * part
        if dice.random() < 0.004 * n:
            hit = dice.choice(self.machines)
            together, everybody = dice.random() < 0.2, dice.random() < 0.1
            trouble, until = dice.choice(TROUBLES), now + dice.choice((5, 20, 120, 900)) * 1.0
            for machine in self.machines:
                is_like = together and machine.provider == hit.provider
                if machine is hit or is_like or everybody:
                    machine.trouble, machine.until, machine.covered = trouble, until, 0
                    until += everybody * dice.choice((0.0, 0.5, 10.0, 40.0))
            self.changed = True
            self.happened_at = now
        if dice.random() < 0.0005 * n:
            dice.choice(self.machines).delay = dice.uniform(0.0, 0.3)
            self.changed = True
        if dice.random() < 0.001 * n:
            slow, until = dice.choice(self.machines), now + dice.uniform(0.0, 9.0)
            if slow.role is not Role.OFF:  # else there is no stream that we could read too slowly
                slow.lagged, slow.cut, slow.covered = slow.lagged + 1, True, 0
                slow.cut_until, slow.ours_until = until, now + OURS
                self.happened_at = now
        if dice.random() < 0.0005 * n:
            self.changed = True
            self.happened_at = now
            yield Wish(dice.choice(tuple(Want)), dice.randrange(len(self.machines)))

    def health(self) -> tuple[EndpointHealth, ...]:
        """What is seen of all."""
        noise = self.dice.uniform
        return tuple(each.health(i, noise(0.0, 0.004)) for i, each in enumerate(self.machines))

    def perform(self, now: float, decision: Decision) -> None:
        """Do as was decided."""
        for action in decision.actions:
            if isinstance(action, SetRole):
                machine = self.machines[action.endpoint]
                machine.role, machine.role_at, machine.covered = action.role, now, 0
        for i, machine in enumerate(self.machines):
            carried = carried_by(decision.state.division, i)
            if machine.role is Role.HOT and carried != machine.carried:
                machine.carried, machine.covered = carried, 0


def draw(dice: Random) -> tuple[Fleet, FailoverPolicy]:
    """A fleet of two to six endpoints, and a policy for it."""
    is_calm = dice.random() < 0.2
    delay = dice.uniform(0.0, 0.2)
    machines = [
        Machine(
            provider=dice.choice(("one", "two", "three", "")),
            priority=1 if is_calm else dice.randint(1, 3),
            delay=delay if is_calm else dice.uniform(0.0, 0.3),
        )
        for _ in range(dice.randint(2, 6))
    ]
    policy = FailoverPolicy(
        dice.choice(tuple(Strategy)),
        dice.randint(1, 4),
        UNITS,
        settled=dice.choice((0.0, 5.0)),
    )
    return Fleet(dice, machines, is_calm), policy


@dataclass
class Judge:
    """Holds each decision against what must always be so."""

    policy: FailoverPolicy
    planned_at: float = float("-inf")
    seen: set[frozenset[int]] = field(default_factory=set)
    """Hot feeds that were exchanged for better ones since the fleet last changed."""
    planned: int = 0
    replaced: int = 0
    unserved_since: float | None = None
    """Since when nobody hot brings anything, though somebody could who is not believed."""
    hot: frozenset[int] = frozenset()
    """As it was after the last look."""

    def judge(
        self,
        now: float,
        health: tuple[EndpointHealth, ...],
        fleet: Fleet,
        before: frozenset[int],
        decision: Decision,
    ) -> None:
        """Raises: AssertionError when it does not hold."""
        self._feeds(now, fleet, decision)
        self._usable(now, health, fleet, decision)
        self._made_before_broken(health, fleet, decision)
        self._moves(now, before, fleet, decision)
        self._own_fault(fleet, decision)
        self._monitors(fleet, decision)

    def _feeds(self, now: float, fleet: Fleet, decision: Decision) -> None:
        state = decision.state
        hot = {i for i, each in enumerate(fleet.machines) if each.role is Role.HOT}
        leaving = {each.endpoint for each in state.leaving}
        assert leaving <= hot, "who leaves is hot meanwhile"
        assert len(hot - leaving) <= self.policy.places, f"too many hot feeds at {now}"
        assert len(leaving) <= self.policy.places, f"too many hand-overs at {now}"
        assert all(now - each.since <= 30.0 for each in state.leaving), "a hand-over without end"

    def _usable(
        self,
        now: float,
        health: tuple[EndpointHealth, ...],
        fleet: Fleet,
        decision: Decision,
    ) -> None:
        """Somebody hot brings something, at each look, as long as anybody could."""
        machines, drained = fleet.machines, decision.state.wishes.drained
        bringing = {i for i, each in enumerate(machines) if each.brings and health[i].is_open}
        able = bringing - drained
        believed = {i for i in able if machines[i].trouble != "liar"}
        hot = {i for i, each in enumerate(machines) if each.role is Role.HOT}
        assert not believed or not any(machines[i].trouble == "liar" for i in hot), "a liar is hot"
        is_served = not bringing.isdisjoint(hot)
        # Whom we read too slowly keeps its place while its stream opens again, and who has just been given a role.
        is_excused = any(
            now < max(machines[i].ours_until, machines[i].role_at + self.policy.settled)
            for i in hot
        )
        assert is_served or is_excused or not believed, (
            f"nobody is hot who brings anything at {now}"
        )
        if is_served or is_excused or not able:
            self.unserved_since = None
        elif self.unserved_since is None:
            self.unserved_since = now
        since = now if self.unserved_since is None else self.unserved_since
        assert now - since <= CLOSED_PATIENCE + FINE, f"nobody is hot for long at {now}"

    def _made_before_broken(
        self, health: tuple[EndpointHealth, ...], fleet: Fleet, decision: Decision
    ) -> None:
        """Who is hot and brings something to rely on goes when another one that stays covers."""
        hot = frozenset(i for i, each in enumerate(fleet.machines) if each.role is Role.HOT)
        late = {each.source for each in decision.words if each.why.endswith(IN_VAIN)}
        for i in self.hot - hot - late:
            if health[i].trust >= 0.5 and health[i].is_open and health[i].silent_for < 5.0:
                covers = any(health[j].is_open and health[j].covered >= 2 for j in hot & self.hot)
                assert covers, f"endpoint {i} went before another covered"
        self.hot = hot

    def _moves(self, now: float, before: frozenset[int], fleet: Fleet, decision: Decision) -> None:
        told = {each.target for each in decision.words}
        for action in decision.actions:
            if isinstance(action, SetRole) and action.role is Role.HOT:
                assert action.endpoint in told, "a move that nobody explained"
        for word in decision.words:
            self.replaced += word.what is What.REPLACED
            if word.what in PLANNED:
                assert now - self.planned_at >= 60.0, f"two planned moves within a minute at {now}"
                self.planned_at = now
                self.planned += 1
            if word.what is What.EXCHANGED:
                if fleet.changed:
                    self.seen.clear()
                    fleet.changed = False
                self.seen.add(before)
                assert placed(decision.state) not in self.seen, f"a ring of exchanges at {now}"

    def _own_fault(self, fleet: Fleet, decision: Decision) -> None:
        for word in decision.words:
            if word.source is not None and word.what in (What.REPLACED, What.DEMOTED):
                drained = word.source in decision.state.wishes.drained
                trouble = fleet.machines[word.source].trouble
                assert trouble or drained, (
                    f"endpoint {word.source} lost its place for nothing: {word.why}"
                )

    def _monitors(self, fleet: Fleet, decision: Decision) -> None:
        if decision.state.division is None:
            return
        masks = [each.carried for each in fleet.machines if each.role is Role.HOT]
        wanted = min(2, len(placed(decision.state)))
        for number in range(MONITORS):
            carriers = sum(mask >> number & 1 for mask in masks)
            assert carriers >= wanted, f"monitor {number} is on {carriers} feeds"
        for unit, mask in product(UNITS, masks):
            assert mask & unit in (0, unit), "monitors that must stay together were parted"


def placed(state: State) -> frozenset[int]:
    """The endpoints that have a place."""
    return frozenset(i for i, place in enumerate(state.places) if place.has_place)


def live(seed: int, hours: float) -> str:
    """Fleet after fleet, for so many hours in all; what was met. Raises: AssertionError."""
    dice = Random(seed)
    planned = replaced = loads = 0
    for _ in range(max(1, round(hours / LIFE))):
        fleet, policy = draw(dice)
        judge, state, now, passed = Judge(policy), State(), 0.0, STEP
        while now < min(hours, LIFE) * 3600:
            wishes = fleet.step(now, passed)
            health = fleet.health()
            before = placed(state)
            decision = decide(now, health, policy, state, wishes)
            fleet.perform(now, decision)
            judge.judge(now, health, fleet, before, decision)
            loads += decision.state.load is not Load.FULL
            passed = fleet.next_step(now)
            state, now = decision.state, now + passed
        planned, replaced = planned + judge.planned, replaced + judge.replaced
    return f"{planned} planned moves, {replaced} failovers, {loads} looks with less load"
