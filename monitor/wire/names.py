"""What the filter names on an update mean: which monitors want it, and under which request it came.

Names in use, for one request generation g:

    a monitor's own name    its filter of the update's kind
    `~g`                    the hidden filters of slots and blocks_meta; they also serve all monitors of those kinds
    `~skind`                a superset: the server judged too widely, so the update is judged here

An older generation's `~g` may still arrive after a request was replaced (PROTOCOL 2.2): it is read as that generation.
Any other name was never sent by us: the update is judged here, and counted in `strangers`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from monitor.core.chain import Kind

Judge = Callable[[int, bytes], int]
"""(kind, frame) -> mask of monitors that asked for this update."""

Known = tuple[Callable[..., Any], Any]
"""The reader of a kind, and what it is told of the names."""

SUPERSET: Final = "~s"

_CACHE_BOUND: Final = 8192
"""Guessed: distinct name lists seen at once. A server names filters in any order, so n names have n! lists."""


def hidden_name(generation: int) -> str:
    """The name of the hidden filters of a request generation."""
    return f"~{generation}"


class NameTable:
    """Reads the names of one request generation. One feed, one table; not shared between threads."""

    def __init__(
        self,
        masks: Mapping[str, int],
        slot_masks: tuple[int, ...] = (0,) * 7,
        block_meta_mask: int = 0,
        superset_blocks: tuple[tuple[int, str], ...] = (),
        judge: Judge = lambda _kind, _frame: 0,
    ) -> None:
        """`masks`: monitor name -> its bit. `slot_masks`: by status, the monitors whose slots filter takes it.

        `superset_blocks`: (bit, monitor name) of every monitor that the superset blocks filter stands for.
        """
        self._masks = dict(masks)
        self._judge = judge
        self._superset_blocks = superset_blocks
        self.slot_masks: Final = slot_masks
        self.block_meta_mask: Final = block_meta_mask
        self.prefixes: Final[dict[bytes, Known]] = {}
        """Encoded names and the tag after them -> what `wire.peek` makes of them; never where judging is needed."""
        self.strangers = 0
        """Updates that carried a name we never sent."""

    def read(self, names: tuple[str, ...]) -> tuple[int, int, bool]:
        """(mask, generation, whether the update must be judged here besides)."""
        mask = generation = 0
        judged = False
        for name in names:
            bit = self._masks.get(name)
            if bit is not None:
                mask |= bit
            elif name.startswith(SUPERSET):
                judged = True
            elif name.startswith("~") and name[1:].isascii() and name[1:].isdigit():
                generation = int(name[1:])
            else:
                self.strangers += 1
                judged = True
        return mask, generation, judged

    def learn(self, prefix: bytes, known: Known) -> None:
        """Remember what these encoded names mean; at the bound all is forgotten and learned anew."""
        if len(self.prefixes) >= _CACHE_BOUND:
            self.prefixes.clear()
        self.prefixes[prefix] = known

    def judge(self, kind: int, frame: bytes) -> int:
        """The monitors that want this update, by our own reading of their filters."""
        return self._judge(kind, frame)

    def blocks(self, names: tuple[str, ...]) -> list[tuple[int, str]]:
        """(mask, monitor name) of each monitor that a block update serves: one for its own filter, many for a superset."""
        found: list[tuple[int, str]] = []
        for name in names:
            bit = self._masks.get(name)
            if bit is not None:
                found.append((bit, name))
            elif name == SUPERSET + Kind.BLOCK.name.lower():
                found.extend(self._superset_blocks)
            else:
                self.strangers += 1
        return found
