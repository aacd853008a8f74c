"""Swaps: two inner transfers, whichever way the keys come."""

from random import Random

import pytest

from monitor.simulator.chain_actors import TOKEN_PROGRAM, make_actors
from monitor.simulator.outlines_swaps import (
    failed_swap,
    legacy_swap,
    quote,
    version_one_swap,
    version_zero_swap,
)
from monitor.simulator.transactions import Outline

ACTORS = make_actors(1, 4)
SWAPS = [make(ACTORS, Random(3)) for make in (legacy_swap, version_zero_swap, version_one_swap)]


@pytest.mark.parametrize("swap", SWAPS, ids=lambda swap: str(swap.version))
def test_a_swap_moves_two_mints_by_inner_calls_of_the_token_program(swap: Outline) -> None:
    ((number, calls),) = swap.inner or ()
    assert number == len(swap.instructions) - 1
    assert swap.all_keys[swap.instructions[number].program] == ACTORS.swap_program
    held = dict(swap.token_accounts)
    for call, move in zip(calls, swap.token_movements, strict=True):
        assert swap.all_keys[call.program] == TOKEN_PROGRAM
        assert tuple(call.accounts[:2]) == (move.source, move.target)
        assert held[move.source].mint == held[move.target].mint
        assert swap.all_keys[call.accounts[2]] == held[move.source].owner
    paid, got = swap.token_movements
    assert held[paid.source].mint != held[got.source].mint


def test_version_zero_loads_the_pool_from_its_table() -> None:
    swap = SWAPS[1]
    (lookup,) = swap.lookups
    tables = {pool.lookup_table: pool for pool in ACTORS.pools}
    pool = tables[lookup.table]
    vaults = {vault.address for vault in pool.vaults}
    assert set(swap.loaded_writable) == vaults | {pool.address}
    assert swap.loaded_readonly == (pool.authority, TOKEN_PROGRAM)
    assert (len(lookup.writable), len(lookup.readonly)) == (3, 2)


def test_version_one_says_its_limits_in_the_config() -> None:
    swap = SWAPS[2]
    assert swap.config is not None
    assert swap.fee == 5000 + (swap.config.priority_fee or 0)
    assert len(swap.instructions) == 1
    assert not swap.lookups


def test_a_failed_swap_may_have_made_its_first_inner_call() -> None:
    made = [failed_swap(ACTORS, Random(seed)) for seed in range(30)]
    assert {sum(len(calls) for _, calls in each.inner or ()) for each in made} == {0, 1}
    errors = {str(each.failure and each.failure.json) for each in made}
    assert errors == {
        "{'InstructionError': [2, {'Custom': 7}]}",
        "{'InstructionError': [2, {'Custom': 6004}]}",
    }


def test_a_quote_returns_data_and_moves_nothing() -> None:
    made = quote(ACTORS, Random(1))
    assert made.return_data is not None
    assert made.return_data[0] == ACTORS.swap_program
    assert not made.lamport_movements
    assert not made.token_movements
