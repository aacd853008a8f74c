"""Payments: fees, errors and logs of each kind."""

from random import Random

import pytest

from monitor.simulator.chain_actors import make_actors
from monitor.simulator.outlines_payments import (
    compute_budget,
    deposit,
    failed_token_transfer,
    failed_transfer,
    memo_transfer,
    priority_fee,
    sponsored_token_transfer,
    transfer,
    unrecorded_transfer,
    version_one_transfer,
)

ACTORS = make_actors(1, 4)


def test_a_plain_transfer_pays_one_signature() -> None:
    made = transfer(ACTORS, Random(1))
    assert (made.fee, made.version, made.failure) == (5000, "legacy", None)


def test_a_sponsored_transfer_pays_two_signatures_and_the_sponsor_pays() -> None:
    made = sponsored_token_transfer(ACTORS, Random(1))
    assert made.fee == 10_000
    assert made.instructions[0].accounts[-1] == 1
    assert made.keys[0] not in {account.owner for _, account in made.token_accounts}


@pytest.mark.parametrize(("limit", "price", "fee"), [(100, 1, 1), (200_000, 5, 1), (10**6, 7, 7)])
def test_a_priority_fee_is_rounded_up(limit: int, price: int, fee: int) -> None:
    assert priority_fee(limit, price) == fee


def test_compute_budget_calls_have_their_programs_layout() -> None:
    limit, price = compute_budget(3, 258, 1)
    assert limit.content(()) == b"\x02\x02\x01\0\0"
    assert price.content(()) == b"\x03\x01" + bytes(7)


def test_a_memo_transfer_pays_for_its_price() -> None:
    made = memo_transfer(ACTORS, Random(1))
    price = int.from_bytes(made.instructions[1].prefix[1:], "little")
    assert made.fee == 5000 + priority_fee(25_000, price)
    assert any("Memo (len" in line for line in made.logs or ())


def test_version_one_pays_what_its_config_says() -> None:
    made = [version_one_transfer(ACTORS, Random(seed)) for seed in range(30)]
    configs = [each.config for each in made]
    assert all(each.version == 1 for each in made)
    for each, config in zip(made, configs, strict=True):
        assert config is not None
        assert each.fee == 5000 + (config.priority_fee or 0)
    assert {config.priority_fee for config in configs if config} == {None, 1050, 40_000}


def test_what_is_not_recorded_is_none() -> None:
    made = [unrecorded_transfer(ACTORS, Random(seed)) for seed in range(20)]
    seen = {(each.inner is None, each.logs is None) for each in made}
    assert seen == {(True, True), (True, False), (False, True)}


def test_transfers_fail_in_several_ways() -> None:
    made = [failed_transfer(ACTORS, Random(seed)) for seed in range(20)]
    made += [failed_token_transfer(ACTORS, Random(seed)) for seed in range(40)]
    errors = {str(each.failure and each.failure.json) for each in made}
    assert "{'InstructionError': [0, {'Custom': 1}]}" in errors
    assert "{'InsufficientFundsForRent': {'account_index': 1}}" in errors
    assert "{'InstructionError': [0, 'ComputationalBudgetExceeded']}" in errors


def test_a_deposit_moves_lamports_by_an_inner_call() -> None:
    made = deposit(ACTORS, Random(1))
    ((number, (call,)),) = made.inner or ()
    assert (number, call.program, call.stack_height) == (0, 2, 2)
    assert call.content((b"\x05" + bytes(7),)) == b"\x02\0\0\0\x05" + bytes(7)
