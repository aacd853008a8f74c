"""The control socket's place on the disk: whose it is, what it replaces, how deep it may lie."""

import socket
import stat
from pathlib import Path

import pytest

from monitor.adapters.http.control_address import NAME, bind, reachable
from monitor.core.errors import ListenRefused

pytestmark = pytest.mark.real_time


def connect(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client, reachable(path) as address:
        client.connect(address)


def test_only_the_owner_can_reach_the_socket(tmp_path: Path) -> None:
    path = tmp_path / NAME
    with bind(path):
        connect(path)
        mode = path.stat().st_mode

    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_the_socket_of_a_killed_daemon_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / NAME
    bind(path).close()
    with pytest.raises(ConnectionRefusedError):
        connect(path)
    with bind(path):
        connect(path)


def test_a_file_in_its_place_is_left_alone_and_told(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text("mine")
    with pytest.raises(ListenRefused) as refused:
        bind(path)

    assert path.read_text() == "mine"
    assert str(refused.value) == (
        f"{path}: cannot be listened on: Address already in use; "
        "make its directory writable, move what is in the way, or change state_dir"
    )


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ListenRefused, match="No such file or directory"):
        bind(tmp_path / "nowhere" / NAME)


def test_a_path_that_is_too_long_for_a_socket_is_reached_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    with bind(deep / NAME):
        connect(deep / NAME)

    assert stat.S_IMODE((deep / NAME).stat().st_mode) == 0o600


def test_a_short_path_is_reached_as_it_is(tmp_path: Path) -> None:
    with reachable(Path("state") / NAME) as address:
        assert address == f"state/{NAME}"
