"""The list of guards fits the code: `scripts/soak guards` takes each line away and expects its test to fail."""

import ast

import pytest

from tests.soak.guards import ROOT, Guard, read

GUARDS = read()


@pytest.mark.parametrize("guard", GUARDS, ids=range(1, len(GUARDS) + 1))
def test_a_guard_names_a_line_of_its_own_and_a_test_that_exists(guard: Guard) -> None:
    source = (ROOT / guard.file).read_text()
    assert source.count(guard.text) == 1
    changed = source.replace(guard.text, guard.instead)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source))
    file, _, name = guard.test.partition("::")
    tests = ast.parse((ROOT / file).read_text())
    defined = [
        node.name for node in tests.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert name in defined


def test_no_guard_stands_twice() -> None:
    assert len({(guard.file, guard.text, guard.instead) for guard in GUARDS}) == len(GUARDS)
