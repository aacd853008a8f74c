"""A transaction of a getBlock answer as the message that a stream would have sent for it.

Encodings `base64` (and `base58`, the old one) carry the wire form, `json` the message in parts. Versions: legacy has
`versioned` unset; 0 has it set; 1 has it set and a config. In `json` the version is beside the transaction, and an
absent `version` means legacy: it is what nodes write when maxSupportedTransactionVersion was not asked for.
"""

from binascii import a2b_base64
from collections.abc import Mapping, Sequence
from typing import Final

from monitor.wire import base58
from monitor.wire.pb.geyser_pb2 import SubscribeUpdateTransactionInfo
from monitor.wire.pb.solana_storage_pb2 import (
    CompiledInstruction,
    Message,
    MessageAddressTableLookup,
    MessageHeader,
    Transaction,
    TransactionConfig,
)
from monitor.wire.transaction_bytes import read_transaction
from monitor.wire.transaction_meta import Json, map_meta

VOTE_PROGRAM: Final = base58.key_bytes("Vote111111111111111111111111111111111111111")
VOTE_SIGNATURES: Final = 2
"""The most that a vote has."""


def map_transaction(index: int, answer: Json) -> SubscribeUpdateTransactionInfo:
    """`answer`: {transaction, meta, version}, the `index`-th of its block.

    Raises KeyError, TypeError or ValueError where it is not shaped as agave shapes it.
    """
    transaction = parse_transaction(answer["transaction"], answer.get("version", "legacy"))
    meta = answer.get("meta")
    return SubscribeUpdateTransactionInfo(
        signature=transaction.signatures[0] if transaction.signatures else b"",
        is_vote=is_simple_vote(transaction),
        transaction=transaction,
        meta=None if meta is None else map_meta(meta),
        index=index,
    )


def parse_transaction(encoded: Sequence[str] | Json, version: object) -> Transaction:
    """A `transaction` alone, in any encoding but the parsed ones; `version` is asked for in encoding json only.

    Raises as `map_transaction`.
    """
    if isinstance(encoded, Mapping):
        return _map_json(encoded, version)
    return read_transaction(_wire_bytes(encoded))


def is_simple_vote(transaction: Transaction) -> bool:
    """What the runtime calls a vote: legacy, one or two signatures, one instruction, and it is the vote program's."""
    message = transaction.message
    if message.versioned or not 0 < len(transaction.signatures) <= VOTE_SIGNATURES:
        return False
    if len(message.instructions) != 1:
        return False
    program = message.instructions[0].program_id_index
    return program < len(message.account_keys) and message.account_keys[program] == VOTE_PROGRAM


def _wire_bytes(encoded: Sequence[str]) -> bytes:
    text, encoding = encoded
    if encoding == "base64":
        return a2b_base64(text)
    if encoding == "base58":
        return base58.decode(text)
    raise ValueError(f"a transaction in encoding {encoding!r}; ask for base64")


def _map_json(encoded: Json, version: object) -> Transaction:
    if version not in ("legacy", 0, 1):
        raise ValueError(f"a transaction of version {version!r}; 0 and 1 are known")
    message = encoded["message"]
    header = message["header"]
    return Transaction(
        signatures=[base58.signature_bytes(signature) for signature in encoded["signatures"]],
        message=Message(
            header=MessageHeader(
                num_required_signatures=header["numRequiredSignatures"],
                num_readonly_signed_accounts=header["numReadonlySignedAccounts"],
                num_readonly_unsigned_accounts=header["numReadonlyUnsignedAccounts"],
            ),
            account_keys=[base58.key_bytes(key) for key in message["accountKeys"]],
            recent_blockhash=base58.hash_bytes(message["recentBlockhash"]),
            instructions=[
                CompiledInstruction(
                    program_id_index=instruction["programIdIndex"],
                    accounts=bytes(instruction["accounts"]),
                    data=base58.decode(instruction.get("data") or ""),
                )
                for instruction in message["instructions"]
            ],
            versioned=version != "legacy",
            address_table_lookups=[
                MessageAddressTableLookup(
                    account_key=base58.key_bytes(lookup["accountKey"]),
                    writable_indexes=bytes(lookup["writableIndexes"]),
                    readonly_indexes=bytes(lookup["readonlyIndexes"]),
                )
                for lookup in message.get("addressTableLookups") or ()
            ],
            config=_config(message["transactionConfig"]) if version == 1 else None,
        ),
    )


def _config(config: Json) -> TransactionConfig:
    return TransactionConfig(
        priority_fee=config.get("priorityFee"),
        compute_unit_limit=config.get("computeUnitLimit"),
        loaded_accounts_data_size_limit=config.get("loadedAccountsDataSizeLimit"),
        heap_size=config.get("heapSize"),
    )
