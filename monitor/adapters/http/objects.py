"""How a JSON object, or a refusal, is answered."""

from typing import Final

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_JSON: Final = "application/json"


def json_answer(content: object, status: int = 200) -> Response:
    """One object, in one line."""
    return Response(orjson.dumps(content) + b"\n", status, media_type=_JSON)


async def show_refusal(_request: Request, refusal: Exception) -> Response:
    """Starlette's own refusals, as no such path or method, in the form of ours."""
    assert isinstance(refusal, HTTPException)  # it is registered for nothing else
    answer = json_answer({"error": refusal.detail}, refusal.status_code)
    answer.headers.update(refusal.headers or {})
    return answer
