"""What an operator may ask for, of one endpoint."""

from dataclasses import dataclass
from enum import StrEnum


class Want(StrEnum):
    """The kinds of request. The values are the words of the commands."""

    DRAIN = "drain"
    """Take the endpoint out of use, until it is promoted or released."""
    PROMOTE = "promote"
    """Give it a place among the hot feeds, and leave it there while it is sound."""
    RELEASE = "release"
    """Use it as its figures say again: ends a drain and a promotion."""
    PROBE = "probe"
    """Get to know it anew, now."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One request of an operator's, of one endpoint."""

    want: Want
    endpoint: int
    lease: float | None = None
    """Of a drain or a promotion: seconds after which it ends by itself. None: it lasts, a drain over restarts too."""
