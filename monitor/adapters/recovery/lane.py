"""The way to one RPC: how many calls at once, how many a second, and when none at all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio

from monitor.core.breakers import Breaker
from monitor.core.rates import Concurrency, RateWindow
from monitor.core.rungs import Verdict
from monitor.ports import Clock, Dice, RpcTally
from monitor.wire.rpc_answers import Refusal

BLOCK: Final = "getBlock"
ACCOUNTS: Final = "getMultipleAccounts"
_SHARE: Final = 0.1
"""Of the newest answer in the running averages."""
_FIRST_LATENCY: Final = 0.2
"""Seconds, before anything is known."""
_ERROR_WEIGHT: Final = 10.0
"""An RPC of which every answer fails ranks as if it were so many times slower, and one. A guess."""


class Lane:
    """First come, first served."""

    def __init__(self, rate: float | None, tally: RpcTally, clock: Clock, dice: Dice) -> None:
        self._rate = rate
        self._tally = tally
        self._clock = clock
        self._dice = dice
        self._window = RateWindow(rate)
        self._concurrency = Concurrency()
        self._places = anyio.CapacityLimiter(self._concurrency.limit)
        self._turn = anyio.Lock()
        self._moved = anyio.Event()
        self._breaker = Breaker()
        self._of_method: dict[str, Breaker] = {}
        """What it said of one method alone: without one it may serve the other."""
        self._lined_up = 0
        self._latency = _FIRST_LATENCY
        self._errors = 0.0

    def expected(self) -> float:
        """Seconds until a call made now is answered, about; what RPCs are ranked by."""
        under_way = max(self._lined_up, self.in_use)
        delay = self._window.delay(self._clock.now())
        if self._rate is not None:
            delay += (under_way - self.in_use) / self._rate
        slowness = 1 + _ERROR_WEIGHT * self._errors
        return delay + self._latency * slowness * (1 + under_way / self._concurrency.limit)

    @property
    def in_use(self) -> int:
        """Calls under way."""
        return self._places.borrowed_tokens

    @property
    def is_idle(self) -> bool:
        """A call made now would go at once."""
        under_way = max(self._lined_up, self.in_use)
        is_free = under_way < self._concurrency.limit and not self._turn.locked()
        return is_free and self._window.delay(self._clock.now()) == 0

    def pause(self, method: str = BLOCK) -> tuple[float, Verdict] | None:
        """For how many seconds not to ask, and why. One that is dead has said nothing of what it would be asked for."""
        now, own = self._clock.now(), self._of_method.get(method)
        pause = (own and own.pause(now)) or self._breaker.pause(now)
        if pause is None or pause[1] is not Verdict.FAILED:
            return pause
        return pause[0], Verdict.UNASKED

    def is_unable(self, method: str = BLOCK) -> bool:
        """Whether it refuses us, or has no such method, until a person cures that."""
        pause = self.pause(method)
        return pause is not None and pause[1] is Verdict.CANNOT

    def keeps(self, slot: int) -> bool:
        """False while the RPC is known to have dropped this slot."""
        return self._breaker.keeps(slot, self._clock.now())

    def line_up(self) -> None:
        """A call will be made soon: who chooses an RPC meanwhile knows of it."""
        self._lined_up += 1

    def step_out(self) -> None:
        """The call that lined up is over."""
        self._lined_up -= 1

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """One of the calls at once."""
        async with self._places:
            yield

    async def turn(self, method: str = BLOCK) -> float | Refusal:
        """Wait until the rate lets a call go, and count it; returns what `reached` wants.

        A refusal where the RPC is to be left alone meanwhile.
        """
        async with self._turn:
            began = now = self._clock.now()
            while delay := self._window.delay(now):
                self._moved = anyio.Event()
                with anyio.move_on_after(delay):
                    await self._moved.wait()
                now = self._clock.now()
            if now > began:
                self._tally.waits += 1
                self._tally.wait_seconds += now - began
            if (pause := self.pause(method)) is not None:
                return Refusal(pause[1], "paused", retry_after=pause[0])
            self._tally.calls += 1
            self._breaker.asked(now, self._dice.jitter())
            return self._window.take(now)

    def reached(self, ticket: float) -> None:
        """The server has the call of this ticket, or will never get it."""
        self._window.reached(ticket, self._clock.now())
        self._moved.set()

    def answered(self, seconds: float, in_use: int, method: str = BLOCK) -> None:
        """A good answer came after so long, while so many calls were under way."""
        self._lives(method)
        self._concurrency.answered(in_use)
        self._places.total_tokens = self._concurrency.limit
        self._latency += _SHARE * (seconds - self._latency)
        self._errors -= _SHARE * self._errors

    def given_up(self, seconds: float) -> None:
        """Nobody waits for the answer any more, after so long: it would have taken longer still."""
        self._latency = max(self._latency, self._latency + _SHARE * (seconds - self._latency))

    def refused(self, refusal: Refusal, sent_at: float, method: str = BLOCK) -> float:
        """An answer brought nothing. Returns for how many seconds the RPC is left alone for it."""
        now, jitter = self._clock.now(), self._dice.jitter()
        self._tally.errors[refusal.word] += 1
        self._errors += _SHARE * (1 - self._errors)
        if refusal.verdict is Verdict.THROTTLED:
            self._concurrency.throttled(sent_at, now)
            self._places.total_tokens = self._concurrency.limit
        if refusal.verdict is Verdict.THROTTLED or refusal.retry_after > 0:
            return self._breaker.throttled(now, refusal.retry_after, jitter)
        if refusal.is_of_method:
            self._of_method.setdefault(method, Breaker()).unable(now)
        elif refusal.is_ours_to_cure:
            self._breaker.unable(now)
        elif refusal.verdict is Verdict.FAILED:
            self._breaker.failed(now, jitter)
        else:
            self._lives(method)
        if refusal.first_available is not None:
            self._breaker.begins_at(refusal.first_available, now)
        return 0.0

    def _lives(self, method: str) -> None:
        self._breaker.answered()
        if method in self._of_method:
            self._of_method[method].answered()
