"""The shape of the repository: small modules, each with its tests, every metric once, no trace of a machine."""

import ast
import inspect
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from monitor.app.configuration_shape import Sink
from monitor.core import commands, events

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 400
MODULES = sorted(
    path.relative_to(ROOT)
    for path in (ROOT / "monitor").rglob("*.py")
    if path.parent.name != "pb" and path.name != "__init__.py"
)
WITHOUT_MIRROR = {
    Path("monitor/__main__.py"): "two lines; every test of the command line as a process runs it",
    Path("monitor/ports.py"): "Protocols and plain values",
    Path("monitor/spilled.py"): "a Protocol and plain values",
    Path("monitor/core/chain.py"): "words",
    Path("monitor/core/commands.py"): "a glossary",
    Path("monitor/core/connection.py"): "plain values",
    Path("monitor/core/endings.py"): "words",
    Path("monitor/core/endpoint_health.py"): "words and plain values",
    Path("monitor/core/events.py"): "a glossary",
    Path("monitor/core/jobs.py"): "words and plain values",
    Path("monitor/core/rungs.py"): "words",
    Path("monitor/core/standing.py"): "plain values",
    Path("monitor/core/terms.py"): "plain values",
}
"""Modules that hold nothing to test, and why."""
TRACES = re.compile(
    r"/(?:work|home|Users)/|(?<!fetch)/root\b|/tmp/|\bpypi\b|--index-url|"
    r"python(?#one word)hosted|npm(?#one word)js\."
)
"""Folders of one machine, and hosts that packages come from."""


def mirror(module: Path) -> Path:
    """Where a module's tests are."""
    return Path("tests", *module.parts[1:-1], f"test_{module.name}")


def constants(module: Path) -> Iterator[str]:
    """Every text in a module's code."""
    for node in ast.walk(ast.parse((ROOT / module).read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def tracked() -> list[Path]:
    """Files that are in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is no checkout of git")
    return [Path(name) for name in listed.stdout.split("\0") if (ROOT / name).is_file()]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_can_be_read_at_one_sitting(module: Path) -> None:
    assert len((ROOT / module).read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_says_its_idea_first(module: Path) -> None:
    told = ast.get_docstring(ast.parse((ROOT / module).read_text()))
    assert told is not None
    assert told.splitlines()[0].strip()


@pytest.mark.parametrize("module", sorted(set(MODULES) - set(WITHOUT_MIRROR)), ids=str)
def test_a_module_has_tests_where_they_are_looked_for(module: Path) -> None:
    assert (ROOT / mirror(module)).is_file(), f"write {mirror(module)}"


def test_exceptions_are_modules_that_exist_and_have_no_tests() -> None:
    assert set(WITHOUT_MIRROR) <= set(MODULES)
    assert [module for module in WITHOUT_MIRROR if (ROOT / mirror(module)).exists()] == []


def test_every_metric_is_named_once() -> None:
    named = Counter(
        text
        for module in MODULES
        for text in constants(module)
        if re.fullmatch(r"chain_monitor_[a-z0-9_]+", text)
    )
    assert len(named) >= 10
    assert [name for name, times in named.items() if times > 1] == []


@pytest.mark.parametrize("glossary", [events, commands], ids=["events", "commands"])
def test_every_event_and_command_says_when_it_happens_or_who_performs_it(
    glossary: ModuleType,
) -> None:
    union = (
        glossary.Event | glossary.SpillEvent
        if glossary is events
        else glossary.Command | glossary.SpillCommand
    )
    defined = [
        thing
        for _, thing in inspect.getmembers(glossary, inspect.isclass)
        if thing.__module__ == glossary.__name__
    ]
    assert set(get_args(union)) == set(defined)
    for thing in defined:
        written = ast.get_docstring(ast.parse(inspect.getsource(thing)).body[0])  # type: ignore[arg-type]
        assert written, f"{thing.__name__} has no docstring"


def test_every_kind_of_sink_is_in_the_example() -> None:
    example = (ROOT / "config" / "example.yaml").read_text()
    told = " ".join(line for line in example.splitlines() if " kind: " in line)
    kinds = [get_args(sink.__annotations__["kind"])[0] for sink in get_args(Sink)]
    assert len(kinds) >= 3
    assert [kind for kind in kinds if not re.search(rf"\b{kind}\b", told)] == []


def test_no_file_names_a_machine_or_a_host_of_packages() -> None:
    found = [
        f"{path}:{number}: {line.strip()[:80]}"
        for path in tracked()
        if path != Path(__file__).relative_to(ROOT)
        for number, line in enumerate((ROOT / path).read_text(errors="replace").splitlines(), 1)
        if TRACES.search(line)
    ]
    assert found == []


def test_nobody_who_waits_gives_up_before_a_machine_that_stalls_goes_on() -> None:
    """Limits are those of `tests/patience.py` and of pytest for all tests alike, wherever clocks are real."""
    tests = [path for path in tracked() if path.parts[0] == "tests" and path.suffix == ".py"]
    texts = {path: (ROOT / path).read_text() for path in tests}
    marked = [str(path) for path, text in texts.items() if re.search(r"mark\.time(?#)out\(", text)]
    assert marked == []
    impatient = [
        f"{path}:{node.lineno}"
        for path, text in texts.items()
        if "real_time" in text or path.parts[1] in ("adapters", "e2e")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and is_limited(node)
    ]
    assert impatient == []


def is_limited(call: ast.Call) -> bool:
    """Whether it is a call that waits for so many seconds, by a number of its own."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "timeout"]
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    limits = [*named, *call.args[:1]] if name in ("fail_after", "settimeout") else named
    return any(isinstance(limit, ast.Constant) and limit.value is not None for limit in limits)
