"""What the filter names on an update mean: which monitors want it, and under which request it came.

Names in use, for one request generation g:

    a monitor's own name    its filter of the update's kind
    `~g`                    the hidden filters of slots and blocks_meta, for all their monitors
    `~skind`                a superset: the server judged too widely, so the update is judged here

After a request was replaced, updates of the older generation may still arrive (PROTOCOL 2.2): `~g`
is read as the number it holds. Any other name was never sent by us: the update is judged here, and
counted in `strangers`.

A request may leave monitors out, since other feeds carry them. Then names do not tell of those, who
may want the update as well: for them it is judged here, so that a mask means the same on every feed.
A server filters in the order of what it sends, so the first `~g` ends what older requests left out.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from monitor.core.chain import Kind

Judge = Callable[[int, bytes], int]
"""(kind, frame) -> mask of monitors that asked for this update."""

Known = tuple[Callable[..., Any], Any]
"""The reader of a kind, and what it is told of the names."""

_SUPERSET: Final = "~s"

_CACHE_BOUND: Final = 8192
"""Guessed: distinct name lists seen at once. A server names filters in any order, so n names have
n! lists.
"""


def hidden_name(generation: int) -> str:
    """The name of the hidden filters of a request generation."""
    return f"~{generation}"


def superset_name(kind: Kind) -> str:
    """The name of the one filter of this kind that stands for several monitors."""
    return _SUPERSET + kind.name.lower()


class NameTable:
    """Reads the names of one feed. It learns and counts strangers: one feed, one table."""

    def __init__(self, generation: int, masks: Mapping[str, int], judge: Judge) -> None:
        """`masks`: filter name -> the monitors it stands for. `judge` is asked where a name does
        not tell.
        """
        self._left_out: dict[int, Mapping[int, int]] = {generation: {}}
        """By generation of a request that may still be answered, and kind."""
        self.left_out: Mapping[int, int] = {}
        """By kind, the monitors of which a name does not tell: some such request leaves them out."""
        self._masks = dict(masks)
        self._judge = judge
        self._superset_blocks: tuple[tuple[int, str], ...] = ()
        self.block_meta_mask = 0
        """The monitors of blocks_meta; they ride on `~g`."""
        self.prefixes: Final[dict[bytes, Known]] = {}
        """Encoded names and the tag after them -> what `wire.peek` makes of them; never where
        judging is needed.
        """
        self.strangers = 0
        """Updates that carried a name we never sent."""

    def serve(self, block_meta_mask: int, superset_blocks: tuple[tuple[int, str], ...]) -> None:
        """Say who rides on the hidden blocks_meta filter, and (mask, name) of each monitor of a superset
        blocks filter.
        """
        self.block_meta_mask = block_meta_mask
        self._superset_blocks = superset_blocks

    def ask(self, generation: int, left_out: Mapping[int, int]) -> None:
        """Say that a request goes out which leaves these monitors of each kind out."""
        self._left_out[generation] = left_out
        self._renew()

    def read(self, names: tuple[str, ...]) -> tuple[int, int, bool]:
        """(mask, generation or 0, whether the update must be judged here besides)."""
        mask = generation = 0
        judged = stranger = False
        for name in names:
            bits = self._masks.get(name)
            if bits is not None:
                mask |= bits
            elif name.startswith(_SUPERSET):
                judged = True
            elif name[:1] == "~" and name[1:].isascii() and name[1:].isdigit():
                generation = int(name[1:])
            else:
                stranger = True
        self.strangers += stranger
        if len(self._left_out) > 1 and generation in self._left_out:
            self._left_out = {g: of for g, of in self._left_out.items() if g >= generation}
            self._renew()
        return mask, generation, judged or stranger

    def learn(self, prefix: bytes, known: Known) -> None:
        """Remember what these encoded names mean; at the bound all is forgotten."""
        if len(self.prefixes) >= _CACHE_BOUND:
            self.prefixes.clear()
        self.prefixes[prefix] = known

    def judge(self, kind: int, frame: bytes) -> int:
        """The monitors that want this update, by our own reading of their filters."""
        return self._judge(kind, frame)

    def blocks(self, names: tuple[str, ...]) -> list[tuple[int, str]]:
        """(mask, monitor name) of each monitor that a block update serves; a stranger's block
        serves none.

        A block under a name we never sent cannot be judged: every blocks filter takes every block.
        """
        found: list[tuple[int, str]] = []
        for name in names:
            bits = self._masks.get(name)
            if bits is not None:
                found.append((bits, name))
            elif name == superset_name(Kind.BLOCK):
                found.extend(self._superset_blocks)
            else:
                self.strangers += 1
        return found

    def _renew(self) -> None:
        """Put together what requests leave out, and forget prefixes whose meaning that changes."""
        left_out: dict[int, int] = {}
        for asked in self._left_out.values():
            for kind, monitors in asked.items():
                left_out[kind] = left_out.get(kind, 0) | monitors
        if left_out == self.left_out:
            return
        self.left_out = left_out
        self.prefixes.clear()
