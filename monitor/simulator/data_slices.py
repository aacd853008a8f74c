"""Data slices: which parts of account data a subscriber gets (PROTOCOL 4.2)."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from monitor.simulator.filter_checks import FilterRefused, check_count
from monitor.wire.pb import geyser_pb2

DataSlices = tuple[tuple[int, int], ...]
"""(start, end) each; () means the whole data."""


def compile_slices(
    wanted: Sequence[geyser_pb2.SubscribeRequestAccountsDataSlice], limit: int | None
) -> DataSlices:
    """The slices of a request. Raises FilterRefused; the real texts bring the prefix a second time."""
    check_count(len(wanted), limit)
    slices = tuple((cut.offset, cut.offset + cut.length) for cut in wanted)
    for (start, end), (later_start, _) in combinations(slices, 2):
        if start > later_start:
            raise FilterRefused("failed to create filter: data slices out of order")
        if end > later_start:
            raise FilterRefused("failed to create filter: data slices overlapped")
    return slices


def cut(content: bytes, slices: Iterable[tuple[int, int]]) -> bytes:
    """The slices that lie wholly inside the data, one after the other."""
    return b"".join([content[start:end] for start, end in slices if end <= len(content)])


def cut_account(info: Any, slices: DataSlices) -> Any:
    """A copy of a SubscribeUpdateAccountInfo with its data cut; the message itself when nothing is to be cut."""
    if not slices:
        return info
    copy = type(info)()
    copy.CopyFrom(info)
    copy.data = cut(info.data, slices)
    return copy
