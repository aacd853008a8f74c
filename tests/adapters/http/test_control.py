"""Signing slots off, and wishes of endpoints, over a real socket: what is taken, and what is refused with which words."""

from pathlib import Path

import anyio
import httptools
import orjson
import pytest

from monitor.adapters.http.control_address import SIGN_OFF, WISH
from monitor.adapters.http.control_questions import LONGEST_REASON
from monitor.core.wishes import Want
from tests.adapters.http.controlling import Lost, Wishes, controlled
from tests.adapters.http.test_routes import Answer

pytestmark = [pytest.mark.anyio, pytest.mark.real_time]


async def post(
    path: Path, body: bytes, *, question: str = SIGN_OFF, method: str = "POST"
) -> Answer:
    answer = Answer()
    parser = httptools.HttpResponseParser(answer)
    head = f"{method} {question} HTTP/1.1\r\nHost: d\r\nContent-Length: {len(body)}\r\n\r\n"
    async with await anyio.connect_unix(path) as stream:
        await stream.send(head.encode() + body)
        while not answer.complete:
            parser.feed_data(await stream.receive())
    answer.status = parser.get_status_code()
    return answer


def question(slot: object = 7, reason: object = "no RPC has it") -> bytes:
    return orjson.dumps({"slot": slot, "reason": reason})


async def refused(directory: Path, body: bytes) -> tuple[int, str]:
    lost = Lost(7)
    async with controlled(directory, lost) as path:
        answer = await post(path, body)
    assert lost.signed_off == []
    return answer.status, orjson.loads(answer.body)["error"]


async def test_a_lost_slot_is_signed_off(tmp_path: Path) -> None:
    lost = Lost(7)
    async with controlled(tmp_path, lost) as path:
        answer = await post(path, question(7, "  no RPC has it "))

    assert (answer.status, orjson.loads(answer.body)) == (
        200,
        {"signed_off": True, "slots": 1, "following": None},
    )
    assert lost.signed_off == [(7, "no RPC has it")]


async def test_the_lost_slots_of_a_range_are_signed_off_some_at_a_time(tmp_path: Path) -> None:
    lost = Lost(6, 7, 9, 10, 12, 14)
    body = b'{"slot":7,"last":12,"reason":"x"}'
    async with controlled(tmp_path, lost) as path:
        answer = await post(path, body)

    assert orjson.loads(answer.body) == {"signed_off": True, "slots": 3, "following": 12}
    assert lost.signed_off == [(7, "x"), (9, "x"), (10, "x")]


async def test_a_range_without_a_lost_slot_is_404(tmp_path: Path) -> None:
    status, told = await refused(tmp_path, b'{"slot":8,"last":12,"reason":"x"}')

    assert (status, told.partition(";")[0]) == (404, "no slot of 8 to 12 is lost")


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (b"6", "last is before slot 7; write the lower one as slot"),
        (b'"9"', "last is no slot; write a whole number such as 300000000"),
    ],
)
async def test_a_range_goes_up(tmp_path: Path, last: bytes, told: str) -> None:
    body = b'{"slot":7,"last":%s,"reason":"x"}' % last
    assert await refused(tmp_path, body) == (400, told)


async def test_a_slot_that_is_not_lost_is_404_and_says_where_to_look(tmp_path: Path) -> None:
    assert await refused(tmp_path, question(8)) == (
        404,
        "slot 8 is not lost; `chain-monitor recovery` shows which are, "
        "`chain-monitor slots 8 9` what became of it",
    )


@pytest.mark.parametrize("slot", [-1, 2**63, "7", 7.0, True, None])
async def test_what_is_no_slot_is_400(tmp_path: Path, slot: object) -> None:
    status, told = await refused(tmp_path, question(slot))

    assert (status, told) == (400, "slot is no slot; write a whole number such as 300000000")


@pytest.mark.parametrize("reason", ["", "  ", None, 7])
async def test_a_reason_has_to_be_given(tmp_path: Path, reason: object) -> None:
    status, told = await refused(tmp_path, question(7, reason))

    assert (status, told) == (400, "reason is empty; write why the slot may be left out")


@pytest.mark.parametrize("reason", ["two\nlines", "a\x1b[31mred", "x" * (LONGEST_REASON + 1)])
async def test_a_reason_is_one_line_that_can_be_shown(tmp_path: Path, reason: str) -> None:
    status, told = await refused(tmp_path, question(7, reason))

    assert (status, told) == (400, "reason is not one line of up to 500 characters")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
async def test_what_is_no_json_is_400(tmp_path: Path, body: bytes) -> None:
    status, told = await refused(tmp_path, body)

    assert status == 400
    assert told.startswith("this is no JSON: ")


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"slot":7}', b'{"slot":7,"reason":"x","force":true}']
)
async def test_what_is_another_question_is_400(tmp_path: Path, body: bytes) -> None:
    assert await refused(tmp_path, body) == (
        400,
        'write {"slot": N, "reason": "..."} and nothing more',
    )


async def test_a_question_without_end_is_413(tmp_path: Path) -> None:
    status, told = await refused(tmp_path, b" " * 20_000)

    assert (status, told) == (413, "the question is longer than 16384 bytes")


@pytest.mark.parametrize("want", list(Want))
async def test_something_is_asked_of_an_endpoint(tmp_path: Path, want: Want) -> None:
    wishes = Wishes("ams", "nyc")
    wishes.answer = {"outcome": "decided"}
    path = WISH.format(want=want)
    async with controlled(tmp_path, Lost(), wishes) as socket:
        answer = await post(socket, b'{"endpoint":"nyc"}', question=path)

    assert (answer.status, orjson.loads(answer.body)) == (
        200,
        {"endpoint": "nyc", "want": want, "outcome": "decided"},
    )
    assert wishes.asked == [(want, "nyc")]


@pytest.mark.parametrize(
    ("want", "body", "status", "told"),
    [
        ("drain", b'{"endpoint":"tyo"}', 404, "there is no endpoint 'tyo'; there are: ams, nyc"),
        ("drain", b'{"endpoint":["ams"]}', 404, "there is no endpoint ['ams']; there are: ams, nyc"),
        ("kill", b'{"endpoint":"ams"}', 404, "nobody can 'kill' an endpoint; there are: drain, promote, release, probe"),
        ("drain", b'{"name":"ams"}', 400, 'write {"endpoint": "..."} and nothing more'),
    ],
)  # fmt: skip
async def test_a_wish_that_cannot_be_is_refused_with_what_could(
    tmp_path: Path, want: str, body: bytes, status: int, told: str
) -> None:
    wishes = Wishes("ams", "nyc")
    async with controlled(tmp_path, Lost(), wishes) as socket:
        answer = await post(socket, body, question=WISH.format(want=want))

    assert (answer.status, orjson.loads(answer.body)["error"]) == (status, told)
    assert wishes.asked == []


async def test_other_paths_and_methods_are_refused_in_json(tmp_path: Path) -> None:
    async with controlled(tmp_path, Lost(7)) as path:
        nothing = await post(path, b"", question="/metrics")
        looked = await post(path, b"", method="GET")

    assert (nothing.status, nothing.body) == (404, b'{"error":"Not Found"}\n')
    assert (looked.status, looked.body) == (405, b'{"error":"Method Not Allowed"}\n')


async def test_a_stopped_daemon_leaves_no_socket(tmp_path: Path) -> None:
    async with controlled(tmp_path, Lost()) as path:
        assert path.is_socket()

    assert list(tmp_path.iterdir()) == []
