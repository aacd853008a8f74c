"""Commands to a running simulator: one JSON object a line each way, over TCP.

    {"command": "fault", "region": "nyc", "fault": "kill", "argument": null}   ->   {"ok": true, "text": "..."}
    {"command": "status"}                                 ->   {"ok": true, "regions": [...], "rpcs": [...]}

The `region` of a fault may be an RPC too.

A refusal is {"ok": false, "text": "why"}. The connection stays open for more lines.
"""

import socket
from collections.abc import Mapping
from typing import Any, Final, Protocol

import anyio
import anyio.abc
import orjson
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.stapled import MultiListener

from monitor.core.errors import FaultRefused, SimulatorFailed

_LONGEST_LINE: Final = 4096
_PATIENCE: Final = 5.0
"""Seconds a client waits for an answer."""


Listener = MultiListener[anyio.abc.SocketStream]


class Controlled(Protocol):
    """What commands act upon."""

    async def apply(self, region: str, fault: str, argument: str | None) -> str:
        """Do the fault; returns what was done. Raises FaultRefused."""

    def status(self) -> list[dict[str, Any]]:
        """One object a region."""

    def rpc_status(self) -> list[dict[str, Any]]:
        """One object an RPC."""


async def listen_for_commands(address: str) -> tuple[Listener, str]:
    """A listener on `host:port` (0: a free port), and its address. Raises SimulatorFailed when it cannot be had, FaultRefused when it is none."""
    host, port = split_address(address)
    try:
        listener = await anyio.create_tcp_listener(local_host=host, local_port=port)
    except OSError as failed:
        raise SimulatorFailed(
            f"the control address {address} cannot be had ({failed}); give another with --control"
        ) from failed
    return listener, f"{host}:{listener.extra(anyio.abc.SocketAttribute.local_port)}"


async def serve_control(listener: Listener, controlled: Controlled) -> None:
    """Answer commands until cancelled."""

    async def talk(stream: anyio.abc.ByteStream) -> None:
        async with stream:
            await _talk(stream, controlled)

    await listener.serve(talk)


async def _talk(stream: anyio.abc.ByteStream, controlled: Controlled) -> None:
    lines = BufferedByteReceiveStream(stream)
    while True:
        try:
            line = await lines.receive_until(b"\n", _LONGEST_LINE)
            await stream.send(orjson.dumps(await _answer(line, controlled)) + b"\n")
        except (anyio.EndOfStream, anyio.IncompleteRead, anyio.DelimiterNotFound):
            return
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return


async def _answer(line: bytes, controlled: Controlled) -> dict[str, Any]:
    try:
        match orjson.loads(line):
            case {"command": "status"}:
                return {
                    "ok": True,
                    "regions": controlled.status(),
                    "rpcs": controlled.rpc_status(),
                }
            case {"command": "fault", "region": str(region), "fault": str(fault), **rest}:
                argument = rest.get("argument")
                text = await controlled.apply(
                    region, fault, None if argument is None else str(argument)
                )
                return {"ok": True, "text": text}
            case _:
                return {
                    "ok": False,
                    "text": "a command is `fault` (region, fault, argument) or `status`",
                }
    except orjson.JSONDecodeError as wrong:
        return {"ok": False, "text": f"the line is not JSON: {wrong}"}
    except FaultRefused as refused:
        return {"ok": False, "text": str(refused)}


def send_fault(control: str, region: str, fault: str, argument: str | None = None) -> str:
    """Ask the simulator at `control` (host:port) for a fault; returns what it did.

    Raises FaultRefused: nobody listens there, no such region (the message lists them), no such fault.
    """
    return str(
        _ask(
            control,
            {"command": "fault", "region": region, "fault": fault, "argument": argument},
        )["text"]
    )


def ask_status(control: str) -> list[dict[str, Any]]:
    """The regions of the simulator at `control`. Raises FaultRefused when nobody listens there."""
    return list(_ask(control, {"command": "status"})["regions"])


def ask_rpc_status(control: str) -> list[dict[str, Any]]:
    """The RPCs of the simulator at `control`. Raises FaultRefused when nobody listens there."""
    return list(_ask(control, {"command": "status"})["rpcs"])


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `host:port`. Raises FaultRefused."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise FaultRefused(f"{address!r} is no address; write host:port, as 127.0.0.1:9999")
    return host or "127.0.0.1", int(port)


def _ask(control: str, command: Mapping[str, Any]) -> dict[str, Any]:
    try:
        with socket.create_connection(split_address(control), timeout=_PATIENCE) as connection:
            connection.sendall(orjson.dumps(command) + b"\n")
            with connection.makefile("rb") as lines:
                answer = orjson.loads(lines.readline())
    except (OSError, orjson.JSONDecodeError) as failed:
        raise FaultRefused(
            f"no simulator answers at {control} ({failed}); "
            "start one with `chain-monitor simulate` or `scripts/run`"
        ) from failed
    if not answer["ok"]:
        raise FaultRefused(answer["text"])
    return dict(answer)
