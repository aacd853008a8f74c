"""Blocks mapped by processes: `Mapper` hands each body to one that is free, and replaces one that died.

A process is started when the first body finds none free, and serves all later ones. What they hold is bounded: a body
waits until the bodies under way leave room for it, though one alone always has room. Who is cancelled while his body is
mapped waits for it all the same, for a process that was left in the middle of an answer could not be used again.
"""

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from marshal import loads
from pathlib import Path
from typing import Final

import anyio
from anyio.abc import UNIXSocketStream

import monitor
from monitor.adapters.recovery.mapping_process import ANSWER, REQUEST, Fate, introduction
from monitor.core.errors import BlockMalformed, BlockUnfinished
from monitor.core.monitors import Monitor
from monitor.wire.rpc_block import MappedBlock

ROOM_BYTES: Final = 64 * 2**20
"""Of bodies under way. Guessed: nine of the largest blocks seen, unpacked; some fifty as they come."""
PATIENCE: Final = 20.0
"""Seconds for one body, after which its process counts as lost; the largest block seen takes 0.2."""
STOP_SECONDS: Final = 1.0
_STOP_LOOK_SECONDS: Final = 0.005
_RECEIVED_BYTES: Final = 256 * 1024


class Mapper:
    """Maps bodies of getBlock. Belongs to one event loop."""

    def __init__(
        self, monitors: Sequence[Monitor], workers: int, room_bytes: int = ROOM_BYTES
    ) -> None:
        """`workers`: processes at most."""
        self._introduction = introduction(monitors)
        self._free: list[_Worker] = []
        self._turns = anyio.Semaphore(workers)
        self._room_bytes = room_bytes
        self._under_way_bytes = 0
        self._room = anyio.Condition()

    @property
    def pids(self) -> list[int]:
        """Process ids of those that are free."""
        return [each.process.pid for each in self._free]

    async def map(self, slot: int, body: bytes, stamp_ns: int) -> MappedBlock:
        """The block in the answer to getBlock, as it came: gzipped or not. `stamp_ns`: when it came, as in `Row`.

        Raises: BlockUnfinished, BlockMalformed as `BlockReader.read`; BlockMalformed too when two processes died of it,
        or none could be started.
        """
        async with self._space(len(body)), self._turns:
            with anyio.CancelScope(shield=True):
                fate, content = await self._ask(slot, body, stamp_ns)
        if fate == Fate.MAPPED:
            return MappedBlock(*loads(content))
        text = content.decode()
        raise BlockUnfinished(text) if fate == Fate.UNFINISHED else BlockMalformed(text)

    async def close(self) -> None:
        """End all processes; nothing may be under way."""
        workers, self._free = self._free, []
        for worker in workers:
            await worker.link.aclose()
        looks = int(STOP_SECONDS / _STOP_LOOK_SECONDS)
        while looks and any(worker.process.poll() is None for worker in workers):
            await anyio.sleep(_STOP_LOOK_SECONDS)
            looks -= 1
        for worker in workers:
            await worker.end()

    async def _ask(self, slot: int, body: bytes, stamp_ns: int) -> tuple[int, bytes | bytearray]:
        request = REQUEST.pack(slot, stamp_ns, len(body))
        fault = ""
        for _ in range(2):
            try:
                worker = await self._worker()
            except OSError as error:
                fault = f"none could be started: {error.strerror}"
                continue
            try:
                with anyio.fail_after(PATIENCE):
                    answered = await worker.ask(request, body)
            except (anyio.BrokenResourceError, anyio.EndOfStream, TimeoutError) as error:
                fault = f"the last one ended ({type(error).__name__})"
                await worker.end()
            else:
                self._free.append(worker)
                return answered
        text = (
            f"slot {slot}: two processes could not map this block, {fault}; is there memory left?"
        )
        return Fate.MALFORMED, text.encode()

    async def _worker(self) -> "_Worker":
        while self._free:
            worker = self._free.pop()
            if worker.process.poll() is None:
                return worker
            await worker.end()
        return _Worker(*await _start(), self._introduction)

    @asynccontextmanager
    async def _space(self, size: int) -> AsyncIterator[None]:
        async with self._room:
            while self._under_way_bytes and self._under_way_bytes + size > self._room_bytes:
                await self._room.wait()
            self._under_way_bytes += size
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True):
                async with self._room:
                    self._under_way_bytes -= size
                    self._room.notify_all()


class _Worker:
    """One process, and the socket to it."""

    def __init__(
        self, process: subprocess.Popen[bytes], link: UNIXSocketStream, introduction: bytes
    ) -> None:
        self.process = process
        self.link = link
        self._unsent = introduction

    async def ask(self, request: bytes, body: bytes) -> tuple[int, bytearray]:
        """The fate of a body, and what is behind it."""
        before, self._unsent = self._unsent + request, b""
        await self.link.send(before)
        await self.link.send(body)
        received = bytearray()
        while len(received) < ANSWER.size:
            received += await self.link.receive(_RECEIVED_BYTES)
        fate, size = ANSWER.unpack_from(received)
        del received[: ANSWER.size]
        while len(received) < size:
            received += await self.link.receive(_RECEIVED_BYTES)
        return fate, received

    async def end(self) -> None:
        """End it at once, if it has not ended."""
        await self.link.aclose()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


async def _start() -> tuple[subprocess.Popen[bytes], UNIXSocketStream]:
    """A fresh interpreter with one end of a socket, which finds this package wherever the daemon was started.

    Raises OSError.
    """
    ours, theirs = socket.socketpair()
    root = str(Path(monitor.__file__).parents[1])
    path = os.environ.get("PYTHONPATH")
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root}
    module = "monitor.adapters.recovery.mapping_process"
    try:
        with theirs:
            process = subprocess.Popen(  # noqa: ASYNC220 # it takes a millisecond, and waits for nothing
                [sys.executable, "-m", module, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=environment,
            )
    except OSError:
        ours.close()
        raise
    return process, await UNIXSocketStream.from_socket(ours)
