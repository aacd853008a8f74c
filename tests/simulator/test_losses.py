"""What regions lose is noted, and regions that lose apart never all lose the same."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.chain import Kind
from monitor.simulator.losses import ALONE, REMEMBERED, Loss, Losses, Portion
from monitor.simulator.received import Received
from tests.simulator.tiny_chain import tiny_transaction, tiny_write

THREE = tuple(Portion(place, 3) for place in range(3))
SLOTS = range(300_000_000, 300_000_300)


def transaction(slot: int, index: int = 0) -> Received:
    return Received(tiny_transaction(slot, index), 1)


def write(slot: int, key: int = 1) -> Received:
    return Received(tiny_write(slot, key, 1), 1)


def may_lose(portion: Portion, slot: int, index: int) -> set[str]:
    """What the region may lose of one slot, with a transaction and a write of that number."""
    found = {"slot"} if portion.has_slot(slot) else set()
    found |= {"transaction"} if portion.has(transaction(slot, index)) else set()
    return found | ({"write"} if portion.has(write(slot, index)) else set())


def test_a_region_alone_may_lose_everything() -> None:
    assert may_lose(ALONE, 5, 0) == {"slot", "transaction", "write"}


@given(st.integers(0, 2**40), st.integers(0, 200))
def test_no_two_regions_may_lose_the_same(slot: int, index: int) -> None:
    each = [may_lose(portion, slot, index) for portion in THREE]
    assert sum(map(len, each)) == len(set().union(*each))


@given(st.integers(0, 2**40), st.integers(0, 200))
def test_nothing_of_a_slot_that_may_go_whole_may_be_lost_elsewhere(slot: int, index: int) -> None:
    each = [may_lose(portion, slot, index) for portion in THREE]
    assert set().union(*each) in ({"slot"}, {"transaction", "write"})


def test_one_region_a_slot_may_lose_account_writes() -> None:
    for slot in SLOTS:
        places = {p.place for p in THREE for key in range(5) if p.has(write(slot, key))}
        assert len(places) <= 1


def test_every_region_has_its_share_of_everything() -> None:
    shares: defaultdict[tuple[int, str], int] = defaultdict(int)
    for slot in SLOTS:
        for portion in THREE:
            for what in may_lose(portion, slot, slot % 7):
                shares[portion.place, what] += 1
    for place in range(3):
        assert shares[place, "slot"] > len(SLOTS) / 20
        assert shares[place, "transaction"] > len(SLOTS) / 10
        assert shares[place, "write"] > len(SLOTS) / 10


def test_one_slot_has_losses_of_several_regions() -> None:
    torn = [
        slot
        for slot in SLOTS
        if all(any(p.has(transaction(slot, index)) for index in range(20)) for p in THREE)
    ]
    assert len(torn) > len(SLOTS) / 2


def test_losses_are_noted_with_what_they_were() -> None:
    losses = Losses()
    losses.lose_slot(7)
    losses.lose(transaction(8))
    losses.lose(write(9))
    signature = transaction(8).transaction.signature
    assert list(losses.latest) == [
        Loss(7),
        Loss(8, Kind.TRANSACTION, signature),
        Loss(9, Kind.ACCOUNT, bytes([1]) * 32),
    ]
    assert (losses.slots, losses.transactions, losses.accounts) == (1, 1, 1)


def test_a_signed_write_is_named_by_its_transaction_too() -> None:
    update = tiny_write(9, 1, 1)
    update.message.account.txn_signature = b"s" * 64  # type: ignore[attr-defined]
    losses = Losses()
    losses.lose(Received(update, 1))
    assert losses.latest[0].identity == bytes([1]) * 32 + b"s" * 64


def test_the_record_forgets_the_oldest_and_counts_on() -> None:
    losses = Losses()
    for slot in range(REMEMBERED + 5):
        losses.lose_slot(slot)
    assert losses.slots == REMEMBERED + 5
    assert (len(losses.latest), losses.latest[0]) == (REMEMBERED, Loss(5))
