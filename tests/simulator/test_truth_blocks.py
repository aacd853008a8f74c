"""The truth of a real block is what its getBlock answer says, in either encoding."""

import json
from base64 import b64encode

from solders.hash import Hash
from solders.instruction import CompiledInstruction
from solders.keypair import Keypair
from solders.message import MessageHeader, MessageV1, TransactionConfig
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from monitor.simulator.chain_blocks import BlocksChain
from monitor.simulator.truth import slot_records
from monitor.simulator.truth_blocks import transaction_fields
from monitor.wire.pb.geyser_record_pb2 import SubscribeUpdateTransactionInfo as Info
from monitor.wire.record_transactions import transaction_json
from tests.shared_data import SHARED, needs_shared_data
from tests.simulator import answers
from tests.simulator.answers import LOADED, MINT, OTHER, OTHER_SIGNATURE, PAYER, SIGNATURE, VOTE


def test_an_old_vote_is_told_with_what_it_lacks_as_null() -> None:
    assert transaction_fields(answers.vote()) == {
        "signature": SIGNATURE,
        "signatures": [SIGNATURE],
        "tx_version": "legacy",
        "is_vote": True,
        "failed": False,
        "err": None,
        "fee": 5000,
        "compute_units": None,
        "recent_blockhash": answers.HASHES[0],
        "accounts": [PAYER, OTHER, VOTE],
        "instructions": [
            {"program_id_index": 2, "accounts": [1, 0], "data": "YQ==", "stack_height": None}
        ],
        "inner_instructions": None,
        "logs": None,
        "return_data": None,
        "pre_balances": [10_000, 5, 1],
        "post_balances": [5000, 5, 1],
        "pre_token_balances": [],
        "post_token_balances": [],
    }


def test_a_failed_version_zero_transaction_is_told_whole() -> None:
    told = transaction_fields(answers.failed_swap())
    assert (told["signature"], told["tx_version"], told["is_vote"]) == (OTHER_SIGNATURE, 0, False)
    assert (told["failed"], told["compute_units"]) == (True, 77)
    assert told["err"] == {"InstructionError": [0, {"Custom": 7}]}
    assert told["accounts"] == [PAYER, OTHER, VOTE, LOADED]
    assert told["inner_instructions"] == [
        {
            "index": 0,
            "instructions": [
                {"program_id_index": 2, "accounts": [0], "data": "YmJi", "stack_height": 2}
            ],
        }
    ]
    assert told["logs"] == ["Program log: x"]
    assert told["return_data"] == {"program_id": VOTE, "data": "AQI="}
    balance = {"account_index": 1, "mint": MINT, "amount": "7", "decimals": 9}
    assert told["pre_token_balances"] == [{**balance, "owner": None, "program_id": None}]
    assert told["post_token_balances"] == [{**balance, "owner": PAYER, "program_id": VOTE}]


def test_a_vote_with_company_is_no_simple_vote() -> None:
    two_calls, three_signatures, versioned = answers.vote(), answers.vote(), answers.vote()
    two_calls["transaction"]["message"]["instructions"] *= 2
    three_signatures["transaction"]["signatures"] *= 3
    versioned["version"] = 0
    for transaction in (two_calls, three_signatures, versioned):
        assert transaction_fields(transaction)["is_vote"] is False


def test_a_transaction_without_meta_says_null() -> None:
    told = transaction_fields({**answers.vote(), "meta": None})
    assert (told["failed"], told["fee"], told["logs"]) == (None, None, None)
    assert told["accounts"] == [PAYER, OTHER, VOTE]


def test_a_version_one_transaction_is_read_from_its_wire_form() -> None:
    payer, program = Keypair.from_seed(b"p" * 32), Pubkey(b"q" * 32)
    message = MessageV1(
        MessageHeader(1, 0, 1),
        TransactionConfig(priority_fee=1050),
        Hash(b"h" * 32),
        [payer.pubkey(), program],
        [CompiledInstruction(1, b"\x01\x02", b"\0")],
    )
    wire = VersionedTransaction(message, [payer])
    encoded = [b64encode(bytes(wire)).decode(), "base64"]
    told = transaction_fields({**answers.vote(), "transaction": encoded})
    assert told["tx_version"] == 1
    assert told["signatures"] == [str(wire.signatures[0])]
    assert told["accounts"] == [str(payer.pubkey()), str(program)]
    assert told["recent_blockhash"] == str(Hash(b"h" * 32))
    assert told["instructions"] == [
        {"program_id_index": 1, "accounts": [0], "data": "AQI=", "stack_height": None}
    ]
    assert told["is_vote"] is False


@needs_shared_data
def test_the_truth_of_a_whole_block_agrees_with_the_daemons_mapping() -> None:
    chain = BlocksChain(SHARED / "blocks" / "getBlock" / "mainnet-361774429.base64.json.zst")
    slot = chain.slot(chain.first_slot)
    told = {each["id"]: each for each in slot_records(slot)}
    bank = slot.banks[0]
    assert (slot.number, len(bank.updates)) == (361_774_429, 1790)
    for _, update in bank.updates:
        info = update.message.transaction  # type: ignore[attr-defined]
        signature, line_end = transaction_json(Info.FromString(info.SerializeToString()))
        fields = {"blockhash": bank.blockhash, **json.loads(b"{" + line_end)}
        truth = told[f"{slot.number}:transaction:{signature}"]
        assert {name: truth[name] for name in fields} == fields
