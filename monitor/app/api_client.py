"""Asks a running daemon over its HTTP API, for the commands that show how things are."""

import json
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import ProxyHandler, build_opener

from monitor.core.errors import DaemonNotAsked

USUAL_ADDRESS: Final = "http://127.0.0.1:3002"
PATIENCE: Final = 10.0
"""Seconds that a daemon may take to answer. Guessed: it answers in milliseconds unless it hangs."""
PAGE: Final = 1000
"""Slots asked for at a time: as many as the API gives."""
_LONGEST: Final = 200
"""Characters of a foreign answer that are worth showing."""


def address_of(api: str | None, state_dir: Path | None) -> str:
    """Where the daemon is: `api` if given, else what it wrote into its state directory, else USUAL_ADDRESS.

    Raises: DaemonNotAsked.
    """
    if api is not None:
        address = api if "://" in api or ":" not in api else f"http://{api}"
    elif state_dir is not None:
        address = _written_address(state_dir / "api.url")
    else:
        address = USUAL_ADDRESS
    if not _is_address(address):
        named = address or "an empty text"
        raise DaemonNotAsked(f"{named} is no address of a daemon; write http://HOST:PORT")
    return address.rstrip("/")


def _is_address(address: str) -> bool:
    """Whether it names a scheme that is spoken here, a host, and a port that can be."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    is_host = bool(parts.hostname) and " " not in parts.netloc
    return parts.scheme in ("http", "https") and is_host and port != 0


def _written_address(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no text"
        raise DaemonNotAsked(
            f"{file}: {reason}; start the daemon, or name its address with --api URL"
        ) from error


def ask_status(address: str) -> dict[str, Any]:
    """The answer of `/api/v1/status`. Raises: DaemonNotAsked."""
    return _object(address, _ask(address, "/api/v1/status"))


def ask_recovery(address: str) -> dict[str, Any]:
    """The answer of `/api/v1/recovery`. Raises: DaemonNotAsked."""
    return _object(address, _ask(address, "/api/v1/recovery"))


def ask_commitment(address: str) -> dict[str, Any]:
    """The answer of `/api/v1/commitment`. Raises: DaemonNotAsked."""
    return _object(address, _ask(address, "/api/v1/commitment"))


def ask_endpoints(address: str) -> list[dict[str, Any]]:
    """The endpoints in the answer of `/api/v1/performance/endpoints`. Raises: DaemonNotAsked."""
    told = _object(address, _ask(address, "/api/v1/performance/endpoints"))
    found: list[dict[str, Any]] = told.get("endpoints", [])
    return found


def ask_slots(address: str, first: int | None, end: int | None) -> Iterator[dict[str, Any]]:
    """Certificates of slots from `first` to `end`, `end` excluded, as DESIGN 10 names their keys, ascending.

    A bound that is None is the daemon's choice: the newest slots. Raises: DaemonNotAsked.
    """
    if first is None or end is None:
        yield from _ask_page(address, {"from": first, "to": end})
        return
    for start in range(first, end, PAGE):
        yield from _ask_page(address, {"from": start, "to": min(start + PAGE, end)})


def _ask_page(address: str, bounds: dict[str, int | None]) -> Iterator[dict[str, Any]]:
    query = urlencode({word: slot for word, slot in bounds.items() if slot is not None})
    for line in _ask(address, f"/api/v1/slots?{query}").splitlines():
        yield _object(address, line)


def _ask(address: str, path: str) -> bytes:
    # No proxy: the daemon is near, and a proxy of the environment would be asked for 127.0.0.1 too.
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(address + path, timeout=PATIENCE) as answer:
            body: bytes = answer.read()
            return body
    except HTTPError as error:
        with error:
            why = _refusal(error.read()) or f"HTTP {error.code}"
        raise DaemonNotAsked(f"the daemon at {address} answered: {why}") from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        told = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise DaemonNotAsked(
            f"no daemon answers at {address}: {told}; "
            "start it, or say where it is: --api URL or --state-dir DIR"
        ) from error


def _refusal(body: bytes) -> str | None:
    """What the daemon's own error says; None when it is none of the daemon's."""
    try:
        told = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(told)[:_LONGEST]


def _object(address: str, line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise DaemonNotAsked(
            f"what answers at {address} is no daemon of this release; "
            "say where it is: --api URL or --state-dir DIR"
        )
    return told
