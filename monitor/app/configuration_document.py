"""A YAML file as plain values, with the line of each: the reading before any meaning.

The scalars are those of YAML 1.2 (true, false, null, decimal numbers; `yes`, `on`, `012` and `1:30` are text),
so that the address of the system program, thirty-two digits 1, is text as every other address is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite, nan
from pathlib import Path
from typing import Any, Final

import yaml

from monitor.app.configuration_mistakes import Location, Mistake, path_of, refuse

_TEXT: Final = "tag:yaml.org,2002:str"
_NULL: Final = "tag:yaml.org,2002:null"
_BOOL: Final = "tag:yaml.org,2002:bool"
_INT: Final = "tag:yaml.org,2002:int"
_FLOAT: Final = "tag:yaml.org,2002:float"
_LONGEST_NUMBER: Final = 20
"""Digits of the largest u64; longer ones are addresses."""
_VARIABLE: Final = re.compile(r"\$(\$\{)|\$\{([^}]*)(\}?)")
_VARIABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own form)


for _tag, _pattern, _first in (
    (_NULL, r"~|null|", ["~", "n", ""]),
    (_BOOL, r"true|false", list("tf")),
    (_INT, rf"[-+]?(0|[1-9][0-9]{{0,{_LONGEST_NUMBER - 1}}})", list("-+0123456789")),
    (_FLOAT, r"[-+]?[0-9]+\.[0-9]*([eE][-+]?[0-9]+)?", list("-+0123456789")),
):
    _Loader.add_implicit_resolver(_tag, re.compile(f"(?:{_pattern})$"), _first)


@dataclass(slots=True)
class Document:
    """The values of a file, and where each of them stands."""

    file: Path
    content: dict[str, Any] = field(default_factory=dict, repr=False)
    """Not in the repr: variables have been expanded, so it may hold secrets."""
    lines: dict[Location, int] = field(default_factory=lambda: {(): 1})
    """By location, the root's always among them."""
    variables: dict[Location, str] = field(default_factory=dict)
    """Values that came from elsewhere than the file: their name, as `$GRPC_ENDPOINTS`."""
    mistakes: list[Mistake] = field(default_factory=list)
    spoiled: set[Location] = field(default_factory=set)
    """Values already known to be wrong: nothing more is said of them."""

    def wrong(self, location: Location, wrong: str, remedy: str) -> None:
        """Note a mistake at a location; one that is absent counts as at the nearest thing around it."""
        around = location
        while around not in self.spoiled and around not in self.variables:
            if around in self.lines:
                self.mistakes.append(Mistake(self.lines[around], path_of(location), wrong, remedy))
                return
            around = around[:-1]
        if around in self.variables:
            self.mistakes.append(Mistake(0, self.variables[around], wrong, remedy))

    def put(self, location: Location, value: Any, variable: str) -> None:
        """Replace the value at this location of mappings by one that `variable` gave."""
        place = self.content
        for step in location[:-1]:
            inner = place.get(str(step))
            if not isinstance(inner, dict):
                inner = {}
                place[str(step)] = inner
            place = inner
        place[str(location[-1])] = value
        for known in [*self.lines, *self.spoiled]:
            if known[: len(location)] == location:
                self.lines.pop(known, None)
                self.spoiled.discard(known)
        self.mistakes = [
            mistake for mistake in self.mistakes if not _within(mistake.path, path_of(location))
        ]
        self.variables[location] = variable

    def at(self, location: Location) -> Any:
        """The value at this location, or None."""
        value: Any = self.content
        for step in location:
            if isinstance(value, dict) and step in value:
                value = value[step]
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value


def _number(text: str) -> float:
    """The number, or one that is not finite where the text is none."""
    try:
        return float(text)
    except ValueError:
        return nan


def _within(path: str, around: str) -> bool:
    return path == around or path.startswith((f"{around}.", f"{around}["))


def read_document(file: Path, environ: Mapping[str, str]) -> Document:
    """Read a file; mistakes in single values are noted in the document.

    Raises: ConfigurationRefused when the file cannot be read, or is no YAML mapping at all.
    """
    root = _compose(file)
    document = Document(file)
    if root is None:
        return document
    if not isinstance(root, yaml.MappingNode):
        wrong = Mistake(1, "(document)", "is no mapping", "write `key: value` lines")
        raise refuse(file, [wrong])
    document.content = _Reader(document, environ).value(root, (), ())
    return document


def _compose(file: Path) -> yaml.Node | None:
    line, text = 1, ""
    try:
        text = file.read_bytes().decode("utf-8")
        return _compose_text(text)
    except OSError as error:
        wrong = f"cannot be read: {error.strerror}"
        remedy = "give the path of a file that this user may read"
        line = 0
    except UnicodeDecodeError as error:
        wrong, remedy = "is no UTF-8 text", "save the file as UTF-8"
        line = error.object[: error.start].count(b"\n") + 1
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        wrong, remedy = f"is no YAML: {error.problem}", "put the line right"
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        wrong, remedy = f"is no YAML: {error.reason}", "remove the character"
    except RecursionError:
        wrong, remedy = "is nested too deep", "write it flat"
    raise refuse(file, [Mistake(line, "(document)", wrong, remedy)]) from None


def _compose_text(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
        return node
    finally:
        loader.dispose()


class _Reader:
    """Turns nodes into values, noting lines and mistakes in the document."""

    def __init__(self, document: Document, environ: Mapping[str, str]) -> None:
        self._document = document
        self._environ = environ

    def value(self, node: yaml.Node, location: Location, around: tuple[int, ...]) -> Any:
        self._document.lines.setdefault(location, node.start_mark.line + 1)
        if id(node) in around:
            self._spoil(location, "holds itself", "remove the alias")
            return None
        within = (*around, id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, location, within)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*location, n), within) for n, item in enumerate(node.value)]
        return self._scalar(node, location)

    def _mapping(
        self, node: yaml.MappingNode, location: Location, around: tuple[int, ...]
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                mistake = Mistake(line, path_of(location), "has a key that is no word", "write one")
                self._document.mistakes.append(mistake)
                continue
            key = key_node.value
            inner = (*location, key)
            if key in values:
                wrong = f"stands twice, first in line {first[key]}"
                remedy = "remove one of the two"
                self._document.mistakes.append(Mistake(line, path_of(inner), wrong, remedy))
                continue
            first[key] = line
            self._document.lines[inner] = line
            values[key] = self.value(value_node, inner, around)
        return values

    def _scalar(self, node: yaml.Node, location: Location) -> Any:
        text: str = node.value
        match node.tag:
            case "tag:yaml.org,2002:str":
                return self._expanded(text, location)
            case "tag:yaml.org,2002:null":
                return None
            case "tag:yaml.org,2002:bool" if text in ("true", "false"):
                return text == "true"
            case "tag:yaml.org,2002:int" if text.lstrip("+-").isdecimal():
                return int(text)
            case "tag:yaml.org,2002:float" if isfinite(_number(text)):
                return _number(text)
            case _:
                kind = node.tag.removeprefix("tag:yaml.org,2002:")
                self._spoil(location, f"is no value of the kind {kind}", "write another value")
                return None

    def _expanded(self, text: str, location: Location) -> str:
        def value_of(found: re.Match[str]) -> str:
            literal, name, closed = found.groups()
            if literal:
                return "${"
            if not closed or not _VARIABLE_NAME.fullmatch(name):
                remedy = "write ${NAME}, or $${ for the two characters themselves"
                self._spoil(location, "has a ${ that names no variable", remedy)
                return ""
            if name not in self._environ:
                remedy = f"set {name} in the environment of the daemon"
                self._spoil(location, f"needs the variable {name}, which is not set", remedy)
                return ""
            return self._environ[name]

        return _VARIABLE.sub(value_of, text)

    def _spoil(self, location: Location, wrong: str, remedy: str) -> None:
        line = self._document.lines[location]
        self._document.mistakes.append(Mistake(line, path_of(location), wrong, remedy))
        self._document.spoiled.add(location)
