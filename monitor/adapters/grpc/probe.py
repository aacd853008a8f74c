"""Asking an endpoint what it is: the unary calls that tell what a stream does not."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import anyio
import anyio.to_thread
import grpc
from google.protobuf.message import DecodeError

from monitor.adapters.grpc.channels import EndpointUnusable, Metadata, metadata_of, open_channel
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.ports import Endpoint
from monitor.wire.pb import geyser_pb2

GET_VERSION: Final = "/geyser.Geyser/GetVersion"
REPLAY_INFO: Final = "/geyser.Geyser/SubscribeReplayInfo"
GET_SLOT: Final = "/geyser.Geyser/GetSlot"


Answers = TypeVar("Answers")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that was not answered: the gRPC status code's name and the status message."""

    code: str
    text: str


_NOBODY: Final = ("UNAVAILABLE", "DEADLINE_EXCEEDED")
_FOREIGN: Final = Refusal("INTERNAL", "the answer is no protobuf message of this service")
_PROCESSED: Final = geyser_pb2.GetSlotRequest(commitment=geyser_pb2.PROCESSED).SerializeToString()
_NOTHING: Final = b""
"""An empty request, encoded."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What an endpoint said of itself; each answer may be missing by itself."""

    version: str | Refusal
    """The JSON text of GetVersion (PROTOCOL 1)."""
    first_available: int | Refusal | None
    """The oldest slot it can replay; None: it has no replay; u64's largest: nothing to replay yet."""
    tip: int | None = None
    """Its newest processed slot; None: it did not say, as servers whose unary calls are turned off."""
    latency: float | None = field(default=None, compare=False)
    """Seconds from a question to its answer, once connected: the quicker of two; None: it was never reached."""


@dataclass(frozen=True, slots=True)
class Checked:
    """How an endpoint does: what of `Probed` moves."""

    first_available: int | Refusal | None
    tip: int | None = None
    latency: float | None = None


async def probe(endpoint: Endpoint, settings: GrpcSettings, seconds: float) -> Probed:
    """Ask all, each within this many seconds, in a thread, since grpcio's plain calls block.

    Cancelling it closes the channel, which ends the call and with it the thread.
    """
    found = await _asked(endpoint, settings, seconds, _ask_all)
    return Probed(found, found) if isinstance(found, Refusal) else found


async def check(endpoint: Endpoint, settings: GrpcSettings, seconds: float) -> Checked:
    """Ask what moves alone: two calls, as `probe`."""
    found = await _asked(endpoint, settings, seconds, _ask_moving)
    return Checked(found) if isinstance(found, Refusal) else found


async def _asked(
    endpoint: Endpoint,
    settings: GrpcSettings,
    seconds: float,
    ask: Callable[[grpc.Channel, Metadata, float], Answers],
) -> Answers | Refusal:
    """What is answered over a connection of its own; a refusal where none can be made."""
    try:
        metadata = metadata_of(endpoint)
        channel = open_channel(endpoint, settings)
    except EndpointUnusable as error:
        return Refusal(error.code, str(error))
    with channel:
        return await anyio.to_thread.run_sync(
            ask, channel, metadata, seconds, abandon_on_cancel=True
        )


async def ask_floor(
    endpoint: Endpoint,
    settings: GrpcSettings,
    seconds: float,
    limiter: anyio.CapacityLimiter | None = None,
) -> int | Refusal | None:
    """As `Probed.first_available`: one call, in a thread that `limiter` grants. Connecting is part of the seconds."""
    try:
        metadata = metadata_of(endpoint)
        channel = open_channel(endpoint, settings)
    except EndpointUnusable as error:
        return Refusal(error.code, str(error))
    with channel:
        answer = await anyio.to_thread.run_sync(
            _ask, channel, REPLAY_INFO, metadata, seconds, abandon_on_cancel=True, limiter=limiter
        )
    return answer if isinstance(answer, Refusal) else _first_available(answer)


def _ask_all(channel: grpc.Channel, metadata: Metadata, seconds: float) -> Probed:
    version = _ask(channel, GET_VERSION, metadata, seconds)
    if isinstance(version, Refusal) and version.code in _NOBODY:
        return Probed(version, version)  # asking again would only connect and wait again
    began = time.monotonic()
    replay = _ask(channel, REPLAY_INFO, metadata, seconds)
    between = time.monotonic()
    slot = _ask(channel, GET_SLOT, metadata, seconds, _PROCESSED)
    latency = min(between - began, time.monotonic() - between)
    return Probed(
        version if isinstance(version, Refusal) else _version(version),
        replay if isinstance(replay, Refusal) else _first_available(replay),
        None if isinstance(slot, Refusal) else _slot(slot),
        latency,
    )


def _ask_moving(channel: grpc.Channel, metadata: Metadata, seconds: float) -> Checked:
    replay = _ask(channel, REPLAY_INFO, metadata, seconds)
    if isinstance(replay, Refusal) and replay.code in _NOBODY:
        return Checked(replay)
    began = time.monotonic()
    slot = _ask(channel, GET_SLOT, metadata, seconds, _PROCESSED)
    return Checked(
        replay if isinstance(replay, Refusal) else _first_available(replay),
        None if isinstance(slot, Refusal) else _slot(slot),
        time.monotonic() - began,
    )


def _ask(
    channel: grpc.Channel,
    path: str,
    metadata: Metadata,
    seconds: float,
    request: bytes = _NOTHING,
) -> bytes | Refusal:
    """One call."""
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
    try:
        return call(request, timeout=seconds, metadata=metadata)
    except grpc.RpcError as error:
        return Refusal(error.code().name, error.details() or "")


def _version(answer: bytes) -> str | Refusal:
    try:
        return geyser_pb2.GetVersionResponse.FromString(answer).version
    except DecodeError:
        return _FOREIGN


def _slot(answer: bytes) -> int | None:
    try:
        return geyser_pb2.GetSlotResponse.FromString(answer).slot
    except DecodeError:
        return None


def _first_available(answer: bytes) -> int | Refusal | None:
    try:
        info = geyser_pb2.SubscribeReplayInfoResponse.FromString(answer)
    except DecodeError:
        return _FOREIGN
    return info.first_available if info.HasField("first_available") else None
