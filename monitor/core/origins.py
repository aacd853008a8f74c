"""Where an update may come from, as one number: every list by endpoint has a place for each.

First the endpoints in the order of the configuration, for what they stream; then the same, for what they replay to
recover a slot; then the RPCs, for blocks; then the same, for the state of accounts.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origins:
    """How many there are of each."""

    endpoints: int
    rpcs: int = 0

    @property
    def count(self) -> int:
        """All of them: origins are 0 to `count` - 1."""
        return 2 * (self.endpoints + self.rpcs)

    def replay(self, endpoint: int) -> int:
        """The origin of what this endpoint replays to recover a slot."""
        return self.endpoints + endpoint

    def rpc(self, rpc: int) -> int:
        """The origin of blocks of this RPC."""
        return 2 * self.endpoints + rpc

    def reconciled(self, rpc: int) -> int:
        """The origin of account states of this RPC."""
        return 2 * self.endpoints + self.rpcs + rpc

    def words(self, archives: frozenset[int] = frozenset()) -> list[str]:
        """The word for each in the `source` of a record. `archives`: which RPCs are asked as the archive."""
        live, replay = ["live"] * self.endpoints, ["replay"] * self.endpoints
        blocks = ["archive" if rpc in archives else "rpc" for rpc in range(self.rpcs)]
        return live + replay + blocks + ["reconciled"] * self.rpcs

    def names(self, endpoints: list[str], rpcs: list[str]) -> list[str]:
        """The name for each, in the `endpoint` of a record."""
        return 2 * endpoints + 2 * rpcs
