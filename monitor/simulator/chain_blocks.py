"""A finite chain made of real blocks, served as they were."""

from collections import OrderedDict
from math import inf
from pathlib import Path
from random import Random

import orjson

from monitor.core.chain import Kind
from monitor.simulator.block_files import read_block_file
from monitor.simulator.encoding import update
from monitor.simulator.model import Bank, Slot, Update
from monitor.simulator.truth_blocks import BlockTruth
from monitor.wire.blocks import map_block
from monitor.wire.pb import geyser_pb2

_SLOTS_KEPT = 256
"""Mapped slots held at a time; another is mapped again when asked for. A guess: a region's replay buffer and more."""


class BlocksChain:
    """A `Chain` of the blocks in a file; the numbers between them were skipped.

    Blocks know their transactions and their meta: there are no account writes and no entries.
    """

    def __init__(self, path: Path, slot: int | None = None) -> None:
        """`slot` as in `read_block_file`, which also says what it raises."""
        self._blocks = read_block_file(path, slot)
        self._slots: OrderedDict[int, Slot] = OrderedDict()
        self.first_slot = min(self._blocks)
        self.end_slot: int | None = max(self._blocks) + 1

    def slot(self, number: int) -> Slot:
        """The slot of this number. Raises KeyError outside the run."""
        if not self.first_slot <= number < max(self._blocks) + 1:
            raise KeyError(number)
        held = self._slots.get(number)
        if held is None:
            held = self._slots[number] = self._make_slot(number)
            if len(self._slots) > _SLOTS_KEPT:
                self._slots.popitem(last=False)
        return held

    def _make_slot(self, number: int) -> Slot:
        dice = Random(number)
        line = self._blocks.get(number)
        if line is None:
            return Slot(number, (), None, inf, inf)
        begins, ends = dice.uniform(0.005, 0.08), dice.uniform(0.97, 1.03)
        return Slot(
            number=number,
            banks=(_make_bank(number, line, begins, ends, dice),),
            first_shred_at=max(0.0, begins + dice.uniform(-0.02, 0.004)),
            # Less than one slot time of variation: a parent is never settled after its child.
            confirmed_at=2.0 + dice.uniform(0, 0.9),
            finalized_at=33.0 + dice.uniform(0, 0.9),
        )


def _make_bank(number: int, line: bytes, begins: float, ends: float, dice: Random) -> Bank:
    result = orjson.loads(line)["result"]
    mapped = map_block(number, result)
    start, span = begins + 0.02, ends - begins - 0.06
    places = [(index + dice.uniform(0, 4), part) for index, part in enumerate(mapped.transactions)]
    places.sort(key=lambda placed: placed[0])
    step = span / max(1, len(places))
    return Bank(
        slot=number,
        parent=result["parentSlot"],
        blockhash=result["blockhash"],
        parent_blockhash=result["previousBlockhash"],
        block_height=result.get("blockHeight"),
        block_time=result.get("blockTime"),
        created_at=begins,
        updates=tuple(
            (start + step * (order + dice.random()), _transaction(number, part))
            for order, (_, part) in enumerate(places)
        ),
        meta=update(Kind.BLOCK_META, number, mapped.meta),
        meta_at=ends,
        completed_at=ends - dice.uniform(0.005, 0.02),
        dead=None,
        dead_at=inf,
        canonical=True,
        truth=BlockTruth(line),
    )


def _transaction(number: int, part: geyser_pb2.SubscribeUpdateTransactionInfo) -> Update:
    message = geyser_pb2.SubscribeUpdateTransaction(slot=number)
    message.transaction.CopyFrom(part)
    return update(Kind.TRANSACTION, number, message)
