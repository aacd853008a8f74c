"""Which servers read cuckoo sets: one that does not would take such a filter for one of everything (PROTOCOL 1, 4.6)."""

import re
from typing import Final

import orjson

_PACKAGE: Final = "yellowstone-grpc-geyser"
_SURE: Final = (15, 1, 2)
"""The version whose reading of sets is known; earlier ones may have it, and are sent lists."""
_NUMBERS: Final = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?!\d)")


def reads_sets(version: str) -> bool:
    """Whether the server that answers GetVersion so reads them for certain."""
    try:
        told = orjson.loads(version)["version"]
        package, numbers = told["package"], _NUMBERS.match(told["version"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return False
    return (
        package == _PACKAGE
        and numbers is not None
        and tuple(int(number) for number in numbers.groups()) >= _SURE
    )
