"""A packed replay server: pre-built slots over cleartext HTTP/2, in a process of its own.

It prints one line of JSON when it listens (`port`, `source`, `message_bytes`) and one when a client is gone
(`sent`). `created_at` of every message is the monotonic clock at the moment of sending; when the client
does not take a paced message in time, it is the moment at which the message was due, so that a slow
client's queue counts as delay.
"""

import argparse
import json
import os
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from monitor.wire.pb import geyser_pb2
from tests.bench.corpus import Corpus, read_corpus
from tests.bench.framing import Connection
from tests.bench.slots import FIRST_SLOT, Names, SlotTemplate, names_asked, templates

CHUNK_BYTES: Final = 32 * 1024
"""Whole messages are packed up to this many bytes, as tonic does under load."""
SOCKET_BUFFER_BYTES: Final = 4 * 1024 * 1024
NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how long to stream."""

    rate: float | None = None
    """Messages a second; None: as fast as the client takes them."""
    limit: int | None = None
    """Messages in all, then silence; None: for ever."""
    burst: int = 1
    """So many messages are due at the same moment. More than one are stamped with that moment."""

    def due_ns(self, message: int) -> int:
        """Nanoseconds after the start at which the message of this number is due; 0 when there is no rate."""
        return 0 if self.rate is None else int((message - message % self.burst) * NS / self.rate)

    def due_by(self, elapsed_ns: int) -> int | None:
        """Messages due in so many nanoseconds; None when there is no rate."""
        if self.rate is None:
            return None
        return (int(elapsed_ns * self.rate / NS / self.burst) + 1) * self.burst

    def stamps_due(self, *, late: bool) -> bool:
        """Whether messages bear the moment at which they were due, not that at which they left."""
        return self.rate is not None and (late or self.burst > 1)


class Source:
    """The endless stream of chunks: slot after slot, each message stamped as it leaves."""

    def __init__(self, slots: list[SlotTemplate], pace: Pace, started_ns: int) -> None:
        self._slots = slots
        self._pace = pace
        self._started_ns = started_ns
        self._slot = FIRST_SLOT
        self._at = 0
        self._template = slots[0]
        self._template.number(self._slot)
        self.sent = 0

    def due_ns(self, message: int) -> int:
        """When the message of this number is due; when there is no pace, at the start."""
        return self._started_ns + self._pace.due_ns(message)

    @property
    def is_done(self) -> bool:
        """Whether all that was asked has left."""
        return self._pace.limit is not None and self.sent >= self._pace.limit

    def chunk(self, now_ns: int, *, late: bool) -> memoryview | None:
        """Whole messages that are due, at most about `CHUNK_BYTES`; valid until the next call."""
        if self.is_done or self.due_ns(self.sent) > now_ns:
            return None
        if self._at == len(self._template.ends):
            self._slot += 1
            self._at = 0
            self._template = self._slots[(self._slot - FIRST_SLOT) % len(self._slots)]
            self._template.number(self._slot)
        first, end = self._at, self._end(now_ns)
        ends = self._template.ends
        if self._pace.stamps_due(late=late):
            for each in range(first, end):
                self._template.stamp(each, each + 1, self.due_ns(self.sent + each - first))
        else:
            self._template.stamp(first, end, now_ns)
        self.sent += end - first
        self._at = end
        start = ends[first - 1] if first else 0
        return memoryview(self._template.buffer)[start : ends[end - 1]]

    def _end(self, now_ns: int) -> int:
        ends, first = self._template.ends, self._at
        most = len(ends) - first
        due = self._pace.due_by(now_ns - self._started_ns)
        if due is not None:
            most = min(most, max(due - self.sent, 1))
        if self._pace.limit is not None:
            most = min(most, self._pace.limit - self.sent)
        bound = (ends[first - 1] if first else 0) + CHUNK_BYTES
        end = first + 1
        while end < first + most and ends[end] <= bound:
            end += 1
        return end


class Client:
    """One accepted socket: moves bytes between it and the connection's state."""

    def __init__(self, sock: socket.socket, corpus: Corpus, pace: Pace) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._corpus = corpus
        self._pace = pace
        self._connection = Connection()
        self._source: Source | None = None
        self._wire = memoryview(b"")
        """Framed and not yet taken by the kernel."""
        self._body = memoryview(b"")
        """Packed and not yet let through by the windows."""
        self._blocked = False

    def fileno(self) -> int:
        """For select."""
        return self._sock.fileno()

    def sent(self) -> int:
        """Messages that left, or stand in buffers on this side."""
        return 0 if self._source is None else self._source.sent

    @property
    def waits_for_socket(self) -> bool:
        """Whether the kernel's buffer is full."""
        return bool(self._wire)

    def read(self) -> bool:
        """Take what the client sent; False when it is gone."""
        try:
            received = self._sock.recv(65_536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not received:
            return False
        self._connection.receive(received)
        if self._source is None and self._connection.request is not None:
            request = geyser_pb2.SubscribeRequest.FromString(self._connection.request)
            slots = templates(self._corpus, names_asked(request))
            self._source = Source(slots, self._pace, time.monotonic_ns())
        return True

    def write(self) -> float | None:
        """Send what can be sent; returns seconds until more is due, None when the client must act first."""
        for _ in range(64):
            if not self._flush():
                self._blocked = True
                return None
            wait = self._fill()
            if wait != 0.0:
                return wait
        return 0.0

    def close(self) -> None:
        """Let the socket go."""
        self._sock.close()

    def _fill(self) -> float | None:
        source, connection = self._source, self._connection
        if source is None or connection.is_over:
            return None
        if not self._body:
            now_ns = time.monotonic_ns()
            chunk = source.chunk(now_ns, late=self._blocked)
            if chunk is None:
                self._blocked = False
                if source.is_done:
                    return None
                return max(0.0, (source.due_ns(source.sent) - now_ns) / NS) or 1e-6
            self._body = chunk
        allowed = connection.allowed()
        if allowed == 0:
            self._blocked = True
            return None
        body, self._body = self._body[:allowed], self._body[allowed:]
        self._send(connection.frames(body))
        return 0.0

    def _send(self, parts: list[bytes | memoryview]) -> None:
        try:
            taken = self._sock.sendmsg(parts)
        except BlockingIOError:
            taken = 0
        if taken < sum(map(len, parts)):
            self._wire = memoryview(b"".join(parts))[taken:]

    def _flush(self) -> bool:
        if self._connection.outbox and not self._wire:
            self._wire = memoryview(bytes(self._connection.outbox))
            self._connection.outbox.clear()
        if self._wire:
            try:
                self._wire = self._wire[self._sock.send(self._wire) :]
            except BlockingIOError:
                return False
        return not self._wire


def serve(listener: socket.socket, corpus: Corpus, pace: Pace) -> None:
    """Serve whoever connects, each from the first slot on, until the process is ended."""
    clients: list[Client] = []
    wait: float | None = None
    while True:
        readers: list[socket.socket | Client] = [listener, *clients]
        writers = [each for each in clients if each.waits_for_socket]
        readable, _, _ = select.select(readers, writers, [], wait)
        if listener in readable:
            accepted, _ = listener.accept()
            clients.append(Client(accepted, corpus, pace))
        waits = []
        for client in tuple(clients):
            try:
                alive = client not in readable or client.read()
                waits.append(client.write() if alive else None)
            except OSError:
                alive = False
            if not alive:
                clients.remove(client)
                client.close()
                print(json.dumps({"sent": client.sent()}), flush=True)
        due = [each for each in waits if each is not None]
        wait = min(due) if due else None


def mean_message_bytes(corpus: Corpus) -> float:
    """Of a stream that takes every kind, with filter names of one letter."""
    names = Names(("a",), ("b",), ("~1",), ("~1",), ("~1",), ("c",))
    return _mean(templates(corpus, names))


def _mean(slots: list[SlotTemplate]) -> float:
    sizes = [(len(each.buffer) - 5 * len(each.ends), len(each.ends)) for each in slots]
    return sum(size for size, _ in sizes) / sum(count for _, count in sizes)


def _arguments() -> Iterator[tuple[str, type]]:
    yield from (("--rate", float), ("--messages", int), ("--port", int), ("--core", int))
    yield ("--burst", int)


def main() -> None:
    """The command line of the server process."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in _arguments():
        parser.add_argument(name, type=kind)
    given = parser.parse_args()
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    corpus = read_corpus()
    listener = socket.create_server(("127.0.0.1", given.port or 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
    ready = {
        "port": listener.getsockname()[1],
        "source": corpus.source,
        "message_bytes": round(mean_message_bytes(corpus), 1),
    }
    print(json.dumps(ready), flush=True)
    serve(listener, corpus, Pace(given.rate, given.messages, given.burst or 1))


if __name__ == "__main__":
    main()
