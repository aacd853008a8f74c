"""One slot as endpoints name it: which block each told, and at which level; who agrees with whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monitor.core.banks import Meta
from monitor.core.chain import Commitment


@dataclass(slots=True)
class Voice:
    """What one endpoint says of the slot."""

    meta: Meta | None = None
    """The block that it told last."""
    level: int = -1
    """The commitment at which it told this block; -1: none yet."""
    awaiting: int = -1
    """A commitment that it told before it had named the block that it meant."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """A block, and who tells it alike: by the same blockhash, parent and count of transactions."""

    meta: Meta
    voters: tuple[int, ...]
    providers: int
    """How many providers these are."""


class Voices:
    """Those of one slot. Of each endpoint the last word counts, so it is bounded by their number."""

    __slots__ = ("accused", "by_voter", "named", "needed", "providers")

    def __init__(self) -> None:
        self.by_voter: dict[int, Voice] = {}
        self.accused: set[int] = set()
        """Endpoints of which it was said already that they told another block."""
        self.named: tuple[str, Commitment, int] | None = None
        """The block that a child names, its level, and how many agreed on that, while nobody can tell its parent."""
        self.providers = self.needed = 0
        """How many had agreed when the slot's block, or one behind it, was taken for confirmed; how many should have."""

    @property
    def shortage(self) -> str:
        """What a certificate says of a block on which too few agreed; else nothing."""
        return (
            f"; quorum: {self.providers} of {self.needed}" if self.providers < self.needed else ""
        )

    def name(self, voter: int, meta: Meta) -> None:
        """A BlockMeta of this endpoint. What it told of another block before counts no more."""
        voice = self.by_voter.setdefault(voter, Voice())
        if voice.meta is None or alike(voice.meta) != alike(meta):
            voice.meta, voice.level = meta, -1
        voice.level, voice.awaiting = max(voice.level, voice.awaiting), -1

    def tell(self, voter: int, level: int, *, is_open: bool) -> None:
        """A status of this endpoint. `is_open`: it is in the middle of a bank, and means that one."""
        voice = self.by_voter.setdefault(voter, Voice())
        if is_open or voice.meta is None:
            voice.awaiting = max(voice.awaiting, level)
        else:
            voice.level = max(voice.level, level)

    def ballots(
        self, level: int, providers: Sequence[str], blockhash: str | None = None
    ) -> list[Ballot]:
        """Blocks that were told at this level or above, in the order in which they were first named.

        `providers`: by voter. `blockhash`: versions of this block alone. A level of -1 asks for all that was named.
        """
        alikes: dict[Any, list[int]] = {}
        for voter, voice in self.by_voter.items():
            meta = voice.meta
            if meta is None or voice.level < level or blockhash not in (None, meta.blockhash):
                continue
            alikes.setdefault(alike(meta), []).append(voter)
        found = []
        for voters in alikes.values():
            told = self.by_voter[voters[0]].meta
            assert told is not None
            found.append(Ballot(told, tuple(voters), len({providers[each] for each in voters})))
        return found


def alike(meta: Meta) -> tuple[str, int, str, int]:
    """What every endpoint must say of the same block. Counts of entries may lack (TRAPS 2), heights too."""
    return meta.blockhash, meta.parent_slot, meta.parent_blockhash, meta.transactions
