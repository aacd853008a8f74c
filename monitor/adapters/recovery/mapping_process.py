"""A process that maps blocks: bodies of getBlock come over a socket, and go back as rows.

So that the seconds which a catch-up reads in go by beside live streams, not before them: it runs at lower priority, and
takes none of the daemon's core. It ends when its socket does, and so with its daemon, however that ends; signals to stop
are for the daemon alone. Requests and answers come one at a time, each after a header of fixed size.
"""

import gc
import marshal
import os
import pickle
import signal
import socket
import sys
import zlib
from collections.abc import Sequence
from enum import IntEnum
from struct import Struct
from typing import Any, Final

from monitor.adapters.recovery.twins import Twins
from monitor.core.errors import BlockMalformed, BlockUnfinished
from monitor.core.monitors import Monitor
from monitor.wire.rpc_block import BlockReader, MappedBlock

REQUEST: Final = Struct("<QQQ")
"""Slot, stamp and size of the body behind it; the very first has no slot, and the pickled monitors behind it."""
ANSWER: Final = Struct("<BQ")
"""A `Fate`, and the size of what is behind it."""
LONGEST_BODY: Final = 256 * 2**20
"""Bytes of an unpacked body. The largest block seen has 7 MB, the protocol lets them grow some tenfold: guessed."""

_NICENESS: Final = 10
_RARE: Final = 50_000
"""Threshold of the collector's youngest generation: mapping makes no cycles."""
_GZIP: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31


class Fate(IntEnum):
    """What became of a body, and what is behind the header."""

    MAPPED = 0
    """The fields of a MappedBlock, marshalled: 1.3 ms to write and 1.1 to read for a block of 5 MB in rows."""
    MALFORMED = 1
    """The text of a BlockMalformed."""
    UNFINISHED = 2
    """The text of a BlockUnfinished."""


def introduction(monitors: Sequence[Monitor]) -> bytes:
    """The first thing to be sent."""
    pickled = pickle.dumps(tuple(monitors))
    return REQUEST.pack(0, 0, len(pickled)) + pickled


def unpacked(body: bytes) -> bytes:
    """A body as it came, gzipped or not. Raises BlockMalformed."""
    if not body.startswith(_GZIP):
        return body
    unpacking = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = unpacking.decompress(body, LONGEST_BODY)
    except zlib.error as error:
        raise BlockMalformed(f"a body could not be unpacked: {error}") from error
    if not unpacking.eof:
        raise BlockMalformed(f"a body ends too early or unpacks to over {LONGEST_BODY:,} bytes")
    return plain


def answer(
    reader: BlockReader, twins: Twins, slot: int, stamp_ns: int, body: bytes
) -> tuple[int, bytes]:
    """What to send back for a body: a `Fate`, and what is behind it."""
    try:
        plain = unpacked(body)
    except BlockMalformed as error:
        return Fate.MALFORMED, str(error).encode()
    return twins.answer(slot, plain, lambda new: _mapped(reader, slot, stamp_ns, new))


def _mapped(reader: BlockReader, slot: int, stamp_ns: int, plain: bytes) -> tuple[int, bytes]:
    try:
        block = reader.read(slot, plain, stamp_ns)
    except BlockUnfinished as error:
        return Fate.UNFINISHED, str(error).encode()
    except BlockMalformed as error:
        return Fate.MALFORMED, str(error).encode()
    return Fate.MAPPED, marshal.dumps(fields_of(block))


def fields_of(block: MappedBlock) -> tuple[Any, ...]:
    """The values of its fields, in order, without those within."""
    return tuple(getattr(block, name) for name in MappedBlock.__slots__)


def serve(sock: socket.socket) -> None:
    """Map what comes until the daemon is gone. Raises EOFError or OSError then."""
    _, _, size = REQUEST.unpack(_receive(sock, REQUEST.size))
    reader, twins = BlockReader(pickle.loads(_receive(sock, size))), Twins()
    while True:
        slot, stamp_ns, size = REQUEST.unpack(_receive(sock, REQUEST.size))
        fate, content = answer(reader, twins, slot, stamp_ns, _receive(sock, size))
        sock.sendall(ANSWER.pack(fate, len(content)))
        sock.sendall(content)


def _receive(sock: socket.socket, size: int) -> bytes:
    received = bytearray(size)
    rest = memoryview(received)
    while rest:
        count = sock.recv_into(rest)
        if not count:
            raise EOFError
        rest = rest[count:]
    return bytes(received)


def main() -> None:
    """Serve the daemon at the other end of the socket whose descriptor is the one argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(_NICENESS)
    gc.freeze()
    gc.set_threshold(_RARE)
    try:
        serve(socket.socket(fileno=int(sys.argv[1])))
    except (EOFError, OSError):
        os._exit(0)  # nobody is left to map for


if __name__ == "__main__":
    main()
