"""An endless chain filled with real transactions: theirs the content, the chain's the place."""

from pathlib import Path

import orjson
import pytest

from monitor.core.chain import Kind
from monitor.simulator.bodies import Bodies, Body, read_bodies
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.model import Slot
from monitor.simulator.truth import slot_records
from tests.shared_data import SHARED, needs_shared_data
from tests.simulator.answers import answer
from tests.simulator.chains import messages_of

SETTINGS = ChainSettings(votes=3, transactions=4, forked=0.2, dead=0.0, recreated=0.1)


@pytest.fixture
def bodies(tmp_path: Path) -> list[Body]:
    path = tmp_path / "run.jsonl"
    path.write_bytes(orjson.dumps({"slot": 101, "result": answer(1, 0)}))
    return read_bodies(path)


def filled(bodies: list[Body]) -> list[Slot]:
    chain = GeneratedChain(1, SETTINGS, bodies)
    return [chain.slot(chain.first_slot + number) for number in range(60)]


def test_bodies_are_the_transactions_of_the_file(bodies: list[Body]) -> None:
    assert [body.fields["tx_version"] for body in bodies] == ["legacy", 0]
    assert [body.part.is_vote for body in bodies] == [True, False]


def test_uses_are_taken_in_turn_under_new_signatures(bodies: list[Body]) -> None:
    uses = Bodies(bodies).take(5)
    assert [use.body for use in uses] == [bodies[number % 2] for number in range(5)]
    assert len({use.signature for use in uses}) == 5
    assert all(use.signature[:56] == use.body.part.signature[:56] for use in uses)


def test_blocks_hold_as_many_as_the_settings_say(bodies: list[Body]) -> None:
    for slot in filled(bodies):
        for bank in slot.banks:
            if bank.canonical:
                messages = messages_of(bank, Kind.TRANSACTION)
                assert sorted(m.transaction.index for m in messages) == list(range(7))
                assert len(messages_of(bank, Kind.ACCOUNT)) == 3


def test_content_is_unchanged(bodies: list[Body]) -> None:
    contents = {body.part.meta.SerializeToString(deterministic=True) for body in bodies}
    messages = {body.part.transaction.message.SerializeToString() for body in bodies}
    for message in messages_of(filled(bodies)[0].banks[0], Kind.TRANSACTION):
        part = message.transaction
        assert part.meta.SerializeToString(deterministic=True) in contents
        assert part.transaction.message.SerializeToString() in messages
        assert part.transaction.signatures[0] == part.signature


def test_no_signature_is_on_the_chain_twice(bodies: list[Body]) -> None:
    banks = [bank for slot in filled(bodies) for bank in slot.banks if bank.canonical]
    found = [m.transaction.signature for bank in banks for m in messages_of(bank, Kind.TRANSACTION)]
    assert len(found) == len(set(found)) == 7 * len(banks)


def test_the_truth_names_the_chains_place_and_the_files_content(bodies: list[Body]) -> None:
    slot = filled(bodies)[0]
    told = [each for each in slot_records(slot) if each["kind"] == "transaction"]
    by_version = {body.fields["tx_version"]: body.fields for body in bodies}
    assert [each["index"] for each in told] == list(range(7))
    for each in told:
        source = by_version[each["tx_version"]]
        for name in ("fee", "err", "accounts", "instructions", "logs", "post_token_balances"):
            assert each[name] == source[name]
        assert each["blockhash"] == slot.banks[0].blockhash
        assert each["signatures"][0] == each["signature"] != source["signature"]


@needs_shared_data
def test_a_block_of_2025_fills_the_chain() -> None:
    folder = SHARED / "blocks" / "getBlock"
    bodies = read_bodies(folder / "mainnet-361774429.base64.json.zst")
    chain = GeneratedChain(1, ChainSettings(), bodies)
    bank = chain.slot(chain.first_slot).banks[0]
    versions = {body.fields["tx_version"] for body in bodies}
    assert (len(bodies), versions) == (1790, {"legacy", 0})
    assert len(messages_of(bank, Kind.TRANSACTION)) == 55
