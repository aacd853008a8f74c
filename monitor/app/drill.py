"""Drains one endpoint after the other on a running daemon, gives each back, and measures what that cost the stream.

How this works. For a while the stream is watched undisturbed. Then the endpoint is drained; when its stream is closed,
and as much time again has gone by, it is promoted back, and the drill waits until it has its place again and brings
whole slots, and its stand-in has gone; as much time again shows what that did. What came meanwhile is compared with the
time before: the longest pause between two lines of an event file, lines that came twice, and the certificates of all
slots that began meanwhile, which prove what was lost. Pauses of chance are counted against the failover: it takes longer.

An endpoint that this drained and did not give back is remembered, whatever happens: `give_back` says how that ended.
A drill that is killed cannot do that. So its drains and promotions are for a while: for longer than it can need them, and
then over by themselves; only what was promoted for good before is so again. The daemon does not store them, so that one
that is started anew knows nothing of a drill either. A lease that is prolonged again and again would end sooner, and the drill would end with the first look that comes late.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from monitor.app.drill_cost import Cost, Proof, proof_of
from monitor.app.drill_plan import check_enough, unusable
from monitor.app.following import Seen
from monitor.app.tables import Object
from monitor.core.endpoint_health import Role
from monitor.core.errors import DaemonNotAsked, DrillBroken
from monitor.core.failover import What
from monitor.core.hand_over import COVERED
from monitor.core.wishes import Want

LOOK: Final = 0.25
"""Seconds between two looks at the daemon. Guessed: each costs it about a millisecond."""
RETURNS_WITHIN: Final = 15.0
"""Seconds for which a daemon that stopped answering may be starting anew. Guessed."""
SPARE: Final = 30.0
"""Seconds of a drain beyond those that are planned. Guessed: a busy machine, and an operator who interrupts."""


class Daemon(Protocol):
    """What a drill is held on; as `running_daemon.RunningDaemon`."""

    def endpoints(self) -> Sequence[Object]:
        """What each is like."""
        ...

    def status(self) -> Object:
        """How the daemon is."""
        ...

    def slots(self, first: int, end: int) -> Sequence[Object]:
        """Certificates of the slots from `first` to `end`, `end` excluded."""
        ...

    def wish(self, want: Want, endpoint: str, lease: float | None = None) -> Object:
        """Ask this of an endpoint, a drain or a promotion perhaps for so many seconds; what was decided."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """What a drill works with besides the daemon."""

    now: Callable[[], float]
    """Seconds of a monotonic clock."""
    pause: Callable[[float], None]
    """Wait for so many seconds."""
    seen: Callable[[], Sequence[Seen]]
    """By event file, what came since this was last asked."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is watched, and waited, in seconds. Only the first one is a choice; the others say when it went wrong."""

    window: float = 10.0
    """Without a disturbance, then with the endpoint drained, then with the endpoint back."""
    hand_over: float = 60.0
    """Until the drained stream is closed: a hand-over may take 30 s."""
    sound: float = 120.0
    """Until the endpoint has its place again. Guessed: its circuit may be open for a while."""
    proof: float = 90.0
    """Until every slot has a certificate. Guessed: finality takes 13 s, and recovery its time."""

    @property
    def drain(self) -> float:
        """Seconds after which a drain ends though nobody gave the endpoint back."""
        return max(self.window, self.hand_over) + SPARE

    @property
    def promotion(self) -> float:
        """Seconds after which a promotion ends though nobody released the endpoint."""
        return self.sound + self.window + SPARE


class Drill:
    """One walk."""

    def __init__(self, daemon: Daemon, world: World, patience: Patience) -> None:
        self.drained: str | None = None
        """The endpoint that this drained and did not give back yet."""
        self._was_promoted = False
        """Whether an operator had promoted it for good before."""
        self._daemon = daemon
        self._world = world
        self._patience = patience

    def walk(self, names: Sequence[str]) -> Iterator[Cost]:
        """Drain these in turn; what each cost, as it is known.

        Raises: DrillBroken, when too few endpoints are usable or somebody else interferes; DaemonNotAsked.
        """
        for name in names:
            yield self._one(name)

    def give_back(self) -> str | None:
        """Promote what is still drained by this; how that ended, in a sentence, or None: there was nothing to do."""
        name = self.drained
        if name is None:
            return None
        try:
            is_drained = self._is_still_drained(name)
            if is_drained:
                self._promote_back(name)
        except DaemonNotAsked as error:
            return (
                f"{name} was drained, and could not be promoted back: {error}; its drain is over within "
                f"{self._patience.drain:.0f} s, and with the daemon; sooner: chain-monitor endpoints promote {name}"
            )
        self.drained = None
        if is_drained:
            return f"{name} was promoted back"
        return (
            f"{name} is drained by this drill no more: the daemon was started anew, the time of the drain was over, "
            "or somebody else promoted or drained it; nothing of this drill is left to undo"
        )

    def _one(self, name: str) -> Cost:
        check_enough(self._daemon.endpoints())
        self._was_promoted = _is_promoted_for_good(self._endpoint(name))
        self._has_place(name)
        self._world.seen()
        self._world.pause(self._patience.window)
        before, at_first, hot = self._world.seen(), self._ready(), self._hot()
        began = self._world.now()
        self.drained = name  # an answer that is lost may have been heard
        told = self._daemon.wish(Want.DRAIN, name, self._patience.drain)
        fault = _refusal(told)
        handed_over = None
        if fault is None:
            handed_over = self._until(lambda: self._is_off(name), self._patience.hand_over, began)
            if handed_over is None:
                fault = f"its stream was not closed within {self._patience.hand_over:.0f} s"
            self._world.pause(max(0.0, began + self._patience.window - self._world.now()))
            _see_drained(self._endpoint(name))
        self._promote_back(name)
        self.drained = None
        sound_again = self._until(
            lambda: self._is_sound(name) and self._hot() <= hot,
            self._patience.sound,
            self._world.now(),
        )
        if not self._was_promoted:
            self._daemon.wish(Want.RELEASE, name)
        if sound_again is None and fault is None:
            fault = f"it did not get its place back within {self._patience.sound:.0f} s"
        self._world.pause(self._patience.window)
        during, at_last = self._world.seen(), self._ready()
        return Cost(
            endpoint=name,
            successor=_successor(told, name),
            handed_over=handed_over,
            sound_again=sound_again,
            before=tuple(before),
            during=tuple(during),
            proof=self._proof(at_first, at_last),
            fault=fault,
        )

    def _promote_back(self, name: str) -> None:
        """End its drain, with the place that it had; for a while, unless it had been promoted before."""
        lease = None if self._was_promoted else self._patience.promotion
        self._daemon.wish(Want.PROMOTE, name, lease)

    def _has_place(self, name: str) -> None:
        """Give the endpoint a place if it has none: giving back the one before may have cost it its own.

        Raises: DrillBroken.
        """
        if self._endpoint(name)["role"] != Role.HOT:
            self._daemon.wish(Want.PROMOTE, name, self._patience.promotion)
        since, patience = self._world.now(), self._patience.sound
        if self._until(lambda: self._is_sound(name), patience, since) is None:
            raise DrillBroken(f"the drill broke off: {name} got no place within {patience:.0f} s")

    def _ready(self) -> Object:
        """The status. Raises: DrillBroken."""
        status = self._daemon.status()
        if not status["ready"]:
            raise DrillBroken(
                f"the drill broke off: the daemon is not ready: {'; '.join(status['reasons'])}"
            )
        return status

    def _is_off(self, name: str) -> bool:
        endpoint = self._endpoint(name)
        _see_drained(endpoint)
        return endpoint["role"] == Role.OFF and not endpoint["open"]

    def _hot(self) -> int:
        """Endpoints that carry everything: one more while a hand-over lasts."""
        return sum(endpoint["role"] == Role.HOT for endpoint in self._daemon.endpoints())

    def _is_sound(self, name: str) -> bool:
        endpoint = self._endpoint(name)
        has_place = endpoint["role"] == Role.HOT and endpoint["covered"] >= COVERED
        return has_place and unusable(endpoint) is None

    def _endpoint(self, name: str) -> Object:
        for endpoint in self._daemon.endpoints():
            if endpoint["endpoint"] == name:
                return endpoint
        raise DrillBroken(f"the drill broke off: {name} is no endpoint of the daemon any more")

    def _proof(self, at_first: Object, at_last: Object) -> Proof:
        """What became of the slots from the tip at the beginning to the tip at the end."""
        first, end = at_first["tip_slot"], at_last["tip_slot"] + 1
        missed = _missed(at_last) - _missed(at_first)
        found: list[Proof] = []

        def is_proved() -> bool:
            found[:] = [proof_of(self._daemon.slots(first, end), end - first, missed)]
            return not found[0].lost

        self._until(is_proved, self._patience.proof, self._world.now())
        return found[0]

    def _until(self, what: Callable[[], bool], patience: float, since: float) -> float | None:
        """Seconds that it took until this was so; None: it took too long. Looks once at the least."""
        while not what():
            if self._world.now() - since >= patience:
                return None
            self._world.pause(LOOK)
        return self._world.now() - since

    def _is_still_drained(self, name: str) -> bool:
        """Whether it is, as soon as the daemon answers. Raises: DaemonNotAsked."""
        since = self._world.now()
        while True:
            try:
                if self._is_drained(name):
                    return True
                self._world.pause(
                    LOOK
                )  # a wish that was just sent is heard within a turn of the loop
                return self._is_drained(name)
            except DaemonNotAsked:
                if self._world.now() - since >= RETURNS_WITHIN:
                    raise
                self._world.pause(LOOK)

    def _is_drained(self, name: str) -> bool:
        return any(
            each["endpoint"] == name and _is_for_a_while(each) for each in self._daemon.endpoints()
        )


def _see_drained(endpoint: Object) -> None:
    """See that it is drained still: nobody gave it back, and the daemon is the same one. Raises: DrillBroken."""
    if not endpoint["drained"]:
        raise DrillBroken(f"the drill broke off: {endpoint['endpoint']} is not drained any more")
    if not _is_for_a_while(endpoint):
        raise DrillBroken(f"the drill broke off: somebody else drained {endpoint['endpoint']} too")


def _is_for_a_while(endpoint: Object) -> bool:
    """Whether it is drained as drills do it: what an operator drains stays so."""
    return bool(endpoint["drained"]) and endpoint["drain_ends_in"] is not None


def _is_promoted_for_good(endpoint: Object) -> bool:
    """Whether it is promoted as operators do it: what a drill that was killed has promoted is not."""
    return bool(endpoint["promoted"]) and endpoint["promotion_ends_in"] is None


def _refusal(told: Object) -> str | None:
    """Why an endpoint was not drained."""
    if told["outcome"] == What.DRAINED:
        return None
    if told["outcome"] == What.KEPT:
        return "it kept its place, since no other endpoint is sound"
    return "nothing was decided about its drain in time"


def _successor(told: Object, name: str) -> str | None:
    """Who took its place at once, if anybody did."""
    for decision in told["decisions"]:
        if decision["what"] == What.REPLACED and decision["from"] == name:
            return str(decision["to"])
    return None


def _missed(status: Object) -> int:
    return sum(endpoint["missed"] for endpoint in status["endpoints"])
