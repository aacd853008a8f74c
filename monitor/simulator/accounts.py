"""What accounts hold at a moment, folded from the writes of the blocks on the chain: for getMultipleAccounts."""

from typing import Any

from monitor.core.chain import Commitment, Kind
from monitor.simulator.model import Bank
from monitor.simulator.view import ChainView


class Accounts:
    """The finalized state, and what later blocks change of it. Accounts that were never written are unknown."""

    def __init__(self, view: ChainView) -> None:
        self._view = view
        self._state: dict[bytes, Any] = {}
        self._folded: int | None = None

    def settle(self, bank: Bank) -> None:
        """Fold in a finalized block. Blocks come in ascending order, each once."""
        self._state.update(_last_writes(bank))
        self._folded = bank.slot

    def at(self, level: Commitment, now: float) -> tuple[int, dict[bytes, Any]]:
        """The newest slot of this level, and the account (SubscribeUpdateAccountInfo) of each address written so far.

        Before the first block of the level: slot 0 and nothing.
        """
        tip = self._view.newest(level, now)
        if tip is None:
            return 0, {}
        state = dict(self._state)
        first = 0 if self._folded is None else self._folded + 1
        for number in range(max(first, self._view.first_kept()), tip.slot + 1):
            bank = self._view.block(number, level, now)
            if bank is not None:
                state.update(_last_writes(bank))
        return tip.slot, state


def _last_writes(bank: Bank) -> dict[bytes, Any]:
    last: dict[bytes, Any] = {}
    for _, update in bank.updates:
        if update.kind is Kind.ACCOUNT:
            message: Any = update.message
            account = message.account
            held = last.get(account.pubkey)
            if held is None or held.write_version <= account.write_version:
                last[account.pubkey] = account
    return last
