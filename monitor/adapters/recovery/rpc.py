"""One JSON-RPC server, asked over HTTP/1.1: nothing that it does raises, all becomes a `Refusal`.

Answers stay as they came, gzipped or not, for whoever reads them does so in a process of its own; only small ones, which
may be errors, are looked at here, and large ones that could not be read. HTTP/2 and decoding here cost more (BACKFILL 1).
"""

import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
import httpx2
import orjson

from monitor.adapters.recovery.allowance import Allowance
from monitor.adapters.recovery.lane import Lane
from monitor.core.errors import AccountsMalformed, BlockMalformed, BlockUnfinished
from monitor.core.rates import MOST_CALLS
from monitor.core.rungs import Verdict
from monitor.ports import Clock, Dice, RpcTally
from monitor.wire.rpc_answers import Refusal, refusal

LARGEST_ANSWER: Final = 64 * 1024 * 1024
"""Bytes, as they come. Nine times a large block of 2025."""
LARGEST_PLAIN: Final = 4 * LARGEST_ANSWER
"""Bytes, unpacked, that are looked at outside of the mapping."""
SMALL: Final = 64 * 1024
"""Bytes, unpacked: an answer up to here may be an error, and is looked at."""
_FIRST_EXPECTED: Final = 2 * 1024 * 1024
"""Bytes that the first answers are expected to have: a large gzipped block."""
_GZIP: Final = b"\x1f\x8b"
_HEADERS: Final = {
    "accept": "application/json",
    "accept-encoding": "gzip",
    "content-type": "application/json",
    "user-agent": "chain-monitor",
}

_MALFORMED: Final = Refusal(Verdict.FAILED, "malformed")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a call may take."""

    connect: float = 3.0
    whole: float = 20.0
    """From sending to the last byte. A guess: 7 MB at 3 Mbit/s."""


ARCHIVE_PATIENCE: Final = Patience(whole=60.0)


@dataclass(frozen=True, slots=True)
class RpcEndpoint:
    """One JSON-RPC URL, as the user wrote it."""

    name: str
    url: str = field(repr=False)
    """`http://...` or `https://...`; may hold a token."""
    requests_per_second: float | None = None
    """None: no limit."""
    archive: bool = False
    """Keeps everything and is slower: asked on the last rung, and before as a witness where others are too few or disagree."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    patience: Patience | None = None
    """None: `ARCHIVE_PATIENCE` for an archive, else `Patience()`."""


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Rpc:
    """All calls to one server."""

    def __init__(
        self,
        endpoint: RpcEndpoint,
        allowance: Allowance,
        tls: ssl.SSLContext | None,
        clock: Clock,
        dice: Dice,
    ) -> None:
        """`allowance`, `tls`: shared by all RPCs; None where all are cleartext."""
        self.endpoint = endpoint
        self.tally = RpcTally(endpoint.name)
        self.lane = Lane(endpoint.requests_per_second, self.tally, clock, dice)
        self._allowance = allowance
        self._clock = clock
        self._patience = endpoint.patience or (ARCHIVE_PATIENCE if endpoint.archive else Patience())
        self._expected_bytes = _FIRST_EXPECTED
        self._client = httpx2.AsyncClient(
            headers={**_HEADERS, **endpoint.headers},
            verify=False if tls is None else tls,
            http2=False,
            trust_env=False,
            limits=httpx2.Limits(
                max_connections=2 * MOST_CALLS,
                max_keepalive_connections=MOST_CALLS,
                keepalive_expiry=30.0,
            ),
            timeout=httpx2.Timeout(self._patience.whole, connect=self._patience.connect),
        )

    async def ask(
        self,
        method: str,
        params: Sequence[Any],
        read: Callable[[bytes], Awaitable[T]],
        sent: Callable[[], None],
    ) -> T | Refusal:
        """Make one call, when its turn comes; `sent` is called when it goes.

        `read` makes the answer out of the body, gzipped or not; it raises BlockMalformed, BlockUnfinished or AccountsMalformed.
        """
        async with AsyncExitStack() as held:
            async with self.lane.place():
                hold = await held.enter_async_context(self._allowance.hold(self._expected_bytes))
                ticket = await self.lane.turn(method)
                if isinstance(ticket, Refusal):
                    return ticket
                began, in_use = self._clock.now(), self.lane.in_use
                sent()
                reply = await self._exchange(_payload(method, params), ticket, began)
            if isinstance(reply, Refusal):
                return self._refused(reply, began, method)
            hold.resize(len(reply.body))
            self._expected_bytes = max(len(reply.body), self._expected_bytes * 9 // 10)
            found = await self._judge(reply, read)
            if isinstance(found, Refusal):
                return self._refused(found, began, method)
            self.lane.answered(reply.seconds, in_use, method)
            return found

    async def close(self) -> None:
        """End its connections; calls under way are to be cancelled before."""
        await self._client.aclose()

    async def _exchange(self, payload: bytes, ticket: float, began: float) -> _Reply | Refusal:
        try:
            with anyio.fail_after(self._patience.whole):
                async with self._client.stream(
                    "POST", self.endpoint.url, content=payload
                ) as response:
                    self.lane.reached(ticket)
                    body = await _whole(response)
        except (TimeoutError, httpx2.TimeoutException):
            return Refusal(Verdict.FAILED, "timeout")
        except httpx2.TransportError:
            self.lane.reached(ticket)
            return Refusal(Verdict.FAILED, "unreachable")
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return _MALFORMED
        except anyio.get_cancelled_exc_class():
            self.lane.given_up(self._clock.now() - began)
            raise
        if body is None:
            return _MALFORMED
        headers = {name.lower(): value for name, value in response.headers.items()}
        return _Reply(response.status_code, headers, body, self._clock.now() - began)

    async def _judge(self, reply: _Reply, read: Callable[[bytes], Awaitable[T]]) -> T | Refusal:
        small = unpacked(reply.body, SMALL)
        if reply.status != 200 or small is not None:
            found = self._refusal(reply, small or b"")
            if found is not None:
                return found
        try:
            return await read(reply.body)
        except BlockUnfinished:
            return Refusal(Verdict.NOT_YET, "meta null")
        except (BlockMalformed, AccountsMalformed):
            if small is not None:
                return _MALFORMED
        return await anyio.to_thread.run_sync(self._refusal_of_large, reply) or _MALFORMED

    def _refusal_of_large(self, reply: _Reply) -> Refusal | None:
        return self._refusal(reply, unpacked(reply.body, LARGEST_PLAIN) or b"")

    def _refusal(self, reply: _Reply, body: bytes) -> Refusal | None:
        utc_seconds = self._clock.utc_ns(int(self._clock.now() * 1e9)) / 1e9
        return refusal(reply.status, reply.headers, body, utc_seconds)

    def _refused(self, found: Refusal, began: float, method: str) -> Refusal:
        pause = self.lane.refused(found, began, method)
        return replace(found, retry_after=pause)


def tls_for(endpoints: Sequence[RpcEndpoint]) -> ssl.SSLContext | None:
    """What all of them verify servers by; None where all are cleartext: making it takes 0.2 s."""
    is_needed = any(endpoint.url.lower().startswith("https:") for endpoint in endpoints)
    return httpx2.create_ssl_context() if is_needed else None


def unpacked(body: bytes, most: int) -> bytes | None:
    """A body without its gzip, empty where that is broken; None where there are more bytes than `most`."""
    if not body.startswith(_GZIP):
        return body if len(body) <= most else None
    packed = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        plain = packed.decompress(body, most + 1)
    except zlib.error:
        return b""
    if len(plain) > most:
        return None
    return plain if packed.eof else b""


async def _whole(response: httpx2.Response) -> bytes | None:
    """The body as it comes; None when it is larger than any answer."""
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > LARGEST_ANSWER:
            return None
        parts.append(part)
    return b"".join(parts)


def _payload(method: str, params: Sequence[Any]) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
