from collections.abc import Callable

import anyio
import httptools
import pytest

from monitor.adapters.http.server import HttpApi

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


async def asked(
    path: str,
    *,
    metrics: Callable[[], bytes] = lambda: b"",
    ready: Callable[[], list[str]] = list,
    method: str = "GET",
) -> Answer:
    """The answer of a server that is started for this one question."""
    urls: list[str] = []
    up = anyio.Event()

    def started(url: str) -> None:
        urls.append(url)
        up.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(HttpApi("127.0.0.1:0", metrics, ready).serve, started)
        await up.wait()
        answer = await ask(urls[0], path, method)
        tasks.cancel_scope.cancel()
    return answer


async def test_metrics_are_given_as_prometheus_text() -> None:
    answer = await asked("/metrics", metrics=lambda: b"x 1\n")

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
    answer = await asked("/readyz", ready=lambda: ["no feed advances"])

    assert (answer.status, answer.body) == (
        503,
        b'{"ready":false,"reasons":["no feed advances"]}\n',
    )


async def test_what_is_not_there_is_404_in_json() -> None:
    answer = await asked("/nothing")

    assert (answer.status, answer.body) == (404, b'{"error":"Not Found"}\n')


async def test_a_wrong_method_is_405_and_says_which_are_right() -> None:
    answer = await asked("/metrics", method="POST")

    assert (answer.status, answer.body) == (405, b'{"error":"Method Not Allowed"}\n')
    assert "GET" in answer.headers["allow"]
