"""Which family a server belongs to, and its version in words, out of the text that GetVersion answers (PROTOCOL 0.2, 1).

The text is JSON, `{"version": {"package": ..., "version": ...}, "extra": ...}`; the first releases of Yellowstone told
the inner object alone, without a package. Anything else is of no family that we know.
"""

import re
from typing import Any, Final

import orjson

from monitor.core.endpoint_profile import ServerFamily

LONGEST: Final = 100
"""Characters of a version that are kept; a server may say anything."""
_BLOCKS_SINCE: Final = (13, 2)
_LATER_SINCE: Final = (15, 2)
_PACKAGES: Final = (
    ("richat", ServerFamily.RICHAT),
    ("laserstream", ServerFamily.LASERSTREAM),
)
"""Names of packages that begin so, or have it inside, belong to the family."""
_YELLOWSTONE: Final = "yellowstone-grpc"
_NUMBER: Final = re.compile(r"v?(\d+)\.(\d+)")


def family_of(text: str) -> ServerFamily:
    """The family that the answer of GetVersion speaks of."""
    package, version = _told(text)
    for word, family in _PACKAGES:
        if word in package:
            return family
    number = _NUMBER.match(version)
    if _YELLOWSTONE not in package or number is None:
        return ServerFamily.UNKNOWN
    release = (int(number[1]), int(number[2]))
    if release < _BLOCKS_SINCE:
        return ServerFamily.YELLOWSTONE_RAW
    return (
        ServerFamily.YELLOWSTONE_BLOCKS
        if release < _LATER_SINCE
        else ServerFamily.YELLOWSTONE_LATER
    )


def version_words(text: str) -> str:
    """Package and version out of GetVersion's JSON, else the text as it is; at most 100 characters."""
    package, version = _told(text)
    return (f"{package} {version}" if package else text)[:LONGEST]


def _told(text: str) -> tuple[str, str]:
    """The package in lower case, and the version; empty where the text tells none."""
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError:
        return "", ""
    told = _inside(answer)
    version = told.get("version")
    if not isinstance(version, str):
        return "", ""
    package = told.get("package", _YELLOWSTONE if "proto" in told else "")
    return (package.lower() if isinstance(package, str) else ""), version


def _inside(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        return {}
    inside = answer.get("version")
    return inside if isinstance(inside, dict) else answer
