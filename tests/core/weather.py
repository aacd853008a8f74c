"""A chain that does well or badly, in steps of a tenth of a second, through the gauges into the choice of the level."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment
from monitor.core.commitment import Adapting, LevelPolicy, LevelStrategy
from monitor.core.conditions import Gauges
from monitor.core.pace import Pace

STEPS = 10
"""In a second."""

PROCESSED, CONFIRMED, FINALIZED = Commitment


def policy(profile: str, **wishes: Any) -> LevelPolicy:
    """As the profiles have it."""
    base, lowest = {
        "aggressive": (PROCESSED, PROCESSED),
        "balanced": (CONFIRMED, PROCESSED),
        "conservative": (FINALIZED, FINALIZED),
    }[profile]
    return LevelPolicy(LevelStrategy.ADAPTIVE, base, lowest, FINALIZED, **wishes)


@dataclass
class Chain:
    """How it does now."""

    slot_time: float = 0.4
    confirms: float | None = 0.6
    """Seconds from a slot to its confirmation; None: nothing is confirmed."""
    finalizes: float | None = 12.8
    forks: float = 0.0
    dead: float = 0.0
    """Shares of slots, evenly spread."""
    halted: bool = False
    disagree: float = 0.0
    equivocate: float = 0.0
    """Times a second."""
    behind: int = 0
    """Slots that our feeds are behind the tip."""
    events: int = 20
    """Of a slot that are handed on."""
    stopped: bool = False
    """Our own process stands still."""
    dark: bool = False
    """No stream of ours is open."""


class Weather:
    """The chain, and all that it goes through."""

    def __init__(self, levels: LevelPolicy, **chain: Any) -> None:
        self.chain = Chain(**chain)
        self.pace = Pace()
        self.gauges = Gauges(self.pace, 0.0)
        self.adapting = Adapting(levels, levels.base, 0.0)
        self.heard = 0
        self._step = 0
        self._slot = 1000
        self._next_slot = self._next_look = 0.0
        self._owed = {"forks": 0.0, "dead": 0.0, "disagree": 0.0, "equivocate": 0.0}
        self._unconfirmed: deque[tuple[int, float]] = deque()
        self._unfinal: deque[tuple[int, float, SlotEnd]] = deque()
        self._began_before()
        self._stopped_at: float | None = None

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self._step / STEPS

    def until(self, at: float) -> list[str]:
        """What was decided up to then, as lines of a dialogue."""
        while self.now < at:
            self._step += 1
            self._advance(self.now)
            if self.chain.stopped:
                self._stopped_at = self._stopped_at or self.now
            elif self.chain.dark:
                self.gauges.excuse(1 / STEPS, self.now)
                self._look(self.now)
            else:
                self._hear(self.now)
        said = list(self.adapting.decisions)[self.heard :]
        self.heard += len(said)
        return [
            f"{each.at:.0f} s, from {each.came_from.name.lower()}: {each.reason}" for each in said
        ]

    def _began_before(self) -> None:
        """The chain is older than we are: what we never saw is confirmed and becomes final."""
        chain = self.chain
        assert chain.finalizes is not None
        for before in range(int(chain.finalizes / chain.slot_time), -1, -1):
            slot, at = self._slot - before, -before * chain.slot_time
            self._unconfirmed.append((slot, at))
            self._unfinal.append((slot, at, SlotEnd.COMPLETE))

    def _is_due(self, what: str, rate: float) -> bool:
        self._owed[what] += rate
        if self._owed[what] < 1.0:
            return False
        self._owed[what] -= 1.0
        return True

    def _advance(self, now: float) -> None:
        chain = self.chain
        if chain.halted:
            self._next_slot = now
        while self._next_slot < now and not chain.halted:
            self._next_slot += chain.slot_time
            self._slot += 1
            end = SlotEnd.COMPLETE
            if self._is_due("forks", chain.forks):
                end = SlotEnd.FORKED
            elif self._is_due("dead", chain.dead):
                end = SlotEnd.DEAD
            else:
                self._unconfirmed.append((self._slot, now))
            self._unfinal.append((self._slot, now, end))

    def _hear(self, now: float) -> None:
        chain, gauges = self.chain, self.gauges
        if self._stopped_at is not None:
            gauges.excuse(now - self._stopped_at, now)
            self._stopped_at = None
        if self._slot > self.pace.tip:
            gauges.tip_moved(now)
        self.pace.reached(self._slot, now)
        self.pace.measure(self._slot, now)
        gauges.slot_seen(self._slot - chain.behind, now)
        for slot in self._ripe(self._unconfirmed, chain.confirms):
            gauges.confirmed(slot[0], now)
            if self.adapting.level is CONFIRMED:
                gauges.released(chain.events, now - slot[1], now)
        for slot, seen_at, end in self._ripe(self._unfinal, chain.finalizes):
            if end is SlotEnd.COMPLETE:
                gauges.finalized(slot, now)
                if self.adapting.level is FINALIZED:
                    gauges.released(chain.events, now - seen_at, now)
            gauges.ended(end, now)
        self._trouble(now)
        if self.adapting.level is PROCESSED:
            gauges.released(int(chain.events / chain.slot_time / STEPS), 0.002, now)
        self._look(now)

    def _look(self, now: float) -> None:
        if now >= self._next_look:
            self._next_look = now + 0.99
            self.adapting.decide(self.gauges.conditions(now), now)

    def _trouble(self, now: float) -> None:
        chain, gauges = self.chain, self.gauges
        if self._is_due("disagree", chain.disagree / STEPS):
            gauges.disagreed(now)
        if self._is_due("equivocate", chain.equivocate / STEPS):
            gauges.equivocated(self._slot, now)

    def _ripe(self, waiting: "deque[Any]", delay: float | None) -> Iterable[Any]:
        while (
            waiting
            and delay is not None
            and waiting[0][1] + delay <= self.now
            and not self.chain.halted
        ):
            yield waiting.popleft()


def play(weather: Weather, history: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The history as it came: each line's time, what happens, how the chain does, and what was decided until the next line."""
    told = []
    for line, following in zip(history, [*history[1:], (history[-1][0],)], strict=True):
        for name, value in line[2].items():
            setattr(weather.chain, name, value)
        told.append((*line[:3], *weather.until(following[0])))
    return told
