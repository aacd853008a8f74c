"""Truth of a generated bank, written from the chain's own objects."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.simulator.base58 import base58
from monitor.simulator.bodies import Placed
from monitor.simulator.chain_actors import TOKEN_PROGRAM
from monitor.simulator.encoding import Entry, Write
from monitor.simulator.model import Bank
from monitor.simulator.transactions import Executed, Instruction
from monitor.simulator.truth import Record, record

_TOKEN_PROGRAM_TEXT = base58(TOKEN_PROGRAM)
_STATUS_FIELDS = ("blockhash", "index", "signature", "is_vote", "failed", "err")


@dataclass(frozen=True, slots=True)
class Reward:
    """What the leader earned in fees."""

    pubkey: str
    lamports: int
    post_balance: int


@dataclass(frozen=True, slots=True)
class GeneratedTruth:
    """What a bank holds: transactions by index, writes by write version, entries by index."""

    transactions: tuple[Executed | Placed, ...]
    writes: tuple[Write, ...]
    entries: tuple[Entry, ...]
    rewards: tuple[Reward, ...]

    def records(self, bank: Bank) -> Iterator[Record]:
        """As `Truth` says."""
        for executed in self.transactions:
            if isinstance(executed, Placed):
                fields = executed.fields(bank.blockhash)
            else:
                fields = {**_status(bank, executed), **_transaction(executed)}
            status = {name: fields[name] for name in _STATUS_FIELDS}
            yield record(bank.slot, "transaction", fields["signature"], fields)
            yield record(bank.slot, "transaction_status", fields["signature"], status)
        for place, write in enumerate(self.writes):
            yield _write(bank.slot, place, write)
        for entry in self.entries:
            yield _entry(bank.slot, entry)
        yield self._meta(bank)

    def _meta(self, bank: Bank) -> Record:
        rewards = [
            {
                "pubkey": reward.pubkey,
                "lamports": reward.lamports,
                "post_balance": reward.post_balance,
                "reward_type": "Fee",
                "commission": None,
                "commission_bps": None,
            }
            for reward in self.rewards
        ]
        fields = {
            "blockhash": bank.blockhash,
            "parent_slot": bank.parent,
            "parent_blockhash": bank.parent_blockhash,
            "block_height": bank.block_height,
            "block_time": bank.block_time,
            "executed_transaction_count": len(self.transactions),
            "entries_count": len(self.entries),
            "rewards": rewards,
        }
        return record(bank.slot, "block_meta", bank.blockhash, fields)


def _status(bank: Bank, executed: Executed) -> Record:
    failure = executed.signed.outline.failure
    return {
        "blockhash": bank.blockhash,
        "index": executed.index,
        "signature": base58(executed.signature),
        "is_vote": executed.signed.outline.is_vote,
        "failed": failure is not None,
        "err": None if failure is None else failure.json,
    }


def _transaction(executed: Executed) -> Record:
    signed, outline = executed.signed, executed.signed.outline
    returned = outline.return_data
    return {
        "signatures": [base58(signature) for signature in signed.signatures],
        "tx_version": outline.version,
        "fee": outline.fee,
        "compute_units": outline.compute_units,
        "recent_blockhash": base58(signed.recent_blockhash),
        "accounts": outline.addresses,
        "instructions": _calls(outline.instructions, signed.contents),
        "inner_instructions": _inner(executed),
        "logs": outline.logs,
        "return_data": returned
        and {"program_id": base58(returned[0]), "data": b64encode(returned[1]).decode()},
        "pre_balances": list(executed.pre_balances),
        "post_balances": list(executed.post_balances),
        "pre_token_balances": _token_balances(executed, executed.pre_tokens),
        "post_token_balances": _token_balances(executed, executed.post_tokens),
    }


def _calls(calls: Sequence[Instruction], contents: Sequence[bytes]) -> list[dict[str, Any]]:
    return [
        {
            "program_id_index": call.program,
            "accounts": list(call.accounts),
            "data": b64encode(content).decode(),
            "stack_height": call.stack_height,
        }
        for call, content in zip(calls, contents, strict=True)
    ]


def _inner(executed: Executed) -> list[dict[str, Any]] | None:
    groups = executed.signed.outline.inner
    if groups is None:
        return None
    return [
        {"index": index, "instructions": _calls(calls, contents)}
        for (index, calls), contents in zip(groups, executed.signed.inner_contents, strict=True)
    ]


def _token_balances(executed: Executed, amounts: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "account_index": number,
            "mint": account.mint.text,
            "owner": account.owner_text,
            "program_id": _TOKEN_PROGRAM_TEXT,
            "amount": str(amount),
            "decimals": account.mint.decimals,
        }
        for (number, account), amount in zip(
            executed.signed.outline.token_accounts, amounts, strict=True
        )
    ]


def _write(slot: int, place: int, write: Write) -> Record:
    pubkey = base58(write.pubkey)
    signature = None if write.txn_signature is None else base58(write.txn_signature)
    fields = {
        "pubkey": pubkey,
        "owner": base58(write.owner),
        "lamports": write.lamports,
        "executable": False,
        "rent_epoch": write.rent_epoch,
        "data": b64encode(write.content).decode(),
        "txn_signature": signature,
        "write_version": write.write_version,
        "write": place,
    }
    return record(slot, "account", f"{pubkey}:{signature or 'unsigned'}", fields)


def _entry(slot: int, entry: Entry) -> Record:
    fields = {
        "index": entry.index,
        "hash": base58(entry.hash),
        "num_hashes": entry.num_hashes,
        "executed_transaction_count": entry.executed_transaction_count,
        "starting_transaction_index": entry.starting_transaction_index,
    }
    return record(slot, "entry", entry.index, fields)
