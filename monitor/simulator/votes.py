"""Simple votes: one signature, one TowerSync instruction of the vote program."""

from struct import Struct

from monitor.simulator.chain_actors import VOTE_PROGRAM, Validator
from monitor.simulator.transactions import Instruction, Outline

TOWER_DEPTH = 31
VOTE_ACCOUNT_BYTES = 3762
_TOWER_SYNC = 14
_U32 = Struct("<I")
_U64 = Struct("<Q")
_TIMESTAMP = Struct("<Bq")
_LOCKOUT = Struct("<BQI")
_TEXT = "Vote111111111111111111111111111111111111111"


def vote_outline(validator: Validator) -> Outline:
    """The votes of a validator; their one blob is the whole instruction."""
    return Outline(
        version="legacy",
        signers=(validator.identity,),
        header=(1, 0, 1),
        keys=(validator.identity.key, validator.vote_account, VOTE_PROGRAM),
        instructions=(Instruction(2, bytes((1, 0)), blob=0),),
        fee=5000,
        compute_units=2100,
        cost_units=3428,
        logs=(f"Program {_TEXT} invoke [1]", f"Program {_TEXT} success"),
        is_vote=True,
        writes=(0, 1),
    )


def tower_sync(slot: int, bank_hash: bytes, timestamp: int, block_id: bytes) -> bytes:
    """A TowerSync instruction for a full tower that ends at `slot`: each slot down to the root is voted for."""
    lockouts = b"".join([bytes((1, depth)) for depth in range(TOWER_DEPTH, 0, -1)])
    return b"".join(
        (
            _U32.pack(_TOWER_SYNC),
            _U64.pack(slot - TOWER_DEPTH),
            bytes((TOWER_DEPTH,)),
            lockouts,
            bank_hash,
            _TIMESTAMP.pack(1, timestamp),
            block_id,
        )
    )


def vote_account_content(identity: bytes, slot: int) -> bytes:
    """Data of a vote account whose tower ends at `slot`: version, node, withdrawer, commission, lockouts, root."""
    lockouts = b"".join(
        [_LOCKOUT.pack(0, slot - depth + 1, depth) for depth in range(TOWER_DEPTH, 0, -1)]
    )
    head = _U32.pack(2) + identity + identity + b"\x05" + _U64.pack(TOWER_DEPTH)
    content = head + lockouts + b"\x01" + _U64.pack(slot - TOWER_DEPTH)
    return content.ljust(VOTE_ACCOUNT_BYTES, b"\0")
