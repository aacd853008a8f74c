"""The commitment that events are released at, and why, as the API tells it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Final, Protocol

from monitor.app.wiring import Daemon
from monitor.core.chain import Commitment
from monitor.core.commitment import Decision, LevelPolicy
from monitor.core.strain import Trouble
from monitor.wire.records import utc_text

CONFIGURED: Final = "as configured"
"""Why the level is what it is, where nothing was decided."""


class Choosing(Protocol):
    """Whoever chooses the level."""

    @property
    def level(self) -> Commitment:
        """In force for new slots."""

    @property
    def pinned(self) -> Commitment | None:
        """What an operator says that it is."""

    @property
    def decisions(self) -> Sequence[Decision]:
        """The newest ones, the newest last."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Decisions so far, by direction."""

    @property
    def troubles(self) -> Sequence[Trouble]:
        """What is wrong with the chain, the worst first."""


def choosing(daemon: Daemon) -> Choosing:
    """Whoever chooses in this daemon."""
    return daemon.driver.kernel.switching.adapting


def level_since(daemon: Daemon) -> int | None:
    """The first slot of the level; None while it has never changed."""
    since = daemon.driver.kernel.switching.since
    return since if since >= 0 else None


def commitment_view(
    choosing: Choosing, policy: LevelPolicy, since: int | None, utc_ns: Callable[[int], int]
) -> dict[str, object]:
    """All of it, as plain JSON values; decisions the newest first.

    `since`: the first slot of the level, None while it has never changed. `utc_ns` tells moments of the daemon's clock
    to people.
    """
    pinned = choosing.pinned
    return {
        **level_view(choosing, since),
        "strategy": policy.strategy.value,
        "base": word(policy.base),
        "lowest": word(policy.lowest),
        "highest": word(policy.highest),
        "max_latency": policy.max_latency,
        "max_throughput": policy.max_throughput,
        "pinned": None if pinned is None else word(pinned),
        "troubles": [trouble.words for trouble in choosing.troubles],
        "counts": dict(choosing.counts),
        "decisions": [_decision(each, utc_ns) for each in reversed(choosing.decisions)],
    }


def level_view(choosing: Choosing, since: int | None) -> dict[str, object]:
    """The level in short."""
    decided = choosing.decisions
    return {
        "level": word(choosing.level),
        "since_slot": since,
        "reason": decided[-1].reason if decided else CONFIGURED,
    }


def word(level: Commitment) -> str:
    """As the configuration writes it."""
    return level.name.lower()


def _decision(decision: Decision, utc_ns: Callable[[int], int]) -> dict[str, object]:
    return {
        "at": utc_text(utc_ns(int(decision.at * 1e9))),
        "from": word(decision.came_from),
        "to": word(decision.level),
        "reason": decision.reason,
        "inputs": asdict(decision.conditions),
    }
