"""What RPCs told of blocks that not enough of them have told alike yet: who told it once need not be asked again."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

KEPT: Final = 4096
"""Slots that something is remembered of, some 300 bytes each; of more the longest untouched are asked anew. Guessed."""

_NOTHING: Final[Mapping[int, bytes]] = MappingProxyType({})


class Statements:
    """By slot, the digest of the block that each RPC told last."""

    def __init__(self) -> None:
        self._told: OrderedDict[int, dict[int, bytes]] = OrderedDict()

    def of(self, slot: int) -> Mapping[int, bytes]:
        """Digest by RPC."""
        return self._told.get(slot, _NOTHING)

    def note(self, slot: int, told: Mapping[int, bytes]) -> None:
        """These RPCs told this, over what they told before."""
        if not told:
            return
        self._told.setdefault(slot, {}).update(told)
        self._told.move_to_end(slot)
        if len(self._told) > KEPT:
            self._told.popitem(last=False)

    def forget(self, slot: int) -> None:
        """Enough have told the block."""
        self._told.pop(slot, None)


def most_alike(before: Mapping[int, bytes], may_tell: Collection[int]) -> int:
    """How many could tell one and the same block in the end, of those who did before and those who may be asked."""
    tellers: dict[bytes, set[int]] = {}
    for rpc, digest in before.items():
        tellers.setdefault(digest, set()).add(rpc)
    asked = set(may_tell)
    return max((len(group | asked) for group in tellers.values()), default=len(asked))
