"""Asks every endpoint what it is, at the start and every ten minutes, and keeps what it said: versions explain odd streams.

In between it is asked how it does: its tip, how far back it replays, how quickly it answers. So an endpoint without a
stream, drained or with an open circuit, is seen to be there before it is promoted. One that answers again, or no more,
is probed at once, for it may have become another one. No decision is made of all this: those are made from streams.

Nothing waits for the answers. They come over connections of their own, a few at a time, and cost some milliseconds.
"""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final

import anyio
from anyio.abc import TaskGroup

from monitor.core.commands import Report
from monitor.core.endpoint_profile import EndpointProfile
from monitor.ports import Prober, Reporter

EVERY: Final = 600.0
"""Seconds from one round to the next (DESIGN 6)."""
CHECKED_EVERY: Final = 30.0
"""Seconds from one round of checks to the next, where the configuration says nothing else (DESIGN 10)."""
AT_ONCE: Final = 8
"""Endpoints asked at the same time, each in a thread that sinks may need too. Guessed."""


class Probing:
    """What the endpoints of one daemon said of themselves."""

    def __init__(
        self,
        prober: Prober | None,
        names: Sequence[str],
        reporter: Reporter,
        checked_every: float = CHECKED_EVERY,
    ) -> None:
        """`prober` None: nobody is asked. `names`: of the endpoints, in the order of the configuration.

        `checked_every`: seconds from one round of checks to the next.
        """
        self.profiles: list[EndpointProfile | None] = [None] * len(names)
        """By endpoint, the last one; None: it was not asked yet."""
        self._prober = prober
        self._names = names
        self._reporter = reporter
        self.checked_every = checked_every
        """Seconds from one round of checks to the next."""
        self._places = anyio.Semaphore(AT_ONCE)
        self._asked: set[int] = set()
        """Endpoints that are to be asked out of turn."""
        self._something = anyio.Event()

    def ask(self, endpoint: int) -> None:
        """Have `run` ask this endpoint now. To be called on the loop; never blocks."""
        self._asked.add(endpoint)
        self._something.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._ask_out_of_turn, tasks, name="probes out of turn")
            tasks.start_soon(self._check_all, name="health checks")
            while True:
                await self._round(self.probe, range(len(self._names)))
                await anyio.sleep(EVERY)

    async def _check_all(self) -> None:
        while True:
            await anyio.sleep(self.checked_every)
            await self._round(self.check, range(len(self._names)))

    async def _ask_out_of_turn(self, tasks: TaskGroup) -> None:
        while True:
            await self._something.wait()
            self._something = anyio.Event()
            asked, self._asked = self._asked, set()
            for endpoint in asked:  # none waits for another that hangs
                tasks.start_soon(self.probe, endpoint, name=f"probe {self._names[endpoint]}")

    async def _round(
        self, ask: Callable[[int], Coroutine[Any, Any, object]], endpoints: Iterable[int]
    ) -> None:
        async with anyio.create_task_group() as tasks:
            for endpoint in endpoints:
                tasks.start_soon(ask, endpoint, name=f"probe {self._names[endpoint]}")

    async def probe(self, endpoint: int) -> EndpointProfile | None:
        """Ask one endpoint now. What is new of it is logged, whatever that is; None where nobody can ask."""
        if self._prober is None:
            return None
        async with self._places:
            found = await self._prober.profile(endpoint)
        before, self.profiles[endpoint] = self.profiles[endpoint], found
        if before is None or _essence(before) != _essence(found):
            self._reporter.report(_told(self._names[endpoint], found))
        return found

    async def check(self, endpoint: int) -> None:
        """Ask one endpoint how it does, and what it is where that may be new; nothing before its first probe."""
        if self._prober is None or self.profiles[endpoint] is None:
            return
        async with self._places:
            found = await self._prober.check(endpoint)
        known = self.profiles[endpoint]
        if known is None or not known.still_holds(found):
            await self.probe(endpoint)
        else:
            self.profiles[endpoint] = known.moved(found)


def _essence(profile: EndpointProfile) -> tuple[object, ...]:
    """What does not change from one hour to the next."""
    return profile.version, profile.refusal, profile.has_replay


def _told(name: str, profile: EndpointProfile) -> Report:
    if profile.refusal is not None:
        sentence = "an endpoint was asked for its version in vain"
        return Report("info", sentence, {"endpoint": name, "why": profile.refusal})
    facts = {
        "endpoint": name,
        "version": profile.version,
        "family": profile.family,
        "first_available": profile.floor,
        "tip": profile.tip,
    }
    return Report("info", "an endpoint answered", facts)
