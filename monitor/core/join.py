"""Joins the rows of all feeds into one stream: the first copy of an update wins, and blocks become known.

How this works. A slot is *known* at a level when its blockhash is: the endpoint that says CONFIRMED means the
block that this endpoint sent, and a block that is confirmed confirms its ancestors through the parent links of
BlockMeta, by blockhash. So a status that is missing, or that came before its BlockMeta, costs nothing, and a
confirmed block whose parent we do not hold shows a gap at once. The gate releases what is known.
"""

from dataclasses import dataclass
from typing import Final

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.closing import close_below
from monitor.core.events import Row
from monitor.core.gate import Gate
from monitor.core.holes import lowest_hole
from monitor.core.slots import Bank, Meta, SlotState

KEPT_BELOW_ROOT: Final = 64
"""Slots below the finalized tip that are remembered, so that a slow feed's copies are known as duplicates. Guessed."""


@dataclass(slots=True, eq=False)
class Sight:
    """What the join must know of one connection."""

    endpoint: int
    first_slot: int | None = None
    """First slot of which data came: what it has of this slot and the next may lack the beginning."""
    is_replay: bool = False
    """It began with a replay, so that how far a slot is from the first says nothing."""
    unproven: tuple[SlotState, Bank] | None = None
    """The last slot of that replay, or the one that was in flight at the opening; what follows tells which."""
    has_lifecycle: bool = False
    """The server tells CREATED_BANK, which is the better sign of a beginning."""


class Join:
    """The slots of all feeds, and what is known of them."""

    def __init__(self, gate: Gate, *, floor: int | None) -> None:
        self.gate = gate
        self.slots: dict[int, SlotState] = {}
        self.sights: dict[int, Sight] = {}
        """Open feeds, by number."""
        self.floor = floor
        """Lowest slot of ours: nothing below it is released. None until the first slot that is seen to begin."""
        self.tip = -1
        """Highest slot that any feed spoke of."""
        self.root = -1
        """Highest slot known finalized."""
        self.kept_from: int | None = None
        """First slot of a replay under way: from there on nothing is let go, however far the others have finalized."""
        self._pruned_below = 0

    def take_data(self, feed: int, row: Row) -> None:
        """A transaction, status, account, entry or block of some slot."""
        state = self.slots.get(row[1])
        if state is None:
            state = self._data_slot(feed, row[1])
            if state is None:
                return
        bank = state.current.get(feed)
        if bank is None:
            bank = self._unannounced_bank(state, feed)
        store = bank.store
        bit = bank.bit
        kind = row[0]
        table = store.tables[kind]
        key = row[2]
        seen = table.get(key)
        mask = row[3]
        gate = self.gate
        held = mask & gate.levels.held
        if held and kind == Kind.ACCOUNT:
            store.note_write(bit, row)
        endpoint = self.sights[feed].endpoint
        if seen is not None:
            if not seen & bit:
                table[key] = seen | bit
            gate.tally.duplicates[endpoint] += 1
            return
        mask &= gate.levels.at[0]
        if mask and state.is_new_at_once(row):
            gate.at_once((mask, endpoint, False, 0, state.sole_blockhash(), row))
        table[key] = bit
        if held:
            self._hold(state, bank, endpoint, row)

    def take_bank(self, feed: int, row: Row) -> None:
        """CREATED_BANK: a bank of this feed begins; a second one begins the slot anew."""
        self.sights[feed].has_lifecycle = True
        if self.floor is None:
            self.begin_at(row[1])
        state = self.slot(row[1])
        if state is None:
            return
        bank = state.current.get(feed)
        whole = row[4][2] > 0
        if bank is not None and bank.blockhash is None and not bank.store.has_rows(bank.bit):
            bank.began_whole = bank.began_whole or whole
        else:
            state.dead = None
            state.open_bank(feed, began_whole=whole)
        self._note_parent(state, row)
        self.gate.observed(state, self.sights[feed].endpoint, row)

    def take_meta(self, feed: int, row: Row, *, replayed: bool, now: float) -> Bank | None:
        """BlockMeta ties the feed's bank to its block. `replayed`: all of the slot came just before, replayed.

        On a feed that began with a replay that is so only if another slot follows before any is announced: the
        slot in flight at the opening may bring its BlockMeta before a lifecycle status too.
        """
        state = self.slot(row[1])
        if state is None or self.floor is None:
            self.gate.tally.stale += 1
            return None
        bank = state.current.get(feed) or self._unannounced_bank(state, feed)
        if bank.blockhash not in (None, row[2]):
            # Another block of this slot on the same feed, whose beginning was not told.
            bank = state.open_bank(feed, began_whole=False)
        sight = self.sights[feed]
        if sight.unproven is not None and sight.unproven[1] is bank:
            self._prove(sight)  # the copy before this one was the replay's
        elif replayed and sight.is_replay:
            sight.unproven = (state, bank)
        bank.began_whole = bank.began_whole or (replayed and not sight.is_replay)
        parent, parent_blockhash, height, transactions, entries, _ = row[4]
        state.tie(bank, Meta(row[2], parent, parent_blockhash, height, transactions, entries))
        self._take_meta_row(state, bank, row)
        told = feed in state.told_by or state.sole_blockhash() is not None
        if state.confirmed is None and state.told_level >= Commitment.CONFIRMED and told:
            self._know(state.number, row[2], Commitment(state.told_level), now)
        elif state.confirmed == row[2]:
            self._know(parent, parent_blockhash, Commitment(state.told_level), now)
            if state.released_level >= Commitment.CONFIRMED:
                self.gate.release_late(state)
        self._settle(now)
        return bank

    def take_status(self, feed: int, row: Row, now: float) -> None:
        """A slot status other than CREATED_BANK."""
        if self.floor is None:
            return
        state = self.slot(row[1])
        if state is None:
            return
        self._note_parent(state, row)
        status: int = row[2]
        if status > Commitment.FINALIZED:
            if status == SlotStatus.DEAD:
                state.dead = row[4][1] or "dead"
            self.gate.observed(state, self.sights[feed].endpoint, row)
            return
        self.gate.reached(state, Commitment.PROCESSED, row[5])
        if status >= Commitment.CONFIRMED:
            bank = state.current.get(feed)
            blockhash = bank.blockhash if bank is not None else None
            blockhash = blockhash or state.sole_blockhash()
            if blockhash is None:
                state.told_level = max(state.told_level, status)
                state.told_by.add(feed)
            else:
                self._know(state.number, blockhash, Commitment(status), now)
            self._settle(now)

    def begin_at(self, slot: int) -> None:
        """Make this the first slot of ours; everything below is let go."""
        self.floor = slot
        for number in [n for n in self.slots if n < slot]:
            del self.slots[number]

    def slot(self, number: int) -> SlotState | None:
        """The state of a slot, made if it is new; None below the floor and below what is kept."""
        state = self.slots.get(number)
        if state is None:
            if number < self._pruned_below or (self.floor is not None and number < self.floor):
                return None
            state = self.slots[number] = SlotState(number)
            self.tip = max(self.tip, number)
        return state

    def tick(self, now: float) -> None:
        """Pass over slots that were waited for long enough."""
        self._settle(now)

    def resume_below(self, covered: int, above: int = 0) -> int | None:
        """The lowest slot from `above` and under `covered` that a replay should begin with; None: nothing is missing."""
        if self.floor is None:
            return None
        lowest = max(self.floor, above)
        return lowest_hole(self.slots, lowest, covered, let_go_below=self._pruned_below)

    def missing_from(self, covered: int | None, above: int = 0) -> int | None:
        """Where a replay should begin: `resume_below`, and with `covered` None no feed has the tip.

        Then what follows the highest slot met is missing too; that slot is named, for the one after it may not be yet.
        """
        if covered is not None:
            return self.resume_below(covered, above)
        if self.floor is None:
            return None
        hole = self.resume_below(self.tip + 1, above)
        return hole if hole is not None else max(self.tip, self.floor)

    def check(self) -> None:
        """State what always holds; for tests."""
        for number, state in self.slots.items():
            assert number == state.number
            assert self.floor is None or number >= self.floor
            state.check()
        assert self.root <= self.tip
        self.gate.check()

    def _data_slot(self, feed: int, number: int) -> SlotState | None:
        """The slot for data of a number not met before; None when it is not ours."""
        sight = self.sights[feed]
        if sight.first_slot is None:
            sight.first_slot = number
        if self.floor is None:
            if sight.has_lifecycle or number < sight.first_slot + 2:
                return None
            self.begin_at(number)
        state = self.slot(number)
        if state is None:
            self.gate.tally.stale += 1
        return state

    def _unannounced_bank(self, state: SlotState, feed: int) -> Bank:
        """A bank whose CREATED_BANK did not come on this connection.

        On a server that tells no lifecycle at all, the third slot of a connection and later ones are whole.
        """
        sight = self.sights[feed]
        if sight.first_slot is None:
            sight.first_slot = state.number
        if not sight.has_lifecycle:
            self._prove(sight, below=state.number)
        is_third = state.number >= sight.first_slot + 2
        whole = is_third and not sight.has_lifecycle and not sight.is_replay
        return state.open_bank(feed, began_whole=whole)

    def _prove(self, sight: Sight, below: int | None = None) -> None:
        """The slot whose BlockMeta came last in a replay is whole, if it lies below this one."""
        if sight.unproven is None or (below is not None and sight.unproven[0].number >= below):
            return
        (state, bank), sight.unproven = sight.unproven, None
        bank.began_whole = bank.covers = True
        if state.released_level >= Commitment.CONFIRMED and bank.blockhash == state.confirmed:
            self.gate.release_late(state)

    def _hold(self, state: SlotState, bank: Bank, endpoint: int, row: Row) -> None:
        """Keep a first copy for its level.

        One that comes after the BlockMeta of its bank, as blocks do on some servers, may find its slot released
        and no BlockMeta to come that would release it.
        """
        if row[0] == Kind.ACCOUNT:
            bank.store.accounts[row[2]] = (endpoint, row)
        else:
            bank.store.held.append((endpoint, row))
        if bank.blockhash is None or state.released_level < Commitment.CONFIRMED:
            return
        if bank.blockhash == state.confirmed:
            self.gate.release_late(state)

    def _note_parent(self, state: SlotState, row: Row) -> None:
        parent = row[4][0]
        if parent is not None and state.parent is None:
            state.parent = parent

    def _take_meta_row(self, state: SlotState, bank: Bank, row: Row) -> None:
        gate = self.gate
        endpoint = self.sights[bank.feed].endpoint
        table = bank.store.tables[Kind.BLOCK_META]
        seen = table.get(row[2])
        if seen is not None:
            table[row[2]] = seen | bank.bit
            gate.tally.duplicates[endpoint] += 1
            return
        mask = row[3] & gate.levels.at[0]
        if mask and state.is_new_at_once(row):
            gate.at_once((mask, endpoint, False, 0, row[2], row))
        table[row[2]] = bank.bit
        if row[3] & gate.levels.held:
            bank.store.held.append((endpoint, row))

    def _know(self, number: int, blockhash: str, level: Commitment, now: float) -> None:
        """The block of this slot is at `level`; so are its ancestors, as far as parent links are held."""
        while (state := self.slot(number)) is not None:
            if state.confirmed is not None and state.confirmed != blockhash:
                first = state.confirmed
                self.gate.report(
                    "critical",
                    "two blockhashes were confirmed for one slot",
                    slot=number,
                    first=first,
                    second=blockhash,
                )
                return
            finalizes = level == Commitment.FINALIZED and not state.finalized
            if state.confirmed is not None and not finalizes:
                return
            state.told_level = max(state.told_level, level)
            if state.confirmed is None:
                state.confirmed = blockhash
                self.gate.admit(state, Commitment.CONFIRMED, now)
            if finalizes:
                state.finalized = True
                self.root = max(self.root, number)
                self.gate.admit(state, Commitment.FINALIZED, now)
            self.gate.reached(state, level, 0)
            meta = state.metas.get(blockhash)
            if meta is None:
                return
            number, blockhash = meta.parent_slot, meta.parent_blockhash

    def _settle(self, now: float) -> None:
        self.gate.pump(now)
        below = self.root - KEPT_BELOW_ROOT
        if self.kept_from is not None:
            below = min(below, self.kept_from)
        if below > self._pruned_below:
            close_below(below, max(self._pruned_below, self.floor or 0), self.slots, self.gate)
            self._pruned_below = below
