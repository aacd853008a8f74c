"""Banks are the block's or another's by the transactions that their account writes name."""

import pytest

from monitor.core.banks import Store
from monitor.core.chain import Kind
from monitor.core.signatures import SIGNATURE, told_apart

PUBKEY = bytes(32)
BLOCK = b"".join(bytes([number]) * SIGNATURE for number in (1, 2))


def written(*writes: tuple[int, int]) -> Store:
    """A store with account writes of (transaction, banks); transaction 0 stands for a write without a signature."""
    store = Store()
    for number, banks in writes:
        key = bytes([number]) * SIGNATURE if number else b"!" + bytes(16)
        store.tables[Kind.ACCOUNT][PUBKEY + key] = banks
    return store


@pytest.mark.parametrize(
    ("writes", "own", "other"),
    [
        ([(1, 1), (2, 1)], 1, 0),
        ([(1, 1), (3, 1)], 0, 1),
        ([(1, 3), (3, 2)], 1, 2),
        ([(0, 1)], 0, 0),
        ([(1, 4), (3, 4)], 0, 0),
        ([], 0, 0),
    ],
    ids=[
        "all its transactions are the block's",
        "one of them is not",
        "each bank for itself",
        "a write without a signature tells nothing",
        "other banks are not asked",
        "nothing was written",
    ],
)
def test_whose_a_bank_is(writes: list[tuple[int, int]], own: int, other: int) -> None:
    assert told_apart(written(*writes), 0b11, BLOCK) == (own, other)
