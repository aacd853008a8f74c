"""Failures have the runtime's bytes and JSON-RPC's words."""

import pytest

from monitor.simulator.failures import PLAIN_INSTRUCTION_ERRORS, custom, no_rent, plain


def test_a_custom_error_is_written_as_documented() -> None:
    failure = custom(2, 7)
    assert failure.bincode == bytes.fromhex("08000000021900000007000000")
    assert failure.json == {"InstructionError": [2, {"Custom": 7}]}


def test_lack_of_rent_names_the_account() -> None:
    failure = no_rent(4)
    assert failure.bincode == bytes.fromhex("1f00000004")
    assert failure.json == {"InsufficientFundsForRent": {"account_index": 4}}


@pytest.mark.parametrize(
    ("word", "variant"),
    [
        ("InvalidArgument", "01000000"),
        ("InvalidAccountData", "03000000"),
        ("InsufficientFunds", "05000000"),
        ("ComputationalBudgetExceeded", "25000000"),
        ("ProgramFailedToComplete", "28000000"),
    ],
)
def test_plain_errors_are_a_variant_alone(word: str, variant: str) -> None:
    failure = plain(1, word)
    assert word in PLAIN_INSTRUCTION_ERRORS
    assert failure.bincode == bytes.fromhex("0800000001" + variant)
    assert failure.json == {"InstructionError": [1, word]}
