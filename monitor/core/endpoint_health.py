"""What is known of one endpoint at one moment: what decisions about it are made from, and what people are shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.core.endings import EndReason


class Role(StrEnum):
    """What an endpoint is used for. The values are the words in views and metrics."""

    HOT = "hot"
    """Its stream carries everything that monitors ask for."""
    WARM = "warm"
    """Its stream carries slots and block metas alone, so that it can be judged and promoted."""
    OFF = "off"
    """No stream is open, and none is to be."""


class Circuit(StrEnum):
    """Whether an endpoint is tried (DESIGN 6)."""

    CLOSED = "closed"
    OPEN = "open"
    """It failed five times without progress: left alone for a while."""
    HALF_OPEN = "half_open"
    """One probe is under way."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Seconds behind the earliest endpoint, slot by slot; None: nothing was compared yet."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """A snapshot. Rates are of the last minutes, between 0 and 1."""

    endpoint: int
    """Its place in the configuration."""
    provider: str = ""
    """Endpoints of one provider fail together; empty: unknown, which is a provider of its own."""
    priority: int = 0
    """As configured: the lower one goes first where nothing else tells them apart."""
    is_open: bool = False
    """Its stream is accepted."""
    circuit: Circuit = Circuit.CLOSED
    lag: float | None = None
    """Seconds behind a tip that two endpoints have seen; None: unknown, or it replays."""
    covered: int = 0
    """Slots that its stream brought whole since it was last asked for something else: how far a hand-over is."""
    is_replaying: bool = False
    """Its stream replays, and tells nothing live meanwhile; or it has just done, and catches up with the tip."""
    silent_for: float = 0.0
    """Seconds without slot progress while its stream is open: of its own where others make progress, else of the chain."""
    miss_rate: float = 0.0
    """Share of what others brought of slots that it should have brought whole, and did not."""
    duplicate_rate: float = 0.0
    """Share of its updates that another endpoint had brought before."""
    first_share: float = 0.0
    """Share of slots that it told first."""
    delay: Delay = Delay()
    errors: Mapping[EndReason, int] = field(default_factory=dict)
    """Endings of its streams by reason."""
    trust: float = 1.0
    """1: nothing speaks against it. Lowered by audits and disagreements, regained slowly; below 0.5 it is isolated."""
    is_drained: bool = False
    """An operator took it out of use."""
    needs_person: bool = False
    """It refuses us until somebody cures that: authorization, a limit of the plan, a foreign service."""
