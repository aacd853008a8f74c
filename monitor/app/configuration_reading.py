"""From plain values to a typed shape, every mistake at once and in the user's words."""

import difflib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from monitor.app.configuration_document import Document
from monitor.app.configuration_mistakes import Location

_Shape = TypeVar("_Shape")

_KINDS_OF_VALUE: Final[Mapping[str, tuple[str, str]]] = {
    "int_type": ("is no whole number", "write digits, without quotes"),
    "int_from_float": ("is no whole number", "write digits, without quotes"),
    "float_type": ("is no number", "write digits, without quotes"),
    "bool_type": ("is neither true nor false", "write true or false"),
    "string_type": ("is no text", "write text, in quotes if it looks like a number"),
    "tuple_type": ("is no list", "write [item, item], or lines that begin with -"),
    "dict_type": ("is no mapping", "write {key: value}, or indented `key: value` lines"),
    "dataclass_type": ("is no mapping", "write {key: value}, or indented `key: value` lines"),
    "too_short": ("is empty", "write at least one item"),
}


def read_shape(document: Document, shape: type[_Shape]) -> _Shape | None:
    """The document as this dataclass, or None with its mistakes noted in the document."""
    # JSON is the road because strict pydantic takes lists for tuples and mappings for dataclasses only there.
    text = json.dumps(document.content)
    try:
        return TypeAdapter(shape).validate_json(text, strict=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            _note(document, shape, detail)
        return None


def _note(document: Document, shape: type[Any], detail: ErrorDetails) -> None:
    kind = detail["type"]
    location = _located(document, detail["loc"])
    context = detail.get("ctx", {})
    match kind:
        case "refused":
            document.wrong(location, context["wrong"], context["remedy"])
        case "too_short" if document.at(location):
            return  # pydantic counts the items that hold; those that do not have been noted
        case "missing" | "missing_argument":
            document.wrong(location, "is missing", "add it")
        case "unexpected_keyword_argument" | "extra_forbidden":
            remedy = _near(str(location[-1]), known_keys(shape, location[:-1]))
            document.wrong(location, "is no key of this place", remedy)
        case "literal_error":
            document.wrong(location, "is none of the words known here", _words(context["expected"]))
        case "union_tag_invalid":
            remedy = _words(context["expected_tags"])
            document.wrong((*location, "kind"), "is no kind of sink", remedy)
        case "union_tag_not_found":
            document.wrong((*location, "kind"), "is missing", "write jsonl, stdout or null")
        case "greater_than_equal" | "greater_than" | "less_than_equal":
            document.wrong(location, *_bound(kind, context))
        case _:
            document.wrong(location, *_KINDS_OF_VALUE.get(kind, (detail["msg"], "put it right")))


def _bound(kind: str, context: Mapping[str, Any]) -> tuple[str, str]:
    if kind == "less_than_equal":
        return f"is more than {context['le']}", "write a smaller number"
    if kind == "greater_than":
        return f"is not above {context['gt']:g}", "write a larger number"
    return f"is less than {context['ge']}", "write a larger number"


def _words(expected: str) -> str:
    """From pydantic's list of words to ours: it writes them as Python does."""
    return f"write {expected.replace(chr(39), '').replace('True', 'true')}"


def _located(document: Document, place: Location) -> Location:
    """The location without the names of union members that pydantic puts between."""
    kept: list[str | int] = []
    value: Any = document.content
    for n, step in enumerate(place):
        if isinstance(value, dict) and step in value:
            kept.append(step)
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int):
            kept.append(step)
            value = value[step]
        elif n == len(place) - 1 and isinstance(value, dict) and step != value.get("kind"):
            kept.append(step)
    return tuple(kept)


def known_keys(shape: Any, location: Location) -> list[str]:
    """The keys that the shape has at this location."""
    places = [shape]
    for step in location:
        places = [inner for place in places for inner in _inside(place, step)]
    return sorted({field.name for place in places for field in fields(place)})


def _inside(place: Any, step: str | int) -> list[Any]:
    """The dataclasses that a field may hold; the items of a sequence count as its own."""
    if isinstance(step, int):
        return [place]
    return _dataclasses(get_type_hints(place).get(step))


def _dataclasses(hint: Any) -> list[Any]:
    if is_dataclass(hint):
        return [hint]
    return [found for part in get_args(hint) for found in _dataclasses(part)]


def _near(word: str, known: list[str]) -> str:
    if word in known:  # As the path of a sink that writes to standard output.
        return "it belongs to another kind; remove it"
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(known)}" if known else "remove it"
