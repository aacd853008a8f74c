"""Which reader to use: the first in the order of preference that passes its test at the start."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import grpc

from monitor.adapters.grpc.calls import Call, Receiver
from monitor.adapters.grpc.channels import SUBSCRIBE, Metadata
from monitor.adapters.grpc.plain import PlainCall
from monitor.adapters.grpc.self_test import CallFactory, failure_of
from monitor.adapters.grpc.settings import Reader
from monitor.adapters.grpc.single_threaded import SingleThreadedCall

SelfTest = Callable[[Reader], str | None]


def segregated_call(
    channel: grpc.Channel,
    metadata: Metadata,
    request: bytes,
    intake: Receiver,
    path: str = SUBSCRIBE,
) -> Call:
    """A segregated call. Raises ImportError when this grpcio has no such thing."""
    # Imported only when used, so that a grpcio without its private parts still serves the other readers.
    from monitor.adapters.grpc.segregated import SegregatedCall

    return SegregatedCall(channel, metadata, request, intake, path)


FACTORIES: Final[dict[Reader, CallFactory]] = {
    Reader.SEGREGATED: segregated_call,
    Reader.SINGLE_THREADED: SingleThreadedCall,
    Reader.PLAIN: PlainCall,
}
"""The readers in the order of preference; the last needs nothing that could be missing."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A reader, and why it is this one."""

    reader: Reader
    reason: str

    @property
    def open_call(self) -> CallFactory:
        """Opens a stream for this reader."""
        return FACTORIES[self.reader]

    @property
    def single_threaded(self) -> bool:
        """Whether the channel must be opened in grpcio's single-threaded form."""
        return self.reader is Reader.SINGLE_THREADED

    @property
    def segregated(self) -> bool:
        """Whether the channel is for segregated calls alone."""
        return self.reader is Reader.SEGREGATED


def self_test(reader: Reader) -> str | None:
    """Why a reader fails on this grpcio, or None."""
    return failure_of(
        FACTORIES[reader],
        single_threaded=reader is Reader.SINGLE_THREADED,
        segregated=reader is Reader.SEGREGATED,
    )


def choose(wanted: Reader, test: SelfTest = self_test) -> Choice:
    """The reader to use. One that the configuration names is taken at its word, untested."""
    if wanted is not Reader.AUTO:
        return Choice(wanted, "set in the configuration")
    failures: list[str] = []
    for reader in (Reader.SEGREGATED, Reader.SINGLE_THREADED):
        failure = test(reader)
        if failure is None:
            return Choice(reader, "; ".join(failures) or "passed its test")
        failures.append(f"{reader} failed its test: {failure}")
    return Choice(Reader.PLAIN, "; ".join(failures))
