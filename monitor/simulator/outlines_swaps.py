"""Swaps: a pool takes tokens of one mint and gives tokens of another, by inner calls of the token program."""

from dataclasses import dataclass, replace
from random import Random

from monitor.simulator.base58 import base58
from monitor.simulator.chain_actors import (
    COMPUTE_BUDGET_PROGRAM,
    TOKEN_PROGRAM,
    Actors,
    Pool,
    TokenAccount,
    User,
)
from monitor.simulator.failures import custom
from monitor.simulator.outlines_payments import (
    COMPUTE_BUDGET,
    SIGNATURE_FEE,
    TOKEN,
    TOKEN_TRANSFER,
    compute_budget,
    priority_fee,
    ran,
)
from monitor.simulator.transactions import Config, Instruction, Lookup, Movement, Outline

_LIMIT = 120_000
_SLIPPAGE = 6004


@dataclass(frozen=True, slots=True)
class _Parties:
    """Who swaps with whom: what is paid goes from wallet to vault of one mint, what is got the other way."""

    user: User
    pool: Pool
    paid: tuple[TokenAccount, TokenAccount]
    """The user's wallet, then the pool's vault."""
    got: tuple[TokenAccount, TokenAccount]
    """The pool's vault, then the user's wallet."""


def legacy_swap(actors: Actors, dice: Random) -> Outline:
    """All keys in the message."""
    parties = _draw(actors, dice)
    return _with_budget(_static_swap(actors, parties), dice)


def version_zero_swap(actors: Actors, dice: Random) -> Outline:
    """The pool's keys come from its lookup table."""
    parties = _draw(actors, dice)
    static = _static_swap(actors, parties)
    # Keys 3 to 5 become 5 to 7 (loaded writable), 6 and 7 become 8 and 9 (loaded readonly), the programs move up.
    places = {0: 0, 1: 1, 2: 2, 3: 5, 4: 6, 5: 7, 6: 8, 7: 9, 8: 3, 9: 4}
    moved = replace(
        static,
        version=0,
        header=(1, 0, 2),
        keys=(*static.keys[:3], *static.keys[8:]),
        loaded_writable=static.keys[3:6],
        loaded_readonly=static.keys[6:8],
        lookups=(Lookup(parties.pool.lookup_table, bytes((0, 1, 2)), bytes((3, 4))),),
        instructions=tuple(_moved(call, places) for call in static.instructions),
        inner=tuple(
            (number, tuple(_moved(call, places) for call in calls))
            for number, calls in static.inner or ()
        ),
        token_movements=tuple(
            Movement(places[move.source], places[move.target], move.amount)
            for move in static.token_movements
        ),
        token_accounts=tuple(
            (places[number], account) for number, account in static.token_accounts
        ),
        writes=tuple(places[number] for number in static.writes),
        program_accounts=tuple(
            (places[number], owner) for number, owner in static.program_accounts
        ),
    )
    return _with_budget(moved, dice)


def version_one_swap(actors: Actors, dice: Random) -> Outline:
    """A version-1 message: what the compute-budget calls say is in its config."""
    fee = dice.randrange(500, 50_000)
    config = Config(priority_fee=fee, compute_unit_limit=_LIMIT)
    static = _static_swap(actors, _draw(actors, dice))
    # The compute-budget program is the last key but one: without it the swap program takes its place.
    keys = (*static.keys[:8], static.keys[9])
    calls = tuple(replace(call, program=8) for call in static.instructions)
    return replace(
        static,
        version=1,
        header=(1, 0, 3),
        keys=keys,
        instructions=calls,
        config=config,
        fee=SIGNATURE_FEE + fee,
    )


def failed_swap(actors: Actors, dice: Random) -> Outline:
    """A swap that fails after its first inner call, or before any."""
    make = dice.choice((legacy_swap, version_zero_swap, version_zero_swap))
    made = make(actors, dice)
    program = base58(actors.swap_program)
    code = dice.choice((7, _SLIPPAGE))
    number, calls = (made.inner or ())[0]
    paid_first = dice.random() < 0.5
    return replace(
        made,
        failure=custom(number, code),
        inner=((number, calls[:1]),) if paid_first else (),
        compute_units=30_300,
        logs=(
            *ran(COMPUTE_BUDGET),
            *ran(COMPUTE_BUDGET),
            f"Program {program} invoke [1]",
            "Program log: Instruction: Swap",
            *(_token_logs() if paid_first else ()),
            f"Program {program} consumed 30000 of {_LIMIT - 300} compute units",
            f"Program {program} failed: custom program error: {code:#x}",
        ),
    )


def quote(actors: Actors, dice: Random) -> Outline:
    """A call that moves nothing and returns a number."""
    user, pool = dice.choice(actors.users), dice.choice(actors.pools)
    program = base58(actors.swap_program)
    return Outline(
        version="legacy",
        signers=(user.signer,),
        header=(1, 0, 2),
        keys=(user.signer.key, pool.address, actors.swap_program),
        instructions=(Instruction(2, bytes((1,)), b"quoted\0\0", blob=0),),
        fee=SIGNATURE_FEE,
        compute_units=2800,
        cost_units=None,
        logs=ran(program, f"Program {program} consumed 2800 of 200000 compute units"),
        return_data=(actors.swap_program, dice.randrange(1 << 60).to_bytes(8, "little")),
    )


def _draw(actors: Actors, dice: Random) -> _Parties:
    user, pool = dice.choice(actors.users), dice.choice(actors.pools)
    first, second = dice.sample(pool.vaults, 2)
    orders = {mint.address: order for order, mint in enumerate(actors.mints)}
    return _Parties(
        user=user,
        pool=pool,
        paid=(user.wallets[orders[first.mint.address]], first),
        got=(second, user.wallets[orders[second.mint.address]]),
    )


def _static_swap(actors: Actors, parties: _Parties) -> Outline:
    """The swap alone, every key static: user, wallets, vaults, pool; authority, token, compute budget, swap program."""
    (wallet_in, vault_in), (vault_out, wallet_out) = parties.paid, parties.got
    program = base58(actors.swap_program)
    transfers = (
        Instruction(7, bytes((1, 3, 0)), TOKEN_TRANSFER, blob=0, stack_height=2),
        Instruction(7, bytes((4, 2, 6)), TOKEN_TRANSFER, blob=1, stack_height=2),
    )
    held = {1: wallet_in, 2: wallet_out, 3: vault_in, 4: vault_out}
    pool = parties.pool
    return Outline(
        version="legacy",
        signers=(parties.user.signer,),
        header=(1, 0, 4),
        keys=(
            parties.user.signer.key,
            *(account.address for account in held.values()),
            pool.address,
            pool.authority,
            TOKEN_PROGRAM,
            COMPUTE_BUDGET_PROGRAM,
            actors.swap_program,
        ),
        instructions=(Instruction(9, bytes(range(8)), b"swapped\0", blob=0, suffix=bytes(8)),),
        inner=((0, transfers),),
        fee=SIGNATURE_FEE,
        compute_units=61_000,
        cost_units=63_800,
        logs=ran(
            program,
            "Program log: Instruction: Swap",
            *_token_logs(),
            *_token_logs(),
            f"Program {program} consumed 61000 of {_LIMIT} compute units",
        ),
        token_movements=(Movement(1, 3, 0), Movement(4, 2, 1)),
        token_accounts=tuple(held.items()),
        writes=(0, 1, 2, 3, 4, 5),
        program_accounts=((5, actors.swap_program),),
    )


def _with_budget(swap: Outline, dice: Random) -> Outline:
    """The swap behind two compute-budget calls; it becomes the third call."""
    price = dice.randrange(1000, 400_000)
    program = swap.keys.index(COMPUTE_BUDGET_PROGRAM)
    return replace(
        swap,
        instructions=(*compute_budget(program, _LIMIT, price), *swap.instructions),
        inner=tuple((number + 2, calls) for number, calls in swap.inner or ()),
        fee=SIGNATURE_FEE + priority_fee(_LIMIT, price),
        compute_units=swap.compute_units + 300,
        logs=(*ran(COMPUTE_BUDGET), *ran(COMPUTE_BUDGET), *(swap.logs or ())),
    )


def _moved(call: Instruction, places: dict[int, int]) -> Instruction:
    accounts = bytes(places[number] for number in call.accounts)
    return replace(call, program=places[call.program], accounts=accounts)


def _token_logs() -> tuple[str, ...]:
    return ran(
        TOKEN,
        "Program log: Instruction: Transfer",
        f"Program {TOKEN} consumed 4645 of 100000 compute units",
        depth=2,
    )
