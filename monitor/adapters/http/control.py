"""What changes the daemon's state: questions over the Unix socket that only its owner can reach (DESIGN 10)."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.adapters.http.control_address import SIGN_OFF, bind
from monitor.adapters.http.objects import json_answer, show_refusal
from monitor.adapters.http.serving import serve

LONGEST_REASON: Final = 500
"""Characters of a reason: it stands in the certificate and in the log. Guessed."""
_LONGEST_BODY: Final = 16 * 1024
_LARGEST_SLOT: Final = 2**63 - 1
"""Of the store's numbers."""


@dataclass(frozen=True, slots=True)
class Controls:
    """What the control socket can bring about. All are called in the daemon's loop, so they must not block it."""

    sign_off: Callable[[int, str], Awaitable[bool]]
    """Take responsibility for a lost slot, and why; False when it is not lost. It is answered once that is stored."""


class ControlSocket:
    """The control socket of one daemon."""

    def __init__(self, path: Path, controls: Controls) -> None:
        self._path = path
        self._application = application(controls)

    async def serve(self, started: Callable[[], None]) -> None:
        """Answer until cancelled, and remove the socket; `started` is called when connections are taken. Asyncio only.

        Raises: ListenRefused when the socket cannot be made.
        """
        listener = bind(self._path)
        try:
            await serve(self._application, listener, started)
        finally:
            with suppress(OSError):
                self._path.unlink()


def application(controls: Controls) -> Starlette:
    """All routes."""

    async def sign_off(request: Request) -> Response:
        slot, reason = _signed_off(await _body(request))
        if not await controls.sign_off(slot, reason):
            raise HTTPException(
                404,
                f"slot {slot} is not lost; `chain-monitor recovery` shows which are, "
                f"`chain-monitor slots {slot} {slot + 1}` what became of it",
            )
        return json_answer({"signed_off": True})

    return Starlette(
        routes=[Route(SIGN_OFF, sign_off, methods=["POST"])],
        exception_handlers={HTTPException: show_refusal},
    )


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_BODY:
            raise HTTPException(413, f"the question is longer than {_LONGEST_BODY} bytes")
    return bytes(body)


def _signed_off(body: bytes) -> tuple[int, str]:
    """The slot and the reason that a question names. Raises: HTTPException."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, f"this is no JSON: {error}") from error
    if not isinstance(told, dict) or set(told) != {"slot", "reason"}:
        raise HTTPException(400, 'write {"slot": N, "reason": "..."} and nothing more')
    slot, reason = told["slot"], told["reason"]
    if type(slot) is not int or not 0 <= slot <= _LARGEST_SLOT:
        raise HTTPException(400, "slot is no slot; write a whole number such as 300000000")
    if not isinstance(reason, str) or not reason.strip():
        raise HTTPException(400, "reason is empty; write why the slot may be left out")
    reason = reason.strip()
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise HTTPException(400, f"reason is not one line of up to {LONGEST_REASON} characters")
    return slot, reason
