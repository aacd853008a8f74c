"""What may be asked over the control socket: bodies read, checked, and refused with what to write instead."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request

from monitor.core.wishes import Want

LONGEST_REASON: Final = 500
"""Characters of a reason: it stands in the certificate and in the log. Guessed."""
LONGEST_LEASE: Final = 86_400.0
"""Seconds of a drain or a promotion that ends by itself. Guessed: whoever asks for longer is an operator."""
_LONGEST_BODY: Final = 16 * 1024
_LARGEST_SLOT: Final = 2**63 - 1
"""Of the store's numbers."""


async def body_of(request: Request) -> bytes:
    """All of it. Raises: HTTPException, when it is too long."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_BODY:
            raise HTTPException(413, f"the question is longer than {_LONGEST_BODY} bytes")
    return bytes(body)


def signed_off(body: bytes) -> tuple[int, int, str]:
    """The first and the last slot, and the reason, that a question names. Raises: HTTPException."""
    told = _object(body, {"slot", "reason"}, '{"slot": N, "reason": "..."}', {"last"})
    slot, reason = _slot(told["slot"], "slot"), told["reason"]
    last = _slot(told.get("last", slot), "last")
    if last < slot:
        raise HTTPException(400, f"last is before slot {slot}; write the lower one as slot")
    if not isinstance(reason, str) or not reason.strip():
        raise HTTPException(400, "reason is empty; write why the slot may be left out")
    reason = reason.strip()
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise HTTPException(400, f"reason is not one line of up to {LONGEST_REASON} characters")
    return slot, last, reason


def _slot(value: object, name: str) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST_SLOT:
        raise HTTPException(400, f"{name} is no slot; write a whole number such as 300000000")
    return value


def wanted(word: str) -> Want:
    """What the path asks for. Raises: HTTPException."""
    try:
        return Want(word)
    except ValueError:
        words = ", ".join(want.value for want in Want)
        raise HTTPException(404, f"nobody can {word!r} an endpoint; there are: {words}") from None


def wished(want: Want, body: bytes, known: Sequence[str]) -> tuple[str, float | None]:
    """The endpoint that a question names, and of a drain or a promotion for how many seconds, if it says so. Raises: HTTPException."""
    may = {"lease"} if want in (Want.DRAIN, Want.PROMOTE) else set()
    told = _object(body, {"endpoint"}, '{"endpoint": "..."}', may)
    name, lease = told["endpoint"], told.get("lease")
    if name not in known:
        raise HTTPException(404, f"there is no endpoint {name!r}; there are: {', '.join(known)}")
    if lease is None:
        return str(name), None
    if not isinstance(lease, int | float) or not 0 < lease <= LONGEST_LEASE:
        raise HTTPException(400, f"lease is no number of seconds up to {LONGEST_LEASE:.0f}")
    return str(name), float(lease)


def _object(
    body: bytes, keys: set[str], form: str, may: AbstractSet[str] = frozenset()
) -> dict[str, object]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, f"this is no JSON: {error}") from error
    if not isinstance(told, dict) or set(told) - may != keys:
        raise HTTPException(400, f"write {form} and nothing more")
    return told
