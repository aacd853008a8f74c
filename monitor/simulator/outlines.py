"""The ordinary transactions of the simulated chain, one outline each, drawn from the actors at start."""

from random import Random

from monitor.simulator.chain_actors import SYSTEM_PROGRAM, Actors
from monitor.simulator.transactions import Instruction, Movement, Outline

_SYSTEM = "11111111111111111111111111111111"


def make_outlines(actors: Actors, dice: Random) -> tuple[Outline, ...]:
    """All that users do: a few hundred outlines."""
    return tuple(_transfer(actors, dice) for _ in range(60))


def _transfer(actors: Actors, dice: Random) -> Outline:
    payer, payee = dice.sample(actors.users, 2)
    return Outline(
        version="legacy",
        signers=(payer.keypair,),
        header=(1, 0, 1),
        keys=(payer.key, payee.key, SYSTEM_PROGRAM),
        instructions=(Instruction(2, bytes((0, 1)), b"\x02\0\0\0", blob=0),),
        fee=5000,
        compute_units=150,
        cost_units=1481,
        logs=(f"Program {_SYSTEM} invoke [1]", f"Program {_SYSTEM} success"),
        lamport_movements=(Movement(0, 1),),
        writes=(0, 1),
    )
