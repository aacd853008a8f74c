"""What must hold beyond a single value: between keys, and of the files that they name.

Checked on plain values, so that one bad key hides no other mistake.
"""

import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from monitor.app.configuration_document import Document
from monitor.app.configuration_filters import KINDS
from monitor.app.configuration_mistakes import Location

_SPREAD_OVER: Final = 3
"""Hot feeds from which on spread is other than race."""


def check_document(document: Document) -> None:
    """Note every mistake between keys in the document, and every file of certificates that is none."""
    for section in ("endpoints", "rpc", "monitors", "sinks"):
        _check_unique(document, section, "name")
    _check_unique(document, "sinks", "path")
    for location, monitor in _mappings(document, "monitors"):
        _check_monitor(document, location, monitor)
    _check_sinks(document)
    _check_failover(document)
    _check_certificates(document)


def check_level(document: Document, profile: str, allowed: Sequence[str]) -> None:
    """Note a level that is none of those that the profile allows."""
    commitment = document.content.get("commitment")
    level = commitment.get("level") if isinstance(commitment, dict) else None
    if level is not None and level not in allowed:
        wrong = f"is {level}, and the profile {profile} allows {' to '.join(_ends(allowed))}"
        remedy = f"write {' or '.join(allowed)}, or choose another profile"
        document.wrong(("commitment", "level"), wrong, remedy)


def _ends(words: Sequence[str]) -> Sequence[str]:
    return words if len(words) == 1 else (words[0], words[-1])


def _mappings(document: Document, section: str) -> Iterator[tuple[Location, dict[str, Any]]]:
    items = document.content.get(section)
    for n, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield (section, n), item


def _check_unique(document: Document, section: str, key: str) -> None:
    first: dict[str, int] = {}
    for location, item in _mappings(document, section):
        value = item.get(key)
        if not isinstance(value, str) or (*location, key) in document.spoiled:
            continue
        if value in first:
            wrong = f"is the {key} of {section}[{first[value]}] too"
            document.wrong((*location, key), wrong, f"give each its own {key}")
        first.setdefault(value, int(location[-1]))


def _check_monitor(document: Document, location: Location, monitor: dict[str, Any]) -> None:
    if not any(kind in monitor for kind in KINDS):
        remedy = f"add one of {', '.join(KINDS)}"
        document.wrong(location, "has no filter", remedy)
    for kind in KINDS:
        if kind in monitor and monitor[kind] is None:
            document.wrong((*location, kind), "is empty", f"write {kind}: {{}} to take everything")
    if "commitment" in monitor and [kind for kind in KINDS if kind in monitor] == ["deshred"]:
        remedy = "remove commitment, or add another filter"
        document.wrong((*location, "commitment"), "says nothing of deshred, which has none", remedy)
    blocks = monitor.get("blocks")
    with_accounts = isinstance(blocks, dict) and blocks.get("include_accounts") is True
    if monitor.get("data_slices") and "accounts" not in monitor and not with_accounts:
        remedy = "add accounts, or remove data_slices"
        document.wrong((*location, "data_slices"), "has no accounts to cut", remedy)
    if monitor.get("every_write") is True and "accounts" not in monitor:
        remedy = "add accounts, or remove every_write"
        document.wrong((*location, "every_write"), "has no accounts to write", remedy)


def _check_sinks(document: Document) -> None:
    names = [monitor.get("name") for _, monitor in _mappings(document, "monitors")]
    known = [name for name in names if isinstance(name, str)]
    for location, sink in _mappings(document, "sinks"):
        wanted = sink.get("monitors")
        if not isinstance(wanted, list):
            continue
        for n, name in enumerate(wanted):
            at = (*location, "monitors", n)
            if not isinstance(name, str):
                continue
            if name not in known:
                document.wrong(at, f"names no monitor: {name}", _known(known))
            elif name in wanted[:n]:
                document.wrong(at, f"names {name} twice", "remove one of the two")


def _check_failover(document: Document) -> None:
    failover = document.content.get("failover")
    if not isinstance(failover, dict):
        return
    endpoints = [endpoint for _, endpoint in _mappings(document, "endpoints")]
    if failover.get("enabled") is False:
        endpoints = endpoints[:1]
    elif failover.get("strategy") == "spread":
        _check_spread(document, failover.get("hot"), len(endpoints))
    quorum = failover.get("confirm_quorum")
    providers = len({str(each.get("provider") or f"\n{n}") for n, each in enumerate(endpoints)})
    if isinstance(quorum, int) and quorum > providers > 0:
        wrong = f"asks for {quorum} providers, and the endpoints to watch have {providers}"
        document.wrong(("failover", "confirm_quorum"), wrong, f"write {providers} or less")


def _check_spread(document: Document, hot: object, endpoints: int) -> None:
    """Each monitor on two feeds: of two feeds, both would carry everything."""
    if type(hot) is int and 0 < hot < _SPREAD_OVER:
        wrong = f"is {hot}, and spread puts each monitor on two feeds"
        document.wrong(("failover", "hot"), wrong, "write 3 or more, or choose race or standby")
    elif 0 < endpoints < _SPREAD_OVER:
        wrong = f"puts each monitor on two endpoints, and there {_are(endpoints)}"
        document.wrong(("failover", "strategy"), wrong, "add endpoints, or write race")


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count}"


def _check_certificates(document: Document) -> None:
    for location, endpoint in _mappings(document, "endpoints"):
        name = endpoint.get("ca_file")
        # What is no text fit for a path is told of already, by the kind of value that it should be.
        if isinstance(name, str) and name.strip() and min(name) >= " ":
            wrong = _wrong_with_certificates(document.file.parent / name)
            if wrong is not None:
                remedy = "give the path of a PEM file that this user may read"
                document.wrong((*location, "ca_file"), wrong, remedy)


def _wrong_with_certificates(file: Path) -> str | None:
    """Why TLS cannot trust by this file; None when it can."""
    try:
        if file.exists() and not file.is_file():
            return "is no file"  # reading a pipe would take for ever
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except ssl.SSLError:
        return "holds no certificate"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None


def _known(names: list[str]) -> str:
    return f"write one of {', '.join(names)}" if names else "add monitors"


def name_null_sinks(document: Document) -> None:
    """Read `kind: null`, which YAML takes for nothing, as the word that the user means."""
    for _, sink in _mappings(document, "sinks"):
        if "kind" in sink and sink["kind"] is None:
            sink["kind"] = "null"
