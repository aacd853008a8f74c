"""What a user can choose about the simulated cluster."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.families import Family
from monitor.simulator.losses import ALONE, Portion
from monitor.simulator.region import RegionSettings
from monitor.simulator.timed_faults import TimedFault

USUAL_DELAYS: Final = {"ams": 0.020, "nyc": 0.060, "tyo": 0.120}
"""Seconds from the leader to a region of this name; guessed from the distances. Others get 0.05."""

OTHER_DELAY: Final = 0.05

_VERSIONS_APART: Final = 10**9


@dataclass(frozen=True, slots=True)
class SimulateOptions:
    """All of `chain-monitor simulate`. Ports: region i of N listens on `ports + i`, RPC k on `ports + N + k`; 0 picks free ones."""

    regions: tuple[str, ...] = ("ams", "nyc", "tyo")
    rpcs: int = 1
    """JSON-RPC nodes: rpc1, rpc2, ..."""
    slot_time: float = 0.3
    """Seconds a slot."""
    seed: int = 1
    ports: int = 10000
    control: str = "127.0.0.1:9999"
    """Where commands for faults are taken; port 0 picks a free one."""
    truth: Path | None = None
    """What was on the chain, one record a line; None writes none."""
    truth_max_mb: int | None = None
    blocks: Path | None = None
    """Real getBlock answers, one JSON a line, served unmodified instead of a made chain."""
    fill: Path | None = None
    """Real getBlock answers whose transactions fill the endless chain, in place of made ones."""
    age: int = 0
    """Slots that the chain is old when the doors open; RPCs then have the blocks of these slots at hand."""
    start_when: int = 0
    """The chain starts when so many feeds have asked for something; 0: at once."""
    token: str | None = None
    """The x-token that clients must send."""
    delays: dict[str, float] = field(default_factory=dict)
    """Seconds from the leader to a region, where it should differ from the usual."""
    families: dict[str, Family] = field(default_factory=dict)
    """Whose server a region is, where it should not be as `server` says."""
    replays: dict[str, int] = field(default_factory=dict)
    """Slots that a region replays, where it should not be as `server` says."""
    clocks: dict[str, float] = field(default_factory=dict)
    """Seconds by which a region's clock is wrong."""
    own_versions: bool = False
    """Each region counts account writes in numbers of its own."""
    ways: dict[str, float] = field(default_factory=dict)
    """Seconds that each byte to or from a region is under way, where that should be felt (`far`)."""
    least_ping_interval: float | None = None
    """Seconds between HTTP/2 pings of a client, below which regions end its connection; None: they bear any."""
    faults: tuple[TimedFault, ...] = ()
    """What goes wrong by itself."""
    jitter: float = 0.005
    """Seconds: each update is later by up to this much, at random."""
    losses_apart: bool = False
    """What regions drop, no two of them drop both: any two together hold everything."""
    gzip: bool = True
    """Offer gzip, as the real server does."""
    rpc_blocks_kept: int = 256
    """getBlock answers that stay prepared in memory, beside those of `age`."""
    chain: ChainSettings = field(default_factory=ChainSettings)
    """Of a made chain; its slot_time, for block times, is taken from above."""
    server: RegionSettings = field(default_factory=RegionSettings)
    """What every region has in common beyond the above: replay depth, filter limits, queues."""

    def region_settings(self, region: str) -> RegionSettings:
        """How this region's server is set up."""
        return replace(
            self.server,
            family=self.families.get(region, self.server.family),
            replay_stored_slots=self.replays.get(region, self.server.replay_stored_slots),
            version_offset=self._version_offset(region),
            slot_time=self.slot_time,
            delay=self.delays.get(region, USUAL_DELAYS.get(region, OTHER_DELAY)),
            jitter=self.jitter,
            x_token=self.token,
        )

    def _version_offset(self, region: str) -> int:
        return (self.regions.index(region) + 1) * _VERSIONS_APART if self.own_versions else 0

    def portion(self, place: int) -> Portion:
        """What the i-th region may lose."""
        return Portion(place, len(self.regions)) if self.losses_apart else ALONE

    def chain_settings(self) -> ChainSettings:
        """How a made chain is set up; it keeps what it begins with, and its usual window behind that."""
        return replace(self.chain, slot_time=self.slot_time, window=self.chain.window + self.age)

    def unheard(self) -> int:
        """Slots of the chain's past that regions never heard: all but what they may replay, and its finality."""
        deepest = max((self.server.replay_stored_slots, *self.replays.values()))
        recent = deepest + 2 * self.chain.slots_until_finalized
        return max(0, self.age - recent)

    def rpc_ports(self) -> list[int]:
        """The ports of the JSON-RPC nodes, which follow those of the regions."""
        return [self.port_of(len(self.regions) + place) for place in range(self.rpcs)]

    def port_of(self, place: int) -> int:
        """The port of the i-th server."""
        return self.ports + place if self.ports else 0


def rpc_names(rpcs: int) -> tuple[str, ...]:
    """What so many JSON-RPC nodes are called."""
    return tuple(f"rpc{number}" for number in range(1, rpcs + 1))
