"""A control socket that is served for a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from monitor.adapters.http.control import Controls, ControlSocket
from monitor.adapters.http.control_address import NAME


class Lost:
    """Slots that are lost, and what was signed off."""

    def __init__(self, *slots: int) -> None:
        self.slots = set(slots)
        self.signed_off: list[tuple[int, str]] = []

    async def sign_off(self, slot: int, reason: str) -> bool:
        if slot not in self.slots:
            return False
        self.slots.remove(slot)
        self.signed_off.append((slot, reason))
        return True


@asynccontextmanager
async def controlled(directory: Path, lost: Lost) -> AsyncIterator[Path]:
    """The path of a socket over which these slots can be signed off."""
    path = directory / NAME
    up = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ControlSocket(path, Controls(lost.sign_off)).serve, up.set)
        await up.wait()
        yield path
        tasks.cancel_scope.cancel()
