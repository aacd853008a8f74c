"""Taking a line away: what the runner makes of a test that notices, and of one that does not."""

from pathlib import Path

import pytest

from tests.soak.__main__ import main
from tests.soak.guards import Guard, run_without

pytestmark = pytest.mark.real_time

SOURCE = "def double(number: int) -> int:\n    number *= 2\n    return number\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "doubling.py").write_text(SOURCE)
    (tmp_path / "test_doubling.py").write_text(
        "from doubling import double\n\n\n"
        "def test_awake() -> None:\n    assert double(3) == 6\n\n\n"
        "def test_asleep() -> None:\n    assert double(0) == 0\n"
    )
    return tmp_path


@pytest.mark.parametrize(("test", "status"), [("test_awake", 1), ("test_asleep", 0)])
def test_the_status_tells_whether_the_loss_is_noticed(root: Path, test: str, status: int) -> None:
    guard = Guard(f"test_doubling.py::{test}", "doubling.py", "    number *= 2", "    pass", "")
    assert run_without(root, guard) == status
    assert (root / "doubling.py").read_text() == SOURCE


def test_a_test_that_does_not_exist_notices_nothing(root: Path) -> None:
    guard = Guard("test_doubling.py::test_no", "doubling.py", "    number *= 2", "    pass", "")
    assert run_without(root, guard) not in (0, 1)


def test_a_text_that_no_guard_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["guards", "--only", "no such file"])
    assert refused.value.code == 2
    assert "no guard's file or test contains 'no such file'" in capsys.readouterr().err
