"""What goes wrong at a JSON-RPC node, on demand (BACKFILL 2 is what happens while nothing does).

What is drawn follows from the seed, the slot and how often that slot was asked for, whatever else is asked meanwhile.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass
from math import isfinite
from random import Random
from typing import Final

from monitor.simulator.rpc_lies import ANY, LIES, STATES

RPC_WORDS: Final = (
    "kill",
    "mute",
    "cut",
    "slow",
    "behind",
    "pruned",
    "lack",
    "limit",
    "errors",
    "lie",
    "heal",
)

ERROR_MESSAGES: Final = {
    -32004: "Block not available for slot {slot}",
    -32007: "Slot {slot} was skipped, or missing due to ledger jump to recent snapshot",
    -32009: "Slot {slot} was skipped, or missing in long-term storage",
    -32011: "Transaction history is not available from this node",
    -32014: "Block status not yet available for slot {slot}",
    -32019: "Failed to query long-term storage; please try again",
    -32603: "Internal error",
}
"""Of the codes with which `errors` refuses blocks that exist."""

NO_RESULT: Final = "null"
NO_META: Final = "meta-null"
TOO_MANY: Final = "429"
TOO_MANY_DATED: Final = "429-date"
BROKEN: Final = "500"
_BLOCK_ERRORS: Final = (*map(str, ERROR_MESSAGES), NO_RESULT, NO_META)
_HTTP_ERRORS: Final = (TOO_MANY, TOO_MANY_DATED, BROKEN)
ERRORS: Final = _BLOCK_ERRORS + _HTTP_ERRORS

MOST_BEHIND: Final = 128
"""Slots; a real node that is further behind says that it is not healthy."""

_REMEMBERED: Final = 20_000
"""Subjects whose attempts are counted; the oldest are forgotten."""
_ARRIVALS: Final = 200_000
"""Moments of arrivals that are kept."""


@dataclass(slots=True)
class RpcState:
    """What is wrong now."""

    killed: bool = False
    mute: float = 0.0
    """Share of requests that are never answered."""
    cut: float = 0.0
    """Share of answers that break off in the middle."""
    slow: float = 0.0
    """Seconds by which every answer is later."""
    behind: int = 0
    """Slots."""
    pruned: int = 0
    """Slots below this one are gone."""
    lack: int = 0
    """The block of this slot is not there: it says that it was skipped, as after a jump to a snapshot."""
    limit: float = 0.0
    """Requests a second, above which there is only 429; 0: no limit."""


class RpcFaults:
    """The faults of one node, and the record of what it was asked. Several may be on at once; `heal` ends them all."""

    def __init__(self, name: str, seed: str) -> None:
        self.name: Final = name
        self.state = RpcState()
        self.errors: dict[str, float] = {}
        """Share of requests by what they meet: those of `ERRORS`."""
        self.lies: dict[str, float] = {}
        """Share of slots by what is said wrong of them: those of `LIES`, and `any`; of answers by `states`."""
        self.requests = 0
        self.busiest_second = 0
        """Most requests in any second."""
        self.arrivals: deque[float] = deque(maxlen=_ARRIVALS)
        """When the latest requests came."""
        self._seed = seed
        self._asked: OrderedDict[str, int] = OrderedDict()
        self._second: deque[float] = deque()
        self._granted: deque[float] = deque()

    @property
    def active(self) -> list[str]:
        """The faults that are on, as `errors -32004 0.3`."""
        state = self.state
        found = ["kill"] if state.killed else []
        numbers = (
            ("mute", state.mute),
            ("cut", state.cut),
            ("slow", state.slow),
            ("behind", state.behind),
            ("pruned", state.pruned),
            ("lack", state.lack),
            ("limit", state.limit),
        )
        found += [f"{word} {number:.10g}" for word, number in numbers if number]
        found += [f"errors {code} {share:g}" for code, share in self.errors.items()]
        return found + [f"lie {kind} {share:g}" for kind, share in self.lies.items()]

    def apply(self, fault: str, argument: str | None) -> str:
        """Do it; returns what was done, for a person. Raises ValueError saying what is allowed."""
        words = [] if argument is None else argument.split()
        match fault:
            case "kill" | "heal":
                _check_count(fault, words, 0, 0, "no argument")
                return self._kill() if fault == "kill" else self._heal()
            case "mute" | "cut":
                _check_count(fault, words, 0, 1, "a share from 0 to 1")
                setattr(self.state, fault, _share(fault, words, 0))
            case "slow" | "limit":
                allowed = "seconds" if fault == "slow" else "requests a second"
                _check_count(fault, words, 1, 1, f"{allowed}, 0 or more")
                setattr(self.state, fault, _number(fault, words[0], f"{allowed}, 0 or more"))
            case "behind" | "pruned" | "lack":
                self._set_slots(fault, words)
            case "errors":
                _set_part(self.errors, fault, words, ERRORS)
            case "lie":
                _set_part(self.lies, fault, words, (*LIES, ANY, STATES))
            case _:
                raise ValueError(f"no fault {fault!r} of an RPC; one of {', '.join(RPC_WORDS)}")
        return f"{self.name} has {', '.join(self.active) or 'no fault'}"

    def arrive(self, now: float) -> float:
        """Count a request; returns seconds to wait when it is above the limit, 0 when it may pass."""
        self.requests += 1
        self.arrivals.append(now)
        self._second.append(now)
        _forget(self._second, now)
        self.busiest_second = max(self.busiest_second, len(self._second))
        if not self.state.limit:
            return 0.0
        _forget(self._granted, now)
        if len(self._granted) < self.state.limit:
            self._granted.append(now)
            return 0.0
        return self._granted[0] + 1.0 - now

    def attempt(self, subject: str) -> str:
        """Name this request about something; each is an attempt of its own."""
        number = self._asked.pop(subject, 0) + 1
        self._asked[subject] = number
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        return f"{subject} {number}"

    def http_error(self, attempt: str) -> str | None:
        """The HTTP error, `mute` or `cut` that this attempt meets."""
        for word, share in (("mute", self.state.mute), ("cut", self.state.cut)):
            if self._strikes(word, attempt, share):
                return word
        return self._error(attempt, _HTTP_ERRORS)

    def block_error(self, attempt: str) -> str | None:
        """The error that this attempt meets if there is a block."""
        return self._error(attempt, _BLOCK_ERRORS)

    def lie(self, slot: int) -> str | None:
        """What is said wrong of this slot, always the same."""
        for kind, share in self.lies.items():
            if kind != STATES and self._strikes(kind, str(slot), share):
                return kind if kind != ANY else LIES[self._draw("which", slot) % len(LIES)]
        return None

    def lies_about_states(self, attempt: str) -> bool:
        """Whether the accounts that this attempt tells are false."""
        return self._strikes(STATES, attempt, self.lies.get(STATES, 0.0))

    def place(self, slot: int, places: int) -> int:
        """Which of so many transactions of a slot is struck; 0 when there are none."""
        return self._draw("place", slot) % max(places, 1)

    def _error(self, attempt: str, of: tuple[str, ...]) -> str | None:
        for code, share in self.errors.items():
            if code in of and self._strikes(code, attempt, share):
                return code
        return None

    def _strikes(self, word: str, subject: str, share: float) -> bool:
        return share > 0 and Random(f"{self._seed}:{word}:{subject}").random() < share

    def _draw(self, word: str, slot: int) -> int:
        return Random(f"{self._seed}:{word}:{slot}").getrandbits(32)

    def _kill(self) -> str:
        self.state.killed = True
        return f"{self.name} is dead; it hangs up on everybody"

    def _heal(self) -> str:
        was = self.active
        self.state = RpcState()
        self.errors.clear()
        self.lies.clear()
        if not was:
            return f"{self.name}: nothing was wrong"
        return f"{self.name} is healed of {', '.join(was)}"

    def _set_slots(self, fault: str, words: list[str]) -> None:
        allowed = {"behind": f"slots, 0 to {MOST_BEHIND}", "pruned": "the first slot kept"}.get(
            fault, "the slot that is not there"
        )
        _check_count(fault, words, 1, 1, allowed)
        if not words[0].isdecimal() or (fault == "behind" and int(words[0]) > MOST_BEHIND):
            raise ValueError(f"{fault} takes {allowed}; not {words[0]!r}")
        setattr(self.state, fault, int(words[0]))


def _forget(moments: deque[float], now: float) -> None:
    """Keep the last second."""
    while moments and moments[0] <= now - 1.0:
        moments.popleft()


def _set_part(
    shares: dict[str, float], fault: str, words: list[str], known: tuple[str, ...]
) -> None:
    """Set the share of one of the known words; a share of 0 takes it away."""
    allowed = f"one of {', '.join(known)}, and a share from 0 to 1"
    _check_count(fault, words, 1, 2, allowed)
    word = words[0] if words[0] in known else f"-{words[0]}"
    if word not in known:
        raise ValueError(f"{fault} takes {allowed}; not {words[0]!r}")
    share = _share(fault, words, 1)
    shares.pop(word, None)
    if share:
        shares[word] = share


def _share(fault: str, words: list[str], place: int) -> float:
    if len(words) <= place:
        return 1.0
    allowed = "a share from 0 to 1"
    share = _number(fault, words[place], allowed)
    if share > 1:
        raise ValueError(f"{fault} takes {allowed}; not {words[place]!r}")
    return share


def _number(fault: str, word: str, allowed: str) -> float:
    try:
        number = float(word)
    except ValueError as wrong:
        raise ValueError(f"{fault} takes {allowed}; not {word!r}") from wrong
    if not isfinite(number) or number < 0:
        raise ValueError(f"{fault} takes {allowed}; not {word!r}")
    return number


def _check_count(fault: str, words: list[str], least: int, most: int, allowed: str) -> None:
    if not least <= len(words) <= most:
        told = " ".join(words)
        raise ValueError(f"{fault} takes {allowed}; not {told!r}")
