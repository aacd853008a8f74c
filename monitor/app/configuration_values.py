"""The kinds of value that a configuration holds: durations, addresses, URLs, names."""

import os
import re
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from monitor.app.configuration_mistakes import refused
from monitor.core.chain import Commitment
from monitor.wire import base58

_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""Names become metric labels and filter names: a server takes 128 bytes at most (PROTOCOL 4.7)."""
MAX_U64: Final = 2**64 - 1
LEAST_MB: Final = 160
"""Memory below which nothing useful would be left for buffers."""
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A token of RFC 9110, 5.6.2."""
_OUR_HEADERS: Final = frozenset(
    "accept accept-encoding connection content-encoding content-length content-type host"
    " transfer-encoding".split()
)

LEVELS: Final = {level.name.lower(): level for level in Commitment}
"""The words of the commitment levels."""


def seconds(value: Any) -> float:
    """A duration as `5s`, `100ms`, `1h`, or a bare number of seconds. Raises when it is none, or negative."""
    remedy = "write a number of seconds, or one with a unit: 100ms, 5s, 2m, 1h, 1d"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise refused("is no duration", remedy)
    if isinstance(value, str):
        found = _DURATION.fullmatch(value.strip())
        if found is None:
            raise refused("is no duration", remedy)
        return float(found[1]) * _UNITS[found[2]]
    if value < 0:
        raise refused("is less than nothing", remedy)
    return float(value)


def _above_zero(value: float) -> float:
    if value <= 0:
        raise refused("must be longer than nothing", "write 1s, for example")
    return value


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise refused("is no name", "use 1 to 64 of the characters A-Z a-z 0-9 _ . -")
    return value


def _filled(value: str) -> str:
    if not value.strip():
        raise refused("is empty", "write a value, or leave the key out")
    if any(letter < " " for letter in value):
        raise refused("has control characters", "write it in one line")
    return value


def _pubkey(value: str) -> str:
    try:
        base58.key_bytes(value)
    except ValueError:
        remedy = "copy the address again: 32 to 44 base58 characters"
        raise refused("is no public key", remedy) from None
    return value


def _signature(value: str) -> str:
    try:
        base58.signature_bytes(value)
    except ValueError:
        remedy = "copy the signature again: 64 bytes, up to 88 base58 characters"
        raise refused("is no signature", remedy) from None
    return value


def grpc_url(value: str) -> str:
    """A Yellowstone URL: `http://host:port`, `https://host:port`, or `host:port`. Raises when it is none."""
    remedy = "write https://host:port, http://host:port or host:port"
    bare = "://" not in value
    host, port, rest = _split(f"grpc://{value}" if bare else value, remedy)
    scheme = "" if bare else value.partition("://")[0].lower()
    if scheme not in ("", "http", "https"):
        raise refused(f"has the scheme {scheme}", remedy)
    if not host or (bare and port is None):
        raise refused("names no host and port", remedy)
    if rest not in ("", "/"):
        raise refused(
            "has more than a host and a port", "put a token under `token`, not in the url"
        )
    return value


def http_url(value: str) -> str:
    """A URL of an HTTP service, with a path or without. Raises when it is none."""
    remedy = "write https://host/path or http://host:port"
    scheme = value.partition("://")[0].lower()
    if "://" not in value or scheme not in ("http", "https"):
        raise refused("is no http or https url", remedy)
    if not _split(value, remedy)[0]:
        raise refused("names no host", remedy)
    return value


def _split(url: str, remedy: str) -> tuple[str, int | None, str]:
    """Host, port, and all the rest together; never says the url itself, which may hold a secret."""
    try:
        parts = urlsplit(url)
        user = "" if parts.username is None else f"{parts.username}@"
        rest = parts._replace(scheme="", netloc="").geturl()
        return parts.hostname or "", parts.port, user + rest
    except ValueError:
        raise refused("is no url", remedy) from None


def listen_address(value: str) -> str:
    """`HOST:PORT` of our own, `[::1]:PORT` for IPv6; port 0 is any free one. Raises when it is none."""
    remedy = "write HOST:PORT, as 127.0.0.1:3002; port 0 picks a free one"
    host, port, rest = _split(f"tcp://{value}", remedy)
    if not host or port is None or rest:
        raise refused("is no address to listen on", remedy)
    return value


def _core(value: int) -> int:
    cores = os.cpu_count() or 1
    if not 0 <= value < cores:
        remedy = f"write numbers from 0 to {cores - 1}, or leave the key out"
        raise refused(f"this machine has no CPU {value}", remedy)
    return value


def _memory(value: int) -> int:
    if value < LEAST_MB:
        raise refused("is too little to work in", f"write {LEAST_MB} or more")
    return value


def _header_name(value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise refused("is no name of a header", "write one as Authorization")
    if value.lower() in _OUR_HEADERS:
        raise refused("is a header that the daemon sets itself", "remove it")
    return value


def _header_text(value: str) -> str:
    if not (value.isascii() and value.isprintable() and value == value.strip()):
        raise refused("is no value of a header", "write printable ASCII, without spaces around it")
    return value


def _made_here(value: Any) -> None:
    wrong = "is made by the daemon, of long lists, where the server reads it"
    raise refused(wrong, "remove the key and list the public keys")


Seconds = Annotated[float, BeforeValidator(seconds)]
"""Zero or more."""
SecondsAboveZero = Annotated[float, BeforeValidator(seconds), AfterValidator(_above_zero)]
Name = Annotated[str, AfterValidator(_name)]
Filled = Annotated[str, AfterValidator(_filled)]
Pubkey = Annotated[str, AfterValidator(_pubkey)]
SignatureText = Annotated[str, AfterValidator(_signature)]
GrpcUrl = Annotated[str, AfterValidator(grpc_url)]
HttpUrl = Annotated[str, AfterValidator(http_url)]
ListenAddress = Annotated[str, AfterValidator(listen_address)]
U64 = Annotated[int, Field(ge=0, le=MAX_U64)]
AtLeastOne = Annotated[int, Field(ge=1)]
Core = Annotated[int, AfterValidator(_core)]
"""The number of a CPU of the machine that reads the configuration."""
Memory = Annotated[int, AfterValidator(_memory)]
"""MB that the daemon may take."""
HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderText = Annotated[str, AfterValidator(_filled), AfterValidator(_header_text)]
MadeHere = Annotated[None, BeforeValidator(_made_here)]
"""A key of Yellowstone that the user has no need to write."""
