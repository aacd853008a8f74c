"""What goes wrong on the chain itself, for all regions and RPCs alike, on demand."""

from collections.abc import Callable
from dataclasses import replace
from math import inf, isfinite
from typing import Any, Final, Protocol

from monitor.core.chain import Commitment
from monitor.simulator.chain_settings import ChainSettings

_SHARES: Final = {"fork": ("forked", 0.08), "die": ("dead", 0.05), "recreate": ("recreated", 0.05)}
"""By word: the setting of the chain, and the usual share of slots."""
_HOLDS: Final = {
    "stall-finality": (Commitment.FINALIZED, "finalizes nothing for {slots:g} slots"),
    "stall-confirmation": (Commitment.CONFIRMED, "confirms nothing for {slots:g} slots"),
}
CHAIN_WORDS: Final = (*_SHARES, "confirm-late", *_HOLDS, "halt")


class Breakable(Protocol):
    """A chain that can go wrong. Moments are in slots since its first one began."""

    settings: ChainSettings

    def go_wrong(self, settings: ChainSettings) -> None:
        """From the next slot on the shares of these settings hold."""

    def confirm_later(self, slots: float) -> None:
        """From the next slot on a block is confirmed so much later than usual."""

    def hold(self, level: Commitment, begun: float, until: float) -> None:
        """No block reaches the level, nor one above it, in this time."""

    def halt(self, begun: float, until: float) -> None:
        """No block is made in this time, and none settles."""

    def end_holds(self, begun: float) -> None:
        """What is held comes now, and blocks are made again."""

    def held(self, begun: float) -> tuple[Commitment, float] | None:
        """The level that nothing reaches now, and when that ends."""


class ChainFaults:
    """Faults of one chain. Several may be on at once; `heal` ends them all."""

    def __init__(self, chain: Breakable, slots_begun: Callable[[], float]) -> None:
        self._chain = chain
        self._slots_begun = slots_begun
        self._shares = chain.settings
        self._late = 0.0
        self._halted_until = -inf

    @property
    def active(self) -> list[str]:
        """The faults that are on, as `fork 0.08`."""
        begun = self._slots_begun()
        found = [
            f"{word} {getattr(self._shares, name):g}"
            for word, (name, _) in _SHARES.items()
            if getattr(self._shares, name) != getattr(self._chain.settings, name)
        ]
        if self._late:
            found.append(f"confirm-late {self._late:g}")
        held = self._chain.held(begun)
        if held is not None:
            level, until = held
            word = next(word for word, (stalled, _) in _HOLDS.items() if stalled is level)
            is_halted = begun < self._halted_until
            found.append(f"{'halt' if is_halted else word} {until - begun:.3g}")
        return found

    def apply(self, fault: str, argument: str | None) -> str:
        """Do it; returns what was done, for a person. Raises ValueError saying what is allowed."""
        if fault == "heal":
            return self._heal()
        if fault in _SHARES:
            return self._share(fault, argument)
        slots = slots_of(fault, argument, self._chain.settings.slot_time)
        if fault == "confirm-late":
            self._late = slots
            self._chain.confirm_later(slots)
            return f"the chain confirms its next blocks {slots:g} slots later"
        begun = self._slots_begun()
        if not isfinite(begun):
            raise ValueError(f"the chain has not begun, and {fault} is counted in its slots")
        if fault == "halt":
            self._halted_until = begun + slots
            self._chain.halt(begun, begun + slots)
            return f"the chain stands for {slots:g} slots"
        level, told = _HOLDS[fault]
        self._chain.hold(level, begun, begun + slots)
        return f"the chain {told.format(slots=slots)}"

    def _share(self, fault: str, argument: str | None) -> str:
        name, usual = _SHARES[fault]
        share = share_of(fault, argument, usual)
        told: dict[str, Any] = {name: share}
        self._shares = replace(self._shares, **told)
        self._chain.go_wrong(self._shares)
        return f"on the chain {share:g} of all slots {fault} from now on"

    def _heal(self) -> str:
        was = self.active
        self._shares, self._late, self._halted_until = self._chain.settings, 0.0, -inf
        self._chain.go_wrong(self._shares)
        self._chain.confirm_later(0.0)
        if isfinite(begun := self._slots_begun()):
            self._chain.end_holds(begun)
        if not was:
            return "the chain: nothing was wrong"
        return f"the chain is healed of {', '.join(was)}"


def check_chain_fault(fault: str, argument: str | None) -> None:
    """Raises ValueError saying what is allowed."""
    if fault in _SHARES:
        share_of(fault, argument, 0.0)
    else:
        slots_of(fault, argument, 1.0)


def share_of(fault: str, argument: str | None, usual: float) -> float:
    """A share of slots. Raises ValueError."""
    try:
        share = usual if argument is None else float(argument)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{fault} takes a ratio from 0 to 1, as 0.08; not {argument!r}")
    return share


def slots_of(fault: str, argument: str | None, slot_time: float) -> float:
    """Slots, or seconds where an `s` stands behind them. Raises ValueError."""
    text = argument or ""
    try:
        number = float(text.removesuffix("s"))
    except ValueError:
        number = inf
    slots = number / slot_time if text.endswith("s") else number
    if not isfinite(slots) or slots < 0 or (slots == 0 and fault != "confirm-late"):
        raise ValueError(
            f"{fault} takes slots above 0, as 30, or seconds, as 600s; not {argument!r}"
        )
    return slots
