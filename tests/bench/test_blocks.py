"""The block that the replay server streams is whole, chained like every slot, and as large as a real one."""

from itertools import pairwise

from monitor.wire.pb import geyser_pb2
from tests.bench.corpus import read_corpus
from tests.bench.peers.reading import key_of, request
from tests.bench.slots import FIRST_SLOT, names_asked, templates
from tests.bench.test_slots import updates
from tests.bench.trials import MESSAGES_A_BLOCK
from tests.shared_data import needs_shared_data

NAMES = names_asked(request(blocks=True))


def updates_of(slot: int) -> list[geyser_pb2.SubscribeUpdate]:
    (template,) = templates(read_corpus(), NAMES)
    template.number(slot)
    return updates(template)


def test_a_slot_of_blocks_is_the_block_its_meta_and_statuses() -> None:
    kinds = [each.WhichOneof("update_oneof") for each in updates_of(FIRST_SLOT)]
    assert kinds == ["slot"] * 3 + ["block", "block_meta"] + ["slot"] * 3
    assert len(kinds) == MESSAGES_A_BLOCK


def test_a_block_says_what_its_meta_says() -> None:
    _, _, _, block, meta, *_ = updates_of(FIRST_SLOT + 7)
    assert block.block.slot == meta.block_meta.slot == FIRST_SLOT + 7
    for name in ("blockhash", "parent_slot", "parent_blockhash", "executed_transaction_count"):
        assert getattr(block.block, name) == getattr(meta.block_meta, name)
    assert block.block.block_height == meta.block_meta.block_height
    indexes = [each.index for each in block.block.transactions]
    assert indexes == list(range(block.block.executed_transaction_count))
    assert key_of(block) == (5, FIRST_SLOT + 7, meta.block_meta.blockhash, 0)


def test_blocks_are_chained() -> None:
    blocks = [updates_of(FIRST_SLOT + n)[3].block for n in range(3)]
    for parent, child in pairwise(blocks):
        assert child.parent_blockhash == parent.blockhash
        assert child.block_height.block_height == parent.block_height.block_height + 1


@needs_shared_data
def test_a_block_is_as_large_as_the_real_one() -> None:
    block = updates_of(FIRST_SLOT)[3]
    assert len(block.block.transactions) == 1_790
    assert 4.6e6 < block.ByteSize() < 4.7e6
