"""Errors of transactions: bincode to JSON and back, with solders' own serialisation as the oracle."""

import json
from typing import Any

import pytest
from solders.transaction_status import (
    InstructionErrorFieldless,
    TransactionErrorFieldless,
    UiTransactionStatusMeta,
)

from monitor.wire.transaction_errors import decode_transaction_error, encode_transaction_error


def _names(enumeration: Any) -> list[str]:
    return sorted(name for name in dir(enumeration) if name[0].isupper())


TRANSACTION_ERRORS: list[Any] = [
    *_names(TransactionErrorFieldless),
    {"DuplicateInstruction": 3},
    {"InsufficientFundsForRent": {"account_index": 4}},
    {"ProgramExecutionTemporarilyRestricted": {"account_index": 255}},
]
INSTRUCTION_ERRORS: list[Any] = [
    *_names(InstructionErrorFieldless),
    {"Custom": 0},
    {"Custom": 4_294_967_295},
]
EVERY_ERROR: list[Any] = [
    *TRANSACTION_ERRORS,
    *[{"InstructionError": [number % 256, e]} for number, e in enumerate(INSTRUCTION_ERRORS)],
]


def _bincode_by_solders(error: Any) -> bytes:
    meta = UiTransactionStatusMeta.from_json(
        json.dumps(
            {
                "err": error,
                "status": {"Err": error},
                "fee": 0,
                "preBalances": [],
                "postBalances": [],
                "innerInstructions": None,
                "logMessages": None,
                "preTokenBalances": None,
                "postTokenBalances": None,
                "rewards": None,
            }
        )
    )
    return bytes(meta)


def test_solders_names_every_variant() -> None:
    assert len(TRANSACTION_ERRORS) == 38
    assert len(INSTRUCTION_ERRORS) - 1 == 54  # Custom is there twice


@pytest.mark.parametrize("error", EVERY_ERROR, ids=str)
def test_encodes_as_the_runtime_does(error: Any) -> None:
    ours = encode_transaction_error(error)
    # bincode of the meta: Some, the error, then status: Err, the error again.
    expected = b"\x01" + ours + b"\x01\x00\x00\x00" + ours
    assert _bincode_by_solders(error)[: len(expected)] == expected


@pytest.mark.parametrize("error", EVERY_ERROR, ids=str)
def test_decodes_what_it_encodes(error: Any) -> None:
    assert decode_transaction_error(encode_transaction_error(error)) == error


@pytest.mark.parametrize(
    ("encoded", "error"),
    [
        ("00000000", "AccountInUse"),
        ("07000000", "BlockhashNotFound"),
        ("08000000 02 19000000 07000000", {"InstructionError": [2, {"Custom": 7}]}),
        ("08000000 00 00000000", {"InstructionError": [0, "GenericError"]}),
        (
            "08000000 ff 35000000",
            {"InstructionError": [255, "BuiltinProgramsMustConsumeComputeUnits"]},
        ),
        ("1e000000 03", {"DuplicateInstruction": 3}),
        ("1f000000 04", {"InsufficientFundsForRent": {"account_index": 4}}),
        ("23000000 05", {"ProgramExecutionTemporarilyRestricted": {"account_index": 5}}),
        ("26000000", "CommitCancelled"),
    ],
)
def test_known_bytes_and_json_are_one(encoded: str, error: Any) -> None:
    assert decode_transaction_error(bytes.fromhex(encoded)) == error
    assert encode_transaction_error(error) == bytes.fromhex(encoded)


def test_borsh_error_with_the_old_message_is_kept() -> None:
    error = {"InstructionError": [1, {"BorshIoError": "Unknown"}]}
    encoded = bytes.fromhex("08000000 01 2c000000 0700000000000000") + b"Unknown"
    assert decode_transaction_error(encoded) == error
    assert encode_transaction_error(error) == encoded


def test_borsh_error_without_message_is_a_name() -> None:
    encoded = bytes.fromhex("08000000 01 2c000000")
    assert decode_transaction_error(encoded) == {"InstructionError": [1, "BorshIoError"]}


@pytest.mark.parametrize(
    ("encoded", "error"),
    [
        ("27000000", "unknown(39)"),
        ("ffffffff", "unknown(4294967295)"),
        ("08000000 02 36000000", {"InstructionError": [2, "unknown(54)"]}),
    ],
)
def test_unknown_discriminants_have_a_text_and_come_back(encoded: str, error: Any) -> None:
    assert decode_transaction_error(bytes.fromhex(encoded)) == error
    assert encode_transaction_error(error) == bytes.fromhex(encoded)


@pytest.mark.parametrize(
    ("encoded", "error"),
    [
        ("", "unknown(0x)"),
        ("080000", "unknown(0x080000)"),
        ("08000000", "unknown(0x08000000)"),
        ("1e000000", "unknown(0x1e000000)"),
        ("1f000000", "unknown(0x1f000000)"),
        ("08000000 02", {"InstructionError": [2, "unknown(0x)"]}),
        ("08000000 02 1900", {"InstructionError": [2, "unknown(0x1900)"]}),
        ("08000000 02 19000000 07", {"InstructionError": [2, "unknown(0x1900000007)"]}),
        (
            "08000000 02 2c000000 0700000000000000 55",
            {"InstructionError": [2, "unknown(0x2c000000070000000000000055)"]},
        ),
        ("08000000 02 2c000000 07", {"InstructionError": [2, "unknown(0x2c00000007)"]}),
    ],
)
def test_bytes_that_end_too_early_are_shown(encoded: str, error: Any) -> None:
    assert decode_transaction_error(bytes.fromhex(encoded)) == error


@pytest.mark.parametrize(
    "error",
    [
        "ErrorOfNextYear",
        {"ErrorOfNextYear": 3},
        {"DuplicateInstruction": "three"},
        {"InsufficientFundsForRent": 4},
        {"InsufficientFundsForRent": {}},
        {"InstructionError": "GenericError"},
        {"InstructionError": [1]},
        {},
        {"One": 1, "Two": 2},
        7,
        ["AccountInUse"],
    ],
    ids=str,
)
def test_json_without_a_number_becomes_unknown(error: Any) -> None:
    assert decode_transaction_error(encode_transaction_error(error)) == "unknown(4294967295)"


@pytest.mark.parametrize("error", ["ErrorOfNextYear", {"Custom": "seven"}, None], ids=str)
def test_an_instruction_error_without_a_number_keeps_its_index(error: Any) -> None:
    encoded = encode_transaction_error({"InstructionError": [6, error]})
    assert decode_transaction_error(encoded) == {"InstructionError": [6, "unknown(4294967295)"]}
