"""What RPCs tell of the same accounts, and which of it enough of them tell alike.

How this works. RPCs are asked one after the other and are never at the same slot for sure, so states are compared by
their content and not by their slots: what two tell alike is believed, as of the lower of their slots, for one of the
two is honest. Two contents of one slot cannot both be true: that is a dispute. Contents of different slots may both
be, and prove nothing: the account was written in between, or one of the RPCs lies.
"""

from collections.abc import Iterator, Sequence

from monitor.core.events import Row

Told = tuple[int, Row]
"""An RPC, and the state that it tells."""


class Opinions:
    """One reading of accounts."""

    def __init__(self, accounts: Sequence[str], required: int) -> None:
        """`required`: RPCs that have to tell a state alike."""
        self.required = required
        self._told: dict[str, list[Told]] = {account: [] for account in accounts}

    def hear(self, rpc: int, accounts: Sequence[str], rows: Sequence[Row]) -> None:
        """The RPC told these accounts, a row for each in their order; it told none of them before."""
        for account, row in zip(accounts, rows, strict=True):
            self._told[account].append((rpc, row))

    def unsure(self) -> list[str]:
        """Accounts that not enough RPCs tell alike yet."""
        return [account for account, told in self._told.items() if not self._believed(told)]

    def states(self) -> list[Told]:
        """Of the other accounts what is told alike, each from the RPC with the lowest slot."""
        believed = [self._believed(told) for told in self._told.values()]
        return [min(alike, key=_slot) for alike in believed if alike]

    def dissent(self) -> list[int]:
        """RPCs that told of a slot something else than those who are believed; where none are, than any other."""
        found: set[int] = set()
        for told in self._told.values():
            against = self._believed(told) or told
            found.update(
                rpc for rpc, row in told if any(_differ(row, other) for _, other in against)
            )
        return sorted(found)

    def _believed(self, told: Sequence[Told]) -> list[Told]:
        """Those who tell the state alike; of two that enough tell the later one."""
        return max(self._enough(told), key=lambda alike: min(map(_slot, alike)), default=[])

    def _enough(self, told: Sequence[Told]) -> Iterator[list[Told]]:
        by_content: dict[bytes, list[Told]] = {}
        for rpc, row in told:
            by_content.setdefault(row[2], []).append((rpc, row))
        return (alike for alike in by_content.values() if len(alike) >= self.required)


def _slot(told: Told) -> int:
    return told[1][1]


def _differ(row: Row, other: Row) -> bool:
    """Whether one of them is false. A state's key is made of its content."""
    return row[1] == other[1] and row[2] != other[2]
