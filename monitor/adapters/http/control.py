"""What changes the daemon's state: questions over the Unix socket that only its owner can reach (DESIGN 10)."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.adapters.http.control_address import SIGN_OFF, WISH, bind
from monitor.adapters.http.control_questions import body_of, signed_off, wanted, wished
from monitor.adapters.http.objects import json_answer, show_refusal
from monitor.adapters.http.serving import serve
from monitor.core.wishes import Want


@dataclass(frozen=True, slots=True)
class SignedOffSlots:
    """What became of a word on lost slots."""

    count: int
    """Slots that are signed off by it."""
    following: int | None = None
    """The first lost one that is not yet, since they are many; None: all are."""


@dataclass(frozen=True, slots=True)
class Controls:
    """What the control socket can bring about. All are called in the daemon's loop, so they must not block it."""

    sign_off: Callable[[int, int, str], Awaitable[SignedOffSlots]]
    """Take responsibility for the slots of a range that are lost, both ends included, and why; answered once that is stored."""
    endpoints: tuple[str, ...]
    """Names that a wish may be of."""
    wish: Callable[[Want, str, float | None], Awaitable[Mapping[str, object]]]
    """Ask something of an endpoint, a drain or a promotion perhaps for so many seconds; answers what was decided, as plain JSON values."""


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
        first, last, reason = signed_off(await body_of(request))
        signed = await controls.sign_off(first, last, reason)
        if not signed.count:
            are_not = (
                f"slot {first} is not" if first == last else f"no slot of {first} to {last} is"
            )
            raise HTTPException(
                404,
                f"{are_not} lost; `chain-monitor recovery` shows which are, "
                f"`chain-monitor slots {first} {last + 1}` what became of it",
            )
        told = {"signed_off": True, "slots": signed.count, "following": signed.following}
        return json_answer(told)

    async def wish(request: Request) -> Response:
        want = wanted(request.path_params["want"])
        name, lease = wished(want, await body_of(request), controls.endpoints)
        return json_answer(await controls.wish(want, name, lease))

    return Starlette(
        routes=[Route(SIGN_OFF, sign_off, methods=["POST"]), Route(WISH, wish, methods=["POST"])],
        exception_handlers={HTTPException: show_refusal},
    )
