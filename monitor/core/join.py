"""Joins the rows of all feeds into one stream: the first copy of an update wins, and blocks become known.

How this works. A slot is *known* at a level when its blockhash is: the endpoint that says CONFIRMED means the
block that this endpoint sent, and a block that is confirmed confirms its ancestors through the parent links of
BlockMeta, by blockhash. So a status that is missing, or that came before its BlockMeta, costs nothing, and a
confirmed block whose parent we do not hold shows a gap at once. The gate releases what is known, the ledger
closes what is final.
"""

from collections.abc import Iterable, Sequence

from monitor.core.ancestry import is_denied
from monitor.core.at_once import confirm, lose_bank, pass_by
from monitor.core.banks import Bank, Meta
from monitor.core.certificates import Certificate
from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.deadlines import earliest
from monitor.core.events import Row
from monitor.core.gate import Gate
from monitor.core.given_up import GivenUp
from monitor.core.giving_up import give_up
from monitor.core.ledger import Ledger
from monitor.core.quorum import Quorum, Verdict
from monitor.core.runs import DATA, end_of_run, take_meta_row, take_run
from monitor.core.sights import Sight, Sights
from monitor.core.slots import SlotState


class Join:
    """The slots of all feeds, and what is known of them."""

    def __init__(self, gate: Gate, endpoints: int, *, floor: int | None) -> None:
        self.gate = gate
        self.slots: dict[int, SlotState] = {}
        self.sights = Sights(endpoints)
        self.ledger = Ledger(gate, self.slots, self.sights, floor=floor)
        self.pace = gate.pace
        self.given_up = GivenUp()
        self.quorum: Quorum | None = None
        """Who must agree on a block; None: one endpoint is enough."""
        self.root = -1
        """Highest slot known finalized."""
        self.now = 0.0  # seconds of the clock, as of the event at hand
        self.links: list[tuple[int, int]] = []
        """Slots that links of confirmed blocks have jumped over since somebody looked: first, end."""
        self._expected: list[tuple[int, str | None]] = []
        self._leapt = -1  # the last slot that was ignored for its leap

    @property
    def tip(self) -> int:
        """Highest slot that any feed spoke of; -1 before the first."""
        return self.pace.tip

    @property
    def floor(self) -> int | None:
        """Lowest slot of ours: nothing below it is released. None until the first slot that is seen to begin."""
        return self.ledger.floor

    def take_data(self, feed: int, rows: Sequence[Row], start: int, now: float) -> int:
        """Transactions, statuses, accounts, entries and blocks from place `start` on; answers where others begin."""
        at = start
        while at < len(rows) and rows[at][0] in DATA:
            number = rows[at][1]
            state = self._data_slot(feed, number)
            if state is None:
                end = end_of_run(rows, at)
                self.gate.tally.stale += 0 if self.floor is None else end - at
                at = end
                continue
            bank = state.current.get(feed) or self._unannounced_bank(state, feed)
            if bank.blockhash is not None and self._is_unfenced(bank, rows[at]):
                self._unfence(bank.endpoint)
            at = take_run(self.gate, state, bank, rows, at, now)
        return at

    def take_bank(self, feed: int, row: Row) -> None:
        """CREATED_BANK: a bank of this feed begins; a second one begins the slot anew."""
        sight = self.sights.open[feed]
        sight.has_lifecycle = True
        if self.floor is None and not sight.is_part:
            self.begin_at(row[1])
        state = self.slot(row[1]) if self.floor is not None else None
        if state is None:
            return
        bank = state.current.get(feed)
        whole, carries = row[4][2] in sight.asked, sight.carried_from(row[4][2])
        if bank is not None and bank.blockhash is None and not bank.store.has_rows(bank.bit):
            bank.began_whole, bank.carries = bank.began_whole or whole, carries
        else:
            if bank is not None or feed in state.dead_on:
                state.dead = None  # the first bank of a feed that lags may be the one that died
            state.open_bank(feed, sight.endpoint, began_whole=whole, carries=carries)
            if bank is not None:
                self.gate.held_bytes -= give_up(state, bank)
                state.evidence = None
                lose_bank(self.gate, state, bank, "its bank was created anew", self.sights.open)
        self._note_parent(state, row)
        self.gate.observed(state, sight.endpoint, row)

    def take_meta(self, feed: int, row: Row, *, replayed: bool, now: float) -> Bank | None:
        """BlockMeta ties the feed's bank to its block. `replayed`: all of the slot came just before, replayed.

        On a feed that began with a replay that is so only if another slot follows before any is announced: the slot
        in flight may bring its BlockMeta before a lifecycle status too. At confirmed, as for recovery, each is whole.
        """
        state = self.slot(row[1]) if self.floor is not None else None
        sight = self.sights.open[feed]
        sight.met(row[4][5])
        if state is None:
            self.gate.tally.stale += 1
            return None
        bank = state.current.get(feed) or self._unannounced_bank(state, feed)
        if bank.blockhash not in (None, row[2]):
            # Another block of this slot on the same feed, whose beginning was not told.
            bank = state.open_bank(feed, sight.endpoint, began_whole=False)
        if sight.unproven is not None and sight.unproven[1] is bank:
            self._prove(sight, *sight.unproven, now)  # the copy before this one was the replay's
        elif replayed and sight.is_replay and not sight.is_repair:
            sight.unproven = (state, bank)
        ends_live = state.number in sight.in_flight
        sight.in_flight.discard(state.number)
        is_whole = sight.is_repair or not (ends_live or sight.is_replay)
        if replayed and is_whole:
            bank.was_replayed(sight.carried_from())
        bank.met_at = bank.met_at or row[5]
        self._tie(state, bank, row, now)
        sight.tied(state.number, covers=bank.covers)
        self.ledger.look_for_parent(state, state.metas[row[2]])
        self._settle(now)
        return bank

    def take_block(self, number: int, origin: int, rows: Sequence[Row], now: float) -> None:
        """A block of an RPC: its rows, its BlockMeta last. `number` is of this answer alone, and below zero."""
        state = self.slot(rows[-1][1])
        if state is None:
            self.gate.tally.stale += 1
            return
        bank = state.open_bank(number, origin, began_whole=True)
        bank.by_rpc = True
        take_run(self.gate, state, bank, rows, 0, now)
        self._tie(state, bank, rows[-1], now)
        self.ledger.look_for_parent(state, state.metas[rows[-1][2]])
        self._settle(now)

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
                state.dead_on.add(feed)
                if (died := state.current.get(feed)) is not None:
                    lose_bank(
                        self.gate, state, died, f"its block is {state.dead}", self.sights.open
                    )
            self.gate.observed(state, self.sights.open[feed].endpoint, row)
            return
        self.gate.reached(state, Commitment.PROCESSED, row[5])
        self.gate.gauges.slot_seen(state.number, now)
        if status >= Commitment.CONFIRMED:
            bank = state.current.get(feed)
            if self.quorum is not None:
                origin = self.sights.open[feed].endpoint
                said = self.quorum.tell(state, origin, bank, Commitment(status), now)
                self._carry_out(state, said, now)
                return self._settle(now)
            blockhash = self.sights.sole_blockhash(state) if bank is None else bank.blockhash
            if blockhash is None or is_denied(self.slots, state.number, blockhash):
                state.told_level = max(state.told_level, status)
                state.told_by.add(feed)
            else:
                self.know(state.number, blockhash, Commitment(status), now)
            self._settle(now)

    def begin_at(self, slot: int) -> None:
        """Make this the first slot of ours; everything below is let go."""
        self.ledger.floor = slot

    def resume(
        self, closed: Sequence[Certificate], still_open: Sequence[tuple[int, int]] = ()
    ) -> None:
        """Go on behind a restart: these were closed; an open block that one of them names is still to be brought."""
        self._expected = self.ledger.resume(closed, still_open)
        for parent, _ in self._expected:
            state = self.slots[parent] = SlotState(parent)  # nobody spoke of it yet: it is no tip
            self.ledger.expect(state)

    def begin(self, now: float) -> None:
        """The clock runs: what closed children say of open blocks counts from now on."""
        for parent, blockhash in self._expected:
            if blockhash is not None:
                self.know(parent, blockhash, Commitment.FINALIZED, now, is_link=True)

    def slot(self, number: int) -> SlotState | None:
        """The state of a slot, made if it is new; None below the floor and when it is closed."""
        state = self.slots.get(number)
        if state is None:
            floor = self.ledger.floor
            if (floor is not None and number < floor) or self.ledger.is_closed(number):
                return None
            if self._is_leap(number):
                return None
            state = self.slots[number] = SlotState(number)
            self.pace.spoken_of(number, self.now)
        return state

    def keep_from(self, slot: int | None, now: float) -> None:
        """The first slot of the replays under way: from there on nothing is given up, however long it takes."""
        if slot != self.ledger.kept_from:
            self.ledger.kept_from = slot
            self._settle(now)

    def replay_asked(self, feed: int) -> None:
        """The feed is to replay. A slot that it is in the middle of, a fork's perhaps, may end before or without it."""
        self.sights.open[feed].in_flight = {
            number
            for number, state in self.slots.items()
            if feed in state.current and state.current[feed].blockhash is None
        }

    def forget_feed(self, feed: int, now: float) -> None:
        """The feed is over: what it had begun will not end."""
        self.sights.end(feed)
        self._settle(now)

    def tick(self, now: float) -> None:
        """Pass over slots that were waited for long enough."""
        if self.quorum is not None:
            for state in self.quorum.due(now):
                self._carry_out(state, self.quorum.verdicts(state, now), now)
        self._settle(now)

    def next_deadline(self) -> float | None:
        """When `tick` has something to do, or None."""
        voices = None if self.quorum is None else self.quorum.next_deadline()
        return earliest(self.gate.next_deadline(), self.ledger.next_deadline(), voices)

    def check(self) -> None:
        """State what always holds; for tests."""
        for number, state in self.slots.items():
            assert number == state.number
            assert self.floor is None or number >= self.floor
            assert not self.ledger.is_closed(number)
            state.check()
        held = sum(state.held_bytes() for state in self.slots.values())
        assert self.gate.held_bytes == held
        self.gate.check()
        self.ledger.check()

    def _data_slot(self, feed: int, number: int) -> SlotState | None:
        """The slot that data are of; None when it is not ours."""
        if (state := self.slots.get(number)) is not None:
            return state
        sight = self.sights.open[feed]
        is_third = sight.is_third(number)
        if self.floor is None:
            if sight.has_lifecycle or not is_third:
                return None
            self.begin_at(number)
        return self.slot(number)

    def _unannounced_bank(self, state: SlotState, feed: int) -> Bank:
        """A bank whose CREATED_BANK did not come on this connection.

        On a server that tells no lifecycle at all, the third slot of a connection and later ones are whole.
        """
        sight = self.sights.open[feed]
        is_third = sight.is_third(state.number)
        if not sight.has_lifecycle and sight.unproven is not None:
            if sight.unproven[0].number < state.number:
                self._prove(sight, *sight.unproven, 0.0)
        whole = is_third and not (sight.has_lifecycle or sight.is_replay or sight.is_part)
        carries = sight.carried_at(state.number)
        return state.open_bank(feed, sight.endpoint, began_whole=whole, carries=carries)

    def _prove(self, sight: Sight, state: SlotState, bank: Bank, now: float) -> None:
        """The slot whose BlockMeta came last in a replay is whole."""
        sight.unproven = None
        bank.began_whole = bank.covers = bank.by_replay = True
        state.evidence = None
        if state.released_level >= Commitment.CONFIRMED and bank.blockhash == state.confirmed:
            self.gate.release_late(state, now)

    def _is_unfenced(self, bank: Bank, row: Row) -> bool:
        """Whether a row after its bank's BlockMeta is the server's way, and no block or part of a replay."""
        known = bank.store.tables[row[0]].get(row[2], 0)
        return row[0] != Kind.BLOCK and not known & bank.bit and self.ledger.kept_from is None

    def _unfence(self, endpoint: int) -> None:
        """Data came after the BlockMeta of its slot: on this endpoint that is no end of a slot (TRAPS 1)."""
        if endpoint not in self.gate.unfenced:
            self.gate.unfenced |= {endpoint}
            for state in self.slots.values():
                state.evidence = None
            self.gate.report(
                "warning", "an endpoint sent data after its block_meta", endpoint=endpoint
            )

    def _is_leap(self, number: int) -> bool:
        if not self.pace.is_leap(number, self.now):
            return False
        if number != self._leapt:
            self._leapt = number
            self.gate.report("error", "a slot far beyond the tip was ignored", slot=number)
        return True

    def _note_parent(self, state: SlotState, row: Row) -> None:
        if state.parent is None:
            state.parent = row[4][0]

    def _tie(self, state: SlotState, bank: Bank, row: Row, now: float) -> None:
        """The bank is the block of this BlockMeta, and all of its rows are here."""
        parent, parent_blockhash, height, transactions, entries, _, digest = row[4]
        meta = Meta(row[2], parent, parent_blockhash, height, transactions, entries, digest)
        if state.metas and row[2] not in state.metas:
            self.gate.gauges.equivocated(state.number, now)
        state.tie(bank, meta)
        take_meta_row(self.gate, state, bank, row)
        told = bank.feed in state.told_by or self.sights.sole_blockhash(state) is not None
        if state.confirmed is None and state.told_level >= Commitment.CONFIRMED and told:
            self.know(state.number, row[2], Commitment(state.told_level), now)
        elif state.confirmed == row[2]:
            link = state.metas[row[2]]
            self._link(state.number, link.parent_slot)
            self.know(*link.parent, Commitment(state.told_level), now, is_link=True)
            if state.released_level >= Commitment.CONFIRMED:
                self.gate.release_late(state, now)
        if self.quorum is not None:
            self._carry_out(state, self.quorum.name(state, bank.endpoint, meta, now), now)

    def know(
        self, number: int, blockhash: str, level: Commitment, now: float, *, is_link: bool = False
    ) -> None:
        """The block of this slot is at `level`; so are its ancestors, as far as parent links are held.

        `is_link`: a child names it, which says more than an endpoint's status does.
        """
        while (state := self.slot(number)) is not None:
            if self.quorum is not None and not self.quorum.accepts(state, blockhash, level, now):
                return
            before = state.confirmed
            if is_link and before != blockhash and state.released_level < Commitment.CONFIRMED:
                state.confirmed = state.evidence = None  # a status was misread; nothing came of it
            disputed = state.confirmed not in (None, blockhash)
            if disputed and self._keeps_first(state, blockhash, level, now):
                return
            finalizes = level == Commitment.FINALIZED and not state.finalized
            if state.confirmed is not None and not finalizes:
                return
            state.told_level = max(state.told_level, level)
            if state.confirmed is None:
                state.confirm(blockhash)
                confirm(self.gate, state)
                if before is None:
                    self.gate.admit(state, Commitment.CONFIRMED, now)
            if finalizes:
                state.finalized = True
                state.finalized_at = now
                self.root = max(self.root, number)
                self.gate.admit(state, Commitment.FINALIZED, now)
            self.ledger.changed(number)
            self.gate.reached(state, level, 0)
            meta = state.metas.get(blockhash)
            if meta is None:
                self.ledger.missing(state)
                return
            self._link(number, meta.parent_slot)
            number, blockhash, is_link = meta.parent_slot, meta.parent_blockhash, True
        self.ledger.forgotten.name(number, blockhash, level)
        self.given_up.name(number, blockhash, level)

    def _keeps_first(self, state: SlotState, second: str, level: Commitment, now: float) -> bool:
        """Two blocks of one slot were called confirmed; only a finalized one takes the place of the first."""
        facts = {"slot": state.number, "first": state.confirmed, "second": second}
        self.gate.report("critical", "two blockhashes were confirmed for one slot", **facts)
        self.gate.gauges.disagreed(now)
        if level < Commitment.FINALIZED or state.finalized:
            return True
        self.gate.change_block(state, second, now)
        return False

    def _carry_out(self, state: SlotState, verdicts: Iterable[Verdict], now: float) -> None:
        for blockhash, level in verdicts:
            self.know(state.number, blockhash, level, now, is_link=True)

    def _link(self, number: int, parent: int) -> None:
        if parent + 1 < number:
            self.links.append((parent + 1, number))
            passed = range(parent + 1, number)
            pass_by(self.gate, self.slots, passed, f"parent link of {number}")

    def _settle(self, now: float) -> None:
        self.gate.pump(now, self.ledger.precedes)
        self.ledger.close(now)
