"""Transaction filters compiled; their cases are run in test_filters."""

from monitor.simulator.facts import TransactionFacts
from monitor.simulator.filter_transactions import compile_transactions
from monitor.simulator.limits import TransactionsLimits
from monitor.wire.pb import geyser_pb2
from tests.filter_updates import A, B, text, transaction_info

NO_LIMITS = TransactionsLimits()


def test_empty_filter_needs_no_test() -> None:
    wanted = geyser_pb2.SubscribeRequestFilterTransactions()
    assert compile_transactions(wanted, NO_LIMITS) is None


def test_compiled_filter_does_not_follow_the_message() -> None:
    wanted = geyser_pb2.SubscribeRequestFilterTransactions(vote=False, account_include=[text(A)])
    takes = compile_transactions(wanted, NO_LIMITS)
    wanted.vote = True
    wanted.account_include[:] = [text(B)]
    assert takes is not None
    assert takes(TransactionFacts(transaction_info(keys=(A,))))


def test_cuckoo_of_odd_fields_is_read_by_data_and_seed_alone() -> None:
    wanted = geyser_pb2.SubscribeRequestFilterTransactions()
    cuckoo = wanted.cuckoo_account_include
    cuckoo.data, cuckoo.hash_seed = b"\x02\xb4" + bytes(6), 0x796C6C7773746E21
    cuckoo.bucket_count, cuckoo.entries_per_bucket, cuckoo.fingerprint_bits = 77, 1, 3
    takes = compile_transactions(wanted, NO_LIMITS)
    assert takes is not None
    assert takes(TransactionFacts(transaction_info(keys=(bytes(32),))))


def test_any_is_not_used_up_by_a_criterion() -> None:
    """PROTOCOL 4.7: everything but the signature counts as a criterion."""
    wanted = geyser_pb2.SubscribeRequestFilterTransactions(vote=True)
    assert compile_transactions(wanted, TransactionsLimits(any=False)) is not None
