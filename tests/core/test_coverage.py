"""How much of the finalized chain is held: by heights, and by links where a block has none."""

from monitor.core.certificates import Coverage
from monitor.core.coverage import HEIGHTS_KEPT, BlockCount


def test_nothing_is_told_before_the_first_block_is_held() -> None:
    blocks = BlockCount()
    blocks.produced(7, 7)
    assert blocks.coverage(1) is None


def test_heights_tell_how_many_blocks_there_are() -> None:
    blocks = BlockCount()
    blocks.complete(50, 7)
    blocks.complete(55, 10)
    assert blocks.coverage(0) == Coverage(2, 4, by_height=True)


def test_a_block_that_is_not_held_counts_as_produced() -> None:
    blocks = BlockCount()
    blocks.complete(50, 7)
    blocks.produced(5, 5)
    blocks.produced(9, 9)
    assert blocks.coverage(9) == Coverage(1, 5, by_height=True)


def test_one_block_without_a_height_makes_links_count() -> None:
    blocks = BlockCount()
    blocks.complete(50, 7)
    blocks.complete(55, None)
    assert blocks.coverage(3) == Coverage(2, 5, by_height=False)


def test_heights_of_the_latest_blocks_alone_are_remembered() -> None:
    blocks = BlockCount()
    for number in range(HEIGHTS_KEPT + 1):
        blocks.complete(100 + number, number)
    assert blocks.height_of(100) is None
    assert blocks.height_of(101) == 1
    assert blocks.coverage(0) == Coverage(HEIGHTS_KEPT + 1, HEIGHTS_KEPT + 1, by_height=True)


def test_blocks_that_a_process_before_left_open_do_not_count() -> None:
    blocks = BlockCount()
    blocks.since = 50
    blocks.complete(49, 6)
    blocks.produced(48, 5)
    assert blocks.coverage(0) is None
    blocks.complete(50, 7)
    blocks.produced(49, 6)
    assert blocks.coverage(0) == Coverage(1, 1, by_height=True)
