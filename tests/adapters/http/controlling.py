"""A control socket that is served for a test."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from monitor.adapters.http.control import Controls, ControlSocket, SignedOffSlots
from monitor.adapters.http.control_address import NAME
from monitor.core.wishes import Want


class Lost:
    """Slots that are lost, and what was signed off."""

    AT_ONCE = 3

    def __init__(self, *slots: int) -> None:
        self.slots = set(slots)
        self.signed_off: list[tuple[int, str]] = []

    async def sign_off(self, first: int, last: int, reason: str) -> SignedOffSlots:
        lost = sorted(slot for slot in self.slots if first <= slot <= last)
        now = lost[: self.AT_ONCE]
        self.slots.difference_update(now)
        self.signed_off += [(slot, reason) for slot in now]
        return SignedOffSlots(len(now), next(iter(lost[self.AT_ONCE :]), None))


class Wishes:
    """Endpoints of which something can be asked, and what was; each wish is answered with what is in `answer`."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.asked: list[tuple[Want, str]] = []
        self.leases: list[float | None] = []
        self.answer: dict[str, object] = {}

    async def wish(self, want: Want, name: str, lease: float | None) -> Mapping[str, object]:
        self.asked.append((want, name))
        self.leases.append(lease)
        return {"endpoint": name, "want": want.value} | self.answer


@asynccontextmanager
async def controlled(
    directory: Path, lost: Lost, wishes: Wishes | None = None
) -> AsyncIterator[Path]:
    """The path of a socket over which these slots can be signed off, and something asked of these endpoints."""
    path = directory / NAME
    wishes = wishes or Wishes()
    up = anyio.Event()
    controls = Controls(lost.sign_off, wishes.names, wishes.wish)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ControlSocket(path, controls).serve, up.set)
        await up.wait()
        yield path
        tasks.cancel_scope.cancel()
