"""What filters see of a transaction and of an account write."""

from monitor.simulator.facts import AccountFacts, TransactionFacts
from tests.filter_updates import A, B, C, X, Y, account_info, text, transaction_info


def test_keys_are_static_and_loaded_ones() -> None:
    facts = TransactionFacts(transaction_info(keys=(A,), writable=(B,), readonly=(C,)))
    assert facts.keys == {A, B, C}


def test_owners_of_all_balances() -> None:
    info = transaction_info(before=[(0, text(X), "1")], after=[(1, text(Y), "1"), (2, "?", "1")])
    assert TransactionFacts(info).keys_and_owners == {A, X, Y}


def test_owners_of_changed_balances() -> None:
    info = transaction_info(
        before=[(0, text(X), "1"), (1, text(Y), "1"), (2, text(B), "3")],
        after=[(0, text(X), "1"), (1, text(Y), "2")],
    )
    assert TransactionFacts(info).keys_and_changed_owners == {A, Y, B}


def test_mere_change_of_owner_is_no_change() -> None:
    info = transaction_info(before=[(0, text(X), "1")], after=[(0, text(Y), "1")])
    assert TransactionFacts(info).keys_and_changed_owners == {A}


def test_flags_of_a_transaction() -> None:
    facts = TransactionFacts(transaction_info(vote=True, failed=True))
    assert (facts.is_vote, facts.failed) == (True, True)
    facts = TransactionFacts(transaction_info())
    assert (facts.is_vote, facts.failed) == (False, False)


def test_account_facts() -> None:
    facts = AccountFacts(account_info(signature=None))
    assert (facts.pubkey, facts.owner, facts.lamports, facts.content, facts.signed) == (
        A,
        X,
        1000,
        b"0123456789",
        False,
    )
