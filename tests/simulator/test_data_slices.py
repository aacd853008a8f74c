"""Slices of account data, whole or not at all."""

import pytest

from monitor.simulator.data_slices import compile_slices, cut, cut_account
from monitor.simulator.filter_checks import FilterRefused
from monitor.wire.pb import geyser_pb2
from tests.filter_updates import account_info


def wanted(*cuts: tuple[int, int]) -> list[geyser_pb2.SubscribeRequestAccountsDataSlice]:
    return [
        geyser_pb2.SubscribeRequestAccountsDataSlice(offset=offset, length=length)
        for offset, length in cuts
    ]


def test_slices_may_touch_and_repeat_a_start_when_empty() -> None:
    assert compile_slices(wanted((0, 2), (2, 3), (5, 0), (5, 1)), None) == (
        (0, 2),
        (2, 5),
        (5, 5),
        (5, 6),
    )


@pytest.mark.parametrize("cuts", [((0, 9), (20, 1), (5, 1)), ((0, 9), (3, 1), (20, 1))])
def test_every_pair_is_checked(cuts: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(FilterRefused, match="data slices overlapped"):
        compile_slices(wanted(*cuts), None)


def test_slice_beyond_the_data_is_skipped_whole() -> None:
    assert cut(b"0123", [(0, 1), (3, 5), (2, 4)]) == b"023"


def test_message_itself_is_never_changed() -> None:
    info = account_info()
    assert cut_account(info, ()) is info
    assert cut_account(info, ((0, 1),)).data == b"0"
    assert info.data == b"0123456789"
