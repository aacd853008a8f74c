"""The truth file: the canonical chain in the order of slots, within its bound."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from monitor.core.chain import Kind
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.truth import TruthFile, slot_records
from tests.simulator.chains import EVENTFUL, canonical_banks, eventful_slots, messages_of

SHARED_KEYS = {
    *("id", "kind", "monitors", "slot", "version", "commitment"),
    *("source", "endpoint", "received_at", "late"),
}


def lines(path: Path) -> list[Any]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_only_canonical_banks_are_told() -> None:
    told = {made["slot"] for slot in eventful_slots() for made in slot_records(slot)}
    assert told == {bank.slot for bank in canonical_banks()}


def test_the_first_bank_of_a_recreated_slot_is_not_told() -> None:
    recreated = [slot for slot in eventful_slots() if len(slot.banks) == 2]
    for slot in recreated:
        kept = messages_of(slot.banks[1], Kind.TRANSACTION)
        told = [made for made in slot_records(slot) if made["kind"] == "transaction"]
        assert len(told) == len(kept)
        assert {made["blockhash"] for made in told} == {slot.banks[1].blockhash}


def test_ids_are_unique() -> None:
    ids = [made["id"] for slot in eventful_slots() for made in slot_records(slot)]
    assert len(ids) == len(set(ids))


def test_statuses_come_last_in_order() -> None:
    slot = eventful_slots()[0]
    told = list(slot_records(slot))[-3:]
    assert [each["status"] for each in told] == ["processed", "confirmed", "finalized"]
    for each in told:
        assert each["id"] == f"{slot.number}:slot:{each['status']}"
        assert each["parent"] == slot.banks[0].parent
        assert (each["dead_error"], each["observed"]) == (None, False)


def test_every_record_has_the_shared_keys() -> None:
    for made in slot_records(eventful_slots()[0]):
        assert made.keys() > SHARED_KEYS
        assert (made["monitors"], made["version"]) == ([], 0)
        for key in ("commitment", "source", "endpoint", "received_at", "late"):
            assert made[key] is None


def test_the_file_follows_the_chain(tmp_path: Path) -> None:
    chain, path = GeneratedChain(7, EVENTFUL), tmp_path / "truth.jsonl"
    with TruthFile(path) as truth:
        truth.follow(chain, chain.first_slot + 10)
        halfway = len(lines(path))
        truth.follow(chain, chain.first_slot + 25)
        truth.follow(chain, chain.first_slot + 25)
    told = lines(path)
    expected = [made for slot in eventful_slots()[:25] for made in slot_records(slot)]
    assert [each["id"] for each in told] == [made["id"] for made in expected]
    assert 0 < halfway < len(told)
    assert orjson.loads(orjson.dumps(expected)) == told


def test_going_back_is_refused(tmp_path: Path) -> None:
    with TruthFile(tmp_path / "truth.jsonl") as truth:
        truth.write(eventful_slots()[3])
        with pytest.raises(ValueError, match="comes after"):
            truth.write(eventful_slots()[3])


def test_the_bound_keeps_one_older_file(tmp_path: Path) -> None:
    settings = ChainSettings(votes=2, transactions=2, account_writes=3, entries=2)
    chain, path = GeneratedChain(1, settings), tmp_path / "truth.jsonl"
    bound = 100_000
    with TruthFile(path, max_bytes=bound) as truth:
        truth.follow(chain, chain.first_slot + 60)
    older = tmp_path / "truth.jsonl.1"
    assert sorted(tmp_path.iterdir()) == [path, older]
    assert max(path.stat().st_size, older.stat().st_size) <= bound
    slots = [each["slot"] for each in lines(older) + lines(path)]
    assert slots == sorted(slots)
    assert slots[0] > chain.first_slot
    assert slots[-1] > chain.first_slot + 50


def test_a_slot_larger_than_the_bound_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with TruthFile(path, max_bytes=10) as truth:
        truth.write(eventful_slots()[0])
        truth.write(eventful_slots()[1])
    assert {each["slot"] for each in lines(path)} == {eventful_slots()[1].number}
