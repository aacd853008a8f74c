"""A branch of the ledger leaves the trunk alone."""

from monitor.simulator.ledger import Ledger


def test_a_branch_does_not_touch_its_trunk() -> None:
    ledger = Ledger()
    ledger.open(b"a", 10)
    ledger.open_token_account(b"t", 20)
    branch = ledger.branch()
    branch.lamports[b"a"] += 1
    branch.tokens[b"t"] += 1
    assert (ledger.lamports[b"a"], ledger.tokens[b"t"]) == (10, 20)


def test_an_account_is_opened_once() -> None:
    ledger = Ledger()
    ledger.open(b"a", 10)
    ledger.open(b"a", 99)
    ledger.open_token_account(b"t", 20)
    ledger.open_token_account(b"t", 99)
    assert ledger.lamports == {b"a": 10, b"t": 2_039_280}
    assert ledger.tokens == {b"t": 20}
