from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from monitor.app.configuration_document import Document, read_document
from monitor.app.configuration_mistakes import Mistake
from monitor.core.errors import ConfigurationRefused
from tests.app.configurations import SYSTEM_PROGRAM, written


def read(directory: Path, text: str, environ: Mapping[str, str] | None = None) -> Document:
    return read_document(written(directory, text), environ or {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("18446744073709551615", 2**64 - 1),
        (SYSTEM_PROGRAM, SYSTEM_PROGRAM),
        ("1.5", 1.5),
        ("012", "012"),
        ("1:30", "1:30"),
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("2026-11-21", "2026-11-21"),
        ("0x10", "0x10"),
        ("'12'", "12"),
        ("!!str 12", "12"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(tmp_path: Path, text: str, value: Any) -> None:
    found = read(tmp_path, f"key: {text}\n").content["key"]

    assert (found, type(found)) == (value, type(value))


def test_lines_are_those_of_keys_and_items(tmp_path: Path) -> None:
    document = read(tmp_path, "# first\na:\n  - 1\n  - {b: 2,\n     c: 3}\n")

    assert document.content == {"a": [1, {"b": 2, "c": 3}]}
    assert document.lines[("a",)] == 2
    assert document.lines[("a", 0)] == 3
    assert document.lines[("a", 1, "b")] == 4
    assert document.lines[("a", 1, "c")] == 5


def test_variables_are_put_in(tmp_path: Path) -> None:
    text = 'a: ${ONE}\nb: "x-${ONE}-${TWO}"\nc: $${ONE}\nd: $ONE\ne: ["${EMPTY}"]\n'
    document = read(tmp_path, text, {"ONE": "1", "TWO": "2", "EMPTY": ""})

    assert document.content == {"a": "1", "b": "x-1-2", "c": "${ONE}", "d": "$ONE", "e": [""]}
    assert document.mistakes == []


def test_a_variable_that_is_not_set_is_a_mistake_at_its_line(tmp_path: Path) -> None:
    document = read(tmp_path, 'a: 1\nb: ["${NO}${NEITHER}"]\nc: "${not a name}"\nd: "${open"\n')

    assert [(m.line, m.path, m.wrong) for m in document.mistakes] == [
        (2, "b[0]", "needs the variable NO, which is not set"),
        (2, "b[0]", "needs the variable NEITHER, which is not set"),
        (3, "c", "has a ${ that names no variable"),
        (4, "d", "has a ${ that names no variable"),
    ]


def test_a_key_that_stands_twice_is_a_mistake(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\nb: {c: 1,\n  c: 2}\na: 3\n")

    assert document.content == {"a": 1, "b": {"c": 1}}
    assert document.mistakes == [
        Mistake(3, "b.c", "stands twice, first in line 2", "remove one of the two"),
        Mistake(4, "a", "stands twice, first in line 1", "remove one of the two"),
    ]


def test_what_yaml_knows_and_we_do_not_is_a_mistake(tmp_path: Path) -> None:
    text = "a: !!binary aGk=\nb: &loop [*loop]\n? [1]\n: c\nd: 1.0e999\ne: !!float x\nf: !!int x\n"
    document = read(tmp_path, text)

    assert [(m.line, m.path, m.wrong) for m in document.mistakes] == [
        (1, "a", "is no value of the kind binary"),
        (2, "b[0]", "holds itself"),
        (3, "(document)", "has a key that is no word"),
        (5, "d", "is no value of the kind float"),
        (6, "e", "is no value of the kind float"),
        (7, "f", "is no value of the kind int"),
    ]


def test_an_alias_gives_the_same_value_at_its_own_line(tmp_path: Path) -> None:
    document = read(tmp_path, "a: &keys [x, y]\nb: *keys\n")

    assert document.content == {"a": ["x", "y"], "b": ["x", "y"]}
    assert document.lines[("b",)] == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a: 1\nb: [1, 2\n", ":3: (document): is no YAML: "),
        (b"a: 1\nb: @x\n", ":2: (document): is no YAML: "),
        (b"a: 1\nb: \xff\n", ":2: (document): is no UTF-8 text; "),
        (b"a: 1\nb: \x07\n", ":2: (document): is no YAML: "),
        (b"a: 1\n---\nb: 1\n", ":2: (document): is no YAML: "),
        (b"- a\n", ":1: (document): is no mapping; "),
        (b"[" * 20_000, ":1: (document): is nested too deep; "),
    ],
)
def test_what_cannot_be_read_at_all_is_refused_with_its_line(
    tmp_path: Path, text: bytes, told: str
) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(text)
    with pytest.raises(ConfigurationRefused) as refused:
        read_document(file, {})

    assert str(refused.value).startswith(f"{file}{told}")
    assert len(str(refused.value).splitlines()) == 1


def test_a_value_from_elsewhere_replaces_value_and_mistakes(tmp_path: Path) -> None:
    document = read(tmp_path, "a: {b: '${NO}', c: '${NO}'}\n")
    document.put(("a", "b"), 5, "$B")
    document.put(("new", "key"), 6, "$KEY")

    assert document.content["a"]["b"] == 5
    assert document.content["new"] == {"key": 6}
    assert [mistake.path for mistake in document.mistakes] == ["a.c"]
    document.wrong(("a", "b"), "is bad", "mend it")
    assert document.mistakes[-1] == Mistake(0, "$B", "is bad", "mend it")


def test_a_mistake_of_something_absent_is_told_at_what_is_around_it(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\nb:\n  c: {}\n")
    document.wrong(("b", "c", "d"), "is missing", "add it")

    assert document.mistakes == [Mistake(3, "b.c.d", "is missing", "add it")]


def test_the_value_at_a_location(tmp_path: Path) -> None:
    document = read(tmp_path, "a: [{b: 1}]\n")

    assert document.at(("a", 0, "b")) == 1
    assert document.at(("a", 1, "b")) is None
    assert document.at(("x",)) is None
