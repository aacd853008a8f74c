"""What goes wrong in a region, on demand (PROTOCOL is what happens while nothing does)."""

from math import inf, isfinite
from random import Random
from typing import Final, Protocol
from zlib import crc32

from monitor.core.chain import Kind
from monitor.simulator.chain_faults import CHAIN_WORDS
from monitor.simulator.losses import ALONE, Losses, Portion
from monitor.simulator.meta_lies import lied, uncounted
from monitor.simulator.model import Update
from monitor.simulator.received import Received

WORDS: Final = (
    "kill",
    "refuse",
    "outage",
    "mute",
    "stall",
    "lag",
    "lie",
    "uncount",
    "lose-tx",
    "drop-tx",
    "drop-account",
    "drop-slot",
    "duplicate",
    "cut",
    "end",
    "heal",
)

_USUAL_RATIOS: Final = {
    "lie": 1.0,
    "uncount": 1.0,
    "lose-tx": 0.01,
    "drop-tx": 0.01,
    "drop-account": 0.01,
    "drop-slot": 0.05,
    "duplicate": 0.05,
}

_SWITCHES: Final = {
    "refuse": ("refusing", "refuses new streams; running ones go on"),
    "mute": ("muted", "is mute; its streams stay open and silent"),
    "stall": ("stalled", "is stalled; its streams stay open and bring pings alone"),
}
"""What stays until it is healed: the attribute, and what a person is told."""

_ENDINGS: Final = {
    "cut": ("UNAVAILABLE", "connection reset", "cut {count} streams; new ones are welcome"),
    "end": ("OK", "", "ended {count} streams cleanly; new ones are welcome"),
}
"""Code and text under which all streams end at once, and what a person is told."""


class Afflicted(Protocol):
    """What a fault does to a region beyond what the region can see for itself."""

    name: str

    @property
    def slots_begun(self) -> float:
        """Slots since the chain began, by the clock."""

    def end_streams(self, text: str, code: str = "UNAVAILABLE") -> int:
        """End every stream now; returns how many."""

    def restart(self) -> None:
        """Forget everything, as a new process does."""

    def shift(self, lag: float) -> None:
        """Hear everything that much later from now on."""


class Faults:
    """The faults of one region. Several may be on at once; `heal` ends them all."""

    def __init__(self, region: Afflicted, seed: int, portion: Portion = ALONE) -> None:
        self._region = region
        self._portion = portion
        self._dice = Random(f"{seed}:faults")
        self.killed = False
        self.refusing = False
        self.muted = False
        self.stalled = False
        """Streams stay open and pings flow, but the validator is heard no more."""
        self.lag = 0.0
        """Seconds."""
        self._out_until = -inf
        """In `slots_begun`."""
        self.lie = 0.0
        """Share of slots whose BlockMeta names a blockhash that is not theirs."""
        self.uncount = 0.0
        """Share of slots whose BlockMeta counts no entries, as of blocks that the region's validator made itself."""
        self.lose_tx = 0.0
        """As `drop_tx`, but which ones follows from the transaction alone: every region with this loses the same."""
        self.drop_tx = 0.0
        """Share of transactions that are never sent, nor in their block. Shares are of what the region may lose."""
        self.drop_account = 0.0
        """Share of account writes that are never sent, nor in their block."""
        self.drop_slot = 0.0
        """Share of slots of which nothing is heard."""
        self.duplicate = 0.0
        """Share of messages sent twice."""
        self.losses = Losses()
        self.repeated_messages = 0

    @property
    def is_out(self) -> bool:
        """Nobody can reach the server, which goes on."""
        return self._region.slots_begun < self._out_until

    @property
    def active(self) -> list[str]:
        """The faults that are on, as `drop-tx 0.01`."""
        switches = (
            ("kill", self.killed),
            ("refuse", self.refusing),
            ("mute", self.muted),
            ("stall", self.stalled),
        )
        found = [word for word, is_on in switches if is_on]
        if self.is_out:
            found.append(f"outage {self._out_until - self._region.slots_begun:.3g}")
        if self.lag:
            found.append(f"lag {self.lag:g}")
        ratios = (
            ("lie", self.lie),
            ("uncount", self.uncount),
            ("lose-tx", self.lose_tx),
            ("drop-tx", self.drop_tx),
            ("drop-account", self.drop_account),
            ("drop-slot", self.drop_slot),
            ("duplicate", self.duplicate),
        )
        return found + [f"{word} {ratio:g}" for word, ratio in ratios if ratio]

    @property
    def deaf(self) -> bool:
        """Nothing of the validator reaches the server."""
        return self.killed or self.muted or self.stalled

    def apply(self, fault: str, argument: str | None) -> str:
        """Do it; returns what was done, for a person. Raises ValueError saying what is allowed."""
        if fault in _USUAL_RATIOS:
            return self._set_ratio(fault, argument)
        if fault == "lag":
            return self._set_lag(argument)
        if fault == "outage":
            return self._cut_off(argument)
        if fault in CHAIN_WORDS:
            raise ValueError(f"{fault} strikes the chain, and so all regions alike; name all")
        if fault not in WORDS:
            raise ValueError(f"no fault {fault!r}; one of {', '.join(WORDS)}")
        if argument is not None:
            raise ValueError(f"{fault} takes no argument, not {argument!r}")
        if fault in _SWITCHES:
            attribute, told = _SWITCHES[fault]
            setattr(self, attribute, True)
            return f"{self._region.name} {told}"
        if fault in _ENDINGS:
            code, text, told = _ENDINGS[fault]
            count = self._region.end_streams(text, code)
            return f"{self._region.name} {told.format(count=count)}"
        return self._kill() if fault == "kill" else self._heal()

    def told_meta(self, meta: Update) -> Update:
        """The BlockMeta of a slot as this region tells it; drawn once a slot."""
        if self._draw(self.uncount):
            meta = uncounted(meta)
        return lied(meta) if self._draw(self.lie) else meta

    def drops(self, message: Received) -> bool:
        """Decided for each transaction and account write that comes; what is dropped is noted."""
        ratio = self._drop_ratio(message.kind)
        dropped = self._draw(ratio) and self._portion.has(message)
        if not dropped and not self._loses(message):
            return False
        self.losses.lose(message)
        return True

    def drops_slot(self, slot: int) -> bool:
        """Drawn once a slot; what is dropped is noted."""
        if not self._draw(self.drop_slot) or not self._portion.has_slot(slot):
            return False
        self.losses.lose_slot(slot)
        return True

    def repeats(self) -> bool:
        """Drawn for each message of each ring."""
        repeated = self._draw(self.duplicate)
        self.repeated_messages += repeated
        return repeated

    def _drop_ratio(self, kind: Kind) -> float:
        if kind is Kind.TRANSACTION:
            return self.drop_tx
        return self.drop_account if kind is Kind.ACCOUNT else 0.0

    def _loses(self, message: Received) -> bool:
        if not self.lose_tx or message.kind is not Kind.TRANSACTION:
            return False
        return crc32(message.transaction.signature) < self.lose_tx * 2**32

    def _draw(self, ratio: float) -> bool:
        return ratio > 0 and self._dice.random() < ratio

    def _kill(self) -> str:
        self.killed = True
        count = self._region.end_streams("connection reset by peer")
        return f"{self._region.name} is dead; {count} streams ended"

    def _heal(self) -> str:
        was = self.active
        if self.killed:
            self._region.restart()
        self.killed = self.refusing = self.muted = self.stalled = False
        self.lag = 0.0
        self._out_until = -inf
        self.lie = self.uncount = 0.0
        self.lose_tx = self.drop_tx = self.drop_account = self.drop_slot = self.duplicate = 0.0
        self._region.shift(0.0)
        if not was:
            return f"{self._region.name}: nothing was wrong"
        return f"{self._region.name} is healed of {', '.join(was)}"

    def _cut_off(self, argument: str | None) -> str:
        slots = _number("outage", argument, "slots, above 0, as 30")
        if slots <= 0:
            raise ValueError(f"outage takes slots, above 0, as 30; not {argument!r}")
        begun = self._region.slots_begun
        if not isfinite(begun):
            raise ValueError("the chain has not begun, and an outage is counted in its slots")
        self._out_until = begun + slots
        count = self._region.end_streams("connection reset by peer")
        return f"{self._region.name} is out of reach for {slots:g} slots; {count} streams ended"

    def _set_lag(self, argument: str | None) -> str:
        seconds = _number("lag", argument, "seconds, 0 or more, as 2.5")
        if seconds < 0:
            raise ValueError(f"lag takes seconds, 0 or more, as 2.5; not {argument!r}")
        self.lag = seconds
        self._region.shift(seconds)
        return f"{self._region.name} runs {seconds:g} s late"

    def _set_ratio(self, fault: str, argument: str | None) -> str:
        allowed = f"a ratio from 0 to 1, as {_USUAL_RATIOS[fault]}"
        ratio = _USUAL_RATIOS[fault] if argument is None else _number(fault, argument, allowed)
        if not 0 <= ratio <= 1:
            raise ValueError(f"{fault} takes {allowed}; not {argument!r}")
        setattr(self, fault.replace("-", "_"), ratio)
        return f"{self._region.name} does {fault} at a ratio of {ratio:g}"


def _number(fault: str, argument: str | None, allowed: str) -> float:
    try:
        number = float("" if argument is None else argument)
    except ValueError as wrong:
        raise ValueError(f"{fault} takes {allowed}; not {argument!r}") from wrong
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(f"{fault} takes {allowed}; not {argument!r}")
    return number
