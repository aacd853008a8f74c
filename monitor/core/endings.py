"""Why a stream ended, in the words that decisions are made with."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class EndReason(StrEnum):
    """The class of an ending; the value is the `reason` label of `chain_monitor_endpoint_errors_total`."""

    REPLAY_EXPIRED = "replay_expired"
    """The server no longer holds from_slot; `Ending.floor` is the oldest slot it does hold, if it said."""
    REPLAY_AHEAD = "replay_ahead"
    """from_slot selects nothing yet: retry later, or without it."""
    REPLAY_OFF = "replay_off"
    """The server has no replay; asking again is pointless."""
    TOO_LARGE = "too_large"
    """A message was over a size limit of either side."""
    LAGGED = "lagged"
    """We read too slowly. Our fault: another endpoint would not help."""
    LIMIT = "limit"
    """A filter or a limit was refused: a configuration error, never retried in a hurry."""
    AUTH = "auth"
    """The token is missing or wrong."""
    FOREIGN = "foreign"
    """What answers there is no Yellowstone server."""
    UNREACHABLE = "unreachable"
    """No connection could be made."""
    TRANSIENT = "transient"
    """Anything that a later try may cure."""
    END = "end"
    """The server ended the stream without an error: an outage all the same (TRAPS 19)."""


NEEDS_PERSON: Final = frozenset((EndReason.AUTH, EndReason.LIMIT, EndReason.FOREIGN))
"""Endings that no later try cures."""


@dataclass(frozen=True, slots=True)
class Ending:
    """One ended stream: its class, and what the server said."""

    reason: EndReason
    code: str
    """The gRPC status in its own word, as `OUT_OF_RANGE`."""
    text: str
    floor: int | None = None
    """With REPLAY_EXPIRED, the oldest slot that the server can replay, if it named one."""
