"""Asking an endpoint what it is: the two unary calls that a stream does not answer."""

from dataclasses import dataclass
from typing import Final

import anyio.to_thread
import grpc
from google.protobuf.message import DecodeError

from monitor.adapters.grpc.channels import EndpointUnusable, Metadata, metadata_of, open_channel
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.ports import Endpoint
from monitor.wire.pb import geyser_pb2

GET_VERSION: Final = "/geyser.Geyser/GetVersion"
REPLAY_INFO: Final = "/geyser.Geyser/SubscribeReplayInfo"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that was not answered: the gRPC status code's name and the status message."""

    code: str
    text: str


_NOBODY: Final = ("UNAVAILABLE", "DEADLINE_EXCEEDED")
_FOREIGN: Final = Refusal("INTERNAL", "the answer is no protobuf message of this service")


@dataclass(frozen=True, slots=True)
class Probed:
    """What an endpoint said of itself; each answer may be missing by itself."""

    version: str | Refusal
    """The JSON text of GetVersion (PROTOCOL 1)."""
    first_available: int | Refusal | None
    """The oldest slot it can replay; None: it has no replay; u64's largest: nothing to replay yet."""


async def probe(endpoint: Endpoint, settings: GrpcSettings, seconds: float) -> Probed:
    """Ask both, each within this many seconds, in a thread, since grpcio's plain calls block.

    Cancelling it closes the channel, which ends the call and with it the thread.
    """
    try:
        metadata = metadata_of(endpoint)
        channel = open_channel(endpoint, settings)
    except EndpointUnusable as error:
        refusal = Refusal(error.code, str(error))
        return Probed(refusal, refusal)
    with channel:
        return await anyio.to_thread.run_sync(
            _ask_both, channel, metadata, seconds, abandon_on_cancel=True
        )


def _ask_both(channel: grpc.Channel, metadata: Metadata, seconds: float) -> Probed:
    version = _ask(channel, GET_VERSION, metadata, seconds)
    if isinstance(version, Refusal) and version.code in _NOBODY:
        return Probed(version, version)  # asking again would only connect and wait again
    replay = _ask(channel, REPLAY_INFO, metadata, seconds)
    return Probed(
        version if isinstance(version, Refusal) else _version(version),
        replay if isinstance(replay, Refusal) else _first_available(replay),
    )


def _ask(channel: grpc.Channel, path: str, metadata: Metadata, seconds: float) -> bytes | Refusal:
    """One call with an empty request, whose encoding is no bytes at all."""
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
    try:
        return call(b"", timeout=seconds, metadata=metadata)
    except grpc.RpcError as error:
        return Refusal(error.code().name, error.details() or "")


def _version(answer: bytes) -> str | Refusal:
    try:
        return geyser_pb2.GetVersionResponse.FromString(answer).version
    except DecodeError:
        return _FOREIGN


def _first_available(answer: bytes) -> int | Refusal | None:
    try:
        info = geyser_pb2.SubscribeReplayInfoResponse.FromString(answer)
    except DecodeError:
        return _FOREIGN
    return info.first_available if info.HasField("first_available") else None
