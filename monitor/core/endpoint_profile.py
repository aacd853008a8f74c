"""What an endpoint is, as it says itself when it is probed: asked at the start and every ten minutes.

How it does moves faster, and is asked in between (`EndpointCheck`).
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class ServerFamily(StrEnum):
    """Servers that behave alike (PROTOCOL 0.2). The values are the words in views."""

    YELLOWSTONE_RAW = "yellowstone before 13.2"
    """Hands on what the validator says, as it comes."""
    YELLOWSTONE_BLOCKS = "yellowstone 13.2 to 15.1"
    """Puts blocks together; replays whole ones."""
    YELLOWSTONE_LATER = "yellowstone 15.2 or later"
    """The same with new fields."""
    RICHAT = "richat"
    LASERSTREAM = "laserstream"
    UNKNOWN = "unknown"
    """It told no version, or one that we do not know."""


@dataclass(frozen=True, slots=True)
class EndpointCheck:
    """What of a profile moves, asked by itself."""

    has_replay: bool | None
    floor: int | None
    tip: int | None
    latency: float | None
    """None: nobody answered."""
    checked_at: float
    """As `EndpointProfile.checked_at`."""


@dataclass(frozen=True, slots=True)
class EndpointProfile:
    """One probe's findings; None where the endpoint did not tell."""

    endpoint: int
    """Its place in the configuration."""
    family: ServerFamily
    version: str | None
    """Package and version in words, or the beginning of what it said; at most 100 characters."""
    refusal: str | None
    """Why it told no version: the gRPC status code's name, and the message if there is one."""
    has_replay: bool | None
    floor: int | None
    """The oldest slot that it can replay; None too while it has nothing to replay."""
    tip: int | None
    """Its newest processed slot."""
    compression: str
    """What its streams may be compressed with: `identity` (nothing), or `gzip` where it is offered and the server likes."""
    latency: float | None
    """Seconds from a question to its answer, on an open connection: the quickest of the probe."""
    probed_at: float
    """When, in seconds of the daemon's clock."""
    checked_at: float | None = None
    """When floor, tip and latency were last asked by themselves; None: not since the probe."""

    def still_holds(self, check: EndpointCheck) -> bool:
        """Whether the endpoint does as the probe found it: it answers, or does not, and replays, or does not."""
        answers_alike = (self.latency is None) == (check.latency is None)
        return answers_alike and self.has_replay is check.has_replay

    def moved(self, check: EndpointCheck) -> "EndpointProfile":
        """The same with what this check found."""
        return replace(
            self,
            floor=check.floor,
            tip=check.tip,
            latency=check.latency,
            checked_at=check.checked_at,
        )

    @property
    def depth(self) -> int | None:
        """Slots that it can replay, the oldest and the newest included."""
        if self.floor is None or self.tip is None or self.floor > self.tip:
            return None
        return self.tip - self.floor + 1
