"""Numbers below 0 on the command line, and where the daemon is that is to be changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from monitor.app.arguments import NumbersFrom0, state_dir_of
from tests.app.configurations import LEAST, written

app = typer.Typer()


@app.command(cls=NumbersFrom0)
def count(
    number: Annotated[int, typer.Argument(min=0)] = 0,
    offset: Annotated[int, typer.Option()] = 0,
    loud: Annotated[bool, typer.Option("--loud")] = False,
) -> None:
    """Says what it was given."""
    typer.echo(f"{number} {offset} {loud}")


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.mark.parametrize(
    "words", [["-5"], ["--loud", "-5"], ["-5", "--loud"], ["--offset", "1", "-5"]]
)
def test_a_number_below_0_is_called_so(words: Sequence[str]) -> None:
    code, output = run(*words)

    assert code == 2
    assert "-5 is below 0; numbers begin at 0" in output


def test_a_fraction_below_0_is_called_so() -> None:
    assert "-0.5 is below 0" in run("-0.5")[1]


def test_the_value_of_an_option_is_judged_by_the_option() -> None:
    assert run("7", "--offset", "-5") == (0, "7 -5 False\n")


def test_a_number_behind_two_dashes_is_judged_by_the_argument() -> None:
    code, output = run("--", "-5")

    assert code == 2
    assert "numbers begin at 0" not in output


def test_an_option_that_there_is_not_is_still_called_so() -> None:
    assert "No such option: -x" in run("-x")[1]


def test_the_state_is_where_it_is_said_last(tmp_path: Path) -> None:
    file = written(tmp_path, LEAST + "state_dir: kept\n")
    one, two = Path("one"), Path("two")

    assert state_dir_of(None, one) == one
    assert state_dir_of(None, None, two) == two
    assert state_dir_of(None, one, two) == one
    assert state_dir_of(file, None, two) == tmp_path / "kept"


@pytest.mark.parametrize(
    ("config", "state_dir", "told"),
    [
        (Path("file"), Path("directory"), "one of the two is enough"),
        (None, None, "one of the two has to say where"),
    ],
)
def test_the_state_has_to_be_said_once(
    config: Path | None, state_dir: Path | None, told: str
) -> None:
    with pytest.raises(typer.BadParameter, match=told):
        state_dir_of(config, state_dir)
