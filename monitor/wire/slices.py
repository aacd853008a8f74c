"""Data slices: the part of account data that a monitor wants, as a server cuts (PROTOCOL 4.2)."""

from collections.abc import Iterable, Sequence

from monitor.core.monitors import DataSlice


def cut(data: bytes, slices: Iterable[DataSlice]) -> bytes:
    """The slices of the data, joined in their order; a slice that does not fit whole is left out.
    No slices: all of it.
    """
    wanted = tuple(slices)
    if not wanted:
        return data
    return b"".join(
        data[part.offset : part.offset + part.length]
        for part in wanted
        if part.offset + part.length <= len(data)
    )


def in_order(slices: Sequence[DataSlice]) -> bool:
    """Whether a server takes this list: no slice begins before the end of one before it."""
    end = 0
    for part in slices:
        if part.offset < end:
            return False
        end = max(end, part.offset + part.length)
    return True
