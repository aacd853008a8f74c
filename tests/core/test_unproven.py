"""Blocks wait for their proof within bounds of memory and time."""

import pytest

from monitor.core import unproven
from monitor.core.events import BlockFetched
from monitor.core.rungs import Rung
from monitor.core.unproven import Unproven
from tests.core.play import meta, tx


def block(slot: int, name: str = "t0") -> BlockFetched:
    """Of 10 bytes or more."""
    return BlockFetched(slot, Rung.RPC, (4,), [tx(slot, 0, name), meta(slot)])


def bytes_of(slot: int) -> int:
    return sum(len(row[6] or b"") for row in block(slot).rows)


def test_a_block_is_kept_until_it_is_taken() -> None:
    kept = Unproven(600.0)
    told = block(5)
    assert kept.keep(told, 0.0)
    assert 5 in kept
    assert kept.take(5) is told
    assert kept.take(5) is None
    assert len(kept) == 0


def test_of_one_slot_the_first_block_is_kept() -> None:
    kept = Unproven(600.0)
    first = block(5)
    assert kept.keep(first, 0.0)
    assert kept.keep(block(5, "another"), 1.0)
    assert kept.take(5) is first


def test_what_memory_has_no_room_for_is_turned_away_until_a_block_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unproven, "MOST_BYTES", 2 * bytes_of(5))
    kept = Unproven(600.0)
    assert kept.keep(block(5), 0.0)
    assert kept.keep(block(6), 0.0)
    assert not kept.is_full
    assert not kept.keep(block(7), 0.0)
    assert kept.is_full
    kept.take(6)
    assert not kept.is_full
    assert kept.keep(block(7), 0.0)


def test_blocks_where_the_chain_has_none_are_dropped() -> None:
    kept = Unproven(600.0)
    for slot in (5, 6, 7, 8):
        kept.keep(block(slot), 0.0)
    kept.drop(6, 8)
    assert [slot for slot in range(10) if slot in kept] == [5, 8]


def test_what_nothing_proves_for_long_makes_room() -> None:
    kept = Unproven(600.0)
    kept.keep(block(6), 0.0)
    kept.keep(block(5), 10.0)
    kept.drop_old(599.0)
    assert len(kept) == 2
    kept.drop_old(600.0)
    assert 6 not in kept
    assert 5 in kept
    kept.drop_old(700.0)
    assert len(kept) == 0
