"""The sections of the configuration file, each with its keys, defaults and bounds."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from monitor.app.configuration_filters import Level, MonitorShape
from monitor.app.configuration_values import (
    U64,
    AtLeastOne,
    Core,
    Filled,
    GrpcUrl,
    HeaderName,
    HeaderText,
    HttpUrl,
    ListenAddress,
    Memory,
    Name,
    Seconds,
    SecondsAboveZero,
)
from monitor.ports import Endpoint

AboveZero = Annotated[float, Field(gt=0)]
PROFILES: Final = ("aggressive", "balanced", "conservative")
ProfileName = Literal["aggressive", "balanced", "conservative"]


@dataclass(frozen=True, slots=True)
class EndpointLimits:
    """What an endpoint's plan allows; null is unknown, learned from refusals."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    streams: AtLeastOne | None = None
    filters: AtLeastOne | None = None
    pubkeys: AtLeastOne | None = None
    cuckoo: bool | None = None
    """Whether the server reads cuckoo sets: lists of over 1,000 keys then go out as one."""


@dataclass(frozen=True, slots=True)
class EndpointShape:
    """One Yellowstone endpoint."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    name: Name
    url: GrpcUrl
    region: str = ""
    provider: str = ""
    priority: AtLeastOne = 1
    token: Filled | None = field(default=None, repr=False)
    ca_file: Filled | None = None
    limits: EndpointLimits = EndpointLimits()

    def endpoint(self, directory: Path) -> Endpoint:
        """The endpoint for the rest of the daemon; `directory` is where relative paths start."""
        return Endpoint(
            name=self.name,
            url=self.url,
            region=self.region,
            provider=self.provider,
            priority=self.priority,
            token=self.token,
            ca_file=None if self.ca_file is None else str(directory / self.ca_file),
            max_streams=self.limits.streams,
            max_filters=self.limits.filters,
            max_pubkeys=self.limits.pubkeys,
            cuckoo=self.limits.cuckoo,
        )


@dataclass(frozen=True, slots=True)
class Failover:
    """How several endpoints are used."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    enabled: bool = True
    """False: the first endpoint only."""
    strategy: Literal["race", "standby", "spread"] = "race"
    hot: AtLeastOne = 3
    """Hot feeds at once; standby has one."""
    health_check_interval: SecondsAboveZero = 30.0
    """From one question how an endpoint does, beside its stream, to the next; what it is, is asked every ten minutes."""
    confirm_quorum: AtLeastOne | None = None
    """Endpoints of different providers that must name a slot's blockhash; None: the profile's, as far as there are."""
    quorum_wait: Seconds = 30.0
    """How long a slot waits for them before it goes on with fewer."""
    quorum_strict: bool = False
    """True: it waits for ever."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """How streams are read."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    reader: Literal["auto", "segregated", "single_threaded", "plain"] = "auto"
    workers: Literal["thread", "process"] = "thread"
    """process: one for each endpoint, 60 MB each; worth it where one core is not enough (SPEED 6)."""
    cores: Annotated[tuple[Core, ...], Field(min_length=1)] | None = None
    """CPU numbers that the daemon keeps to; None: all."""
    event_engine: Literal["default", "off"] = "default"
    """off sets GRPC_EXPERIMENTS=-event_engine_client before grpc is imported (SPEED 4)."""
    max_message_mb: AboveZero | None = None
    """None: messages of any size."""
    feed_buffer_mb: AboveZero = 64.0
    """Bytes that one feed may hold for the loop before its receiving pauses. A guess: about a second of full mainnet."""
    gzip: bool = False
    """Let servers compress: worth it only where the line is slow."""


@dataclass(frozen=True, slots=True)
class RpcShape:
    """One JSON-RPC service."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    name: Name
    url: HttpUrl = field(repr=False)
    requests_per_second: AboveZero | None = None
    """None: the profile's."""
    archive: bool = False
    """Keeps everything and is slower: asked last."""
    headers: dict[HeaderName, HeaderText] = field(default_factory=dict, repr=False)
    """Sent with every request, as credentials are."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """How gaps are repaired."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    enabled: bool = True
    """False: what the streams and their own replays do not bring stays partial."""
    batch_size: AtLeastOne = 100
    """Slots that are asked of RPCs at a time, at most."""
    max_retries: AtLeastOne = 3
    """Failed tries on one rung of the ladder before the next is taken."""
    max_catchup_slots: AtLeastOne = 100_000
    """The longest gap, between what was settled and the tip, that a start catches up with unasked."""
    on_catchup_exceeded: Literal["refuse", "skip", "catch_up"] = "refuse"
    """Of a longer one: do not start, begin at the tip and record what was skipped, or catch up all the same."""
    on_lost: Literal["hold", "continue"] = "hold"
    """What a slot that no rung can bring does to the frontier: holds it until it is signed off, or not."""
    workers: AtLeastOne | None = None
    """Processes that read blocks of RPCs; None: one for every two CPUs."""


@dataclass(frozen=True, slots=True)
class CommitmentShape:
    """When events are released; None: the profile's."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    strategy: Literal["fixed", "adaptive"] | None = None
    level: Level | None = None
    max_latency: SecondsAboveZero | None = None
    max_throughput: AboveZero | None = None


@dataclass(frozen=True, slots=True)
class JsonlSink:
    """Records in a file, one a line, rotated by size and time."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    name: Name
    kind: Literal["jsonl"]
    monitors: Annotated[tuple[str, ...], Field(min_length=1)]
    path: Filled
    rotate_mb: AboveZero | None = 512.0
    rotate_every: SecondsAboveZero | None = 3600.0
    keep: AtLeastOne | None = None
    """Rotated files kept; None: all."""
    sync: SecondsAboveZero = 1.0
    order: Literal["slot", "arrival"] = "slot"
    hold: Seconds = 2.0


@dataclass(frozen=True, slots=True)
class StdoutSink:
    """Records on standard output."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    name: Name
    kind: Literal["stdout"]
    monitors: Annotated[tuple[str, ...], Field(min_length=1)]
    order: Literal["slot", "arrival"] = "slot"
    hold: Seconds = 2.0


@dataclass(frozen=True, slots=True)
class NullSink:
    """Records made and thrown away: for measuring."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    name: Name
    kind: Literal["null"]
    monitors: Annotated[tuple[str, ...], Field(min_length=1)]
    order: Literal["slot", "arrival"] = "slot"
    hold: Seconds = 2.0


Sink = JsonlSink | StdoutSink | NullSink


@dataclass(frozen=True, slots=True)
class Signals:
    """What the daemon may subscribe to on its own."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    chain: Literal["meta", "status", "full"] = "meta"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the daemon may take of the machine."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    memory_mb: Memory = 2048
    cpu_percent: AboveZero = 50.0


@dataclass(frozen=True, slots=True)
class Log:
    """How much is logged, and how it looks."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    level: Literal["debug", "info", "warning", "error"] = "info"
    form: Literal["auto", "json", "text"] = "auto"
    """auto: text on a terminal, else one JSON object a line."""


@dataclass(frozen=True, slots=True)
class Api:
    """Where the daemon answers."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    listen: ListenAddress = "127.0.0.1:3002"


@dataclass(frozen=True, slots=True)
class ConfigurationShape:
    """The whole file."""

    __pydantic_config__ = ConfigDict(extra="forbid")
    endpoints: Annotated[tuple[EndpointShape, ...], Field(min_length=1)]
    profile: ProfileName = "balanced"
    state_dir: Filled = "/var/lib/chain-monitor"
    failover: Failover = Failover()
    ingest: Ingest = Ingest()
    rpc: tuple[RpcShape, ...] = ()
    recovery: Recovery = Recovery()
    commitment: CommitmentShape = CommitmentShape()
    monitors: tuple[MonitorShape, ...] = ()
    sinks: tuple[Annotated[Sink, Field(discriminator="kind")], ...] = ()
    alerting: dict[str, Any] = field(default_factory=dict, repr=False)
    signals: Signals = Signals()
    limits: Limits = Limits()
    api: Api = Api()
    log: Log = Log()
    start_slot: U64 | None = None
