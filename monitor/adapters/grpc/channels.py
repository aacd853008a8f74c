"""Channels: one connection for one stream, with the options that Yellowstone streams need."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import grpc
import grpc.experimental

from monitor.adapters.grpc.settings import GrpcSettings
from monitor.core.errors import MonitorError
from monitor.ports import Endpoint

SUBSCRIBE: Final = "/geyser.Geyser/Subscribe"
SUBSCRIBE_DESHRED: Final = "/geyser.Geyser/SubscribeDeshred"

_IDENTITY_ONLY: Final = 0b001
_IDENTITY_AND_GZIP: Final = 0b101
"""Bits of grpc.compression_enabled_algorithms_bitset: identity, deflate, gzip."""
_BYTES_PER_MB: Final = 1_000_000

Metadata = tuple[tuple[str, str], ...]


class EndpointUnusable(MonitorError):
    """No stream can be tried with what the configuration says; `code` is the gRPC status that fits."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def target_of(url: str) -> tuple[str, bool]:
    """The `host:port` that grpcio dials, and whether TLS is spoken there."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    return (f"[{host}]:{port}" if ":" in host else f"{host}:{port}"), parts.scheme == "https"


def metadata_of(endpoint: Endpoint) -> Metadata:
    """Headers of a call: the token, where there is one. Raises EndpointUnusable."""
    token = endpoint.token
    if token is None:
        return ()
    if not (token.isascii() and token.isprintable()):  # a newline at its end, most likely
        raise EndpointUnusable(
            "UNAUTHENTICATED", "the token holds characters that no header may carry"
        )
    return (("x-token", token),)


def options_of(settings: GrpcSettings, *, single_threaded: bool = False) -> list[tuple[str, int]]:
    """Channel options. BDP probing stays on: windows then grow to what a long way needs (SPEED 7)."""
    limit = settings.max_message_mb
    options = [
        # Channels of equal target share a connection otherwise, and with it one flow-control window.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_receive_message_length", -1 if limit is None else int(limit * _BYTES_PER_MB)),
        ("grpc.max_send_message_length", -1),
        (
            "grpc.compression_enabled_algorithms_bitset",
            _IDENTITY_AND_GZIP if settings.gzip else _IDENTITY_ONLY,
        ),
        # A stream is reopened by the kernel, which knows from where; a silent second try would not.
        ("grpc.enable_retries", 0),
        # In spite of its name this bounds the connection attempt too, handshakes included.
        ("grpc.min_reconnect_backoff_ms", int(settings.connect_timeout * 1000)),
        ("grpc.keepalive_time_ms", int(settings.keepalive * 1000)),
        ("grpc.keepalive_timeout_ms", int(settings.keepalive_timeout * 1000)),
        # A channel lives as long as its one call, so pings without calls would only earn GOAWAY too_many_pings.
        ("grpc.keepalive_permit_without_calls", 0),
        # We hardly ever send, and by default grpcio stops pinging after two pings without. Strict servers (C-core,
        # grpc-go) count pings as abuse only while they send nothing themselves, and a Yellowstone server sends its own
        # ping every 10 to 15 s; one that is silent for longer is lost to us anyway.
        ("grpc.http2.max_pings_without_data", 0),
    ]
    if single_threaded:
        options.append((grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1))
    return options


def open_channel(
    endpoint: Endpoint,
    settings: GrpcSettings,
    *,
    single_threaded: bool = False,
    segregated: bool = False,
) -> grpc.Channel:
    """A channel that connects on its first call, for the one form of call or the other. Raises EndpointUnusable."""
    if segregated:
        from monitor.adapters.grpc.conditions import quick_conditions  # private parts of grpcio

        with quick_conditions():
            return open_channel(endpoint, settings)
    target, tls = target_of(endpoint.url)
    options = options_of(settings, single_threaded=single_threaded)
    if not tls:
        return grpc.insecure_channel(target, options)
    try:
        roots = None if endpoint.ca_file is None else Path(endpoint.ca_file).read_bytes()
    except OSError as error:
        text = f"cannot read ca_file {endpoint.ca_file}: {error.strerror}"
        raise EndpointUnusable("UNAVAILABLE", text) from error
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(roots), options)
