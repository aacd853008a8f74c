"""What stays of a block under a blocks filter: the filter trims, it never refuses a block (PROTOCOL
4.4).
"""

from monitor.core.monitors import BlocksFilter
from monitor.wire.cuckoo import CuckooSet
from monitor.wire.matching import included, key_set, transaction_keys
from monitor.wire.pb import geyser_pb2


class BlockTrim:
    """One blocks filter, its keys compiled."""

    def __init__(self, wanted: BlocksFilter) -> None:
        """Raises: ValueError for a key that is no base58 pubkey."""
        self.wanted = wanted
        self._include = key_set(wanted.account_include)
        cuckoo = wanted.cuckoo_account_include
        self._cuckoo = None if cuckoo is None else CuckooSet(cuckoo)

    def keeps_transaction(self, info: geyser_pb2.SubscribeUpdateTransactionInfo) -> bool:
        """Whether the transaction names an account of the filter; token owners do not count."""
        if not self.wanted.include_transactions:
            return False
        return included(transaction_keys(info), self._include, self._cuckoo)

    def keeps_account(self, write: geyser_pb2.SubscribeUpdateAccountInfo) -> bool:
        """Whether the account itself is one of the filter's; its owner does not count."""
        if not self.wanted.include_accounts:
            return False
        return included((write.pubkey,), self._include, self._cuckoo)


def trim_block(block: geyser_pb2.SubscribeUpdateBlock, trim: BlockTrim) -> None:
    """Take out of the block, in place, what the filter does not include. The counts in it stay:
    they are the block's.
    """
    transactions = [info for info in block.transactions if trim.keeps_transaction(info)]
    if len(transactions) != len(block.transactions):
        del block.transactions[:]
        block.transactions.extend(transactions)
    accounts = [write for write in block.accounts if trim.keeps_account(write)]
    if len(accounts) != len(block.accounts):
        del block.accounts[:]
        block.accounts.extend(accounts)
    if not trim.wanted.include_entries:
        del block.entries[:]
