"""Errors of the runtime that the simulated chain has: their bincode (u32 little-endian variants) and JSON-RPC form."""

from typing import Final

from monitor.simulator.transactions import Failure

_INSTRUCTION_ERROR: Final = 8
_INSUFFICIENT_FUNDS_FOR_RENT: Final = 31
_CUSTOM: Final = 25

PLAIN_INSTRUCTION_ERRORS: Final = {
    "InvalidArgument": 1,
    "InvalidAccountData": 3,
    "InsufficientFunds": 5,
    "ComputationalBudgetExceeded": 37,
    "ProgramFailedToComplete": 40,
}


def custom(instruction: int, code: int) -> Failure:
    """The program of this instruction refused with a code of its own."""
    return Failure(
        _u32(_INSTRUCTION_ERROR) + bytes((instruction,)) + _u32(_CUSTOM) + _u32(code),
        {"InstructionError": [instruction, {"Custom": code}]},
    )


def plain(instruction: int, word: str) -> Failure:
    """The runtime refused this instruction with one of `PLAIN_INSTRUCTION_ERRORS`."""
    variant = _u32(PLAIN_INSTRUCTION_ERRORS[word])
    return Failure(
        _u32(_INSTRUCTION_ERROR) + bytes((instruction,)) + variant,
        {"InstructionError": [instruction, word]},
    )


def no_rent(account: int) -> Failure:
    """The account of this index would be left below its rent."""
    return Failure(
        _u32(_INSUFFICIENT_FUNDS_FOR_RENT) + bytes((account,)),
        {"InsufficientFundsForRent": {"account_index": account}},
    )


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "little")
