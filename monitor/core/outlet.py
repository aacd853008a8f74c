"""What is handed on, at which level and of which version: the gate says when.

Every event of a slot bears the version of its level: how many blocks of this slot monitors of that level had to take
back before. An `undo` takes back one version, and nothing of it comes afterwards. What is told of a slot's life, and
not of a block, belongs to no version.
"""

from collections.abc import Iterable, Iterator, Mapping

from monitor.core.banks import Held, nothing
from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Command, Release, Released, Report
from monitor.core.events import Row
from monitor.core.level_history import LevelHistory
from monitor.core.slots import SlotState
from monitor.core.tally import Tally


class Outlet:
    """Releases of all levels, gathered until the kernel collects them."""

    def __init__(self, history: LevelHistory, tally: Tally) -> None:
        self.history = history
        self.tally = tally
        self.left_open: dict[int, SlotEnd] = {}
        """Slots that have a certificate which leaves them open; the ledger's."""
        self.late: set[int] = set()
        """Slots of which events were handed on after their certificate or release, since the ledger last looked."""
        self.top_at_once = -1
        """Highest slot of which monitors at processed had something."""
        self.inherited_top = [-1, -1, -1]
        """By level: highest slot of which an earlier process handed something on."""
        self.out: tuple[list[Released], list[Released], list[Released]] = ([], [], [])
        """By level. What is put here directly is put into `Told` as well."""
        self._before: list[Command] = []
        """What comes before all of these."""

    def report(self, level: str, sentence: str, **facts: object) -> None:
        """Say something in the log, before the releases."""
        self._before.append(Report(level, sentence, facts))

    def collect(self) -> Iterator[Command]:
        """What is to be done after the events so far: reports, then releases by level. Emptied by reading."""
        if self._before:
            before, self._before = self._before, []
            yield from before
        yield from self._taken()

    def close_level(self) -> None:
        """What was handed on so far comes before all that follows, at whatever level."""
        self._before += self._taken()

    def _taken(self) -> Iterator[Command]:
        out = self.out
        if out[0] or out[1] or out[2]:
            self.out = ([], [], [])
            if self.left_open:  # seldom: nothing is asked of each row otherwise
                self.late.update({each[5][1] for each in out[0]} & self.left_open.keys())
            for level in Commitment:
                if out[level]:
                    yield Release(level, out[level])

    def hand_on(
        self, state: SlotState, level: Commitment, held: Iterable[Held], wanted: int, *, late: bool
    ) -> None:
        """These rows of the slot, to those of the `wanted` monitors that want each."""
        told = state.told
        blockhash, version = state.confirmed, told.versions[level]
        given = [
            (row[3] & wanted, endpoint, late, version, blockhash, row)
            for endpoint, row in held
            if row[3] & wanted
        ]
        if given:
            self.out[level].extend(given)
            self._note(state, level, wanted)

    def hand_on_states(
        self, rows: Iterable[Row], origin: int, slots: Mapping[int, SlotState]
    ) -> None:
        """Account states that were read in place of lost writes."""
        for row in rows:
            levels = self.history.of(row[1])
            state = slots.get(row[1])
            versions = (0, 0, 0) if state is None else state.told.versions
            for level in Commitment:
                mask = row[3] & levels.at[level]
                if mask:
                    self.out[level].append((mask, origin, True, versions[level], None, row))

    def observed(self, state: SlotState, endpoint: int, row: Row) -> None:
        """A lifecycle status: the first arrival goes to whoever asked, at any level, unordered."""
        bit = 1 << row[2]
        if state.statuses & bit:
            return
        state.statuses |= bit
        parent, dead_error, _ = row[4]
        made: Row = (row[0], row[1], row[2], row[3], (parent, dead_error, True), row[5], None)
        levels = self.history.of(state.number)
        for level in Commitment:
            mask = levels.slots[level][row[2]]
            if mask:
                self.out[level].append((mask, endpoint, False, 0, None, made))

    def reached(self, state: SlotState, level: Commitment, stamp: int) -> None:
        """The slot is at `level`: monitors at processed get its `slot` events up to it, each once."""
        if state.told.is_passed_by:
            return
        masks = None
        for status in Commitment:
            bit = 1 << status
            if status > level or state.statuses & bit:
                continue
            state.statuses |= bit
            masks = masks or self.history.of(state.number).slots[Commitment.PROCESSED]
            if masks[status]:
                self.tell_status(state, Commitment.PROCESSED, status, masks[status], stamp=stamp)

    def tell_status(
        self,
        state: SlotState,
        level: Commitment,
        status: Commitment,
        mask: int,
        *,
        stamp: int = 0,
        late: bool = False,
    ) -> None:
        """One `slot` event of the ledger's."""
        meta = state.metas.get(state.confirmed) if state.confirmed is not None else None
        parent = meta.parent_slot if meta is not None else state.parent
        row: Row = (Kind.SLOT, state.number, int(status), 0, (parent, None, False), stamp, None)
        version = state.told.versions[level]
        self.out[level].append((mask, -1, late, version, state.confirmed, row))
        self._note(state, level, mask)

    def undo(self, state: SlotState, level: Commitment, reason: str) -> None:
        """Take back what monitors of this level had of the slot, if anything; what comes is the next version."""
        told = state.told
        mask, told.masks[level] = told.masks[level], 0
        if level == Commitment.PROCESSED:
            state.given_at_once = nothing()
            state.statuses &= ~0b111
        else:
            state.forget_given(level)
        told.inherited[level] = None
        if not mask:
            return
        blockhash = told.blockhash_of(state, level)
        self.tell_undone(state.number, level, told.versions[level], mask, (blockhash, reason))
        told.versions[level] += 1
        self.tally.undos += 1
        facts = {"slot": state.number, "commitment": level.name.lower(), "why": reason}
        self.report("info", "events of a slot were taken back", **facts)

    def tell_undone(
        self,
        slot: int,
        level: Commitment,
        version: int,
        mask: int,
        extra: tuple[str | None, str],
    ) -> None:
        """One `undo`; `extra`: blockhash, and why."""
        row: Row = (Kind.UNDO, slot, version, mask, extra, 0, None)
        self.out[level].append((mask, -1, False, version, extra[0], row))

    def tell_switch(
        self, slot: int, level: Commitment, mask: int, extra: tuple[str, int, str]
    ) -> None:
        """One `commitment` event; `extra`: the monitor's name, the level before, and why."""
        row: Row = (Kind.COMMITMENT, slot, int(level), mask, extra, 0, None)
        self.out[level].append((mask, -1, False, 0, None, row))

    def _note(self, state: SlotState, level: Commitment, mask: int) -> None:
        state.told.masks[level] |= mask
        if level == Commitment.PROCESSED and state.number > self.top_at_once:
            self.top_at_once = state.number
