"""The slot ledger: closes every slot by proof, and says how far nothing is open (DESIGN 5).

How this works. A finalized block speaks for itself and for the slots that its parent link jumps over: those are
skipped, forked or dead, and nothing else proves it. Its certificate is made when every open feed has passed the
slot, or `hold` seconds after it was known to be final: complete when all that was asked for is held, else partial,
which stays open. A closed slot collapses into a range: nothing of it is handed on again. A block that is named as
parent and that nobody brought is a gap; what lies between it and the last finalized block below is partial too,
unless block heights show that no block lies there.
"""

from bisect import insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter

from monitor.core.at_once import pass_by
from monitor.core.banks import Meta
from monitor.core.certificates import CLOSED, Certificate, Coverage, SlotEnd
from monitor.core.certified import Certified
from monitor.core.certifying import complete_or_partial, lost, off_chain, speaks_for_none
from monitor.core.chain import Commitment
from monitor.core.children import Child, Children
from monitor.core.commands import Certify, Command, Settled
from monitor.core.coverage import BlockCount
from monitor.core.forgotten import Forgotten
from monitor.core.gate import Gate
from monitor.core.ranges import Ranges
from monitor.core.sights import Sights
from monitor.core.skips import Skips
from monitor.core.slots import SlotState
from monitor.core.unspoken import Unspoken


class Ledger:
    """What became of every slot of ours."""

    def __init__(
        self, gate: Gate, slots: dict[int, SlotState], sights: Sights, *, floor: int | None
    ) -> None:
        self.floor = floor
        """First slot of ours."""
        self.gaps = 0
        """Slots that ever had a partial certificate, completed since or not."""
        self.kept_from: int | None = None
        """First slot of a replay under way: from there on no slot is certified partial, and none is forgotten."""
        self.ended: list[int] = []
        """Slots that were closed since somebody looked."""
        self.wanted: list[tuple[int, bool]] = []
        """Slots that were certified partial since somebody looked, and whether each is known to hold a block."""
        self.on_close: Callable[[SlotState, float], object] = lambda state, now: None
        """Is shown every slot that is whole, before it is let go."""
        self._gate, self._slots, self._sights = gate, slots, sights
        self._closed = Ranges()
        self._passed = Ranges()  # lost slots that hold the frontier back no more
        self._certified = Certified()
        self.skips = Skips(self._certified, self._closed, gate.tally)
        self.forgotten = Forgotten(gate, slots)
        self.children = Children(gate)
        self._partial = gate.left_open  # what certificates say that leave slots open
        self._early: set[int] = set()  # lost before it was known to be final, if it ever is
        self._open: list[SlotState] = []  # finalized and handed on, not closed
        self._named: list[SlotState] = []  # by blocks that were closed before a restart
        self._named_until: float | None = None
        self._unspoken = Unspoken()
        self._blocks = BlockCount()
        self._settled = -1
        self._out: list[Certificate] = []

    def resume(
        self, closed: Sequence[Certificate], still_open: Sequence[tuple[int, int]] = ()
    ) -> list[tuple[int, str | None]]:
        """Go on with what was closed before a restart, and all below the floor but `still_open`.

        Answers the parents of these blocks that are ours and not closed, and their blockhashes as far as stored.
        """
        if still_open and self.floor is not None:
            lowest = min(first for first, _ in still_open)
            self._closed.add(lowest, self.floor)
            self._certified.add(lowest, self.floor)
            self.floor, self._blocks.since = lowest, self.floor
            for first, end in still_open:
                self._gate.tally.close(SlotEnd.PARTIAL, end - first)
                self._closed.remove(first, end)
                self.forgotten.ranges.add(first, end)
                self._partial.update(dict.fromkeys(range(first, end), SlotEnd.PARTIAL))
        self._certified.resume(closed)
        for certificate in closed:
            slot = certificate.slot
            self._closed.add(slot, slot + 1)
            if certificate.blockhash is not None:
                self._blocks.since = min(self._blocks.since, slot)
                self._blocks.complete(slot, certificate.block_height)
        named = {c.parent_slot: c for c in closed if c.parent_slot is not None}
        missing = sorted(slot for slot in named if not self._is_accounted(slot))
        self.children.resume(named[slot] for slot in missing)
        return [(slot, named[slot].parent_blockhash) for slot in missing]

    def expect(self, state: SlotState) -> None:
        """A block of the finalized chain of which no more is known: a closed child names it."""
        state.told_level = Commitment.FINALIZED
        self._named.append(state)

    def is_closed(self, slot: int) -> bool:
        """Whether nothing of this slot is taken any more."""
        return slot in self._closed or slot in self.forgotten.ranges

    def precedes(self, state: SlotState) -> bool:
        """Whether what comes before this confirmed slot has been handed on, or is none of ours."""
        meta = state.metas.get(state.confirmed or "")
        if meta is None or self._is_accounted(meta.parent_slot):
            return True
        parent = self._slots.get(meta.parent_slot)
        return parent is not None and parent.released_level >= Commitment.CONFIRMED

    def look_for_parent(self, state: SlotState, meta: Meta) -> None:
        """A block came: if nobody can still bring the one that it names as parent, that one is missing."""
        slot = meta.parent_slot
        if self.floor is None or slot < self.floor or slot in self._closed:
            return
        parent = self._slots.get(slot)
        if parent is not None and meta.parent_blockhash in parent.metas:
            return
        self.children.name(slot, Child(state.number, meta.block_height))
        if self._sights.have_passed(slot) and slot not in self.forgotten.ranges:
            if parent is None:
                parent = self._slots[slot] = SlotState(slot)
            self.children.tell(slot, meta.parent_blockhash)

    def missing(self, state: SlotState) -> None:
        """A confirmed block of which no BlockMeta has come."""
        self.children.tell(state.number, state.confirmed)

    def close(self, now: float) -> None:
        """Certify what can be certified now."""
        if self._gate.finalized:
            self._open = sorted(self._open + self._gate.finalized, key=attrgetter("number"))
            self._gate.finalized = []
        still_open = []
        for state in self._open:
            if state.number not in self._slots:
                continue
            is_over = self._gate.is_hopeless(state) or now >= self._due(state)
            is_ripe = is_over or self._sights.have_passed(state.number)
            if is_ripe and self._gate.evidence(state, now).whole:
                self._close(state, now)
                continue
            if is_over and self._may_give_up(state):
                self._certify_partial(state, now)
            still_open.append(state)
        self._open = still_open
        if self._named:
            self._wait_for_named(now)
        for number in (n for n in self._unspoken.take() if n not in self._certified):
            self._certify(speaks_for_none(number, self._slots.get(number)))

    def collect(self) -> Iterator[Command]:
        """Certificates made so far, and how far all slots have one. Emptied by reading."""
        yield from (skipped := self.skips.collect())
        late, self._gate.late = self._gate.late & self._partial.keys(), set()
        if self.floor is None or not (self._out or late or skipped):
            return
        out, self._out = self._out, []
        late.update([each.slot for each in out])
        yield Certify(out, self.forgotten.packed(late, self._partial))
        settled = self._certified.first_absent(self.floor) - 1
        if settled > self._settled and settled >= self.floor:
            self._settled = settled
            forgotten = self._forget(settled)
            if forgotten:
                yield Certify([], forgotten)
            yield Settled(settled)

    def next_deadline(self) -> float | None:
        """When `close` will certify a slot that it waits with, or None."""
        if self._unspoken.is_due:
            return 0.0
        due = [self._due(state) for state in self._open if self._may_give_up(state)]
        if self._named_until is not None and any(map(self._may_give_up, self._named)):
            due.append(self._named_until)
        return min(due) if due else None

    def excuse(self, paused: float) -> None:
        """Give slots that wait for their certificate this time back."""
        for state in self._open:
            state.finalized_at += paused

    def first_open(self, slot: int) -> int:
        """The lowest slot from this one on that is not closed."""
        return self._closed.first_absent(slot)

    def frontier(self) -> int | None:
        """Highest slot up to which all of ours are closed; None while the first is open."""
        if self.floor is None:
            return None
        end = self._closed.first_absent(self.floor)
        while end in self._passed:
            end = self._closed.first_absent(self._passed.first_absent(end))
        return end - 1 if end > self.floor else None

    def closed_between(self, first: int, end: int) -> int:
        """How many of the slots first..end-1 are closed."""
        return sum(stop - begin for begin, stop in self._closed.between(first, end))

    def unknown_below(self, slot: int) -> Iterator[tuple[int, int]]:
        """What is not closed below this slot, down to where a BlockMeta came or a certificate tells: first, end."""
        known = max((n for n, s in self._slots.items() if n < slot and s.metas), default=-1)
        first = max(known + 1, self.floor or 0, self._certified.below(slot) + 1)
        return self._closed.gaps(first, slot)

    def lose(self, slot: int) -> None:
        """Every rung failed."""
        state = self._slots.get(slot)
        held = "nothing of it came" if state is None or not state.banks else "a part of it is held"
        if state is None or state.certified is None:
            self._early.add(slot)
        self._certify(lost(slot, state, f"no rung of recovery brought it; {held}"))

    def sign_off(self, slot: int, reason: str) -> None:
        """A person takes a lost slot for what it is: nothing waits for it any more."""
        state = self._slots.get(slot)
        self._certify(lost(slot, state, f"signed off: {reason}"))
        self._partial.pop(slot, None)
        if state is not None:
            self._drop(state)
        else:
            self._shut(slot)

    def height_of(self, slot: int) -> int | None:
        """Of a block that was closed of late or that its child names; None: nobody knows."""
        known = self._blocks.height_of(slot)
        return self.children.height_of(slot) if known is None else known

    def open_slots(self) -> int:
        """Slots whose certificate says partial or lost."""
        return len(self._partial)

    def coverage(self) -> Coverage | None:
        """How much of the finalized chain is held whole; None before the first block is closed."""
        known = sum(s.finalized for s in self._open if s.number in self._partial)
        return self._blocks.coverage(known + self.forgotten.count_from(self._blocks.since))

    def check(self) -> None:
        """State what always holds; for tests."""
        for first, end in self._closed:
            assert all(slot in self._certified for slot in (first, end - 1))
        assert all(slot in self._certified and slot not in self._closed for slot in self._partial)
        assert self.floor is None or all(slot >= self.floor for slot in self._partial)
        numbers = [state.number for state in self._open]
        assert numbers == sorted(set(numbers))

    def _is_accounted(self, slot: int) -> bool:
        return self.floor is None or slot < self.floor or self.is_closed(slot)

    def _due(self, state: SlotState) -> float:
        return state.finalized_at + self._gate.terms.hold

    def _may_give_up(self, state: SlotState) -> bool:
        is_kept = self.kept_from is not None and state.number >= self.kept_from
        return not is_kept and (state.certified is None or state.number in self._early)

    def _close(self, state: SlotState, now: float) -> None:
        evidence, number = self._gate.evidence(state, now), state.number
        self.on_close(state, now)
        if number in self._partial:
            self._gate.report("info", "a partial slot was completed", slot=number)
        self._certify(complete_or_partial(state, evidence, self._gate, self._sights))
        meta = state.metas[state.confirmed or ""]
        self._blocks.complete(number, meta.block_height)
        self._drop(state)
        self.close_off_chain(meta.parent_slot + 1, number, f"parent link of {number}")

    def close_off_chain(self, first: int, end: int, proof: str) -> None:
        """The chain has no block in these slots, `end` excluded."""
        floor = end if self.floor is None else self.floor
        pass_by(self._gate, self._slots, range(first, end), proof, is_final=True)
        for number in list(self._closed.absent(max(first, floor), end)):
            state = self._slots.get(number)
            if state is not None and state.confirmed is not None:
                self._gate.report(
                    "critical", "a confirmed block is not on the finalized chain", slot=number
                )
                if state.finalized:
                    continue  # two finalized blocks contradict each other: nothing is proven
            self._certify(off_chain(number, state, proof))
            self.children.retract(number)
            if state is not None:
                self._drop(state)
            else:
                self._shut(number)

    def _certify_partial(self, state: SlotState, now: float) -> None:
        number = state.number
        if number in self._early:
            self._early.discard(number)
            state.certified = speaks_for_none(number, state)  # it stays lost, and its link counts
        else:
            found = self._gate.evidence(state, now)
            self._certify(complete_or_partial(state, found, self._gate, self._sights))
            self._gate.report("error", "a slot was certified partial", slot=number, why=found.proof)
        meta = state.metas.get(state.confirmed or "")
        height = self.children.height_of(number) if meta is None else meta.block_height
        if height is not None:
            self._blocks.produced(number, height)
        if meta is not None:
            self.close_off_chain(meta.parent_slot + 1, number, f"parent link of {number}")
        else:
            self._close_below_gap(state.number)

    def _wait_for_named(self, now: float) -> None:
        """What no replay brings within `hold` is partial, else nothing behind it would ever be settled."""
        self._named_until = self._named_until or now + self._gate.terms.hold
        self._named = [s for s in self._named if s.confirmed is None and s.number in self._slots]
        if now < self._named_until:
            return
        for state in filter(self._may_give_up, self._named):
            self._certify(speaks_for_none(state.number, state))
            self._close_below_gap(state.number)
        self._named = [state for state in self._named if state.certified is None]

    def _close_below_gap(self, gap: int) -> None:
        """No parent link tells what lies between this missing block and the last finalized one below it."""
        floor = gap if self.floor is None else self.floor
        before = max((n for n, s in self._slots.items() if n < gap and s.finalized), default=-1)
        before = max(before, self._certified.below(gap))
        between = list(self._certified.absent(max(before + 1, floor), gap))
        child = self.children.get(gap)
        height = self._blocks.height_of(before)
        if child is not None and child.height is not None and height == child.height - 2:
            proof = f"block heights of {before} and {child.slot}"
            self.close_off_chain(before + 1, gap, proof)
            return
        if between:
            ends = {"from_slot": between[0], "to_slot": between[-1] + 1}
            self._unspoken.add(*ends.values())
            self._gate.report("error", "no finalized block speaks for these slots", **ends)

    def _certify(self, certificate: Certificate) -> None:
        number = certificate.slot
        state = self._slots.get(number)
        is_open = certificate.end not in CLOSED
        if number in self._partial:
            self._gate.tally.close(self._partial[number], -1)
        elif is_open:
            self.gaps += 1
        if is_open:
            self._partial[number] = certificate.end
            if certificate.end == SlotEnd.PARTIAL:
                self.wanted.append((number, state is not None and state.is_named()))
        else:
            self._partial.pop(number, None)
            self.children.forget(number)
            self.ended.append(number)
        if state is not None:
            state.certified = certificate
        self._certified.add(number, number + 1)
        self._gate.tally.close(certificate.end)
        self._out.append(certificate)

    def _drop(self, state: SlotState) -> None:
        self._gate.drop(state)
        del self._slots[state.number]
        self._shut(state.number)

    def _shut(self, slot: int) -> None:
        self._closed.add(slot, slot + 1)
        self.forgotten.ranges.remove(slot, slot + 1)
        self._early.discard(slot)

    def _forget(self, settled: int) -> Mapping[int, bytes]:
        """Keep no more of open slots than is bounded, and no spans that nobody asks for."""
        below = settled if self.kept_from is None else min(settled, self.kept_from - 1)
        known = dict(self._slots)
        given = self.forgotten.forget(below)
        if given:
            self._open = [state for state in self._open if state.number in self._slots]
        for number in given:
            self.wanted.append((number, known[number].is_named()))  # else nobody would speak of it
        self._sights.forget_below(min(settled, min(self._slots, default=settled)))
        return given

    def take_back(self, slot: int, packed: bytes | None, now: float) -> SlotState | None:
        """Work begins on a forgotten slot. `packed`: what `Certify` had stored of it. None: it is not forgotten."""
        state = self.forgotten.take_back(slot, packed)
        if state is None:
            return None
        state.certified = speaks_for_none(slot, state)
        for level in (Commitment.CONFIRMED, Commitment.FINALIZED) if state.confirmed else ():
            if state.released_level < level <= state.told_level:
                self._gate.admit(state, level, now)
        if state.released_level == Commitment.FINALIZED:
            insort(self._open, state, key=attrgetter("number"))
        return state

    def changed(self, slot: int) -> None:
        """More is known of the slot: if its certificate leaves it open, that is to be stored as well."""
        if slot in self._partial:
            self._gate.late.add(slot)

    def pass_by(self, first: int, end: int) -> None:
        """These lost slots hold the frontier back no more."""
        self._passed.add(first, end)
