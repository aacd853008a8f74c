"""The control socket, over real sockets: its protocol, and what a client is told when something is wrong."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal

from monitor.core.errors import FaultRefused, SimulatorFailed
from monitor.simulator.control import (
    ask_rpc_status,
    ask_status,
    listen_for_commands,
    send_fault,
    serve_control,
    split_address,
)
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time


class Regions:
    """Two regions that remember what was asked of them."""

    def __init__(self) -> None:
        self.applied: list[tuple[str, str, str | None]] = []

    async def apply(self, region: str, fault: str, argument: str | None) -> str:
        if region not in ("ams", "nyc"):
            raise FaultRefused(f"there is no region {region!r}; there are ams, nyc")
        self.applied.append((region, fault, argument))
        return f"{region} does {fault}"

    def status(self) -> list[dict[str, Any]]:
        return [{"region": "ams"}, {"region": "nyc"}]

    def rpc_status(self) -> list[dict[str, Any]]:
        return [{"rpc": "rpc1"}]


async def listen_and_serve(regions: Regions, *, task_status: anyio.abc.TaskStatus[str]) -> None:
    listener, address = await listen_for_commands("127.0.0.1:0")
    async with listener:
        task_status.started(address)
        await serve_control(listener, regions)


@contextmanager
def controlled() -> Iterator[tuple[str, Regions]]:
    regions = Regions()
    with start_blocking_portal("asyncio") as portal:
        serving, address = portal.start_task(listen_and_serve, regions)
        yield address, regions
        serving.cancel()


def talk(address: str, *lines: bytes) -> list[Any]:
    """Send lines on one connection, and read an answer to each."""
    with socket.create_connection(split_address(address), timeout=PATIENCE) as connection:
        answers = connection.makefile("rb")
        with answers:
            read = []
            for line in lines:
                connection.sendall(line)
                read.append(json.loads(answers.readline()))
            return read


def test_a_fault_reaches_its_region_and_its_text_comes_back() -> None:
    with controlled() as (address, regions):
        assert send_fault(address, "nyc", "lag", "2.5") == "nyc does lag"
        assert send_fault(address, "ams", "kill") == "ams does kill"

    assert regions.applied == [("nyc", "lag", "2.5"), ("ams", "kill", None)]


def test_an_unknown_region_is_refused_with_those_there_are() -> None:
    with (
        controlled() as (address, regions),
        pytest.raises(FaultRefused, match="there is no region 'rio'; there are ams, nyc"),
    ):
        send_fault(address, "rio", "kill")

    assert regions.applied == []


def test_a_fault_with_nobody_listening_says_what_to_start() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(
            FaultRefused, match=rf"no simulator answers at {address} .*chain-monitor simulate"
        ):
            send_fault(address, "nyc", "kill")


@pytest.mark.parametrize("address", ["", "here", "here:", "here:x", "here:70000"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(FaultRefused, match=r"is no address; write host:port, as 127\.0\.0\.1:9999"):
        send_fault(address, "nyc", "kill")


def test_an_address_in_use_is_refused_with_the_remedy() -> None:
    async def listen_twice(address: str) -> None:
        await listen_for_commands(address)

    with (
        controlled() as (address, _),
        pytest.raises(SimulatorFailed, match=r"cannot be had .*; give another with --control"),
    ):
        anyio.run(listen_twice, address)


def test_status_lists_the_regions() -> None:
    with controlled() as (address, _):
        assert ask_status(address) == [{"region": "ams"}, {"region": "nyc"}]


def test_status_lists_the_rpcs_apart() -> None:
    with controlled() as (address, _):
        assert ask_rpc_status(address) == [{"rpc": "rpc1"}]


def test_one_connection_carries_many_lines_and_survives_bad_ones() -> None:
    with controlled() as (address, regions):
        answers = talk(
            address,
            b"nonsense\n",
            b'{"command": "dance"}\n',
            b'{"command": "fault", "region": "rio", "fault": "kill"}\n',
            b'{"command": "fault", "region": "ams", "fault": "kill"}\n',
        )

    assert [answer["ok"] for answer in answers] == [False, False, False, True]
    assert answers[0]["text"].startswith("the line is not JSON")
    assert regions.applied == [("ams", "kill", None)]


def test_an_endless_line_ends_the_connection() -> None:
    with controlled() as (address, _):
        with socket.create_connection(split_address(address), timeout=PATIENCE) as connection:
            connection.sendall(b"x" * 5000)

            assert connection.recv(1) == b""
        assert ask_status(address)


def test_whatever_answers_that_is_no_simulator_is_named_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with start_blocking_portal("asyncio") as portal:
            greeting = portal.start_task_soon(_greet, other)

            with pytest.raises(FaultRefused, match="no simulator answers"):
                send_fault(address, "nyc", "kill")
            greeting.result(5)


async def _greet(other: socket.socket) -> None:
    def accept_and_greet() -> None:
        connection, _ = other.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"220 welcome\n")

    await anyio.to_thread.run_sync(accept_and_greet)
