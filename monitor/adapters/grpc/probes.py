"""The ports `Prober` and `Sounder` over grpcio: what endpoints say of themselves, each question on a connection of its own.

A connection for a question costs little, is never in the way of a stream, and reaches the server that is there now.
"""

from collections.abc import Sequence
from typing import Final

import anyio

from monitor.adapters.grpc.probe import Refusal, ask_floor, check, probe
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.core.endpoint_profile import EndpointCheck, EndpointProfile, ServerFamily
from monitor.core.events import FloorTold
from monitor.core.floors import NOTHING_STORED, PATIENCE
from monitor.ports import Clock, Endpoint
from monitor.wire.server_family import family_of, version_words

PROBE_SECONDS: Final = 5.0
"""How long an endpoint may take for each answer of a probe. Guessed: nothing waits for them."""
_AT_ONCE: Final = 8
"""Endpoints asked for their floors at the same time, in threads of their own. Guessed."""


class GrpcProbes:
    """Asks the endpoints of one configuration."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        settings: GrpcSettings,
        clock: Clock,
        seconds: float = PROBE_SECONDS,
    ) -> None:
        self._endpoints = endpoints
        self._settings = settings
        self._clock = clock
        self._seconds = seconds
        self._limiter: anyio.CapacityLimiter | None = None

    async def floor(self, endpoint: int) -> FloorTold:
        """How far back the endpoint can replay, if it says so as long as anything waits for it."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_AT_ONCE)  # needs a running loop
        found = await ask_floor(self._endpoints[endpoint], self._settings, PATIENCE, self._limiter)
        if isinstance(found, Refusal):
            return FloorTold(endpoint)
        return FloorTold(endpoint, found, has_replay=found is not None)

    async def profile(self, endpoint: int) -> EndpointProfile:
        """All that the endpoint says of itself."""
        found = await probe(self._endpoints[endpoint], self._settings, self._seconds)
        version, first = found.version, found.first_available
        return EndpointProfile(
            endpoint,
            ServerFamily.UNKNOWN if isinstance(version, Refusal) else family_of(version),
            None if isinstance(version, Refusal) else version_words(version),
            _words(version) if isinstance(version, Refusal) else None,
            _has_replay(first),
            _floor(first),
            found.tip,
            "gzip" if self._settings.gzip else "identity",
            found.latency,
            self._clock.now(),
        )

    async def check(self, endpoint: int) -> EndpointCheck:
        """How the endpoint does."""
        found = await check(self._endpoints[endpoint], self._settings, self._seconds)
        first = found.first_available
        return EndpointCheck(
            _has_replay(first), _floor(first), found.tip, found.latency, self._clock.now()
        )


def _has_replay(first: int | Refusal | None) -> bool | None:
    return None if isinstance(first, Refusal) else first is not None


def _floor(first: int | Refusal | None) -> int | None:
    return first if isinstance(first, int) and first < NOTHING_STORED else None


def _words(refusal: Refusal) -> str:
    return f"{refusal.code}: {refusal.text}" if refusal.text else refusal.code
