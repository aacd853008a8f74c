"""The state directory: made, locked, and let go; another daemon is told who holds it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.app.state_directory import StateDirectory
from monitor.core.errors import StateDirectoryBusy

HOLDER = """\
import sys
from pathlib import Path
from monitor.app.state_directory import StateDirectory
with StateDirectory(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_folder_is_made_and_holds_our_pid(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state"
    with StateDirectory(path) as state:
        assert state.path == path
        assert (path / "daemon.lock").read_text() == f"{os.getpid()}\n"


def test_only_its_user_and_group_may_look_in(tmp_path: Path) -> None:
    with StateDirectory(tmp_path / "state"):
        assert (tmp_path / "state").stat().st_mode & 0o007 == 0


def test_a_second_owner_is_refused_naming_the_first(tmp_path: Path) -> None:
    with StateDirectory(tmp_path):
        with pytest.raises(StateDirectoryBusy) as refused:
            StateDirectory(tmp_path).__enter__()
        assert (tmp_path / "daemon.lock").read_text() == f"{os.getpid()}\n"
    assert str(refused.value) == (
        f"{tmp_path} is in use by process {os.getpid()}; stop it or change state_dir"
    )


def test_a_refusal_leaves_the_first_one_its_lock(tmp_path: Path) -> None:
    with StateDirectory(tmp_path):
        for _ in range(2):
            with pytest.raises(StateDirectoryBusy):
                StateDirectory(tmp_path).__enter__()


def test_it_can_be_had_again_once_it_was_let_go(tmp_path: Path) -> None:
    for _ in range(2):
        with StateDirectory(tmp_path):
            pass


def test_a_failure_inside_lets_go_of_it(tmp_path: Path) -> None:
    with pytest.raises(KeyError), StateDirectory(tmp_path):
        raise KeyError
    with StateDirectory(tmp_path):
        pass


@pytest.mark.real_time
def test_a_killed_owner_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StateDirectoryBusy, match=f"process {holder.pid};"):
            StateDirectory(tmp_path).__enter__()
        holder.kill()
        holder.wait()
    with StateDirectory(tmp_path):
        assert (tmp_path / "daemon.lock").read_text() == f"{os.getpid()}\n"


def test_an_older_longer_pid_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "daemon.lock").write_text("12345678901234\n")
    with StateDirectory(tmp_path):
        assert (tmp_path / "daemon.lock").read_text() == f"{os.getpid()}\n"


def test_a_folder_that_cannot_be_made_is_told_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "state"
    with pytest.raises(StateDirectoryBusy) as refused:
        StateDirectory(path).__enter__()
    assert str(refused.value) == f"{path}: Not a directory; make it writable or change state_dir"


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.touch()
    with pytest.raises(StateDirectoryBusy) as refused:
        StateDirectory(path).__enter__()
    assert str(refused.value) == f"{path}: Not a directory; make it writable or change state_dir"
