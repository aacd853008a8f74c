import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request

from monitor.adapters.http.objects import json_answer, show_refusal


def test_an_object_is_one_line_of_json() -> None:
    answer = json_answer({"ready": False, "reasons": []}, 503)

    assert (answer.status_code, answer.media_type) == (503, "application/json")
    assert answer.body == b'{"ready":false,"reasons":[]}\n'


async def test_a_refusal_says_why_and_keeps_its_headers() -> None:
    refusal = HTTPException(405, "Method Not Allowed", {"Allow": "GET"})
    answer = await show_refusal(Request({"type": "http"}), refusal)

    assert answer.status_code == 405
    assert orjson.loads(answer.body) == {"error": "Method Not Allowed"}
    assert answer.headers["allow"] == "GET"
