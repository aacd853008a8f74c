import socket

import anyio
import pytest

from monitor.adapters.http.server import HttpApi, bind, url_of
from monitor.core.errors import ListenRefused
from tests.adapters.http.answers import ANSWERS

pytestmark = [pytest.mark.anyio, pytest.mark.real_time]


def api(listen: str) -> HttpApi:
    return HttpApi(listen, ANSWERS)


async def start(served: HttpApi, tasks: anyio.abc.TaskGroup) -> str:
    up = anyio.Event()
    urls: list[str] = []

    def started(url: str) -> None:
        urls.append(url)
        up.set()

    tasks.start_soon(served.serve, started)
    await up.wait()
    return urls[0]


async def test_port_0_is_a_free_port_that_the_url_names() -> None:
    async with anyio.create_task_group() as tasks:
        url = await start(api("127.0.0.1:0"), tasks)
        port = int(url.removeprefix("http://127.0.0.1:"))
        async with await anyio.connect_tcp("127.0.0.1", port):
            pass
        tasks.cancel_scope.cancel()

    assert port > 0


async def test_a_taken_address_is_refused_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ListenRefused) as refused:
            await api(listen).serve(lambda url: None)

    assert str(refused.value) == (
        f"api.listen: {listen} cannot be listened on: Address already in use; "
        "stop what uses it or change api.listen (port 0 picks a free one)"
    )


async def test_a_host_that_is_not_ours_is_refused() -> None:
    with pytest.raises(ListenRefused, match=r"192\.0\.2\.1:0 cannot be listened on"):
        await api("192.0.2.1:0").serve(lambda url: None)


async def test_a_host_without_an_address_is_refused() -> None:
    with pytest.raises(ListenRefused, match=r"nowhere\.invalid:0 cannot be listened on: \w+"):
        await api("nowhere.invalid:0").serve(lambda url: None)


def test_an_ipv6_address_stands_in_brackets() -> None:
    try:
        listener = bind("[::1]:0")
    except ListenRefused:
        pytest.skip("no IPv6 here")
    with listener:
        assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"
