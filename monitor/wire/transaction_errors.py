"""Why a transaction failed: the runtime's bincode, and the same thing as JSON-RPC writes it.

Bincode is a u32 little-endian discriminant followed by the variant's payload (BACKFILL 4). JSON writes a variant
without payload as its name, one with payload as {name: payload}. What we do not know is never an error: an unknown
discriminant n is the text `unknown(n)`, bytes that end too early are `unknown(0xHEX)`.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

_TRANSACTION_ERRORS: Final = (
    *("AccountInUse", "AccountLoadedTwice", "AccountNotFound", "ProgramAccountNotFound"),
    *("InsufficientFundsForFee", "InvalidAccountForFee", "AlreadyProcessed", "BlockhashNotFound"),
    *("InstructionError", "CallChainTooDeep", "MissingSignatureForFee", "InvalidAccountIndex"),
    *("SignatureFailure", "InvalidProgramForExecution", "SanitizeFailure", "ClusterMaintenance"),
    *("AccountBorrowOutstanding", "WouldExceedMaxBlockCostLimit", "UnsupportedVersion"),
    *("InvalidWritableAccount", "WouldExceedMaxAccountCostLimit"),
    *("WouldExceedAccountDataBlockLimit", "TooManyAccountLocks", "AddressLookupTableNotFound"),
    *("InvalidAddressLookupTableOwner", "InvalidAddressLookupTableData"),
    *("InvalidAddressLookupTableIndex", "InvalidRentPayingAccount", "WouldExceedMaxVoteCostLimit"),
    *("WouldExceedAccountDataTotalLimit", "DuplicateInstruction", "InsufficientFundsForRent"),
    *("MaxLoadedAccountsDataSizeExceeded", "InvalidLoadedAccountsDataSizeLimit"),
    *("ResanitizationNeeded", "ProgramExecutionTemporarilyRestricted", "UnbalancedTransaction"),
    *("ProgramCacheHitMaxLimit", "CommitCancelled"),
)
"""Names of TransactionError in the order of their discriminants (solana-transaction-error)."""

_INSTRUCTION_ERRORS: Final = (
    *("GenericError", "InvalidArgument", "InvalidInstructionData", "InvalidAccountData"),
    *("AccountDataTooSmall", "InsufficientFunds", "IncorrectProgramId"),
    *("MissingRequiredSignature", "AccountAlreadyInitialized", "UninitializedAccount"),
    *("UnbalancedInstruction", "ModifiedProgramId", "ExternalAccountLamportSpend"),
    *("ExternalAccountDataModified", "ReadonlyLamportChange", "ReadonlyDataModified"),
    *("DuplicateAccountIndex", "ExecutableModified", "RentEpochModified", "NotEnoughAccountKeys"),
    *("AccountDataSizeChanged", "AccountNotExecutable", "AccountBorrowFailed"),
    *("AccountBorrowOutstanding", "DuplicateAccountOutOfSync", "Custom", "InvalidError"),
    *("ExecutableDataModified", "ExecutableLamportChange", "ExecutableAccountNotRentExempt"),
    *("UnsupportedProgramId", "CallDepth", "MissingAccount", "ReentrancyNotAllowed"),
    *("MaxSeedLengthExceeded", "InvalidSeeds", "InvalidRealloc", "ComputationalBudgetExceeded"),
    *("PrivilegeEscalation", "ProgramEnvironmentSetupFailure", "ProgramFailedToComplete"),
    *("ProgramFailedToCompile", "Immutable", "IncorrectAuthority", "BorshIoError"),
    *("AccountNotRentExempt", "InvalidAccountOwner", "ArithmeticOverflow", "UnsupportedSysvar"),
    *("IllegalOwner", "MaxAccountsDataAllocationsExceeded", "MaxAccountsExceeded"),
    *("MaxInstructionTraceLengthExceeded", "BuiltinProgramsMustConsumeComputeUnits"),
)
"""Names of InstructionError in the order of their discriminants (solana-instruction-error)."""

_INSTRUCTION_ERROR: Final = _TRANSACTION_ERRORS.index("InstructionError")
_DUPLICATE_INSTRUCTION: Final = _TRANSACTION_ERRORS.index("DuplicateInstruction")
_ACCOUNT_NAMING: Final = frozenset(
    _TRANSACTION_ERRORS.index(name)
    for name in ("InsufficientFundsForRent", "ProgramExecutionTemporarilyRestricted")
)
_CUSTOM: Final = _INSTRUCTION_ERRORS.index("Custom")
_BORSH_IO_ERROR: Final = _INSTRUCTION_ERRORS.index("BorshIoError")

_TRANSACTION_NUMBERS: Final = {name: n for n, name in enumerate(_TRANSACTION_ERRORS)}
_INSTRUCTION_NUMBERS: Final = {name: n for n, name in enumerate(_INSTRUCTION_ERRORS)}
_UNKNOWN: Final = 0xFFFF_FFFF
"""Discriminant of a name that is not in the tables; decodes as `unknown(4294967295)`."""
_UNKNOWN_TEXT: Final = re.compile(r"unknown\((\d{1,10})\)")


def decode_transaction_error(bincode: bytes) -> Any:
    """The JSON-RPC form of `TransactionError.err`: a text, or one name with its payload. Never raises."""
    if len(bincode) < 4:
        return _truncated(bincode)
    number = int.from_bytes(bincode[:4], "little")
    if number == _INSTRUCTION_ERROR:
        if len(bincode) < 5:
            return _truncated(bincode)
        return {"InstructionError": [bincode[4], _decode_instruction_error(bincode[5:])]}
    if number == _DUPLICATE_INSTRUCTION or number in _ACCOUNT_NAMING:
        if len(bincode) < 5:
            return _truncated(bincode)
        payload = bincode[4] if number == _DUPLICATE_INSTRUCTION else {"account_index": bincode[4]}
        return {_TRANSACTION_ERRORS[number]: payload}
    return _name(_TRANSACTION_ERRORS, number)


def encode_transaction_error(error: Any) -> bytes:
    """The bincode of an `err` as JSON-RPC writes it. Never raises: what has no number becomes `unknown`."""
    name, payload = _variant(error)
    number = _number(_TRANSACTION_NUMBERS, name)
    encoded = _encode_payload(number, payload)
    return _u32(_UNKNOWN) if encoded is None else _u32(number) + encoded


def _encode_payload(number: int, payload: Any) -> bytes | None:
    """None when the payload is not what this variant carries."""
    if number == _INSTRUCTION_ERROR:
        if isinstance(payload, list) and len(payload) == 2 and isinstance(payload[0], int):
            return _u8(payload[0]) + _encode_instruction_error(payload[1])
        return None
    if number in _ACCOUNT_NAMING:
        payload = payload.get("account_index") if isinstance(payload, Mapping) else None
    elif number != _DUPLICATE_INSTRUCTION:
        return b""
    return _u8(payload) if isinstance(payload, int) else None


def _decode_instruction_error(bincode: bytes) -> Any:
    if len(bincode) < 4:
        return _truncated(bincode)
    number = int.from_bytes(bincode[:4], "little")
    payload = bincode[4:]
    if number == _CUSTOM:
        if len(payload) < 4:
            return _truncated(bincode)
        return {"Custom": int.from_bytes(payload[:4], "little")}
    if number == _BORSH_IO_ERROR and payload:
        # SDK 2 and before carried the message of the I/O error: u64 length, text.
        length = int.from_bytes(payload[:8], "little")
        if len(payload) < 8 + length:
            return _truncated(bincode)
        return {"BorshIoError": payload[8 : 8 + length].decode("utf-8", "replace")}
    return _name(_INSTRUCTION_ERRORS, number)


def _encode_instruction_error(error: Any) -> bytes:
    name, payload = _variant(error)
    number = _number(_INSTRUCTION_NUMBERS, name)
    if number == _CUSTOM:
        return _u32(number) + _u32(payload) if isinstance(payload, int) else _u32(_UNKNOWN)
    if number == _BORSH_IO_ERROR and isinstance(payload, str):
        text = payload.encode()
        return _u32(number) + len(text).to_bytes(8, "little") + text
    return _u32(number)


def _variant(error: Any) -> tuple[str, Any]:
    if isinstance(error, str):
        return error, None
    if isinstance(error, Mapping) and len(error) == 1:
        ((name, payload),) = error.items()
        return str(name), payload
    return "", None


def _number(numbers: Mapping[str, int], name: str) -> int:
    number = numbers.get(name)
    if number is not None:
        return number
    unknown = _UNKNOWN_TEXT.fullmatch(name)
    return int(unknown[1]) if unknown else _UNKNOWN


def _name(names: tuple[str, ...], number: int) -> str:
    return names[number] if number < len(names) else f"unknown({number})"


def _truncated(bincode: bytes) -> str:
    return f"unknown(0x{bincode.hex()})"


def _u8(number: int) -> bytes:
    return (number & 0xFF).to_bytes(1, "little")


def _u32(number: int) -> bytes:
    return (number & 0xFFFF_FFFF).to_bytes(4, "little")
