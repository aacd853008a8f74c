"""The slots that the replay server streams are whole, parse, and never repeat a key."""

from collections import Counter
from itertools import pairwise

from solders.hash import Hash

from monitor.core.chain import SlotStatus
from monitor.wire.pb import geyser_lazy_pb2, geyser_pb2
from tests.bench.corpus import TRANSACTIONS, VOTES, Corpus, read_corpus, simulated_corpus
from tests.bench.peers.reading import Key, key_of, request
from tests.bench.slots import (
    FIRST_SLOT,
    MESSAGES,
    Names,
    SlotTemplate,
    hash_of,
    messages_of,
    names_asked,
    templates,
)
from tests.bench.stamps import sent_ns
from tests.shared_data import needs_shared_data

EVERYTHING = Names(("a",), ("b",), ("~1", "chain"), ("~1",), ("~1",), ("entries",))


def updates_in(stream: bytearray | memoryview) -> list[geyser_pb2.SubscribeUpdate]:
    return [geyser_pb2.SubscribeUpdate.FromString(raw) for raw in messages_of(stream)]


def updates(template: SlotTemplate) -> list[geyser_pb2.SubscribeUpdate]:
    return updates_in(template.buffer)


def numbered(names: Names, slot: int = FIRST_SLOT) -> SlotTemplate:
    (template,) = templates(read_corpus(), names, 1)
    template.number(slot)
    return template


def test_a_slot_begins_with_its_bank_and_ends_with_meta_and_statuses() -> None:
    slot = updates(numbered(EVERYTHING))
    kinds = [each.WhichOneof("update_oneof") for each in slot]
    assert [SlotStatus(each.slot.status) for each in slot[:2]] == [
        SlotStatus.FIRST_SHRED_RECEIVED,
        SlotStatus.CREATED_BANK,
    ]
    assert kinds[-5:] == ["slot", "block_meta", "slot", "slot", "slot"]
    assert [(SlotStatus(each.slot.status), each.slot.slot - FIRST_SLOT) for each in slot[-3:]] == [
        (SlotStatus.PROCESSED, 0),
        (SlotStatus.CONFIRMED, -2),
        (SlotStatus.FINALIZED, -32),
    ]
    assert len(slot) == MESSAGES


def test_a_slot_closes_by_its_own_counts() -> None:
    slot = updates(numbered(EVERYTHING))
    (meta,) = [each.block_meta for each in slot if each.HasField("block_meta")]
    transactions = [each.transaction for each in slot if each.HasField("transaction")]
    entries = [each.entry for each in slot if each.HasField("entry")]
    indexes = [each.transaction.index for each in transactions]
    assert indexes == list(range(meta.executed_transaction_count))
    assert len(indexes) == VOTES + TRANSACTIONS
    assert [each.index for each in entries] == list(range(meta.entries_count))
    assert sum(each.executed_transaction_count for each in entries) == len(indexes)
    assert entries[-1].hash == hash_of(FIRST_SLOT)


def test_slots_are_chained_by_number_and_blockhash() -> None:
    template = numbered(EVERYTHING)
    metas = []
    for slot in range(FIRST_SLOT, FIRST_SLOT + 3):
        template.number(slot)
        metas += [each.block_meta for each in updates(template) if each.HasField("block_meta")]
    for parent, child in pairwise(metas):
        assert child.parent_slot == parent.slot
        assert child.parent_blockhash == parent.blockhash
        assert child.block_height.block_height == parent.block_height.block_height + 1
    assert metas[0].blockhash == str(Hash(hash_of(FIRST_SLOT)))


def test_every_update_of_a_slot_carries_its_number() -> None:
    slot = updates(numbered(EVERYTHING, FIRST_SLOT + 77))
    members = [getattr(each, each.WhichOneof("update_oneof") or "") for each in slot]
    assert {each.slot for each in members[:-2]} == {FIRST_SLOT + 77}


def test_no_key_repeats_over_passes() -> None:
    corpus = read_corpus()
    passes = templates(corpus, EVERYTHING, 2)
    seen: Counter[Key] = Counter()
    signatures: Counter[bytes] = Counter()
    for slot in range(FIRST_SLOT, FIRST_SLOT + 6):
        template = passes[slot % 2]
        template.number(slot)
        seen.update(key_of(each) for each in updates(template) if not each.HasField("entry"))
        signatures.update(
            each.transaction.transaction.signature
            for each in updates(template)
            if each.HasField("transaction")
        )
    assert max(seen.values()) == 1
    assert max(signatures.values()) == 1
    assert len(signatures) == 6 * (VOTES + TRANSACTIONS)


def test_a_renumbered_signature_is_the_same_in_the_transaction_and_its_writes() -> None:
    slot = updates(numbered(EVERYTHING, FIRST_SLOT + 5))
    infos = [each.transaction.transaction for each in slot if each.HasField("transaction")]
    signed = {each.account.account.txn_signature for each in slot if each.HasField("account")}
    assert all(each.transaction.signatures[0] == each.signature for each in infos)
    assert signed <= {each.signature for each in infos}


def test_write_versions_rise_with_the_stream() -> None:
    template = numbered(EVERYTHING)
    versions = []
    for slot in (FIRST_SLOT, FIRST_SLOT + 1):
        template.number(slot)
        versions += [
            each.account.account.write_version
            for each in updates(template)
            if each.HasField("account")
        ]
    assert versions == sorted(set(versions))


def test_stamps_are_written_into_the_chosen_messages_alone() -> None:
    template = numbered(EVERYTHING)
    template.stamp(3, 6, 12_345_678_901_234)
    stamps = [each.created_at.ToNanoseconds() for each in updates(template)]
    assert stamps == [0, 0, 0, *[12_345_678_901_234] * 3, *[0] * (MESSAGES - 6)]


def test_stamping_and_numbering_never_change_a_length() -> None:
    template = numbered(EVERYTHING)
    before = (len(template.buffer), list(template.ends))
    template.number(FIRST_SLOT + 123_456)
    template.stamp(0, MESSAGES, 2**62)
    assert (len(template.buffer), template.ends) == before


def test_names_come_from_the_request() -> None:
    asked = request()
    asked.slots["late"].filter_by_commitment = True
    names = names_asked(asked)
    assert set(names.slots) == {"~1", "late"}
    assert names.interslot == ("~1",)
    slot = updates(numbered(names))
    assert {tuple(each.filters) for each in slot if each.HasField("account")} == {("b",)}
    assert not any(each.HasField("entry") for each in slot)


def test_the_lazy_schema_reads_padded_numbers_too() -> None:
    for raw in messages_of(numbered(EVERYTHING, FIRST_SLOT + 9).buffer):
        lazy = geyser_lazy_pb2.SubscribeUpdate.FromString(raw)
        assert lazy.WhichOneof("update_oneof") is not None


@needs_shared_data
def test_the_mix_is_about_a_kilobyte_a_message() -> None:
    slots = templates(read_corpus(), names_asked(request()))
    count = sum(len(each.ends) for each in slots)
    mean = sum(len(each.buffer) for each in slots) / count - 5
    assert 980 < mean < 1_080
    assert count == 10 * MESSAGES


def test_a_corpus_without_enough_votes_is_dealt_again() -> None:
    whole = read_corpus()
    small = Corpus("small", whole.votes[:7], whole.transactions[:3])
    (template,) = templates(small, EVERYTHING, 1)
    infos = [each.transaction.transaction for each in updates(template)]
    assert len({each.signature for each in infos if each.signature}) == VOTES + TRANSACTIONS


def test_without_the_shared_data_the_simulated_chain_fills_the_slots() -> None:
    (template,) = templates(simulated_corpus(), EVERYTHING, 1)
    kinds = Counter(each.WhichOneof("update_oneof") for each in updates(template))
    assert kinds["transaction"] == VOTES + TRANSACTIONS
    votes = [each.transaction.transaction.is_vote for each in updates(template)]
    assert votes.count(True) == VOTES


def test_no_account_is_written_twice_by_one_transaction() -> None:
    writes = Counter(
        (each.account.account.pubkey, each.account.account.txn_signature)
        for each in updates(numbered(EVERYTHING))
        if each.HasField("account")
    )
    assert max(writes.values()) == 1


def test_the_send_time_is_read_from_the_end_of_a_frame() -> None:
    template = numbered(EVERYTHING)
    template.stamp(0, MESSAGES, 98_765_432_109_876_543)
    assert {sent_ns(raw) for raw in messages_of(template.buffer)} == {98_765_432_109_876_543}
