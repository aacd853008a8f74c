"""Hands on what the kernel gave out, in its order and in slices, so that sinks and sockets never wait for a big slot.

A slot that is released at confirmed or finalized is thousands of records at once, and a block is one record of
megabytes: made in one go, they would keep everything else waiting for tens of milliseconds, the first line's
own write included. Nothing else is handed on between two slices.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

from monitor.core.chain import Kind
from monitor.core.commands import (
    Abandon,
    Certify,
    KeepJobs,
    KeepSwitch,
    Release,
    Released,
    Settled,
)
from monitor.runtime.bookkeeping import Books
from monitor.runtime.delivery import Delivery

SLICE_EVENTS: Final = 48
"""Events whose records are made in one go: half a millisecond of the usual mix, one and a half of big transactions."""
SLICE_BYTES: Final = 128 * 2**10
"""Of a block's record, made in one go: about half a millisecond."""

Output = Release | Certify | Abandon | Settled | KeepJobs | KeepSwitch


class HandOver:
    """The commands that lead out of the daemon, in the order of the kernel."""

    def __init__(self, delivery: Delivery, books: Books) -> None:
        self._delivery = delivery
        self._books = books
        self._due: deque[Output] = deque()

    def add(self, command: Output) -> None:
        """Perform this with the next `run`, after all that was added before."""
        self._due.append(command)

    async def run(self) -> None:
        """Perform all that is due. Cancelling waits for its end: what the kernel let go of stands nowhere else."""
        delivery = self._delivery
        while self._due:
            command = self._due.popleft()
            match command:
                case Release():
                    is_small = len(command.released) <= SLICE_EVENTS and not delivery.makes_blocks
                    if is_small or not delivery.makes_records:
                        delivery.hand_on(command)
                    else:
                        with anyio.CancelScope(shield=True):
                            await self._release(command)
                case Certify():
                    self._books.certify(command.certificates, command.given)
                    delivery.certify(command.certificates, command.given)
                case Abandon():
                    self._books.abandon(command.first, command.end, command.reason)
                case Settled():
                    self._books.settle(command.slot)
                    delivery.settle(command.slot)
                case KeepJobs():
                    self._books.keep_jobs(command.changes)
                case KeepSwitch():
                    self._books.keep_switch(command.switch)

    async def _release(self, release: Release) -> None:
        is_first = True
        for part in slices(release.released, alone=self._delivery.makes_blocks):
            if not is_first:
                await checkpoint()
            is_first = False
            if part[0][5][0] == Kind.BLOCK:
                await self._prepare(part[0])
            self._delivery.hand_on(Release(release.commitment, part))

    async def _prepare(self, block: Released) -> None:
        made = 0
        for size in self._delivery.prepare_block(block):
            made += size
            if made >= SLICE_BYTES:
                await checkpoint()
                made = 0


def slices(released: list[Released], *, alone: bool) -> Iterator[list[Released]]:
    """The events in order, in lists of at most SLICE_EVENTS; `alone`: there may be blocks, each in a list of its own."""
    begin = 0
    if alone:
        for index, event in enumerate(released):
            if event[5][0] == Kind.BLOCK:
                yield from slices(released[begin:index], alone=False)
                yield [event]
                begin = index + 1
    for start in range(begin, len(released), SLICE_EVENTS):
        yield released[start : start + SLICE_EVENTS]
