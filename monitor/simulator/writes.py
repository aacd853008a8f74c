"""The account writes of a bank: its sysvars, and what its transactions left behind."""

from collections.abc import Iterator, Sequence

from monitor.simulator.chain_actors import SYSTEM_PROGRAM, SYSVAR_OWNER, TOKEN_PROGRAM, VOTE_PROGRAM
from monitor.simulator.encoding import Write
from monitor.simulator.sysvars import LAMPORTS
from monitor.simulator.transactions import Executed
from monitor.simulator.votes import vote_account_content

NEVER_PAYS_RENT = (1 << 64) - 1
_VOTE_SHARE = 4
"""One in so many of the writes is left to votes."""
_VOTE_ACCOUNTS = 5
"""One in so many votes writes its vote account too: they are large."""


_STATE_TAG = b"poolstat"


def chosen_writes(block: Sequence[Executed], limit: int) -> dict[int, list[int]]:
    """Which accounts (by index of the key) are written by which transactions (by index), about `limit` in all.

    Users' transactions come first, then votes; one that does not fit whole writes nothing.
    """
    chosen: dict[int, list[int]] = {}
    left = limit - limit // _VOTE_SHARE
    for executed in block:
        if not executed.signed.outline.is_vote:
            writes = _written(executed)
            if len(writes) <= left:
                chosen[executed.index] = writes
                left -= len(writes)
    left += limit // _VOTE_SHARE
    for executed in block:
        if executed.signed.outline.is_vote and left > 0:
            writes = [0, 1] if executed.index % _VOTE_ACCOUNTS == 0 and left > 1 else [0]
            chosen[executed.index] = writes
            left -= len(writes)
    return chosen


def _written(executed: Executed) -> list[int]:
    outline = executed.signed.outline
    return [0] if outline.failure is not None else list(outline.writes)


def transaction_writes(
    slot: int, executed: Executed, keys: Sequence[int], first_version: int
) -> Iterator[Write]:
    """What the transaction left in these of its accounts."""
    outline = executed.signed.outline
    tokens = {number: order for order, (number, _) in enumerate(outline.token_accounts)}
    owners = dict(outline.program_accounts)
    for version, key in enumerate(keys, start=first_version):
        owner, content = SYSTEM_PROGRAM, b""
        if key in tokens:
            account = outline.token_accounts[tokens[key]][1]
            owner, content = TOKEN_PROGRAM, account.content(executed.post_tokens[tokens[key]])
        elif key in owners:
            owner, content = owners[key], _state(slot, executed)
        elif outline.is_vote and key == 1:
            owner, content = VOTE_PROGRAM, vote_account_content(outline.keys[0], slot - 1)
        yield Write(
            pubkey=outline.all_keys[key],
            owner=owner,
            lamports=executed.post_balances[key],
            content=content,
            rent_epoch=NEVER_PAYS_RENT,
            write_version=version,
            txn_signature=executed.signed.signatures[0],
        )


def sysvar_writes(contents: Sequence[tuple[bytes, bytes]], first_version: int) -> Iterator[Write]:
    """What the bank itself wrote into its sysvars (address, data)."""
    for version, (address, content) in enumerate(contents, start=first_version):
        yield Write(
            pubkey=address,
            owner=SYSVAR_OWNER,
            lamports=LAMPORTS[address],
            content=content,
            rent_epoch=NEVER_PAYS_RENT,
            write_version=version,
            txn_signature=None,
        )


def _state(slot: int, executed: Executed) -> bytes:
    """A program's account: a discriminator, the slot, then the amounts of the last use."""
    numbers = (slot, *executed.signed.amounts)
    return _STATE_TAG + b"".join([number.to_bytes(8, "little") for number in numbers])
