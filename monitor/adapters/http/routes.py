"""What the daemon answers over HTTP: metrics, health, readiness, and its views."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.adapters.http.objects import json_answer, show_refusal
from monitor.adapters.http.slots import SlotsRefused, asked_range, lines_of
from monitor.core.errors import StoreFailed
from monitor.stored import StoredSlot

_EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"
_JSON_LINES: Final = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the API asks the daemon for. All are called in the daemon's loop, so they must be quick."""

    metrics: Callable[[], bytes]
    """The exposition."""
    ready: Callable[[], list[str]]
    """Reasons why the daemon is not ready; none when it is."""
    status: Callable[[], Mapping[str, object]]
    """How the daemon is, as plain JSON values."""
    recovery: Callable[[], Mapping[str, object]]
    """How far recovery is, as plain JSON values."""
    commitment: Callable[[], Mapping[str, object]]
    """At which commitment events are released, and why, as plain JSON values."""
    endpoints: Callable[[], Mapping[str, object]]
    """What each endpoint is like, as plain JSON values."""
    newest_slot: Callable[[], int | None]
    """The last slot that has a certificate; None while none has."""
    slots: Callable[[int, int, int], Awaitable[list[StoredSlot]]]
    """As `LedgerStore.slots`, but off the loop."""


def application(answers: Answers) -> Starlette:
    """All routes."""

    async def show_metrics(_request: Request) -> Response:
        return Response(answers.metrics(), media_type=_EXPOSITION)

    async def show_health(_request: Request) -> Response:
        return json_answer(
            {"healthy": True}
        )  # that this runs is the proof: it runs in the daemon's loop

    async def show_readiness(_request: Request) -> Response:
        reasons = answers.ready()
        return json_answer({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    async def show_status(_request: Request) -> Response:
        return json_answer(answers.status())

    async def show_recovery(_request: Request) -> Response:
        return json_answer(answers.recovery())

    async def show_commitment(_request: Request) -> Response:
        return json_answer(answers.commitment())

    async def show_endpoints(_request: Request) -> Response:
        return json_answer(answers.endpoints())

    async def show_slots(request: Request) -> Response:
        first, end = asked_range(request.query_params, answers.newest_slot())
        found = await answers.slots(first, end, end - first)
        lines = await anyio.to_thread.run_sync(lines_of, found)
        return Response(lines, media_type=_JSON_LINES)

    return Starlette(
        routes=[
            Route("/metrics", show_metrics),
            Route("/healthz", show_health),
            Route("/readyz", show_readiness),
            Route("/api/v1/status", show_status),
            Route("/api/v1/slots", show_slots),
            Route("/api/v1/recovery", show_recovery),
            Route("/api/v1/commitment", show_commitment),
            Route("/api/v1/performance/endpoints", show_endpoints),
        ],
        exception_handlers={
            HTTPException: show_refusal,
            SlotsRefused: _show_bad_question,
            StoreFailed: _show_failed_store,
        },
    )


async def _show_bad_question(_request: Request, refusal: Exception) -> Response:
    return json_answer({"error": str(refusal)}, 400)


async def _show_failed_store(_request: Request, failure: Exception) -> Response:
    return json_answer({"error": str(failure)}, 503)
