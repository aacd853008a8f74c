"""Blocks put together from events in every order that a validator may send them in (PROTOCOL 2.7, 2.8)."""

from collections.abc import Iterable

from monitor.core.chain import Commitment, Kind
from monitor.simulator.model import Bank
from monitor.simulator.received import FrozenBlock, Received, StatusNews
from monitor.simulator.reconstruction import Reconstruction
from monitor.simulator.rings import Rings
from tests.simulator.tiny_chain import tiny_bank, tiny_transaction

PROCESSED, CONFIRMED, FINALIZED = Commitment


class NoRepeats:
    duplicate = 0.0

    def repeats(self) -> bool:
        return False


class Server:
    """A block machine and what it has broadcast."""

    def __init__(self, stored_slots: int = 150) -> None:
        self.rings = Rings(NoRepeats())
        self.machine = Reconstruction(self.rings, stored_slots)

    def data(self, bank: Bank) -> None:
        for _, update in bank.updates:
            self.machine.data(Received(update, 1), 1)

    def meta(self, bank: Bank) -> None:
        self.machine.meta(Received(bank.meta, 1), 1)

    def whole(self, bank: Bank, level: Commitment | None = PROCESSED) -> None:
        self.machine.created_bank(bank.slot)
        self.data(bank)
        self.meta(bank)
        if level is not None:
            self.machine.reached(bank.slot, level, 1)

    def heard(self, level: Commitment) -> list[str]:
        found = []
        for message in self.rings.take(level):
            match message:
                case StatusNews():
                    found.append(f"{message.slot} {message.status.name}")
                case FrozenBlock():
                    found.append(f"{message.slot} block {len(message.contents)}")
                case _:
                    found.append(f"{message.slot} {message.kind.name}")
        return found

    def statuses(self) -> list[str]:
        """Slot statuses only, as every ring has them."""
        levels = {level.name for level in Commitment}
        return [line for line in self.heard(PROCESSED) if line.split()[1] in levels]


def chain_of(numbers: Iterable[int]) -> list[Bank]:
    numbers = list(numbers)
    return [tiny_bank(slot, parent) for parent, slot in zip([99, *numbers], numbers, strict=False)]


def test_processed_waits_for_the_block_to_be_whole() -> None:
    server, bank = Server(), tiny_bank(100, 99)
    server.machine.created_bank(100)
    server.data(bank)
    server.machine.reached(100, PROCESSED, 1)
    assert server.heard(PROCESSED) == []
    server.meta(bank)
    assert server.heard(PROCESSED) == ["100 block 3", "100 BLOCK_META", "100 PROCESSED"]


def test_whole_block_waits_for_processed() -> None:
    server = Server()
    server.whole(tiny_bank(100, 99), level=None)
    assert server.heard(PROCESSED) == []
    assert server.machine.replay.oldest == 100


def test_meta_that_comes_early_waits_for_the_counts() -> None:
    server, bank = Server(), tiny_bank(100, 99, transactions=2, entries=1)
    server.machine.first_shred(100)
    first, *rest = [Received(update, 1) for _, update in bank.updates]
    server.machine.data(first, 1)
    server.meta(bank)
    server.machine.reached(100, PROCESSED, 1)
    assert server.heard(PROCESSED) == []
    for message in rest:
        server.machine.data(message, 1)
    assert server.heard(PROCESSED) == ["100 block 3", "100 BLOCK_META", "100 PROCESSED"]


def test_meta_before_all_data_is_lost_and_the_slot_with_it() -> None:
    server, bank = Server(), tiny_bank(100, 99)
    server.machine.created_bank(100)
    server.meta(bank)
    server.data(bank)
    server.machine.reached(100, FINALIZED, 1)
    assert server.heard(PROCESSED) == []


def test_untracked_slot_is_never_whole() -> None:
    server, bank = Server(), tiny_bank(100, 99)
    server.data(bank)
    server.meta(bank)
    server.machine.reached(100, PROCESSED, 1)
    assert server.heard(PROCESSED) == []
    assert server.machine.replay.oldest is None


def test_first_shred_alone_tracks() -> None:
    server, bank = Server(), tiny_bank(100, 99)
    server.machine.first_shred(100)
    server.data(bank)
    server.meta(bank)
    server.machine.reached(100, PROCESSED, 1)
    assert server.statuses() == ["100 PROCESSED"]


def test_higher_level_named_first_fills_the_ones_below() -> None:
    server = Server()
    server.whole(tiny_bank(100, 99), level=FINALIZED)
    assert server.heard(CONFIRMED)[-3:] == ["100 BLOCK_META", "100 CONFIRMED", "100 FINALIZED"]
    assert server.statuses() == ["100 PROCESSED", "100 CONFIRMED", "100 FINALIZED"]


def test_level_named_before_the_block_is_whole_is_kept() -> None:
    server, bank = Server(), tiny_bank(100, 99)
    server.machine.created_bank(100)
    server.machine.reached(100, CONFIRMED, 1)
    server.machine.reached(100, PROCESSED, 1)
    server.data(bank)
    server.meta(bank)
    assert server.statuses() == ["100 PROCESSED", "100 CONFIRMED"]


def test_each_level_is_given_once() -> None:
    server = Server()
    server.whole(tiny_bank(100, 99))
    for level in (PROCESSED, CONFIRMED, CONFIRMED, PROCESSED):
        server.machine.reached(100, level, 1)
    assert server.statuses() == ["100 PROCESSED", "100 CONFIRMED"]


def test_finalized_slot_finalizes_its_ancestors_after_itself() -> None:
    server = Server()
    for bank in chain_of([100, 101, 102]):
        server.whole(bank)
    server.heard(PROCESSED)
    server.machine.reached(102, FINALIZED, 1)
    assert server.statuses() == [
        "102 CONFIRMED",
        "102 FINALIZED",
        "101 CONFIRMED",
        "101 FINALIZED",
        "100 CONFIRMED",
        "100 FINALIZED",
    ]
    server.machine.reached(101, FINALIZED, 1)
    assert server.statuses() == []


def test_confirmed_slot_does_not_confirm_its_ancestors() -> None:
    server = Server()
    for bank in chain_of([100, 101]):
        server.whole(bank)
    server.heard(PROCESSED)
    server.machine.reached(101, CONFIRMED, 1)
    assert server.statuses() == ["101 CONFIRMED"]


def test_fork_is_dropped_when_its_sibling_is_final() -> None:
    server = Server()
    for bank in (tiny_bank(100, 99), tiny_bank(101, 100), tiny_bank(102, 100)):
        server.whole(bank)
    server.machine.reached(100, FINALIZED, 1)
    server.machine.reached(102, FINALIZED, 1)
    server.heard(PROCESSED)
    server.machine.reached(101, CONFIRMED, 1)
    assert server.statuses() == []
    assert [block.slot for block, _ in server.machine.replay.replay(100, PROCESSED, 1)] == [
        100,
        102,
    ]


def test_slot_beyond_an_unknown_parent_is_not_taken_for_a_fork() -> None:
    server = Server()
    for bank in (tiny_bank(100, 99), tiny_bank(102, 101)):  # 101 was never whole here
        server.whole(bank)
    server.machine.reached(102, FINALIZED, 1)
    server.heard(PROCESSED)
    server.machine.reached(100, FINALIZED, 1)
    assert server.statuses() == ["100 CONFIRMED", "100 FINALIZED"]


def test_late_data_is_not_in_the_block() -> None:
    server = Server()
    server.whole(tiny_bank(100, 99), level=None)
    server.machine.data(Received(tiny_transaction(100, 9), 1), 1)
    server.machine.reached(100, PROCESSED, 1)
    ((block, _),) = server.machine.replay.replay(100, PROCESSED, 1)
    assert len(block.of(Kind.TRANSACTION)) == 2


def test_dead_slot_leaves_the_buffer() -> None:
    server = Server()
    server.whole(tiny_bank(100, 99))
    server.machine.dead(100)
    assert server.machine.replay.oldest is None
    server.heard(PROCESSED)
    server.machine.reached(100, CONFIRMED, 1)
    assert server.statuses() == []


def test_bank_again_starts_anew_and_may_be_processed_again() -> None:
    server = Server()
    server.whole(tiny_bank(100, 99, name="a"))
    server.whole(tiny_bank(100, 99, name="b", transactions=1))
    assert server.heard(PROCESSED) == [
        "100 block 3",
        "100 BLOCK_META",
        "100 PROCESSED",
        "100 block 2",
        "100 BLOCK_META",
        "100 PROCESSED",
    ]


def test_given_up_bank_is_not_replayed_while_the_next_is_on_its_way() -> None:
    server = Server()
    server.whole(tiny_bank(100, 99))
    server.machine.created_bank(100)
    assert server.machine.replay.oldest is None


def test_hidden_transaction_counts_but_is_not_in_the_block() -> None:
    server, bank = Server(), tiny_bank(100, 99)
    server.machine.created_bank(100)
    for place, (_, update) in enumerate(bank.updates):
        server.machine.data(Received(update, 1), 1, hidden=place == 0)
    server.meta(bank)
    server.machine.reached(100, PROCESSED, 1)
    assert server.heard(PROCESSED)[0] == "100 block 2"


def test_memory_does_not_grow_with_the_chain() -> None:
    server = Server(stored_slots=5)
    for bank in chain_of(range(100, 700)):
        server.whole(bank, level=FINALIZED)
        for level in Commitment:
            server.heard(level)
    assert len(server.machine._slots) < 140
    assert server.machine.replay.oldest == 690
