"""A reader process: streams of one endpoint, read in threads as everywhere, whose frames go to the daemon in parcels.

It is started by `worker` as a fresh interpreter and told everything over its socket, so that no token stands on a
command line. It ends when the socket does, and so with its daemon, however that ends; signals to stop are for the daemon
alone, which still wants what was read before.
"""

import gc
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Final, Never

import grpc

from monitor.adapters.grpc.calls import Call
from monitor.adapters.grpc.channels import EndpointUnusable, metadata_of, open_channel
from monitor.adapters.grpc.choice import choose
from monitor.adapters.grpc.outlet import Link, Outlet
from monitor.adapters.grpc.parcels import Parcel, ParcelKind, Unpacking, opening_of

NAP_SECONDS: Final = 0.0005
"""For so long, about, less than a parcel waits for more. Guessed between 0.1 and 1 ms."""
COMMAND_BYTES: Final = 64 * 1024
_RARE: Final = 50_000
"""Threshold of the collector's youngest generation: reading makes no cycles."""


class ReaderProcess:
    """Does what the parcels of the daemon say, until the daemon is gone."""

    def __init__(self, sock: socket.socket, leave: Callable[[], Never]) -> None:
        self._sock = sock
        self._leave = leave
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)
        self._link = Link(sock, lambda: os.eventfd_write(self._wake, 1))
        self._unpacking = Unpacking()
        self._outlets: dict[int, Outlet] = {}
        self._calls: dict[int, Call] = {}

    def run(self) -> None:
        """Hear commands, and send what no reading thread sends; sleep while nothing comes."""
        link = self._sock.fileno()
        watched = (link, self._wake)
        something = False
        while True:
            outlets = list(self._outlets.values())
            nap = something or any(each.is_settling for each in outlets)
            self._link.asleep = not nap
            # What came after the last look and before `asleep` was set rang nobody.
            something = any([each.flush() for each in outlets])
            ready = select.select(watched, (), (), NAP_SECONDS if nap or something else None)[0]
            self._link.asleep = False
            if self._wake in ready:
                os.eventfd_read(self._wake)
                something = True
            if link in ready:
                self._hear()
            for feed in [feed for feed, outlet in self._outlets.items() if outlet.is_over]:
                del self._outlets[feed], self._calls[feed]

    def _hear(self) -> None:
        chunk = self._sock.recv(COMMAND_BYTES)
        if not chunk:
            self._leave()
        for parcel in self._unpacking.add(chunk):
            if parcel.kind == ParcelKind.OPEN:
                self._open(parcel)
            elif (call := self._calls.get(parcel.feed)) is not None:
                if parcel.kind == ParcelKind.SEND:
                    call.send(parcel.body)
                else:
                    call.cancel()

    def _open(self, parcel: Parcel) -> None:
        endpoint, settings, request = opening_of(parcel)
        outlet = Outlet(parcel.feed, self._link)
        choice = choose(settings.reader)
        try:
            metadata = metadata_of(endpoint)
            channel = open_channel(
                endpoint,
                settings,
                single_threaded=choice.single_threaded,
                segregated=choice.segregated,
            )
        except EndpointUnusable as error:
            outlet.end(error.code, str(error))
            return
        call = choice.open_call(channel, metadata, request, outlet)
        self._outlets[parcel.feed] = outlet
        self._calls[parcel.feed] = call
        name = f"feed-{parcel.feed}-{endpoint.name}"
        threading.Thread(
            target=self._read, args=(channel, call, outlet), name=name, daemon=True
        ).start()

    def _read(self, channel: grpc.Channel, call: Call, outlet: Outlet) -> None:
        ending = ("INTERNAL", "the reading thread failed")
        try:
            try:
                ending = call.run()
            finally:
                channel.close()
                outlet.end(*ending)
        except (BrokenPipeError, ConnectionResetError):
            self._leave()
        self._link.rouse()


def leave() -> Never:
    """Nobody is left to read for. The kernel closes the connections."""
    os._exit(0)


def main() -> None:
    """Serve the daemon at the other end of the socket whose descriptor is the one argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(_RARE)
    try:
        ReaderProcess(socket.socket(fileno=int(sys.argv[1])), leave).run()
    except (BrokenPipeError, ConnectionResetError):
        leave()


if __name__ == "__main__":
    main()
