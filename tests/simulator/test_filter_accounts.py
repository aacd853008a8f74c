"""Account filters compiled; their cases are run in test_filters."""

import pytest

from monitor.simulator.filter_accounts import compile_accounts, is_token_account
from monitor.simulator.limits import AccountsLimits
from monitor.wire.pb import geyser_pb2
from tests.filter_updates import A, text


def test_empty_filter_needs_no_test() -> None:
    assert compile_accounts(geyser_pb2.SubscribeRequestFilterAccounts(), AccountsLimits()) is None


def test_list_alone_is_not_the_full_stream() -> None:
    wanted = geyser_pb2.SubscribeRequestFilterAccounts(owner=[text(A)])
    assert compile_accounts(wanted, AccountsLimits(any=False)) is not None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", False),
        (bytes(164) + b"\x02", False),
        (bytes(108) + b"\x02" + bytes(56), True),
        (bytes(108) + b"\x01" + bytes(56) + b"\x02", True),
        (bytes(108) + b"\x01" + bytes(56) + b"\x02" + bytes(189), False),
        (bytes(108) + b"\x01" + bytes(56) + b"\x02" + bytes(190), True),
    ],
)
def test_token_accounts_are_known_by_their_shape(content: bytes, expected: bool) -> None:
    assert is_token_account(content) is expected
