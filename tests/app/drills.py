"""A daemon on which drills are held in virtual time: it closes, gives places and proves slots after so many seconds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monitor.app.drill import Drill, Patience, World
from monitor.app.following import Seen
from monitor.app.tables import Object
from monitor.core.errors import DaemonNotAsked
from monitor.core.wishes import Want
from tests.app.test_endpoints_view import well

FILE = Path("events.jsonl")
GONE = DaemonNotAsked("no daemon answers")
"""What is said of a daemon that does not run."""


class Drilled:
    """Three endpoints that do as they are told, a slot a second from 100 on, and a file that pauses for 0.4 s."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[tuple[float, Want, str]] = []
        """All but releases."""
        self.released: list[tuple[float, str]] = []
        self.leases: list[float | None] = []
        """Of the drains."""
        self.promoted_for: list[float | None] = []
        """Leases of the promotions."""
        self.closes_after = 2.0
        self.sound_after = 3.0
        self.proved_after = 5.0
        self.outcome: str | None = "drained"
        self.successor: str | None = None
        self.stays = 0.0
        """Seconds for which a warm successor keeps its place after the other one was promoted back."""
        self.states: dict[int, str] = {}
        """Of slots that are not complete."""
        self.misses_at: float | None = None
        """When endpoints miss 7 updates."""
        self.interrupted_at: float | None = None
        """When an operator interrupts the drill, once."""
        self.reasons: list[str] = []
        self.down: list[tuple[float, float]] = []
        """When it does not run, from and to."""
        self.forgets_at: float | None = None
        """When it is started anew, and what was drained for a while is not."""
        self.hears_from = 0.0
        """A drain shows no sooner."""
        self.seen: list[list[Seen]] = []
        """What a reader of the file sees, asked after asked; else an even stream."""
        self.more: dict[str, dict[str, object]] = {}
        """Of endpoints, what is otherwise than usual."""
        self.warm: set[str] = set()
        """Endpoints that have no place until they are promoted."""
        self._drained: dict[str, float] = {}
        self._promoted: dict[str, float] = {}

    def drill(self, window: float = 10.0) -> Drill:
        """A drill on it."""
        return Drill(self, World(lambda: self.now, self.pause, self.look), Patience(window))

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.interrupted_at is not None and self.now >= self.interrupted_at:
            self.interrupted_at = None
            raise KeyboardInterrupt

    def look(self) -> Sequence[Seen]:
        return self.seen.pop(0) if self.seen else [Seen(FILE, 0.4, 100, 0)]

    def endpoints(self) -> Sequence[Object]:
        self._runs()
        return [self._endpoint(name) | self.more.get(name, {}) for name in ("ams", "nyc", "tyo")]

    def status(self) -> Object:
        self._runs()
        has_missed = self.misses_at is not None and self.now >= self.misses_at
        return {
            "ready": not self.reasons,
            "reasons": self.reasons,
            "tip_slot": 100 + int(self.now),
            "endpoints": [{"missed": 7 * has_missed}, {"missed": 2}],
        }

    def slots(self, first: int, end: int) -> Sequence[Object]:
        self._runs()
        proved = range(first, min(end, 100 + int(self.now - self.proved_after)))
        return [{"slot": slot, "state": self.states.get(slot, "complete")} for slot in proved]

    def wish(self, want: Want, endpoint: str, lease: float | None = None) -> Object:
        self._runs()
        if want is Want.RELEASE:
            self.released.append((self.now, endpoint))
            return {"outcome": "released", "decisions": []}
        self.asked.append((self.now, want, endpoint))
        if want is Want.DRAIN:
            self.leases.append(lease)
        if want is Want.PROMOTE:
            self._drained.pop(endpoint, None)
            self.warm.discard(endpoint)
            self._promoted[endpoint] = self.now
            self.promoted_for.append(lease)
            return {"outcome": "waits", "decisions": []}
        if self.outcome == "drained":
            self._drained[endpoint] = self.now
        return {"outcome": self.outcome, "decisions": self._decisions(endpoint)}

    def _decisions(self, endpoint: str) -> list[Object]:
        drained: dict[str, Any] = {"what": "drained", "from": endpoint, "to": None}
        if self.successor is None:
            return [drained]
        return [drained, {"what": "replaced", "from": endpoint, "to": self.successor}]

    def _runs(self) -> None:
        if any(begin <= self.now < end for begin, end in self.down):
            raise GONE
        if self.forgets_at is not None and self.now >= self.forgets_at:
            self._drained.clear()

    def _stands_in(self) -> bool:
        promoted = any(self.now - since < self.stays for since in self._promoted.values())
        return promoted or bool(self._drained)

    def _endpoint(self, name: str) -> dict[str, Any]:
        told = well() | {"endpoint": name, "open": True, "covered": 40}
        if name in self.warm:
            return told | {
                "role": "hot" if name == self.successor and self._stands_in() else "warm"
            }
        if name in self._drained and self.now >= self.hears_from:
            is_over = self.now - self._drained[name] >= self.closes_after
            return told | (
                {"drained": True, "drain_ends_in": 60.0}
                | ({"role": "off", "open": False} if is_over else {})
            )
        if name in self._promoted:
            since = self.now - self._promoted[name]
            is_back = since >= self.sound_after
            return told | ({} if is_back else {"covered": 1 if since >= 1.0 else 0})
        return told
