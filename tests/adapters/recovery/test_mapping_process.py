"""The process that maps: what it answers to a body, and that it does not outlive its daemon."""

import gzip
import marshal
import os
import signal
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.adapters.recovery import mapping_process
from monitor.adapters.recovery.mapping_process import (
    ANSWER,
    REQUEST,
    Fate,
    answer,
    introduction,
    serve,
    unpacked,
)
from monitor.adapters.recovery.twins import Twins
from monitor.core.errors import BlockMalformed
from monitor.core.monitors import Monitor, TransactionsFilter
from monitor.wire.rpc_block import BlockReader, MappedBlock
from tests.patience import PATIENCE
from tests.rpc_bodies import body
from tests.wire.test_blocks import OLDEST

pytestmark = pytest.mark.real_time

MONITORS = [Monitor("all", transactions=TransactionsFilter())]
READER = BlockReader(MONITORS)
BODY = body(OLDEST)
ROOT = Path(__file__).resolve().parents[3]


def test_a_block_goes_back_in_marshalled_fields() -> None:
    fate, content = answer(READER, Twins(), 100, 5, BODY)
    assert fate is Fate.MAPPED
    assert MappedBlock(*marshal.loads(content)) == READER.read(100, BODY, 5)


@pytest.mark.parametrize(
    ("text", "fate", "told"),
    [
        (b"{}", Fate.UNFINISHED, "slot 100"),
        (b"[]", Fate.MALFORMED, "slot 100"),
        (b"\x1f\x8bnothing", Fate.MALFORMED, "unpacked"),
    ],
)
def test_what_is_no_block_goes_back_as_text(text: bytes, fate: Fate, told: str) -> None:
    found, content = answer(READER, Twins(), 100, 5, text)
    assert found is fate
    assert told in content.decode()


def test_a_gzipped_body_is_unpacked() -> None:
    assert unpacked(gzip.compress(BODY)) == BODY
    assert unpacked(BODY) is BODY
    assert answer(READER, Twins(), 100, 5, gzip.compress(BODY)) == answer(
        READER, Twins(), 100, 5, BODY
    )


@pytest.mark.parametrize("packed", [gzip.compress(BODY)[:-9], b"\x1f\x8b", zlib.compress(b"")[:0]])
def test_half_of_a_gzipped_body_is_refused(packed: bytes) -> None:
    fate, _ = answer(READER, Twins(), 100, 5, packed)
    assert fate is Fate.MALFORMED


def test_a_body_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping_process, "LONGEST_BODY", len(BODY) - 1)
    with pytest.raises(BlockMalformed, match="unpacks to over"):
        unpacked(gzip.compress(BODY))


def test_it_serves_until_its_socket_ends() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(introduction(MONITORS))
        for slot in (100, 101):
            ours.sendall(REQUEST.pack(slot, 5, len(BODY)) + BODY)
        ours.shutdown(socket.SHUT_WR)
        with pytest.raises(EOFError):
            serve(theirs)
        blocks = [_receive(ours) for _ in range(2)]
    assert [block.slot for block in blocks] == [100, 101]
    assert blocks[0] == READER.read(100, BODY, 5)


@contextmanager
def _process() -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            command = [sys.executable, "-m", mapping_process.__name__, str(theirs.fileno())]
            process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), cwd=ROOT)
        try:
            yield process, ours
        finally:
            process.kill()
            process.wait()


def _receive(link: socket.socket) -> MappedBlock:
    fate, size = ANSWER.unpack(link.recv(ANSWER.size, socket.MSG_WAITALL))
    assert fate == Fate.MAPPED
    return MappedBlock(*marshal.loads(link.recv(size, socket.MSG_WAITALL)))


def test_it_yields_to_the_daemon_and_lets_the_daemon_hear_the_signals() -> None:
    with _process() as (process, link):
        link.sendall(introduction(MONITORS) + REQUEST.pack(100, 5, len(BODY)) + BODY)
        assert _receive(link).count == 2
        assert os.getpriority(os.PRIO_PROCESS, process.pid) >= min(
            19, os.getpriority(os.PRIO_PROCESS, 0) + 10
        )
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        link.sendall(REQUEST.pack(101, 5, len(BODY)) + BODY)
        assert _receive(link).slot == 101


@pytest.mark.parametrize("sent", [b"", b"half"], ids=["between bodies", "within one"])
def test_it_ends_when_nobody_holds_the_other_end(sent: bytes) -> None:
    """As when the daemon was killed."""
    with _process() as (process, link):
        link.sendall(introduction(MONITORS) + REQUEST.pack(100, 5, len(BODY)) + BODY)
        assert _receive(link).count == 2
        link.sendall(sent)
        link.close()
        assert process.wait(PATIENCE) == 0


def test_it_ends_when_nobody_takes_its_answer() -> None:
    many = body(OLDEST | {"transactions": OLDEST["transactions"] * 4_000})
    with _process() as (process, link):
        link.sendall(introduction(MONITORS) + REQUEST.pack(100, 5, len(many)) + many)
        link.recv(1)
        link.close()
        assert process.wait(PATIENCE) == 0
