"""Asking a daemon over real sockets: what it answers, and what is said when it does not."""

import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import pytest

from monitor.adapters.http.routes import Answers
from monitor.adapters.http.server import HttpApi
from monitor.adapters.http.slots import MOST_SLOTS
from monitor.app import api_client
from monitor.app.api_client import (
    PAGE,
    USUAL_ADDRESS,
    address_of,
    ask_commitment,
    ask_endpoints,
    ask_recovery,
    ask_slots,
    ask_status,
)
from monitor.core.errors import DaemonNotAsked, StoreFailed
from monitor.stored import StoredSlot
from tests.adapters.http.answers import ANSWERS, stored
from tests.app.daemons import NOBODY

pytestmark = pytest.mark.real_time

T = TypeVar("T")
WHERE = "--api URL or --state-dir DIR"


@asynccontextmanager
async def answering(answers: Answers) -> AsyncIterator[str]:
    """The address of a daemon's API that gives these answers."""
    urls: list[str] = []
    up = anyio.Event()

    def started(url: str) -> None:
        urls.append(url)
        up.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(HttpApi("127.0.0.1:0", answers).serve, started)
        await up.wait()
        yield urls[0]
        tasks.cancel_scope.cancel()


async def asked(answers: Answers, ask: Callable[[str], T]) -> T:
    """What asking such a daemon gives."""
    async with answering(answers) as address:
        return await anyio.to_thread.run_sync(ask, address)


@contextmanager
def stranger(says: bytes) -> Iterator[str]:
    """The address of a server that reads a question, says this, and hangs up; with nothing to say it stays mute."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(says)
            if not says:
                over.wait()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        thread.join()
        listener.close()


def listed(address: str, first: int | None, end: int | None) -> list[dict[str, Any]]:
    """All certificates that are given."""
    return list(ask_slots(address, first, end))


def refused(ask: Callable[[], object]) -> str:
    """What is said of a question that failed."""
    with pytest.raises(DaemonNotAsked) as failed:
        ask()
    return str(failed.value)


def test_the_daemon_is_where_it_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "api.url").write_text("http://127.0.0.1:4000\n")

    assert address_of(None, None) == USUAL_ADDRESS == "http://127.0.0.1:3002"
    assert address_of(None, tmp_path) == "http://127.0.0.1:4000"
    assert address_of("https://h:1/", tmp_path) == "https://h:1"
    assert address_of("h:1", None) == "http://h:1"


def test_a_state_directory_without_an_address_is_told(tmp_path: Path) -> None:
    file = tmp_path / "api.url"

    assert refused(lambda: address_of(None, tmp_path)) == (
        f"{file}: No such file or directory; start the daemon, or name its address with --api URL"
    )
    file.write_bytes(b"\xff\xfe")
    assert refused(lambda: address_of(None, tmp_path)).startswith(f"{file}: is no text; ")


@pytest.mark.parametrize(
    "api",
    [
        *("nonsense", "", "http://", "http://:3002", "http://a b", "a b:1"),
        *("h:x", "h:0", "http://h:99999", "http://[::1", "file:///etc/hosts", "ftp://h:1"),
    ],
)
def test_what_is_no_address_is_told_before_anything_is_asked(api: str) -> None:
    told = refused(lambda: address_of(api, None))

    assert told.endswith(f"{api or 'text'} is no address of a daemon; write http://HOST:PORT")


def test_a_host_of_the_network_and_an_ipv6_address_are_addresses() -> None:
    assert address_of("http://monitor.example", None) == "http://monitor.example"
    assert address_of("[::1]:3002", None) == "http://[::1]:3002"


def test_a_state_directory_with_another_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "api.url").write_text("nonsense\n")

    assert refused(lambda: address_of(None, tmp_path)).startswith("nonsense is no address ")


async def test_the_status_comes_as_it_was_given() -> None:
    given = replace(ANSWERS, status=lambda: {"ready": False, "reasons": ["x"]})

    assert await asked(given, ask_status) == {"ready": False, "reasons": ["x"]}


async def test_endpoints_come_one_by_one() -> None:
    given = replace(ANSWERS, endpoints=lambda: {"endpoints": [{"endpoint": "ams"}]})

    assert await asked(given, ask_endpoints) == [{"endpoint": "ams"}]


async def test_the_commitment_comes_as_it_was_given() -> None:
    given = replace(ANSWERS, commitment=lambda: {"level": "confirmed"})

    assert await asked(given, ask_commitment) == {"level": "confirmed"}


async def test_recovery_comes_as_it_was_given() -> None:
    given = replace(ANSWERS, recovery=lambda: {"lost": 2})

    assert await asked(given, ask_recovery) == {"lost": 2}


async def test_a_long_range_is_asked_for_page_by_page() -> None:
    ranges: list[tuple[int, int]] = []

    async def slots(first: int, end: int, _limit: int) -> list[StoredSlot]:
        ranges.append((first, end))
        return [stored(first)]

    answers = replace(ANSWERS, slots=slots)
    found = await asked(answers, lambda address: listed(address, 10, 11 + 2 * PAGE))

    assert ranges == [(10, 10 + PAGE), (10 + PAGE, 10 + 2 * PAGE), (10 + 2 * PAGE, 11 + 2 * PAGE)]
    assert [slot["slot"] for slot in found] == [10, 10 + PAGE, 10 + 2 * PAGE]


def test_a_page_is_what_the_api_gives_at_a_time() -> None:
    assert PAGE == MOST_SLOTS


async def test_bounds_that_are_left_out_are_the_daemons_choice() -> None:
    ranges: list[tuple[int, int]] = []

    async def slots(first: int, end: int, _limit: int) -> list[StoredSlot]:
        ranges.append((first, end))
        return []

    answers = replace(ANSWERS, slots=slots, newest_slot=lambda: 999)
    async with answering(answers) as address:
        for first, end in ((None, None), (990, None), (None, 500), (7, 7)):
            ask = partial(listed, address, first, end)
            assert await anyio.to_thread.run_sync(ask) == []

    assert ranges == [(900, 1000), (990, 1000), (400, 500)]


async def test_what_the_daemon_refuses_is_told_in_its_words() -> None:
    async def slots(_first: int, _end: int, _limit: int) -> list[StoredSlot]:
        raise StoreFailed("ledger.sqlite: disk I/O error; look at the disk")

    async with answering(replace(ANSWERS, slots=slots)) as address:
        told = await anyio.to_thread.run_sync(refused, lambda: listed(address, None, None))
    assert told == (
        f"the daemon at {address} answered: ledger.sqlite: disk I/O error; look at the disk"
    )


def test_nobody_is_told_with_a_remedy() -> None:
    assert refused(lambda: ask_status(NOBODY)) == (
        f"no daemon answers at {NOBODY}: Connection refused; start it, or say where it is: {WHERE}"
    )


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:1")

    assert "Connection refused" in refused(lambda: ask_status(NOBODY))


@pytest.mark.parametrize(
    "address", ["http://", "http://a b", "http://h:x", "http://nowhere.invalid"]
)
def test_an_address_that_leads_nowhere_is_told(address: str) -> None:
    assert refused(lambda: ask_status(address)).startswith(f"no daemon answers at {address}: ")


def test_a_daemon_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "PATIENCE", 0.05)
    with stranger(b"") as address:
        told = refused(lambda: ask_status(address))
    assert told.startswith(f"no daemon answers at {address}: timed out; ")


@pytest.mark.parametrize(
    "says",
    [b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhalf"],
)
def test_what_speaks_no_http_is_no_daemon(says: bytes) -> None:
    with stranger(says) as address:
        told = refused(lambda: ask_status(address))
    assert told.startswith(f"no daemon answers at {address}: ")


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"\xff", b""])
def test_a_foreign_server_is_no_daemon(body: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with stranger(head + body) as address:
        told = refused(lambda: ask_status(address))
    assert told == (
        f"what answers at {address} is no daemon of this release; say where it is: {WHERE}"
    )


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"{}"])
def test_an_error_without_a_word_of_the_daemons_is_told_by_its_number(body: bytes) -> None:
    head = f"HTTP/1.1 502 Bad Gateway\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with stranger(head + body) as address:
        assert refused(lambda: ask_status(address)) == (
            f"the daemon at {address} answered: HTTP 502"
        )
