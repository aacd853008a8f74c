"""Wire bytes against solders, which reads and verifies them."""

from base64 import b64decode

import pytest
from solders.transaction import VersionedTransaction

from monitor.core.chain import Kind
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.rpc_blocks import BlockForm, block_json
from monitor.simulator.wire_transactions import wire_bytes
from monitor.wire.pb import geyser_pb2, solana_storage_pb2


def transactions_by_version(slots: int) -> dict[str, list[solana_storage_pb2.Transaction]]:
    chain = GeneratedChain(3)
    found: dict[str, list[solana_storage_pb2.Transaction]] = {"legacy": [], "0": [], "1": []}
    for number in range(chain.first_slot, chain.first_slot + slots):
        for bank in chain.slot(number).banks:
            for _, update in bank.updates:
                if update.kind is Kind.TRANSACTION:
                    assert isinstance(update.message, geyser_pb2.SubscribeUpdateTransaction)
                    found[version_of(update.message.transaction.transaction)].append(
                        update.message.transaction.transaction
                    )
    return found


def version_of(transaction: solana_storage_pb2.Transaction) -> str:
    if not transaction.message.versioned:
        return "legacy"
    return "1" if transaction.message.HasField("config") else "0"


@pytest.mark.parametrize("version", ["legacy", "0", "1"])
def test_solders_reads_every_version_and_its_signatures_hold(version: str) -> None:
    transactions = transactions_by_version(20)[version]

    read = [VersionedTransaction.from_bytes(wire_bytes(each)) for each in transactions]

    assert read
    for parsed, sent in zip(read, transactions, strict=True):
        assert [bytes(signature) for signature in parsed.signatures] == list(sent.signatures)
        assert all(parsed.verify_with_results())


def test_a_version_1_message_begins_with_its_mark_and_ends_with_signatures() -> None:
    transaction = transactions_by_version(20)["1"][0]

    raw = wire_bytes(transaction)

    assert raw[0] == 0x81
    assert raw.endswith(transaction.signatures[-1])


def test_lengths_over_127_take_two_bytes() -> None:
    transaction = solana_storage_pb2.Transaction(signatures=[bytes(64)])
    message = transaction.message
    message.header.num_required_signatures = 1
    message.account_keys.extend([bytes([1]) * 32, bytes([2]) * 32])
    message.recent_blockhash = bytes(32)
    message.instructions.add(program_id_index=1, accounts=b"\x00", data=bytes(300))

    parsed = VersionedTransaction.from_bytes(wire_bytes(transaction))

    assert bytes(parsed.message.instructions[0].data) == bytes(300)


def test_base64_of_a_block_is_the_wire_form() -> None:
    chain = GeneratedChain(3)
    bank = chain.slot(chain.first_slot).banks[-1]

    answer = block_json(bank, BlockForm(encoding="base64", max_version=1))

    text, encoding = answer["transactions"][0]["transaction"]
    assert encoding == "base64"
    assert VersionedTransaction.from_bytes(b64decode(text)).signatures
