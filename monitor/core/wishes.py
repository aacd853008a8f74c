"""What an operator may ask for, of one endpoint."""

from dataclasses import dataclass
from enum import StrEnum


class Want(StrEnum):
    """The kinds of request. The values are the words of the commands."""

    DRAIN = "drain"
    """Take the endpoint out of use, until it is promoted."""
    PROMOTE = "promote"
    """Give it a place among the hot feeds, and leave it there while it is sound."""
    PROBE = "probe"
    """Get to know it anew, now."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One request of an operator's, of one endpoint."""

    want: Want
    endpoint: int
