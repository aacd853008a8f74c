import struct

import pytest

from monitor.simulator.runtime_errors import _INSTRUCTION, _TRANSACTION, error_json


@pytest.mark.parametrize(
    ("bincode", "expected"),
    [
        ("00000000", "AccountInUse"),
        ("26000000", "CommitCancelled"),
        ("080000000219000000" + "07000000", {"InstructionError": [2, {"Custom": 7}]}),
        ("0800000000" + "00000000", {"InstructionError": [0, "GenericError"]}),
        (
            "0800000003" + "35000000",
            {"InstructionError": [3, "BuiltinProgramsMustConsumeComputeUnits"]},
        ),
        ("1e00000003", {"DuplicateInstruction": 3}),
        ("1f00000004", {"InsufficientFundsForRent": {"account_index": 4}}),
        ("2300000005", {"ProgramExecutionTemporarilyRestricted": {"account_index": 5}}),
    ],
)
def test_an_error_has_the_form_of_json_rpc(bincode: str, expected: object) -> None:
    assert error_json(bytes.fromhex(bincode)) == expected


@pytest.mark.parametrize(
    "bincode",
    ["", "ffffffff", "27000000", "08000000", "0800000000", "080000000036000000", "1e000000"],
)
def test_what_is_no_error_is_refused(bincode: str) -> None:
    with pytest.raises(ValueError, match="no transaction error"):
        error_json(bytes.fromhex(bincode))


def test_every_discriminant_has_a_name_of_its_own() -> None:
    assert (len(set(_TRANSACTION)), len(set(_INSTRUCTION))) == (39, 54)
    assert error_json(struct.pack("<I", 7)) == "BlockhashNotFound"
