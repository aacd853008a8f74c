from copy import deepcopy
from typing import Any

import pytest

from monitor.simulator.base58 import key_bytes
from monitor.simulator.rpc_blocks import block_json
from monitor.simulator.rpc_bodies import USUAL_FORM
from monitor.simulator.rpc_lies import LIES, tell_false_states, tell_lie
from tests.simulator.chains import canonical_banks

PLACE = 4


def truth() -> dict[str, Any]:
    return block_json(canonical_banks()[5], USUAL_FORM)


def lied(kind: str) -> dict[str, Any]:
    result = truth()
    tell_lie(kind, result, PLACE)
    return result


def different(result: dict[str, Any]) -> set[str]:
    """The keys in which it is not the truth."""
    return {key for key, value in truth().items() if result[key] != value}


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("blockhash", {"blockhash"}),
        ("parent", {"parentSlot", "previousBlockhash"}),
        ("missing", {"transactions"}),
        ("altered", {"transactions"}),
        ("fee", {"transactions"}),
    ],
)
def test_a_lie_is_false_in_one_thing(kind: str, keys: set[str]) -> None:
    assert different(lied(kind)) == keys


def test_every_lie_is_tried_here() -> None:
    assert set(LIES) == {"blockhash", "parent", "missing", "altered", "fee"}


def test_a_false_hash_is_a_hash() -> None:
    assert len(key_bytes(lied("blockhash")["blockhash"])) == 32


def test_a_false_parent_is_an_earlier_slot() -> None:
    assert lied("parent")["parentSlot"] == truth()["parentSlot"] - 1


def test_one_transaction_is_left_out() -> None:
    transactions = truth()["transactions"]

    assert lied("missing")["transactions"] == transactions[:PLACE] + transactions[PLACE + 1 :]


def test_an_altered_transaction_ends_otherwise() -> None:
    before = deepcopy(truth()["transactions"])
    after = lied("altered")["transactions"]

    was, now = before.pop(PLACE)["meta"], after.pop(PLACE)["meta"]
    assert before == after
    assert (was["err"] is None) != (now["err"] is None)
    assert now["status"] == ({"Ok": None} if now["err"] is None else {"Err": now["err"]})


def test_a_lie_told_twice_is_the_truth_again_where_it_turns_the_outcome() -> None:
    result = lied("altered")
    tell_lie("altered", result, PLACE)

    assert (result["transactions"][PLACE]["meta"]["err"] is None) == (
        truth()["transactions"][PLACE]["meta"]["err"] is None
    )


def test_a_false_fee_is_another() -> None:
    fees = [each["transactions"][PLACE]["meta"]["fee"] for each in (truth(), lied("fee"))]

    assert fees[1] == fees[0] + 1


@pytest.mark.parametrize("kind", ["missing", "altered", "fee"])
def test_a_block_without_transactions_is_lied_about_by_its_hash(kind: str) -> None:
    result = truth()
    result["transactions"] = []

    tell_lie(kind, result, 0)

    assert different(result) == {"blockhash", "transactions"}


def test_false_states_are_of_another_balance_and_invent_no_account() -> None:
    result = {"context": {"slot": 7}, "value": [{"lamports": 5, "data": ["", "base64"]}, None]}

    tell_false_states(result)

    assert result == {
        "context": {"slot": 7},
        "value": [{"lamports": 6, "data": ["", "base64"]}, None],
    }
