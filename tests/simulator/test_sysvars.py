"""Sysvars have the runtime's layouts and follow the chain."""

from solders.sysvar import CLOCK as CLOCK_KEY

from monitor.core.chain import Kind
from monitor.simulator.base58 import base58
from monitor.simulator.model import Bank
from monitor.simulator.sysvars import CLOCK, SLOT_HASHES, SLOT_HISTORY, clock
from tests.simulator.chains import canonical_banks, messages_of


def content(bank: Bank, address: bytes) -> bytes:
    accounts = [each.account for each in messages_of(bank, Kind.ACCOUNT)]
    (found,) = [account.data for account in accounts if account.pubkey == address]
    return bytes(found)


def numbers(raw: bytes) -> list[int]:
    return [int.from_bytes(raw[at : at + 8], "little") for at in range(0, len(raw), 8)]


def test_the_clock_names_slot_epoch_and_time() -> None:
    assert bytes(CLOCK_KEY) == CLOCK
    for bank in canonical_banks()[:20]:
        slot, started, epoch, next_epoch, now = numbers(content(bank, CLOCK))
        assert (slot, now) == (bank.slot, bank.block_time)
        assert (epoch, next_epoch) == (bank.slot // 432_000, bank.slot // 432_000 + 1)
        assert started <= now


def test_an_epoch_starts_when_its_first_slot_did() -> None:
    assert numbers(clock(432_000 * 5 + 10, 1000, 0.4))[1] == 996


def test_slot_hashes_are_the_ancestors_newest_first() -> None:
    blocks = {bank.slot: bank.blockhash for bank in canonical_banks()}
    bank = canonical_banks()[-1]
    raw = content(bank, SLOT_HASHES)
    assert int.from_bytes(raw[:8], "little") == 32
    assert len(raw) == 8 + 32 * 40
    entries = [(raw[at : at + 8], raw[at + 8 : at + 40]) for at in range(8, len(raw), 40)]
    told = {int.from_bytes(slot, "little"): base58(digest) for slot, digest in entries}
    assert list(told) == sorted(told, reverse=True)
    assert next(iter(told)) == bank.parent
    assert all(blocks[slot] == digest for slot, digest in told.items())


def test_slot_history_marks_the_slots_with_a_block() -> None:
    bank = canonical_banks()[-1]
    raw = content(bank, SLOT_HISTORY)
    assert raw[0] == 1
    words, bits, next_slot = numbers(raw[1:9])[0], numbers(raw[-16:-8])[0], numbers(raw[-8:])[0]
    assert (words * 64, next_slot) == (bits, bank.slot + 1)
    field = int.from_bytes(raw[9 : 9 + words * 8], "little")
    marked = {slot for slot in range(300_000_000, next_slot) if field >> slot % bits & 1}
    assert marked == {each.slot for each in canonical_banks()}
