"""The shape of a scenario file: what the simulated cluster is like, and what goes wrong when."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from monitor.app.configuration_shape import AboveZero
from monitor.app.configuration_values import Filled, Name, SecondsAboveZero

FamilyWord = Literal["older", "usual", "later", "richat", "laserstream"]
Count = Annotated[int, Field(ge=0)]
FromOne = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Number = Annotated[float, Field(ge=0)]

_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class ScenarioChain:
    """What is on the chain; None: as usual. Counts are of one slot, shares of all slots."""

    __pydantic_config__ = _CLOSED
    votes: FromOne | None = None
    transactions: Count | None = None
    account_writes: Count | None = None
    entries: FromOne | None = None
    skipped: Share | None = None
    forked: Share | None = None
    fork_depth: FromOne | None = None
    """Blocks, at most, that are lost one on the other."""
    dead: Share | None = None
    recreated: Share | None = None
    slots_until_finalized: Count | None = None
    """From confirmed to finalized."""


@dataclass(frozen=True, slots=True)
class ScenarioServer:
    """What all regions have in common; None: as usual."""

    __pydantic_config__ = _CLOSED
    replay_slots: Count | None = None
    """Slots that can be replayed; 0: none, and it says so."""
    replay_rate: AboveZero | None = None
    """Slots of a replay that are sent a second."""
    queue: FromOne | None = None
    """Messages that wait for one client."""
    request_bytes: FromOne | None = None
    """Largest request."""
    streams: FromOne | None = None
    """Open streams of one subscriber."""
    ping_every: SecondsAboveZero | None = None
    """The server's own ping."""
    least_ping_interval: SecondsAboveZero | None = None
    """HTTP/2 pings of a client that come faster end its connection."""
    unary: bool = True
    """The four unary calls about blocks are answered."""


@dataclass(frozen=True, slots=True)
class ScenarioFault:
    """One thing that goes wrong, or is healed."""

    __pydantic_config__ = _CLOSED
    at: Number
    """Slots from the opening of the doors."""
    target: Filled
    """A region, `all`, or an RPC."""
    fault: Filled
    """As the command `fault` takes it: its name, and what follows it."""
    every: AboveZero | None = None
    """Slots after which it comes again."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole file."""

    __pydantic_config__ = _CLOSED
    about: Filled
    """One sentence for the list."""
    trap: Annotated[int, Field(ge=1, le=30)] | None = None
    """The row of the list of traps that it sets the stage for."""
    regions: Annotated[tuple[Name, ...], Field(min_length=1)] = ("ams", "nyc", "tyo")
    rpcs: Annotated[int, Field(ge=1, le=16)] = 1
    slot_time: SecondsAboveZero = 0.3
    seed: int = 1
    age: Count = 0
    """Slots that the chain is old at the start."""
    start_when: Count = 0
    """Feeds that must be open before the chain begins."""
    family: FamilyWord = "usual"
    """Of every server that `families` does not name."""
    families: dict[Name, FamilyWord] = field(default_factory=dict)
    delays: dict[Name, Number] = field(default_factory=dict)
    """Seconds from the leader to a region."""
    ways: dict[Name, AboveZero] = field(default_factory=dict)
    """Seconds that each byte is under way between a region and its clients."""
    replays: dict[Name, Count] = field(default_factory=dict)
    """Slots that a region replays, where it is not as `server` says."""
    clocks: dict[Name, float] = field(default_factory=dict)
    """Seconds by which a region's clock is wrong."""
    own_versions: bool = False
    """Each region has a `write_version` of its own."""
    losses_apart: bool = False
    """No two regions drop the same."""
    chain: ScenarioChain = field(default_factory=ScenarioChain)
    server: ScenarioServer = field(default_factory=ScenarioServer)
    faults: tuple[ScenarioFault, ...] = ()
