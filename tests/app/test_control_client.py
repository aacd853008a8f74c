"""Signing off over a real socket: what is said when it does not go as asked."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio.to_thread
import pytest
from typing_extensions import override

from monitor.adapters.http.control import SignedOffSlots
from monitor.adapters.http.control_address import NAME, bind
from monitor.app import control_client
from monitor.app.control_client import sign_off, wish
from monitor.core.errors import DaemonNotAsked
from monitor.core.wishes import Want
from tests.adapters.http.controlling import Lost, Wishes, controlled

pytestmark = pytest.mark.real_time

WHERE = "start it, or say where its state is: --state-dir DIR or --config FILE"


def refused(state_dir: Path) -> str:
    with pytest.raises(DaemonNotAsked) as failed:
        sign_off(state_dir, 7, "no RPC has it")
    return str(failed.value)


@contextmanager
def stranger(directory: Path, says: bytes) -> Iterator[None]:
    """A server that says this once it was asked; with nothing to say it stays mute."""
    over = threading.Event()
    listener = bind(directory / NAME)

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            while not connection.recv(4096).endswith(b"}"):  # head and body come apart
                pass
            connection.sendall(says)
            if not says:
                over.wait()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        listener.close()


async def test_a_lost_slot_is_signed_off(tmp_path: Path) -> None:
    lost = Lost(7)
    async with controlled(tmp_path, lost):
        await anyio.to_thread.run_sync(sign_off, tmp_path, 7, "no RPC has it")

    assert lost.signed_off == [(7, "no RPC has it")]


async def test_all_lost_slots_of_a_range_are_signed_off_in_as_many_questions_as_it_takes(
    tmp_path: Path,
) -> None:
    lost = Lost(6, *range(7, 15), 20)
    async with controlled(tmp_path, lost):
        count = await anyio.to_thread.run_sync(sign_off, tmp_path, 7, "no RPC has it", 15)

    assert count == 8
    assert lost.slots == {6, 20}


class Recovering(Lost):
    """What one question leaves is recovered before the next one."""

    @override
    async def sign_off(self, first: int, last: int, reason: str) -> SignedOffSlots:
        signed = await super().sign_off(first, last, reason)
        self.slots.clear()
        return signed


async def test_what_is_recovered_between_two_questions_needs_no_signing_off(tmp_path: Path) -> None:
    lost = Recovering(*range(7, 15))
    async with controlled(tmp_path, lost):
        count = await anyio.to_thread.run_sync(sign_off, tmp_path, 7, "no RPC has it", 15)

    assert count == len(lost.signed_off) == Lost.AT_ONCE


async def test_a_refusal_is_told_in_the_daemons_words(tmp_path: Path) -> None:
    async with controlled(tmp_path, Lost()):
        told = await anyio.to_thread.run_sync(refused, tmp_path)

    assert told.startswith("slot 7 is not lost; ")


async def test_something_is_asked_of_an_endpoint(tmp_path: Path) -> None:
    wishes = Wishes("ams")
    wishes.answer = {"outcome": "drained"}
    async with controlled(tmp_path, Lost(), wishes):
        told = await anyio.to_thread.run_sync(wish, tmp_path, Want.DRAIN, "ams")
        await anyio.to_thread.run_sync(wish, tmp_path, Want.DRAIN, "ams", 7.5)

    assert told == {"endpoint": "ams", "want": "drain", "outcome": "drained"}
    assert wishes.asked == [(Want.DRAIN, "ams")] * 2
    assert wishes.leases == [None, 7.5]


async def test_an_endpoint_that_is_none_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    def refusal() -> str:
        with pytest.raises(DaemonNotAsked) as failed:
            wish(tmp_path, Want.PROBE, "tyo")
        return str(failed.value)

    async with controlled(tmp_path, Lost(), Wishes("ams", "nyc")):
        told = await anyio.to_thread.run_sync(refusal)

    assert told == "there is no endpoint 'tyo'; there are: ams, nyc"


def test_no_daemon_is_told_with_a_remedy(tmp_path: Path) -> None:
    assert refused(tmp_path) == (
        f"no daemon runs with its state in {tmp_path}: {tmp_path / NAME}: No such file; {WHERE}"
    )
    assert refused(tmp_path / "nowhere").startswith("no daemon runs with its state in ")
    deep = tmp_path / ("d" * 120)
    assert refused(deep).startswith(f"no daemon runs with its state in {deep}: ")


def test_a_killed_daemon_is_told_as_gone(tmp_path: Path) -> None:
    bind(tmp_path / NAME).close()

    assert refused(tmp_path) == (
        f"the daemon with its state in {tmp_path} runs no more, and left {tmp_path / NAME}; {WHERE}"
    )


def test_a_socket_of_somebody_else_is_told_with_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", denied)
    with bind(tmp_path / NAME):
        told = refused(tmp_path)
    owner = tmp_path.stat().st_uid

    assert told == (
        f"{tmp_path / NAME}: Permission denied; only the daemon's own user (uid {owner}) and root "
        "may use it: run the command as one of them"
    )
    assert "own user and root may use it" in refused(tmp_path / "closed")


def test_a_daemon_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_client, "PATIENCE", 0.05)
    with stranger(tmp_path, b""):
        told = refused(tmp_path)

    assert told == f"{tmp_path / NAME}: the daemon did not answer within 0.05 s; look at its log"


def test_what_speaks_no_http_is_told(tmp_path: Path) -> None:
    with stranger(tmp_path, b"SSH-2.0\r\n"):
        assert refused(tmp_path).startswith(f"{tmp_path / NAME}: SSH-2.0")


def test_an_answer_without_words_is_told_by_its_number(tmp_path: Path) -> None:
    with stranger(tmp_path, b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno"):
        assert refused(tmp_path) == "the daemon answered: HTTP 500; look at its log"
