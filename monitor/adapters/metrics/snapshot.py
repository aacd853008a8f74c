"""What the daemon has counted, at one moment; made when Prometheus asks, so that counting costs nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor.core.certificates import Coverage
from monitor.core.chain import Commitment
from monitor.core.endpoint_health import EndpointHealth, Role
from monitor.core.findings import Cause
from monitor.core.standing import Standing
from monitor.ports import RpcTally


@dataclass(frozen=True, slots=True)
class EndpointCounts:
    """One endpoint since the start of the daemon."""

    messages: Mapping[str, int] = field(default_factory=dict)
    """By kind, in the words of `core.chain.KIND_WORDS`."""
    frames_bytes: int = 0
    duplicates: int = 0
    missed: int = 0
    """Updates of closed slots that its unbroken stream should have brought, and did not."""
    errors: Mapping[str, int] = field(default_factory=dict)
    """Ended streams by reason, in the words of `core.endings.EndReason`."""
    filter_disagreements: int = 0
    """Updates on which the server's filter and ours disagreed, of one in a thousand that is judged twice."""
    open_feeds: int = 0
    last_message_age: float | None = None
    """Seconds since anything came; None: nothing ever did."""
    reader: str | None = None
    """How its stream is read, as `ingest.reader`; None while unknown."""


@dataclass(frozen=True, slots=True)
class EndpointState:
    """What one endpoint is like now."""

    health: EndpointHealth
    region: str = ""
    role: Role = Role.HOT
    findings: Mapping[Cause, int] = field(default_factory=dict)
    """How often each cause was found against it, since the start of the daemon."""
    is_promoted: bool = False
    """An operator gave it a place, or wants it to have one."""
    drain_ends_in: float | None = None
    """Seconds until its drain ends by itself; None: it is not drained, or until somebody ends that."""
    promotion_ends_in: float | None = None
    """Seconds until its promotion ends by itself; None: it is not promoted, or until somebody ends that."""


@dataclass(frozen=True, slots=True)
class SinkCounts:
    """One sink since the start of the daemon."""

    events: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By monitor and kind."""
    queued_bytes: int = 0
    records: int = 0
    """Those that it acknowledged."""
    failures: int = 0
    """Tries to write or to make safe that it refused."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All counts. A None is left out of the exposition: an unknown number is no 0."""

    endpoints: Mapping[str, EndpointCounts] = field(default_factory=dict)
    states: Mapping[str, EndpointState] = field(default_factory=dict)
    """By endpoint."""
    sinks: Mapping[str, SinkCounts] = field(default_factory=dict)
    slots: Mapping[str, int] = field(default_factory=dict)
    """Certificates by what they say of their slot, in the words of `core.certificates.SlotEnd`."""
    gaps: int | None = None
    """Slots that were finalized with something of them missing, completed since or not."""
    open_slots: int | None = None
    """Those of them that are not completed."""
    frontiers: Mapping[str, int] = field(default_factory=dict)
    """By commitment word."""
    durable_slot: int | None = None
    """Highest slot up to which all is safe in every sink."""
    tip_slot: int | None = None
    coverage: Coverage | None = None
    shed: Mapping[str, int] = field(default_factory=dict)
    """Events given up, by reason."""
    store_failures: int | None = None
    """Tries to keep certificates and cursors that the disk refused."""
    commitment: Commitment | None = None
    """At which events of new slots are released."""
    commitment_decisions: Mapping[str, int] = field(default_factory=dict)
    """Changes of it since the start of the daemon, by direction."""
    undos: int | None = None
    """Versions of slots that were taken back."""
    recovery: Standing | None = None
    rpcs: Sequence[RpcTally] = ()
    now: float = 0.0
    """Seconds of the clock that `recovery` tells its times in."""
