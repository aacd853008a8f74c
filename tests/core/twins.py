"""A slot as the join keeps it, without the join: for tests that compare one that is stowed with one that stays."""

from collections import Counter
from typing import Any

from monitor.core.banks import Bank, Meta
from monitor.core.chain import Commitment, Kind
from monitor.core.events import Row
from monitor.core.gate import Gate
from monitor.core.giving_up import give_up
from monitor.core.level_history import LevelHistory
from monitor.core.monitors import AccountsFilter, Monitor
from monitor.core.needs import Needs
from monitor.core.runs import take_meta_row, take_run
from monitor.core.slots import SlotState
from monitor.core.stowing import stow, unstow
from monitor.core.tally import Tally
from monitor.core.terms import Terms
from tests.core.play import ALL, VAULT, entry, meta, tx, write

FEEDS = 3
WRITES = Monitor("writes", accounts=AccountsFilter(account=("x",)), every_write=True)
MONITORS = (ALL, VAULT, WRITES)
ROWS = [
    *(
        tx(5, index, name, mask=mask)
        for index, name, mask in ((0, "a", 1), (1, "b", 0), (1, "c", 1))
    ),
    *(entry(5, index) for index in range(2)),
    *(
        write(5, account, by, version, mask=6)
        for account in "xy"
        for by in "ab"
        for version in (2, 2**63 + 1)
    ),
    (Kind.BLOCK, 5, ("B5", "all"), 1, None, 5, b"block"),
]


class Twin:
    """One slot, and those who tell of it, as the join keeps it."""

    def __init__(self, *, divides: bool = False) -> None:
        self.state = SlotState(5)
        terms = Terms(Needs.of(MONITORS), 2.0, divides=divides)
        history = LevelHistory(MONITORS, Commitment.CONFIRMED)
        self.gate = Gate(history, Tally([0] * FEEDS), terms)
        self.packed: bytes | None = None
        self.repeated = Counter[int]()

    def bank(self, feed: int) -> Bank:
        state = self.state
        return state.current.get(feed) or state.open_bank(feed, feed, began_whole=bool(feed % 2))

    def says(self, feed: int, *rows: Row) -> None:
        take_run(self.gate, self.state, self.bank(feed), rows, 0, 0.0)

    def begins(self, feed: int) -> None:
        """A bank of a feed that is in none, or anew."""
        before = self.state.current.get(feed)
        self.state.open_bank(feed, feed, began_whole=True)
        if before is not None:
            give_up(self.state, before)

    def ends(self, feed: int, block: str) -> None:
        bank, row = self.bank(feed), meta(5, block, mask=1)
        if bank.blockhash is None:
            parent, parent_blockhash, height, transactions, entries, _, digest = row[4]
            told = Meta(row[2], parent, parent_blockhash, height, transactions, entries, digest)
            self.state.tie(bank, told)
            take_meta_row(self.gate, self.state, bank, row)

    def goes(self) -> None:
        if self.packed is None:
            self.packed = stow(self.state)
            assert self.state.held_bytes() == self.state.held_rows() == 0

    def comes(self) -> None:
        if self.packed is not None:
            self.repeated += unstow(self.state, self.packed).repeated
            self.packed = None

    def look(self) -> dict[str, Any]:
        told = look(self.state)
        # Which of two banks was the later one to bring what was away nobody knows any more.
        told["news"] = sum(each.pop("news") for each in told["banks"])
        duplicates = [n + self.repeated[i] for i, n in enumerate(self.gate.tally.duplicates)]
        told["duplicates"] = sum(duplicates)
        return told


def look(state: SlotState) -> dict[str, Any]:
    """All that a slot is, to be compared."""
    stores = {id(bank.store): bank.store for bank in state.banks} | {id(state.shared): state.shared}
    places = {one: place for place, one in enumerate(stores)}
    told: dict[str, Any] = {
        name: getattr(state, name)
        for name in SlotState.__slots__
        if name not in ("banks", "current", "evidence", "shared", "voices")
    }
    told["banks"] = [
        {name: getattr(bank, name) for name in Bank.__slots__ if name != "store"}
        | {"store": places[id(bank.store)]}
        for bank in state.banks
    ]
    told["current"] = {feed: bank.bit for feed, bank in state.current.items()}
    told["stores"] = [
        {
            "tables": store.tables,
            "masks": store.masks,
            "held": store.held,
            "accounts": list(store.accounts.items()),
            "writes": {bit: last for bit, last in store.writes.items() if last},
            "held_bytes": store.held_bytes,
        }
        for store in stores.values()
    ]
    return told
