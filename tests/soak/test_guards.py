"""Taking a line away: what the runner makes of a test that notices, and of one that does not."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.processes import until
from tests.soak import guards
from tests.soak.__main__ import main
from tests.soak.guards import HUNG, Guard, passing, run_test, run_without, try_all

pytestmark = pytest.mark.real_time

SOURCE = "def double(number: int) -> int:\n    number *= 2\n    return number\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "doubling.py").write_text(SOURCE)
    (tmp_path / "test_doubling.py").write_text(
        "from doubling import double\n\n\n"
        "def test_awake() -> None:\n    assert double(3) == 6\n\n\n"
        "def test_asleep() -> None:\n    assert double(0) == 0\n\n\n"
        "def test_wrong() -> None:\n    assert double(0) == 1\n"
    )
    return tmp_path


def guard(test: str) -> Guard:
    return Guard(f"test_doubling.py::{test}", "doubling.py", "    number *= 2", "    pass", "")


@pytest.mark.parametrize(("test", "status"), [("test_awake", 1), ("test_asleep", 0)])
def test_the_status_tells_whether_the_loss_is_noticed(root: Path, test: str, status: int) -> None:
    assert run_without(root, guard(test)) == status
    assert (root / "doubling.py").read_text() == SOURCE


def test_a_test_that_does_not_exist_notices_nothing(root: Path) -> None:
    assert run_without(root, guard("test_no")) not in (0, 1, HUNG)


def test_tests_are_run_together_and_those_that_pass_are_told(root: Path) -> None:
    names = ["test_awake", "test_wrong", "test_asleep"]
    tests = [guard(name).test for name in names]
    assert passing(root, tests) == {tests[0], tests[2]}
    assert passing(root, [*tests, guard("test_no").test]) == set()


def test_each_guard_is_tried_and_told_and_what_is_wrong_is_named(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    outcome = try_all([guard("test_awake"), guard("test_asleep"), guard("test_wrong")], 2, root)
    line = "doubling.py: number *= 2"
    assert outcome.hung == 0
    assert outcome.failures == [
        "test_doubling.py::test_wrong does not pass as it is",
        f"{line} is not missed by test_doubling.py::test_asleep (pytest status 0)",
    ]
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == ["3 tests as they are, in one run", "2 of 3 pass"]
    parts = [each.strip().partition("  ") for each in told[2:]]
    assert [count for count, _, _ in parts] == ["1 of 3", "2 of 3", "3 of 3"]
    assert sorted(rest for _, _, rest in parts) == [
        f"STATUS 0  {line}",
        f"noticed  {line}",
        f"noticed  {line}",
    ]


def test_a_test_that_hangs_is_ended_with_all_that_it_started(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "test_hanging.py").write_text(
        "import subprocess\nfrom pathlib import Path\n\n\n"
        "def test_hangs() -> None:\n"
        "    child = subprocess.Popen(['sleep', '3600'])\n"
        "    Path('child').write_text(str(child.pid))\n"
        "    child.wait()\n"
    )
    for patience in (4.0, 16.0, 64.0):
        monkeypatch.setattr(guards, "PATIENCE", patience)
        assert run_test(root, "test_hanging.py") == HUNG
        if (root / "child").exists():
            break
    child = int((root / "child").read_text())
    until(lambda: not _runs(child))


def _runs(pid: int) -> bool:
    """Whether the process is there, and more than the name of a dead one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_text_that_no_guard_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["guards", "--only", "no such file"])
    assert refused.value.code == 2
    assert "no guard's file or test contains 'no such file'" in capsys.readouterr().err
