"""Account writes: sysvars unsigned, the rest signed by the transaction that wrote, with the state it left."""

from typing import Any

from solders.pubkey import Pubkey

from monitor.core.chain import Kind
from monitor.simulator.chain_actors import SYSTEM_PROGRAM, TOKEN_PROGRAM, VOTE_PROGRAM
from monitor.simulator.model import Bank
from tests.simulator.chains import canonical_banks, messages_of


def accounts_of(bank: Bank) -> list[Any]:
    return [each.account for each in messages_of(bank, Kind.ACCOUNT)]


def transactions_of(bank: Bank) -> dict[bytes, Any]:
    messages = messages_of(bank, Kind.TRANSACTION)
    return {message.transaction.signature: message.transaction for message in messages}


def test_each_bank_writes_three_sysvars_unsigned() -> None:
    for bank in canonical_banks():
        unsigned = [each for each in accounts_of(bank) if not each.HasField("txn_signature")]
        assert {str(Pubkey(each.pubkey)) for each in unsigned} == {
            "SysvarC1ock11111111111111111111111111111111",
            "SysvarS1otHashes111111111111111111111111111",
            "SysvarS1otHistory11111111111111111111111111",
        }
        owners = {str(Pubkey(each.owner)) for each in unsigned}
        assert owners == {"Sysvar1111111111111111111111111111111111111"}


def test_a_write_holds_what_its_transaction_left() -> None:
    tokens = votes = systems = 0
    for bank in canonical_banks():
        transactions = transactions_of(bank)
        for account in accounts_of(bank):
            if not account.HasField("txn_signature"):
                continue
            info = transactions[account.txn_signature]
            message, meta = info.transaction.message, info.meta
            keys = [*message.account_keys, *meta.loaded_writable_addresses]
            index = keys.index(account.pubkey)
            assert account.lamports == meta.post_balances[index]
            held = {balance.account_index: balance for balance in meta.post_token_balances}
            if account.owner == TOKEN_PROGRAM:
                amount = int.from_bytes(account.data[64:72], "little")
                assert len(account.data) == 165
                assert str(amount) == held[index].ui_token_amount.amount
                assert str(Pubkey(account.data[:32])) == held[index].mint
                assert str(Pubkey(account.data[32:64])) == held[index].owner
                assert account.data[108] == 1
                tokens += 1
            elif account.owner == VOTE_PROGRAM:
                assert len(account.data) == 3762
                votes += 1
            elif account.owner == SYSTEM_PROGRAM:
                assert account.data == b""
                systems += 1
    assert min(tokens, votes, systems) > 20


def test_a_failed_transaction_writes_its_payer_alone() -> None:
    seen = 0
    for bank in canonical_banks():
        transactions = transactions_of(bank)
        for account in accounts_of(bank):
            info = transactions.get(account.txn_signature)
            if info is not None and info.meta.HasField("err"):
                assert account.pubkey == info.transaction.message.account_keys[0]
                seen += 1
    assert seen > 20


def test_writes_stay_within_the_limit() -> None:
    assert max(len(accounts_of(bank)) for bank in canonical_banks()) <= 60
