"""How a daemon and its reader processes write to each other: parcels over a Unix socket, both ends one machine and version.

A parcel is a head (kind, feed, number of frames, bytes of the body) and a body. The body of frames is all stamps, all lengths, then
the frames one after another, so that a batch costs one look at its head and a slice for each frame. All other bodies are
JSON, but for the request of a `SEND`, which is as it goes out. An `OPEN` says in JSON where to, and the request follows.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from enum import IntEnum
from itertools import accumulate, pairwise
from operator import itemgetter
from struct import Struct
from typing import Any, Final, NamedTuple

from monitor.adapters.grpc.settings import GrpcSettings, Reader, Workers
from monitor.ports import Endpoint, FramesTaken, StreamEnded, StreamOpened, Taken

_HEAD: Final = Struct("=BIII")
_LENGTH: Final = Struct("=I")
_frame: Final = itemgetter(1)


class ParcelKind(IntEnum):
    """What a parcel holds; the first three go to the reader process, the others come from it."""

    OPEN = 1
    SEND = 2
    CLOSE = 3
    FRAMES = 4
    OPENED = 5
    ENDED = 6


class Parcel(NamedTuple):
    """One parcel, still in the bytes that it came in."""

    kind: int
    feed: int
    frames: int
    within: bytes
    start: int
    end: int

    @property
    def body(self) -> bytes:
        """The body alone."""
        return self.within[self.start : self.end]


class Unpacking:
    """Cuts what a socket gives into parcels; the rest waits for more."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._held = 0
        self._wanted = _HEAD.size

    def add(self, chunk: bytes) -> Iterator[Parcel]:
        """All parcels that are whole now. Joined only once the next is whole, so that a long one is copied once."""
        self._chunks.append(chunk)
        self._held += len(chunk)
        if self._held < self._wanted:
            return
        held = b"".join(self._chunks)
        at = 0
        self._wanted = _HEAD.size
        while len(held) - at >= _HEAD.size:
            kind, feed, frames, size = _HEAD.unpack_from(held, at)
            start = at + _HEAD.size
            if len(held) - start < size:
                self._wanted = _HEAD.size + size
                break
            at = start + size
            yield Parcel(kind, feed, frames, held, start, at)
        self._chunks = [held[at:]]
        self._held = len(held) - at


def of_opening(feed: int, endpoint: Endpoint, settings: GrpcSettings, request: bytes) -> bytes:
    """Asks a reader process to open a stream."""
    where = json.dumps({"endpoint": asdict(endpoint), "settings": asdict(settings)}).encode()
    return _parcel(ParcelKind.OPEN, feed, _LENGTH.pack(len(where)) + where + request)


def opening_of(parcel: Parcel) -> tuple[Endpoint, GrpcSettings, bytes]:
    """What an `OPEN` asks for."""
    body = parcel.body
    (length,) = _LENGTH.unpack_from(body)
    end = _LENGTH.size + length
    where: dict[str, dict[str, Any]] = json.loads(body[_LENGTH.size : end])
    settings = where["settings"]
    words = {"reader": Reader(settings["reader"]), "workers": Workers(settings["workers"])}
    return Endpoint(**where["endpoint"]), GrpcSettings(**(settings | words)), body[end:]


def of_request(feed: int, request: bytes) -> bytes:
    """Asks a reader process to send a request on an open stream."""
    return _parcel(ParcelKind.SEND, feed, request)


def of_closing(feed: int) -> bytes:
    """Asks a reader process to cancel a stream."""
    return _parcel(ParcelKind.CLOSE, feed, b"")


def of_taken(taken: Taken) -> bytes:
    """What a reader process took from its feeds."""
    match taken:
        case FramesTaken():
            return _of_frames(taken.feed, taken.frames)
        case StreamOpened():
            return _parcel(ParcelKind.OPENED, taken.feed, b"")
        case StreamEnded():
            body = json.dumps([taken.code, taken.text]).encode()
            return _parcel(ParcelKind.ENDED, taken.feed, body)


def taken_of(parcel: Parcel) -> tuple[Taken, int]:
    """What a reader process took, and the bytes of its frames."""
    if parcel.kind == ParcelKind.FRAMES:
        return _frames_of(parcel)
    if parcel.kind == ParcelKind.OPENED:
        return StreamOpened(parcel.feed), 0
    code, text = json.loads(parcel.body)
    return StreamEnded(parcel.feed, code, text), 0


def _parcel(kind: ParcelKind, feed: int, body: bytes) -> bytes:
    return _HEAD.pack(kind, feed, 0, len(body)) + body


def _of_frames(feed: int, frames: Sequence[tuple[int, bytes]]) -> bytes:
    count = len(frames)
    lengths = list(map(len, map(_frame, frames)))
    table = _table(count)
    head = _HEAD.pack(ParcelKind.FRAMES, feed, count, table.size + sum(lengths))
    columns = table.pack(*(stamp for stamp, _ in frames), *lengths)
    return b"".join([head, columns, *map(_frame, frames)])


def _frames_of(parcel: Parcel) -> tuple[FramesTaken, int]:
    count, within = parcel.frames, parcel.within
    table = _table(count)
    columns = table.unpack_from(within, parcel.start)
    first = parcel.start + table.size
    cuts = pairwise(accumulate(columns[count:], initial=first))
    frames = [
        (stamp, within[start:end])
        for stamp, (start, end) in zip(columns[:count], cuts, strict=True)
    ]
    return FramesTaken(parcel.feed, frames, parcel.end - first), parcel.end - first


def _table(count: int) -> Struct:
    """Of the stamps and lengths of so many frames. Structs of the same form are kept by `struct` itself."""
    return Struct(f"={count}q{count}I")
