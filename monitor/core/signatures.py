"""Tells whose the rows of feeds that broke are, by the signatures of the block, as RPCs tell them (DESIGN 5, Completeness).

RPCs know of no account write, but each write names its transaction. A bank that ran one which the block does not hold is
another bank, and all that it told is another's: even a transaction of both may have ended otherwise there. A bank of
which every signature is in the block is the block's.
"""

from typing import Final

from monitor.core.banks import Store
from monitor.core.chain import Kind
from monitor.core.keys import is_signed

SIGNATURE: Final = 64
"""Bytes."""


def told_apart(store: Store, banks: int, signatures: bytes) -> tuple[int, int]:
    """Those of these banks that are the block's, and those that are another's.

    `signatures`: of all transactions of the block. A bank that wrote nothing with a signature is neither.
    """
    block = {signatures[at : at + SIGNATURE] for at in range(0, len(signatures), SIGNATURE)}
    own = other = 0
    for key, seen in store.tables[Kind.ACCOUNT].items():
        if seen & banks and is_signed(key):
            if key[-SIGNATURE:] in block:
                own |= seen & banks
            else:
                other |= seen & banks
    return own & ~other, other
