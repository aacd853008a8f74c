"""The configuration: one file, the profile below it, the environment above it, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from monitor.app.configuration_checks import check_document, check_level, name_null_sinks
from monitor.app.configuration_document import Document, read_document
from monitor.app.configuration_mistakes import refuse
from monitor.app.configuration_reading import read_shape
from monitor.app.configuration_shape import (
    Api,
    ConfigurationShape,
    Failover,
    Ingest,
    JsonlSink,
    Limits,
    Log,
    NullSink,
    Recovery,
    Signals,
    Sink,
    StdoutSink,
)
from monitor.app.configuration_values import LEVELS
from monitor.app.environment import apply_environment
from monitor.app.profiles import PROFILES_DIRECTORY, Batch, Profile, read_profile
from monitor.core.chain import Commitment
from monitor.core.monitors import Monitor
from monitor.ports import Endpoint

__all__ = [
    "Api",
    "Batch",
    "CommitmentPolicy",
    "Configuration",
    "Failover",
    "Ingest",
    "JsonlSink",
    "Limits",
    "Log",
    "NullSink",
    "Recovery",
    "Rpc",
    "Signals",
    "Sink",
    "StdoutSink",
    "load",
]

_WITHOUT_EFFECT: Final = ("alerting", "signals")
"""Sections that are read and checked, and that this release does nothing with."""


@dataclass(frozen=True, slots=True)
class Rpc:
    """One JSON-RPC service; its URL often holds a key, and its headers do, so neither is in a repr."""

    name: str
    url: str = field(repr=False)
    requests_per_second: float
    archive: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class CommitmentPolicy:
    """When events are released."""

    strategy: str
    level: Commitment
    """Of all slots, or while the chain is calm."""
    lowest: Commitment
    highest: Commitment
    max_latency: float | None
    max_throughput: float | None


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that the user decides. Paths are absolute or start at the file's directory; durations are seconds."""

    file: Path
    profile: str
    state_dir: Path
    endpoints: tuple[Endpoint, ...]
    """Those to watch: the first one alone when failover is off."""
    failover: Failover
    ingest: Ingest
    rpc: tuple[Rpc, ...]
    """Those to ask: none when recovery is off."""
    recovery: Recovery
    commitment: CommitmentPolicy
    covers: int
    """Whole covers that a slot of filtered updates waits for (DESIGN 5), the profile's."""
    confirm_quorum: int
    """Endpoints of different providers that must name a slot's blockhash (DESIGN 6)."""
    batch: Batch
    monitors: tuple[Monitor, ...]
    sinks: tuple[Sink, ...]
    alerting: Mapping[str, Any] = field(repr=False)
    signals: Signals
    limits: Limits
    api: Api
    log: Log
    start_slot: int | None
    without_effect: tuple[str, ...]
    """Sections and keys that the user wrote and this release does nothing with: worth a warning at the start."""

    def secrets(self) -> frozenset[str]:
        """Texts that no log may show."""
        tokens = {endpoint.token for endpoint in self.endpoints if endpoint.token}
        hook = self.alerting.get("webhook_url")
        hooks = {hook} if isinstance(hook, str) else set()
        headers = {text for service in self.rpc for text in service.headers.values()}
        return frozenset(tokens | hooks | headers | {service.url for service in self.rpc})


def load(
    path: Path,
    environ: Mapping[str, str],
    profile: str | None = None,
    profiles: Path = PROFILES_DIRECTORY,
) -> Configuration:
    """Read a configuration; a `profile` given here is over the environment, which is over the file.

    Raises: ConfigurationRefused with one line for every mistake.
    """
    document = read_document(path, environ)
    apply_environment(document, environ)
    if profile is not None:
        document.put(("profile",), profile, "--profile")
    name_null_sinks(document)
    shape = read_shape(document, ConfigurationShape)
    check_document(document)
    chosen = None if shape is None else read_profile(shape.profile, profiles)
    if shape is None or chosen is None:
        raise refuse(path, document.mistakes)
    check_level(document, shape.profile, chosen.commitment.allowed())
    if document.mistakes:
        raise refuse(path, document.mistakes)
    return _configuration(document, shape, chosen)


def _configuration(
    document: Document, shape: ConfigurationShape, profile: Profile
) -> Configuration:
    directory = document.file.parent
    endpoints = tuple(endpoint.endpoint(directory) for endpoint in shape.endpoints)
    watched = endpoints if shape.failover.enabled else endpoints[:1]
    commitment = shape.commitment
    return Configuration(
        file=document.file,
        profile=shape.profile,
        state_dir=directory / shape.state_dir,
        endpoints=watched,
        failover=shape.failover,
        ingest=shape.ingest,
        rpc=tuple(
            Rpc(
                name=rpc.name,
                url=rpc.url,
                requests_per_second=rpc.requests_per_second or profile.requests_per_second,
                archive=rpc.archive,
                headers=rpc.headers,
            )
            for rpc in (shape.rpc if shape.recovery.enabled else ())
        ),
        recovery=shape.recovery,
        commitment=CommitmentPolicy(
            strategy=commitment.strategy or profile.commitment.strategy,
            level=LEVELS[commitment.level or profile.commitment.level],
            lowest=LEVELS[profile.commitment.lowest],
            highest=LEVELS[profile.commitment.highest],
            max_latency=commitment.max_latency,
            max_throughput=commitment.max_throughput,
        ),
        covers=profile.covers,
        confirm_quorum=shape.failover.confirm_quorum
        or min(profile.confirm_quorum, _providers(watched)),
        batch=profile.batch,
        monitors=tuple(monitor.monitor() for monitor in shape.monitors),
        sinks=tuple(_located(sink, directory) for sink in shape.sinks),
        alerting=shape.alerting,
        signals=shape.signals,
        limits=shape.limits,
        api=shape.api,
        log=shape.log,
        start_slot=shape.start_slot,
        without_effect=tuple(key for key in _WITHOUT_EFFECT if document.content.get(key)),
    )


def _providers(endpoints: tuple[Endpoint, ...]) -> int:
    """How many there are; an endpoint that names none is a provider of its own."""
    return len({endpoint.provider or f"\n{endpoint.name}" for endpoint in endpoints})


def _located(sink: Sink, directory: Path) -> Sink:
    if isinstance(sink, JsonlSink):
        return replace(sink, path=str(directory / sink.path))
    return sink
