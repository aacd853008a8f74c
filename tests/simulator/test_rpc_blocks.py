"""getBlock answers made from geyser's messages, against real answers of mainnet and devnet."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from monitor.core.chain import Kind
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_blocks import BlocksChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.model import Bank, Update
from monitor.simulator.rpc_blocks import BlockForm, VersionTooNew, block_json
from monitor.wire.pb import geyser_pb2
from tests.shared_data import SHARED, needs_shared_data

REAL = SHARED / "blocks" / "getBlock"
FULL = BlockForm(max_version=1)


def real_answer(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    if path.suffix == ".zst":
        content = zstandard.ZstdDecompressor().decompressobj().decompress(content)
    answer: dict[str, Any] = orjson.loads(content)
    return answer.get("result") or answer


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """As a client reads it."""
    parsed: dict[str, Any] = orjson.loads(orjson.dumps(answer))
    return parsed


def canonical_banks(count: int) -> list[Bank]:
    chain = GeneratedChain(5)
    slots = map(chain.slot, range(chain.first_slot, chain.first_slot + count))
    return [bank for slot in slots for bank in slot.banks if bank.canonical]


@needs_shared_data
@pytest.mark.parametrize(
    ("name", "slot"),
    [("mainnet-361774429.base64.json.zst", 361774429), ("devnet-443787702.base64.json", 443787702)],
)
def test_a_real_block_comes_back_as_it_was(name: str, slot: int) -> None:
    bank = BlocksChain(REAL / name, slot).slot(slot).banks[0]

    answer = block_json(bank, BlockForm(encoding="base64", max_version=1))

    assert plain(answer) == real_answer(REAL / name)


@needs_shared_data
def test_json_says_what_base64_says() -> None:
    slot = 343156956
    bank = BlocksChain(REAL / f"devnet-{slot}.json.json", slot).slot(slot).banks[0]
    real = real_answer(REAL / f"devnet-{slot}.json.json")
    for transaction in real["transactions"]:
        for call in transaction["transaction"]["message"]["instructions"]:
            call["stackHeight"] = 1  # null before agave 3

    assert plain(block_json(bank, FULL)) == real


@pytest.mark.parametrize("key", ["transactions", "signatures"])
def test_details_none_leaves_the_transactions_out(key: str) -> None:
    bank = canonical_banks(1)[0]

    answer = block_json(bank, BlockForm(details="none"))

    assert key not in answer
    assert answer["blockhash"] == bank.blockhash


def test_details_signatures_lists_first_signatures_by_index() -> None:
    bank = canonical_banks(1)[0]
    whole = block_json(bank, FULL)

    answer = block_json(bank, BlockForm(details="signatures"))

    firsts = [each["transaction"]["signatures"][0] for each in whole["transactions"]]
    assert answer["signatures"] == firsts


def test_details_accounts_gives_each_key_its_role() -> None:
    bank = canonical_banks(1)[0]
    whole = block_json(bank, FULL)["transactions"][0]["transaction"]["message"]

    short = block_json(bank, BlockForm(details="accounts", max_version=1))["transactions"][0]

    roles = short["transaction"]["accountKeys"]
    header = whole["header"]
    assert [role["pubkey"] for role in roles][: len(whole["accountKeys"])] == whole["accountKeys"]
    assert sum(role["signer"] for role in roles) == header["numRequiredSignatures"]
    readonly = header["numReadonlySignedAccounts"] + header["numReadonlyUnsignedAccounts"]
    assert sum(not role["writable"] for role in roles) == readonly
    assert "innerInstructions" not in short["meta"]


def test_rewards_can_be_left_out() -> None:
    bank = canonical_banks(1)[0]

    assert "rewards" not in block_json(bank, BlockForm(details="none", rewards=False))
    assert block_json(bank, BlockForm(details="none"))["rewards"][0]["rewardType"] == "Fee"


@pytest.mark.parametrize(("asked", "refused_for"), [(None, 0), (0, 1)])
def test_a_version_above_the_client_s_is_refused(asked: int | None, refused_for: int) -> None:
    refusals = []
    for bank in canonical_banks(40):
        try:
            block_json(bank, BlockForm(max_version=asked))
        except VersionTooNew as refused:
            refusals.append(refused.version)

    assert refused_for in refusals
    assert 0 not in refusals or asked is None


def test_the_answer_says_no_version_to_a_client_that_names_none() -> None:
    chain = GeneratedChain(5, ChainSettings(transactions=0))
    votes_only = chain.slot(chain.first_slot).banks[-1]

    answer = block_json(votes_only, BlockForm())

    assert answer["transactions"]
    assert not any("version" in each for each in answer["transactions"])


def test_a_failed_transaction_says_why_twice() -> None:
    failed = [
        each["meta"]
        for bank in canonical_banks(20)
        for each in block_json(bank, FULL)["transactions"]
        if each["meta"]["err"] is not None
    ]

    assert failed
    assert all(meta["status"] == {"Err": meta["err"]} for meta in failed)


def test_partitioned_rewards_say_in_how_many_parts() -> None:
    bank = canonical_banks(1)[0]
    message = geyser_pb2.SubscribeUpdateBlockMeta()
    message.MergeFromString(bank.meta.message.SerializeToString())
    message.rewards.num_partitions.num_partitions = 243
    reward = message.rewards.rewards[0]
    reward.commission = "7"
    meta = Update(Kind.BLOCK_META, bank.slot, message, b"")

    answer = block_json(replace(bank, meta=meta), BlockForm(details="none"))

    assert answer["numRewardPartitions"] == 243
    assert answer["rewards"][0]["commission"] == 7
