"""Payments: lamports and tokens that go from one user to another."""

from dataclasses import replace
from random import Random
from typing import Final

from monitor.simulator.base58 import base58
from monitor.simulator.chain_actors import (
    COMPUTE_BUDGET_PROGRAM,
    MEMO_PROGRAM,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    Actors,
)
from monitor.simulator.failures import PLAIN_INSTRUCTION_ERRORS, custom, no_rent, plain
from monitor.simulator.transactions import Config, Instruction, Movement, Outline

SIGNATURE_FEE: Final = 5000
SYSTEM: Final = base58(SYSTEM_PROGRAM)
TOKEN: Final = base58(TOKEN_PROGRAM)
MEMO: Final = base58(MEMO_PROGRAM)
COMPUTE_BUDGET: Final = base58(COMPUTE_BUDGET_PROGRAM)
SYSTEM_TRANSFER: Final = b"\x02\0\0\0"
TOKEN_TRANSFER: Final = b"\x03"
TOKEN_TRANSFER_CHECKED: Final = b"\x0c"


def ran(program: str, *within: str, depth: int = 1) -> tuple[str, ...]:
    """The log of a call that succeeds, around what it logs itself."""
    return (f"Program {program} invoke [{depth}]", *within, f"Program {program} success")


def compute_budget(program: int, limit: int, price: int) -> tuple[Instruction, Instruction]:
    """Calls that set the limit (units) and the price (micro-lamports a unit)."""
    return (
        Instruction(program, b"", b"\x02" + limit.to_bytes(4, "little")),
        Instruction(program, b"", b"\x03" + price.to_bytes(8, "little")),
    )


def transfer(actors: Actors, dice: Random) -> Outline:
    """Lamports, by the system program."""
    payer, payee = dice.sample(actors.users, 2)
    return Outline(
        version="legacy",
        signers=(payer.signer,),
        header=(1, 0, 1),
        keys=(payer.signer.key, payee.signer.key, SYSTEM_PROGRAM),
        instructions=(Instruction(2, bytes((0, 1)), SYSTEM_TRANSFER, blob=0),),
        fee=SIGNATURE_FEE,
        compute_units=150,
        cost_units=1481,
        logs=ran(SYSTEM),
        lamport_movements=(Movement(0, 1),),
        writes=(0, 1),
    )


def unrecorded_transfer(actors: Actors, dice: Random) -> Outline:
    """A transfer of which the node recorded no inner instructions, or no logs, or neither."""
    made = transfer(actors, dice)
    inner, logs = dice.choice(((None, None), (None, made.logs), ((), None)))
    return replace(made, inner=inner, logs=logs)


def failed_transfer(actors: Actors, dice: Random) -> Outline:
    """A transfer of more than the payer has, or one that would leave a rest below rent."""
    made = transfer(actors, dice)
    if dice.random() < 0.4:
        return replace(made, failure=no_rent(dice.randrange(2)))
    logs = (
        f"Program {SYSTEM} invoke [1]",
        "Transfer: insufficient lamports 890880, need 2039280",
        f"Program {SYSTEM} failed: custom program error: 0x1",
    )
    return replace(made, failure=custom(0, 1), logs=logs)


def memo_transfer(actors: Actors, dice: Random) -> Outline:
    """A transfer with a memo before it, at a price."""
    payer, payee = dice.sample(actors.users, 2)
    text = f"invoice {dice.randrange(10**6)}"
    limit, price = 25_000, dice.randrange(1, 60_000)
    return Outline(
        version="legacy",
        signers=(payer.signer,),
        header=(1, 0, 3),
        keys=(
            payer.signer.key,
            payee.signer.key,
            SYSTEM_PROGRAM,
            MEMO_PROGRAM,
            COMPUTE_BUDGET_PROGRAM,
        ),
        instructions=(
            *compute_budget(4, limit, price),
            Instruction(3, bytes((0,)), text.encode()),
            Instruction(2, bytes((0, 1)), SYSTEM_TRANSFER, blob=0),
        ),
        fee=SIGNATURE_FEE + priority_fee(limit, price),
        compute_units=13_450,
        cost_units=14_900,
        logs=(
            *ran(COMPUTE_BUDGET),
            *ran(COMPUTE_BUDGET),
            *ran(
                MEMO,
                f'Program log: Memo (len {len(text)}): "{text}"',
                f"Program {MEMO} consumed 13000 of 24700 compute units",
            ),
            *ran(SYSTEM),
        ),
        lamport_movements=(Movement(0, 1),),
        writes=(0, 1),
    )


def version_one_transfer(actors: Actors, dice: Random) -> Outline:
    """A transfer in a version-1 message; each of its limits may be unset."""
    fee = dice.choice((None, 1050, 40_000))
    config = Config(
        priority_fee=fee,
        compute_unit_limit=dice.choice((None, 450)),
        loaded_accounts_data_size_limit=dice.choice((None, 65_536)),
        heap_size=dice.choice((None, 32_768)),
    )
    return replace(transfer(actors, dice), version=1, config=config, fee=SIGNATURE_FEE + (fee or 0))


def token_transfer(actors: Actors, dice: Random) -> Outline:
    """Tokens, by an outer call of the token program."""
    payer, payee = dice.sample(actors.users, 2)
    order = dice.randrange(len(actors.mints))
    source, target = payer.wallets[order], payee.wallets[order]
    return Outline(
        version="legacy",
        signers=(payer.signer,),
        header=(1, 0, 2),
        keys=(payer.signer.key, source.address, target.address, source.mint.address, TOKEN_PROGRAM),
        instructions=(_checked(4, (1, 3, 2, 0), source.mint.decimals),),
        fee=SIGNATURE_FEE,
        compute_units=6200,
        cost_units=7912,
        logs=_token_logs(),
        token_movements=(Movement(1, 2),),
        token_accounts=((1, source), (2, target)),
        writes=(0, 1, 2),
    )


def sponsored_token_transfer(actors: Actors, dice: Random) -> Outline:
    """Tokens whose owner signs while another pays the fee: two signatures."""
    sponsor, payer, payee = dice.sample(actors.users, 3)
    order = dice.randrange(len(actors.mints))
    source, target = payer.wallets[order], payee.wallets[order]
    keys = (
        sponsor.signer.key,
        payer.signer.key,
        source.address,
        target.address,
        source.mint.address,
    )
    return Outline(
        version="legacy",
        signers=(sponsor.signer, payer.signer),
        header=(2, 1, 2),
        keys=(*keys, TOKEN_PROGRAM),
        instructions=(_checked(5, (2, 4, 3, 1), source.mint.decimals),),
        fee=2 * SIGNATURE_FEE,
        compute_units=6200,
        cost_units=8632,
        logs=_token_logs(),
        token_movements=(Movement(2, 3),),
        token_accounts=((2, source), (3, target)),
        writes=(0, 2, 3),
    )


def failed_token_transfer(actors: Actors, dice: Random) -> Outline:
    """Tokens that are not there, or a word of the runtime's own."""
    made = token_transfer(actors, dice)
    if dice.random() < 0.5:
        word = dice.choice(sorted(PLAIN_INSTRUCTION_ERRORS))
        return replace(made, failure=plain(0, word), logs=made.logs and made.logs[:1])
    logs = (
        f"Program {TOKEN} invoke [1]",
        "Program log: Instruction: TransferChecked",
        "Program log: Error: insufficient funds",
        f"Program {TOKEN} consumed 4400 of 200000 compute units",
        f"Program {TOKEN} failed: custom program error: 0x1",
    )
    return replace(made, failure=custom(0, 1), compute_units=4400, logs=logs)


def deposit(actors: Actors, dice: Random) -> Outline:
    """Lamports that a program moves into a pool by an inner call."""
    user, pool = dice.choice(actors.users), dice.choice(actors.pools)
    program = base58(actors.swap_program)
    return Outline(
        version="legacy",
        signers=(user.signer,),
        header=(1, 0, 2),
        keys=(user.signer.key, pool.authority, SYSTEM_PROGRAM, actors.swap_program),
        instructions=(Instruction(3, bytes((0, 1, 2)), b"deposit\0", blob=0),),
        inner=((0, (Instruction(2, bytes((0, 1)), SYSTEM_TRANSFER, blob=0, stack_height=2),)),),
        fee=SIGNATURE_FEE,
        compute_units=4321,
        cost_units=5700,
        logs=ran(
            program,
            "Program log: Instruction: Deposit",
            *ran(SYSTEM, depth=2),
            f"Program {program} consumed 4321 of 200000 compute units",
        ),
        lamport_movements=(Movement(0, 1),),
        writes=(0, 1),
    )


def priority_fee(limit: int, price: int) -> int:
    """Lamports for a limit of units at a price in micro-lamports, rounded up."""
    return -(-limit * price // 1_000_000)


def _checked(program: int, accounts: tuple[int, ...], decimals: int) -> Instruction:
    return Instruction(
        program, bytes(accounts), TOKEN_TRANSFER_CHECKED, blob=0, suffix=bytes((decimals,))
    )


def _token_logs() -> tuple[str, ...]:
    return ran(
        TOKEN,
        "Program log: Instruction: TransferChecked",
        f"Program {TOKEN} consumed 6200 of 200000 compute units",
    )
