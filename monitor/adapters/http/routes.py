"""What the daemon answers over HTTP: metrics, health, readiness."""

from collections.abc import Callable
from typing import Final

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"


def application(metrics: Callable[[], bytes], ready: Callable[[], list[str]]) -> Starlette:
    """`metrics` gives the exposition; `ready` the reasons why the daemon is not, none when it is."""

    async def show_metrics(_request: Request) -> Response:
        return Response(metrics(), media_type=_EXPOSITION)

    async def show_health(_request: Request) -> Response:
        return _json({"healthy": True})  # that this runs is the proof: it runs in the daemon's loop

    async def show_readiness(_request: Request) -> Response:
        reasons = ready()
        return _json({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    async def show_refusal(_request: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, HTTPException)  # it is registered for nothing else
        answer = _json({"error": refusal.detail}, refusal.status_code)
        answer.headers.update(refusal.headers or {})
        return answer

    return Starlette(
        routes=[
            Route("/metrics", show_metrics),
            Route("/healthz", show_health),
            Route("/readyz", show_readiness),
        ],
        exception_handlers={HTTPException: show_refusal},
    )


def _json(content: object, status: int = 200) -> Response:
    return Response(orjson.dumps(content) + b"\n", status, media_type="application/json")
