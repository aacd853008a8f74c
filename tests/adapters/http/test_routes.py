from dataclasses import replace

import anyio
import httptools
import pytest

from monitor.adapters.http.routes import Answers
from monitor.adapters.http.server import HttpApi
from monitor.core.errors import StoreFailed
from monitor.stored import StoredSlot
from tests.adapters.http.answers import ANSWERS, stored

pytestmark = [pytest.mark.anyio, pytest.mark.real_time]


class Answer:
    """One HTTP answer, put together by httptools."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


async def ask(url: str, path: str, method: str = "GET") -> Answer:
    host, _, port = url.removeprefix("http://").rpartition(":")
    answer = Answer()
    parser = httptools.HttpResponseParser(answer)
    async with await anyio.connect_tcp(host.strip("[]"), int(port)) as stream:
        request = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        await stream.send(request.encode())
        while not answer.complete:
            parser.feed_data(await stream.receive())
    answer.status = parser.get_status_code()
    return answer


async def asked(path: str, answers: Answers = ANSWERS, *, method: str = "GET") -> Answer:
    """The answer of a server that is started for this one question."""
    urls: list[str] = []
    up = anyio.Event()

    def started(url: str) -> None:
        urls.append(url)
        up.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(HttpApi("127.0.0.1:0", answers).serve, started)
        await up.wait()
        answer = await ask(urls[0], path, method)
        tasks.cancel_scope.cancel()
    return answer


async def test_metrics_are_given_as_prometheus_text() -> None:
    answer = await asked("/metrics", replace(ANSWERS, metrics=lambda: b"x 1\n"))

    assert (answer.status, answer.body) == (200, b"x 1\n")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_health_is_an_answer() -> None:
    answer = await asked("/healthz")

    assert (answer.status, answer.body) == (200, b'{"healthy":true}\n')
    assert answer.headers["content-type"] == "application/json"


async def test_readiness_is_200_without_reasons() -> None:
    answer = await asked("/readyz")

    assert (answer.status, answer.body) == (200, b'{"ready":true,"reasons":[]}\n')


async def test_readiness_is_503_with_the_reasons_why_not() -> None:
    answer = await asked("/readyz", replace(ANSWERS, ready=lambda: ["no feed advances"]))

    assert (answer.status, answer.body) == (
        503,
        b'{"ready":false,"reasons":["no feed advances"]}\n',
    )


async def test_the_status_is_given_as_one_line_of_json() -> None:
    answer = await asked("/api/v1/status", replace(ANSWERS, status=lambda: {"ready": True}))

    assert (answer.status, answer.body) == (200, b'{"ready":true}\n')
    assert answer.headers["content-type"] == "application/json"


async def test_recovery_is_given_as_one_line_of_json() -> None:
    answer = await asked("/api/v1/recovery", replace(ANSWERS, recovery=lambda: {"lost": 2}))

    assert (answer.status, answer.body) == (200, b'{"lost":2}\n')


async def test_the_commitment_is_given_as_one_line_of_json() -> None:
    told = replace(ANSWERS, commitment=lambda: {"level": "confirmed"})
    answer = await asked("/api/v1/commitment", told)

    assert (answer.status, answer.body) == (200, b'{"level":"confirmed"}\n')


async def test_endpoints_are_given_as_one_line_of_json() -> None:
    known = replace(ANSWERS, endpoints=lambda: {"endpoints": []})
    answer = await asked("/api/v1/performance/endpoints", known)

    assert (answer.status, answer.body) == (200, b'{"endpoints":[]}\n')


async def test_slots_are_given_one_object_a_line() -> None:
    asked_for: list[tuple[int, int, int]] = []

    async def slots(first: int, end: int, limit: int) -> list[StoredSlot]:
        asked_for.append((first, end, limit))
        return [stored(7), stored(9)]

    answer = await asked("/api/v1/slots?from=7&to=10", replace(ANSWERS, slots=slots))

    assert asked_for == [(7, 10, 3)]
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [line[:10] for line in answer.body.splitlines()] == [b'{"slot":7,', b'{"slot":9,']


async def test_without_a_range_the_newest_slots_are_given() -> None:
    asked_for: list[tuple[int, int, int]] = []

    async def slots(first: int, end: int, limit: int) -> list[StoredSlot]:
        asked_for.append((first, end, limit))
        return []

    answer = await asked(
        "/api/v1/slots", replace(ANSWERS, slots=slots, newest_slot=lambda: 300_000_099)
    )

    assert asked_for == [(300_000_000, 300_000_100, 100)]
    assert (answer.status, answer.body) == (200, b"")


async def test_a_range_that_is_none_is_400_with_a_remedy() -> None:
    answer = await asked("/api/v1/slots?from=x")

    assert (answer.status, answer.body) == (
        400,
        b'{"error":"from is no slot; write a whole number such as from=300000000"}\n',
    )


async def test_a_store_that_fails_is_503_with_its_sentence() -> None:
    async def slots(first: int, end: int, limit: int) -> list[StoredSlot]:
        raise StoreFailed("ledger.sqlite: disk I/O error; look at the disk")

    answer = await asked("/api/v1/slots", replace(ANSWERS, slots=slots))

    assert (answer.status, answer.body) == (
        503,
        b'{"error":"ledger.sqlite: disk I/O error; look at the disk"}\n',
    )


async def test_what_is_not_there_is_404_in_json() -> None:
    answer = await asked("/nothing")

    assert (answer.status, answer.body) == (404, b'{"error":"Not Found"}\n')


async def test_a_wrong_method_is_405_and_says_which_are_right() -> None:
    answer = await asked("/metrics", method="POST")

    assert (answer.status, answer.body) == (405, b'{"error":"Method Not Allowed"}\n')
    assert "GET" in answer.headers["allow"]
