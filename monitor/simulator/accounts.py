"""What accounts hold at a moment, folded from the writes of the blocks on the chain: for getMultipleAccounts."""

from collections import OrderedDict, deque
from typing import Any, Final

from monitor.core.chain import Commitment, Kind
from monitor.simulator.model import Bank
from monitor.simulator.view import ChainView

_UNDONE: Final = 200
"""Finalized blocks that can be taken back, for nodes that are behind: 128 slots, and some more."""
_WRITES_KEPT: Final = 256
"""Blocks whose last writes are kept: those that are not finalized, and what nodes behind read."""

Writes = dict[bytes, Any]


class Accounts:
    """The finalized state, and what later blocks change of it. Accounts that were never written are unknown."""

    def __init__(self, view: ChainView) -> None:
        self._view = view
        self._state: Writes = {}
        self._folded: deque[tuple[int, Writes]] = deque(maxlen=_UNDONE)
        """The latest finalized blocks, ascending, each with what it overwrote; None where there was nothing."""
        self._writes: OrderedDict[str, Writes] = OrderedDict()

    def settle(self, bank: Bank) -> None:
        """Fold in a finalized block. Blocks come in ascending order; one that is folded in already changes nothing."""
        if bank.slot <= self._newest_folded:
            return
        writes = self._writes_of(bank)
        self._folded.append((bank.slot, {key: self._state.get(key) for key in writes}))
        self._state.update(writes)

    def at(
        self, level: Commitment, now: float, view: ChainView | None = None
    ) -> tuple[int, dict[bytes, Any]]:
        """The newest slot of this level, and the account (SubscribeUpdateAccountInfo) of each address written so far.

        Before the first block of the level: slot 0 and nothing. `view`: as a node sees it that is behind.
        """
        self._catch_up(now)
        view = view or self._view
        tip = view.newest(level, now)
        if tip is None:
            return 0, {}
        state = dict(self._state)
        for slot, overwritten in reversed(self._folded):
            if slot <= tip.slot:
                break
            state.update(overwritten)
        for number in range(max(self._newest_folded + 1, view.first_kept()), tip.slot + 1):
            bank = view.block(number, level, now)
            if bank is not None:
                state.update(self._writes_of(bank))
        return tip.slot, {key: account for key, account in state.items() if account is not None}

    @property
    def _newest_folded(self) -> int:
        return self._folded[-1][0] if self._folded else -1

    def _catch_up(self, now: float) -> None:
        """Fold in what is finalized, so that no block is read again and again."""
        root = self._view.newest(Commitment.FINALIZED, now)
        if root is None:
            return
        for number in range(max(self._newest_folded + 1, self._view.first_kept()), root.slot + 1):
            bank = self._view.block(number, Commitment.FINALIZED, now)
            if bank is not None:
                self.settle(bank)

    def _writes_of(self, bank: Bank) -> Writes:
        found = self._writes.get(bank.blockhash)
        if found is None:
            found = self._writes[bank.blockhash] = _last_writes(bank)
            if len(self._writes) > _WRITES_KEPT:
                self._writes.popitem(last=False)
        return found


def _last_writes(bank: Bank) -> Writes:
    last: Writes = {}
    for _, update in bank.updates:
        if update.kind is Kind.ACCOUNT:
            message: Any = update.message
            account = message.account
            held = last.get(account.pubkey)
            if held is None or held.write_version <= account.write_version:
                last[account.pubkey] = account
    return last
