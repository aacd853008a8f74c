import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from monitor.adapters.systemd.notify import Notifier
from tests.virtual_time import virtual_time

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    """Virtual time: datagrams to a local socket wait for nothing."""
    return virtual_time()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


def told(listener: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(listener.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_each_state_is_one_datagram(systemd: socket.socket) -> None:
    notifier = Notifier.from_environ({"NOTIFY_SOCKET": systemd.getsockname()})
    notifier.starting("no slot\nyet")
    notifier.ready("3 endpoints")
    notifier.status("tip 5\nlag 0")
    notifier.stopping()

    assert told(systemd) == [
        "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=no slot yet",
        "READY=1\nSTATUS=3 endpoints",
        "STATUS=tip 5 lag 0",
        "STOPPING=1",
    ]


def test_the_abstract_namespace_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("")  # the kernel picks a free abstract name
        listener.setblocking(False)
        name = "@" + listener.getsockname()[1:].decode()
        Notifier.from_environ({"NOTIFY_SOCKET": name}).stopping()

        assert told(listener) == ["STOPPING=1"]


async def test_the_watchdog_is_fed_twice_in_its_period(systemd: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "30000000"}
    with anyio.move_on_after(31):
        await Notifier.from_environ(environ).keep_watchdog()

    assert told(systemd) == ["WATCHDOG=1"] * 3


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"},
    ],
)
async def test_no_watchdog_is_fed_that_is_not_ours(
    systemd: socket.socket, environ: Mapping[str, str]
) -> None:
    environ = {"NOTIFY_SOCKET": systemd.getsockname(), **environ}
    await Notifier.from_environ(environ, pid=7).keep_watchdog()

    assert told(systemd) == []


async def test_a_watchdog_of_our_pid_is_ours(systemd: socket.socket) -> None:
    environ = {
        "NOTIFY_SOCKET": systemd.getsockname(),
        "WATCHDOG_USEC": "2000000",
        "WATCHDOG_PID": "7",
    }
    with anyio.move_on_after(0.5):
        await Notifier.from_environ(environ, pid=7).keep_watchdog()

    assert told(systemd) == ["WATCHDOG=1"]


async def test_without_systemd_nothing_happens(tmp_path: Path) -> None:
    for notifier in (
        Notifier.from_environ({"WATCHDOG_USEC": "1000000"}),
        Notifier.from_environ({"NOTIFY_SOCKET": str(tmp_path / "nobody")}),
    ):
        notifier.ready("x")
        notifier.status("x")
        notifier.stopping()
        await notifier.keep_watchdog()
