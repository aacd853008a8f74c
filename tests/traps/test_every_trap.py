"""Each of the thirty traps has a test of its own, a scenario that sets its stage, and a guard whose line it needs."""

import re
import tomllib
from pathlib import Path

import pytest

from monitor.app.scenarios import read_scenario, scenario_files
from tests.shared_data import SHARED

TRAPS = range(1, 31)
FOLDER = Path(__file__).parent
LIST = SHARED.parent / "TRAPS.md"


def module(trap: int) -> Path:
    return FOLDER / f"test_trap_{trap:02}.py"


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_has_a_module_that_says_which_it_is(trap: int) -> None:
    text = module(trap).read_text(encoding="utf-8")
    assert text.startswith(f'"""Trap {trap}: ')
    assert re.search(r"^(?:async )?def test_", text, re.MULTILINE)


def test_there_is_a_scenario_for_each_and_no_module_for_another() -> None:
    staged = [read_scenario(file).trap for file in scenario_files()]
    assert sorted(trap for trap in staged if trap is not None) == list(TRAPS)
    assert sorted(FOLDER.glob("test_trap_*.py")) == [module(trap) for trap in TRAPS]


def test_each_is_guarded() -> None:
    guards = tomllib.loads((FOLDER.parent / "guards.toml").read_text(encoding="utf-8"))["guard"]
    guarded = {guard["test"].partition("::")[0] for guard in guards}
    assert [trap for trap in TRAPS if f"tests/traps/{module(trap).name}" not in guarded] == []


@pytest.mark.skipif(not LIST.exists(), reason="the list of traps is not here")
def test_the_list_has_no_other_rows() -> None:
    rows = re.findall(r"^(\d+)\. ", LIST.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(row) for row in rows] == list(TRAPS)
