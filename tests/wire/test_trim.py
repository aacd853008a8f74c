"""A blocks filter trims a block's transactions and accounts, and nothing else."""

from monitor.core.monitors import BlocksFilter, Cuckoo
from monitor.wire.pb import geyser_pb2
from monitor.wire.trim import BlockTrim, trim_block
from tests.wire.test_cuckoo import filled
from tests.wire.test_matching import (
    ABSENT,
    HOLDER,
    OTHER,
    READONLY,
    STATIC,
    text,
    transaction,
    with_balances,
    write,
)


def block() -> geyser_pb2.SubscribeUpdateBlock:
    """Two transactions that name STATIC, WRITABLE and READONLY, one that names none; two accounts;
    an entry.
    """
    made = geyser_pb2.SubscribeUpdateBlock(slot=7, executed_transaction_count=3)
    owner = text(HOLDER)[0]
    made.transactions.extend(
        [transaction(index=0), geyser_pb2.SubscribeUpdateTransactionInfo(index=1)]
    )
    made.transactions.append(with_balances({}, {0: (owner, "1")}))
    made.transactions[2].index = 2
    made.accounts.extend([write(pubkey=STATIC), write(pubkey=OTHER)])
    made.entries.add(index=0)
    return made


def trimmed(
    account_include: tuple[str, ...] = (),
    cuckoo: Cuckoo | None = None,
    transactions: bool = True,
    accounts: bool = True,
    entries: bool = True,
) -> tuple[list[int], list[bytes], int]:
    wanted = BlocksFilter(
        account_include=account_include,
        include_transactions=transactions,
        include_accounts=accounts,
        include_entries=entries,
        cuckoo_account_include=cuckoo,
    )
    left = block()
    trim_block(left, BlockTrim(wanted))
    assert left.slot == 7
    assert left.executed_transaction_count == 3
    return (
        [info.index for info in left.transactions],
        [account.pubkey for account in left.accounts],
        len(left.entries),
    )


def test_without_keys_all_stays() -> None:
    assert trimmed() == ([0, 1, 2], [STATIC, OTHER], 1)


def test_each_part_stays_only_when_included() -> None:
    assert trimmed(transactions=False) == ([], [STATIC, OTHER], 1)
    assert trimmed(accounts=False) == ([0, 1, 2], [], 1)
    assert trimmed(entries=False) == ([0, 1, 2], [STATIC, OTHER], 0)


def test_keys_choose_transactions_and_accounts_but_no_entries() -> None:
    assert trimmed(text(STATIC)) == ([0, 2], [STATIC], 1)
    assert trimmed(text(OTHER)) == ([], [OTHER], 1)
    assert trimmed(text(ABSENT)) == ([], [], 1)


def test_loaded_addresses_are_keys_of_a_transaction() -> None:
    assert trimmed(text(READONLY))[0] == [0, 2]


def test_owners_do_not_count() -> None:
    """HOLDER owns both accounts, and a token balance of the third transaction."""
    assert trimmed(text(HOLDER)) == ([], [], 1)


def test_a_cuckoo_set_joins_the_list() -> None:
    assert trimmed(cuckoo=filled([OTHER], 4)) == ([], [OTHER], 1)
    assert trimmed(text(STATIC), filled([OTHER], 4)) == ([0, 2], [STATIC, OTHER], 1)


def test_what_stays_is_untouched() -> None:
    left = block()
    trim_block(left, BlockTrim(BlocksFilter(account_include=text(STATIC), include_accounts=True)))

    assert left.transactions[1] == block().transactions[2]
    assert left.accounts[0] == block().accounts[0]
