"""A reader process: `GrpcFeeds` for one endpoint, whose takings go to the daemon over a socket.

It is started by `process_feeds` as a fresh interpreter and told everything over that socket, so that no token stands on
a command line. It ends when the socket does, and so with its daemon, however that ends; signals to stop are for the
daemon alone, which still wants what was read before.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
from typing import Final

import uvloop

from monitor.adapters.grpc.feeds import GrpcFeeds
from monitor.adapters.grpc.parcels import ParcelKind, Unpacking, of_taken, opening_of

BATCH_BYTES: Final = 64 * 1024
"""Frames in one parcel, about; so many go out at once while much comes, else what a look of `GrpcFeeds` finds."""
COMMAND_BYTES: Final = 64 * 1024
_RARE: Final = 50_000
"""Threshold of the collector's youngest generation: reading makes no cycles."""


class ReaderProcess:
    """Does what the parcels say."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._unpacking = Unpacking()
        self._feeds: GrpcFeeds | None = None
        self._begun = asyncio.Event()

    async def run(self) -> None:
        """Read and hand on, for ever: the end of the link ends the process."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._link.fileno(), self._hear)
        await self._begun.wait()
        feeds = self._feeds
        assert feeds is not None
        while True:
            await feeds.wait(None)
            for taken in feeds.take(BATCH_BYTES):
                await loop.sock_sendall(self._link, of_taken(taken))

    def _hear(self) -> None:
        try:
            chunk = self._link.recv(COMMAND_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            os._exit(0)  # nobody is left to read for; the kernel closes the connections
        for parcel in self._unpacking.add(chunk):
            if parcel.kind == ParcelKind.OPEN:
                endpoint, settings, request = opening_of(parcel)
                if self._feeds is None:
                    self._feeds = GrpcFeeds(settings)
                    self._begun.set()
                self._feeds.open(parcel.feed, endpoint, request)
            elif self._feeds is not None and parcel.kind == ParcelKind.SEND:
                self._feeds.send(parcel.feed, parcel.body)
            elif self._feeds is not None:
                self._feeds.close(parcel.feed)


async def _read(link: socket.socket) -> None:
    try:
        await ReaderProcess(link).run()
    except (BrokenPipeError, ConnectionResetError):
        os._exit(0)


def main() -> None:
    """Serve the daemon at the other end of the socket whose descriptor is the one argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    link = socket.socket(fileno=int(sys.argv[1]))
    link.setblocking(False)
    gc.freeze()
    gc.set_threshold(_RARE)
    uvloop.run(_read(link))


if __name__ == "__main__":
    main()
