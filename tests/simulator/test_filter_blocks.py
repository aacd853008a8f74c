"""Block filters compiled; what they leave of a block is in the cases of test_filters."""

import pytest

from monitor.simulator.filter_blocks import compile_blocks
from monitor.simulator.limits import BlocksLimits
from monitor.wire.pb import geyser_pb2
from tests.filter_updates import A, text


@pytest.mark.parametrize(("said", "expected"), [(None, True), (True, True), (False, False)])
def test_transactions_are_included_unless_denied(said: bool | None, expected: bool) -> None:
    wanted = geyser_pb2.SubscribeRequestFilterBlocks(include_transactions=said)
    assert compile_blocks(wanted, BlocksLimits()).transactions is expected


def test_accounts_and_entries_are_left_out_unless_asked_for() -> None:
    trim = compile_blocks(geyser_pb2.SubscribeRequestFilterBlocks(), BlocksLimits())
    assert (trim.accounts, trim.entries) == (False, False)


def test_limit_of_entries_is_never_looked_at() -> None:
    wanted = geyser_pb2.SubscribeRequestFilterBlocks(include_entries=True)
    assert compile_blocks(wanted, BlocksLimits(include_entries=False)).entries


def test_list_makes_it_no_full_stream_but_a_cuckoo_does_not() -> None:
    limits = BlocksLimits(account_include_any=False)
    wanted = geyser_pb2.SubscribeRequestFilterBlocks(account_include=[text(A)])
    assert compile_blocks(wanted, limits).include == {A}
