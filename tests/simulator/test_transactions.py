"""What transactions do to balances: nothing is made, nothing is lost, and every movement is in an instruction."""

from collections import Counter
from typing import Any

import pytest

from monitor.core.chain import Kind
from monitor.simulator.chain_actors import SYSTEM_PROGRAM, TOKEN_PROGRAM
from monitor.simulator.ledger import Ledger
from monitor.simulator.messages import sign
from monitor.simulator.signing import Nonces, Signer
from monitor.simulator.transactions import Failure, Instruction, Movement, Outline, execute
from tests.simulator.chains import canonical_banks, messages_of


def chain_transactions() -> list[Any]:
    """SubscribeUpdateTransactionInfo of all blocks, in chain order."""
    found: list[Any] = []
    for bank in canonical_banks():
        messages = messages_of(bank, Kind.TRANSACTION)
        found += sorted((each.transaction for each in messages), key=lambda each: each.index)
    return found


def all_keys(info: Any) -> list[bytes]:
    loaded = [*info.meta.loaded_writable_addresses, *info.meta.loaded_readonly_addresses]
    return [*info.transaction.message.account_keys, *loaded]


def all_calls(info: Any) -> list[Any]:
    """Outer and inner instructions."""
    inner = [call for group in info.meta.inner_instructions for call in group.instructions]
    return [*info.transaction.message.instructions, *inner]


def moved_lamports(info: Any) -> Counter[int]:
    """Change by account index, read from the transfers of the system program."""
    change: Counter[int] = Counter({0: -info.meta.fee})
    keys = all_keys(info)
    for call in all_calls(info):
        if keys[call.program_id_index] == SYSTEM_PROGRAM and not info.meta.HasField("err"):
            assert call.data[:4] == b"\2\0\0\0"
            amount = int.from_bytes(call.data[4:12], "little")
            change[call.accounts[0]] -= amount
            change[call.accounts[1]] += amount
    return change


def moved_tokens(info: Any) -> Counter[int]:
    """Change by account index, read from the transfers of the token program."""
    change: Counter[int] = Counter()
    keys = all_keys(info)
    for call in all_calls(info):
        if keys[call.program_id_index] == TOKEN_PROGRAM and not info.meta.HasField("err"):
            target = {3: 1, 12: 2}[call.data[0]]
            amount = int.from_bytes(call.data[1:9], "little")
            change[call.accounts[0]] -= amount
            change[call.accounts[target]] += amount
    return change


def token_amounts(balances: Any) -> dict[int, int]:
    return {balance.account_index: int(balance.ui_token_amount.amount) for balance in balances}


def test_lamports_are_conserved_but_for_the_fee() -> None:
    for info in chain_transactions():
        assert sum(info.meta.pre_balances) == sum(info.meta.post_balances) + info.meta.fee
        assert len(info.meta.pre_balances) == len(all_keys(info))


def test_lamports_move_as_the_transfers_say() -> None:
    for info in chain_transactions():
        pre, post = info.meta.pre_balances, info.meta.post_balances
        change = {index: post[index] - pre[index] for index in range(len(pre))}
        assert {k: v for k, v in change.items() if v} == dict(moved_lamports(info))


def test_tokens_move_as_the_outer_and_inner_transfers_say() -> None:
    inner_movements = 0
    for info in chain_transactions():
        pre = token_amounts(info.meta.pre_token_balances)
        post = token_amounts(info.meta.post_token_balances)
        assert pre.keys() == post.keys()
        change = {index: post[index] - pre[index] for index in pre}
        assert {k: v for k, v in change.items() if v} == dict(moved_tokens(info))
        inner_movements += any(change.values()) and bool(info.meta.inner_instructions)
    assert inner_movements > 50


def test_a_balance_is_what_the_transaction_before_left() -> None:
    lamports: dict[bytes, int] = {}
    tokens: dict[bytes, int] = {}
    for info in chain_transactions():
        keys = all_keys(info)
        for index, key in enumerate(keys):
            before = lamports.get(key, info.meta.pre_balances[index])
            # Only a leader's reward comes from outside the transactions, and only leaders vote.
            if info.is_vote and index == 0:
                assert info.meta.pre_balances[index] >= before
            else:
                assert info.meta.pre_balances[index] == before
            lamports[key] = info.meta.post_balances[index]
        for index, amount in token_amounts(info.meta.pre_token_balances).items():
            assert tokens.get(keys[index], amount) == amount
        for index, amount in token_amounts(info.meta.post_token_balances).items():
            tokens[keys[index]] = amount


def test_kinds_come_in_the_shares_of_mainnet() -> None:
    infos = [info for info in chain_transactions() if not info.is_vote]
    failed = sum(info.meta.HasField("err") for info in infos) / len(infos)
    lookups = sum(bool(info.transaction.message.address_table_lookups) for info in infos)
    config = sum(info.transaction.message.HasField("config") for info in infos)
    assert 0.08 < failed < 0.25
    assert 0.15 < lookups / len(infos) < 0.4
    assert 0.02 < config / len(infos) < 0.2


def test_what_a_node_may_not_record_is_sometimes_missing() -> None:
    metas = [info.meta for info in chain_transactions()]
    assert any(meta.inner_instructions_none for meta in metas)
    assert any(meta.log_messages_none for meta in metas)
    assert any(meta.HasField("return_data") for meta in metas)
    assert any(not meta.HasField("cost_units") for meta in metas)
    for meta in metas:
        assert meta.return_data_none != meta.HasField("return_data")
        assert not (meta.log_messages_none and meta.log_messages)
        assert not (meta.inner_instructions_none and meta.inner_instructions)


def test_only_votes_are_simple_votes() -> None:
    for info in chain_transactions():
        message = info.transaction.message
        calls = message.instructions
        program = all_keys(info)[calls[0].program_id_index]
        voted = program.hex().startswith("0761481d") and len(calls) == 1
        assert info.is_vote == (voted and not message.versioned)


@pytest.mark.parametrize("failure", [None, Failure(b"\1\0\0\0", "AccountLoadedTwice")])
def test_a_failed_transaction_pays_its_fee_and_moves_nothing(failure: Failure | None) -> None:
    signer, payee = Signer(b"a" * 32), b"p" * 32
    outline = Outline(
        version="legacy",
        signers=(signer,),
        header=(1, 0, 1),
        keys=(signer.key, payee, SYSTEM_PROGRAM),
        instructions=(Instruction(2, b"\0\1", b"\2\0\0\0", blob=0),),
        fee=5000,
        compute_units=150,
        cost_units=None,
        logs=None,
        failure=failure,
        lamport_movements=(Movement(0, 1),),
    )
    ledger = Ledger()
    for key, lamports in ((signer.key, 1_000_000), (payee, 7), (SYSTEM_PROGRAM, 1)):
        ledger.open(key, lamports)
    signed = sign(outline, b"h" * 32, (300,), ((300).to_bytes(8, "little"),), Nonces(1))
    done = execute(signed, 4, ledger)
    moved = 0 if failure else 300
    assert list(done.pre_balances) == [1_000_000, 7, 1]
    assert list(done.post_balances) == [995_000 - moved, 7 + moved, 1]
    assert ledger.lamports[payee] == 7 + moved
    assert done.index == 4
