"""The families of servers that a region can be, and how each differs from the usual Yellowstone (PROTOCOL 2.9, 3.8, 4.8, 5.7)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from monitor.core.chain import Commitment

Ending = tuple[str, str]
"""Status code name and message."""


class Family(StrEnum):
    """Whose server it is. The values are the words of scenarios."""

    OLDER = "older"
    """Yellowstone before 13.2: relays all as it comes."""
    USUAL = "usual"
    """Yellowstone 13.2 to 15.1: puts blocks together first."""
    LATER = "later"
    """Yellowstone from 15.2 on: as the usual one, with a field more in most updates."""
    RICHAT = "richat"
    LASERSTREAM = "laserstream"
    """As the usual one, with other codes. How it refuses is known by its code alone; the words are guessed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A from_slot, and what the server can say to it."""

    from_slot: int
    level: Commitment
    with_blocks: bool
    """There is a filter for blocks."""
    oldest: int | None
    """Slot that is stored; None: nothing is."""
    holds: Callable[[int], bool]
    is_stored: bool
    """Replay is not turned off."""


@dataclass(frozen=True, slots=True)
class Manners:
    """What a family does otherwise than others."""

    package: str
    """Of GetVersion, as the next three."""
    version: str
    proto: str
    solana: str
    relays: bool = False
    """BlockMeta and statuses go out as they come, and what is replayed is the log of that."""
    meta_early: bool = False
    """BlockMeta may come before the last transactions of its slot."""
    status_first: bool = False
    """At confirmed and finalized the status comes before the slot's contents, and the block last."""
    ends_at_half_close: bool = False
    replays_once: bool = False
    """from_slot counts in the first request, and in one that changes the commitment."""
    refuse: Callable[[Asked], Ending | None] = field(default=lambda _: None)
    lagged_queue: Ending = ("INTERNAL", "lagged to send an update")
    lagged_ring: Ending = ("INTERNAL", "lagged to receive geyser messages")
    discards: bool = False
    """What waits for a client that lagged is thrown away."""
    pings_at_once: bool = True
    ping_every: float = 10.0
    """Seconds."""
    blockhash_life: int = 300
    """Blocks that GetLatestBlockhash adds."""
    has_health: bool = True
    """The health service is there."""
    has_deshred: bool = True
    """SubscribeDeshred is there."""
    bank_ids: bool = False
    """Updates carry the field `bank_id`."""


def _refuse_yellowstone(asked: Asked, code: str = "OUT_OF_RANGE") -> Ending | None:
    """PROTOCOL 3.2."""
    if not asked.is_stored:
        return "INTERNAL", "from_slot is not supported"
    if asked.oldest is not None and asked.from_slot < asked.oldest:
        text = f"broadcast from {asked.from_slot} is not available, last available: {asked.oldest}"
        return code, text
    return None


def _refuse_older(asked: Asked) -> Ending | None:
    """The code of before 2026-04 (PROTOCOL 2.9)."""
    return _refuse_yellowstone(asked, "INTERNAL")


def _refuse_richat(asked: Asked) -> Ending | None:
    """PROTOCOL 3.8."""
    if asked.level is not Commitment.PROCESSED:
        text = "replay `from_slot` available only for `processed` commitment"
        return "INVALID_ARGUMENT", text
    if asked.with_blocks:
        return "INVALID_ARGUMENT", "blocks are not possible to replay"
    if not asked.is_stored or not asked.holds(asked.from_slot):
        return "INVALID_ARGUMENT", f"failed to get replay position for slot {asked.from_slot}"
    return None


def _refuse_laserstream(asked: Asked) -> Ending | None:
    """TRAPS 13 gives the code."""
    refused = _refuse_yellowstone(asked)
    if refused is None or refused[0] != "OUT_OF_RANGE":
        return refused
    return "DATA_LOSS", f"requested slot {asked.from_slot} is no longer stored"


MANNERS: Final[Mapping[Family, Manners]] = {
    Family.OLDER: Manners(
        "yellowstone-grpc-geyser",
        "13.1.0",
        "12.2.0",
        "3.1.11",
        relays=True,
        meta_early=True,
        ends_at_half_close=True,
        has_deshred=False,
        refuse=_refuse_older,
    ),
    Family.USUAL: Manners(
        "yellowstone-grpc-geyser", "15.1.2", "12.6.0", "4.2.0", refuse=_refuse_yellowstone
    ),
    Family.LATER: Manners(
        "yellowstone-grpc-geyser",
        "15.2.0",
        "12.7.0",
        "4.2.0",
        refuse=_refuse_yellowstone,
        bank_ids=True,
    ),
    Family.RICHAT: Manners(
        "richat",
        "10.0.0",
        "12.5.0",
        "4.2.0",
        relays=True,
        status_first=True,
        replays_once=True,
        refuse=_refuse_richat,
        lagged_queue=("DATA_LOSS", "lagged"),
        lagged_ring=("DATA_LOSS", "lagged"),
        discards=True,
        pings_at_once=False,
        ping_every=15.0,
        blockhash_life=150,
        has_health=False,
        has_deshred=False,
    ),
    Family.LASERSTREAM: Manners(
        "laserstream",
        "1.0.0",
        "12.5.0",
        "4.2.0",
        refuse=_refuse_laserstream,
        has_deshred=False,
    ),
}
"""Versions other than those that PROTOCOL names are guessed."""
