"""The truth of a generated bank is what an independent reading of its messages says."""

from base64 import b64decode
from typing import Any

from solders.pubkey import Pubkey
from solders.signature import Signature

from monitor.core.chain import Kind
from monitor.simulator.model import Bank
from monitor.simulator.truth import Record
from tests.simulator.chains import canonical_banks, messages_of


def records(bank: Bank, kind: str) -> list[Record]:
    return [made for made in bank.truth.records(bank) if made["kind"] == kind]


def text(raw: bytes) -> str:
    return str(Pubkey(raw)) if len(raw) == 32 else str(Signature(raw))


def token_balances(balances: Any) -> list[tuple[object, ...]]:
    return [
        (b.account_index, b.mint, b.owner, b.program_id, b.ui_token_amount.amount) for b in balances
    ]


def told_balances(told: list[Record]) -> list[tuple[object, ...]]:
    names = ("account_index", "mint", "owner", "program_id", "amount")
    return [tuple(balance[name] for name in names) for balance in told]


def test_every_transaction_is_told_once_in_the_order_of_the_block() -> None:
    for bank in canonical_banks():
        told = records(bank, "transaction")
        assert [each["index"] for each in told] == list(range(27))
        assert len({each["id"] for each in told}) == 27


def test_transactions_say_what_the_messages_say() -> None:
    for bank in canonical_banks():
        told = {each["index"]: each for each in records(bank, "transaction")}
        for message in messages_of(bank, Kind.TRANSACTION):
            info, fields = message.transaction, told[message.transaction.index]
            body, meta = info.transaction.message, info.meta
            loaded = [*meta.loaded_writable_addresses, *meta.loaded_readonly_addresses]
            assert fields["slot"] == message.slot == bank.slot
            assert fields["blockhash"] == bank.blockhash
            assert fields["id"] == f"{bank.slot}:transaction:{text(info.signature)}"
            assert fields["signatures"] == [text(each) for each in info.transaction.signatures]
            assert fields["accounts"] == tuple(map(text, [*body.account_keys, *loaded]))
            assert fields["recent_blockhash"] == text(body.recent_blockhash)
            assert (fields["fee"], fields["is_vote"]) == (meta.fee, info.is_vote)
            assert fields["compute_units"] == meta.compute_units_consumed
            assert fields["failed"] == meta.HasField("err") == (fields["err"] is not None)
            assert fields["pre_balances"] == list(meta.pre_balances)
            assert fields["post_balances"] == list(meta.post_balances)
            pre, post = fields["pre_token_balances"], fields["post_token_balances"]
            assert told_balances(pre) == token_balances(meta.pre_token_balances)
            assert told_balances(post) == token_balances(meta.post_token_balances)


def test_versions_are_told_as_the_messages_show_them() -> None:
    seen = set()
    for bank in canonical_banks():
        told = {each["index"]: each["tx_version"] for each in records(bank, "transaction")}
        for message in messages_of(bank, Kind.TRANSACTION):
            body = message.transaction.transaction.message
            version = 1 if body.HasField("config") else 0 if body.versioned else "legacy"
            assert told[message.transaction.index] == version
            seen.add(version)
    assert seen == {"legacy", 0, 1}


def call_parts(call: Any) -> tuple[object, ...]:
    height = getattr(call, "stack_height", None) or None
    return (call.program_id_index, list(call.accounts), call.data, height)


def told_parts(told: Record) -> tuple[object, ...]:
    content = b64decode(told["data"])
    return (told["program_id_index"], told["accounts"], content, told["stack_height"])


def test_instructions_logs_and_return_data_are_those_of_the_messages() -> None:
    for bank in canonical_banks():
        told = {each["index"]: each for each in records(bank, "transaction")}
        for message in messages_of(bank, Kind.TRANSACTION):
            info, fields = message.transaction, told[message.transaction.index]
            outer = info.transaction.message.instructions
            assert list(map(told_parts, fields["instructions"])) == list(map(call_parts, outer))
            inner = [
                (group.index, [call_parts(call) for call in group.instructions])
                for group in info.meta.inner_instructions
            ]
            assert (fields["inner_instructions"] is None) == info.meta.inner_instructions_none
            assert [
                (group["index"], [told_parts(call) for call in group["instructions"]])
                for group in fields["inner_instructions"] or []
            ] == inner
            assert (fields["logs"] is None) == info.meta.log_messages_none
            assert list(fields["logs"] or ()) == list(info.meta.log_messages)
            assert (fields["return_data"] is None) == info.meta.return_data_none
            if fields["return_data"] is not None:
                returned = b64decode(fields["return_data"]["data"])
                assert returned == info.meta.return_data.data


def test_a_status_repeats_its_transaction() -> None:
    for bank in canonical_banks()[:30]:
        told = records(bank, "transaction")
        for status, transaction in zip(records(bank, "transaction_status"), told, strict=True):
            for name in ("blockhash", "index", "signature", "is_vote", "failed", "err", "slot"):
                assert status[name] == transaction[name]


def test_every_write_is_told_with_its_place() -> None:
    for bank in canonical_banks():
        told = records(bank, "account")
        accounts = sorted(
            [each.account for each in messages_of(bank, Kind.ACCOUNT)],
            key=lambda account: account.write_version,
        )
        assert [each["write"] for each in told] == list(range(len(accounts)))
        for fields, account in zip(told, accounts, strict=True):
            signed = account.HasField("txn_signature")
            signature = text(account.txn_signature) if signed else None
            key = f"{text(account.pubkey)}:{signature or 'unsigned'}"
            assert fields["id"] == f"{bank.slot}:account:{key}"
            assert fields["txn_signature"] == signature
            assert fields["owner"] == text(account.owner)
            assert b64decode(fields["data"]) == account.data
            assert fields["lamports"] == account.lamports
            assert fields["rent_epoch"] == account.rent_epoch == 2**64 - 1
            assert fields["write_version"] == account.write_version
            assert fields["executable"] is account.executable is False


def test_entries_and_meta_are_told() -> None:
    names = ("num_hashes", "executed_transaction_count", "starting_transaction_index")
    for bank in canonical_banks():
        messages = {each.index: each for each in messages_of(bank, Kind.ENTRY)}
        for fields in records(bank, "entry"):
            entry = messages.pop(fields["index"])
            assert fields["hash"] == text(entry.hash)
            assert [fields[name] for name in names] == [getattr(entry, name) for name in names]
        assert not messages
        (meta,) = records(bank, "block_meta")
        told: Any = bank.meta.message
        assert meta["id"] == f"{bank.slot}:block_meta:{told.blockhash}"
        assert meta["block_height"] == told.block_height.block_height
        assert meta["executed_transaction_count"] == told.executed_transaction_count
        assert meta["entries_count"] == told.entries_count
        reward = told.rewards.rewards[0]
        assert meta["rewards"] == [
            {
                "pubkey": reward.pubkey,
                "lamports": reward.lamports,
                "post_balance": reward.post_balance,
                "reward_type": "Fee",
                "commission": None,
                "commission_bps": None,
            }
        ]
