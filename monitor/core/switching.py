"""Changes the level at which monitors that name none are released, without a seam.

A switch holds from a slot on, so that every slot is released once to each of them. Tightening begins at the first slot
of which they had nothing; what is older ends at the old level. Loosening begins behind the last slot that was released
at the old level, and what is held from there on is released at once. A `commitment` event of each monitor says so
before any event of the new level.
"""

from collections.abc import Iterable, Iterator, Sequence

from monitor.core import at_once
from monitor.core.chain import Commitment
from monitor.core.commands import Certify, Command, KeepSwitch, Release
from monitor.core.commitment import Adapting, Decision, LevelPolicy, LevelStrategy
from monitor.core.join import Join
from monitor.core.level_history import Switch
from monitor.core.monitors import Monitor
from monitor.core.slots import SlotState


class Switching:
    """Decides, and carries out."""

    def __init__(self, join: Join, monitors: Sequence[Monitor], policy: LevelPolicy) -> None:
        self.adapting = Adapting(policy, join.gate.history.level, 0.0)
        self.policy = policy
        self._join, self._gate, self._slots = join, join.gate, join.slots
        self._followers = {i: m.name for i, m in enumerate(monitors) if m.commitment is None}
        self._mask = sum(1 << i for i in self._followers)
        self._resumed = 0  # first slot after a restart
        self._looked_at = 0.0
        self.open_feeds: set[int] = set()
        """Those that servers accepted; kept by the kernel."""

    @property
    def level(self) -> Commitment:
        """Of the newest slots, for monitors that name none."""
        return self._gate.history.level

    @property
    def since(self) -> int:
        """The first slot of that level; -1 while it has never changed."""
        return self._gate.history.since

    def begin(
        self, switches: Iterable[Switch], resume_slot: int | None, now: float
    ) -> Iterator[Command]:
        """The daemon starts to watch. The configuration may not allow the level that an earlier process had.

        `switches`: those of slots in flight; who was not told of one before the start is told now.
        """
        self._resumed = resume_slot or 0
        for switch in switches:
            if switch.first_slot >= self._resumed and switch.level != switch.came_from:
                self._tell(switch)
        self._gate.gauges.begin(now)
        self._looked_at = now
        policy = self.policy
        is_fixed = policy.strategy is LevelStrategy.FIXED
        wanted = policy.base if is_fixed else min(max(self.level, policy.lowest), policy.highest)
        yield from self.pin(wanted, "the configuration says so", now)
        self.adapting.pin(None, "", now)

    def pin(self, level: Commitment | None, reason: str, now: float) -> Iterator[Command]:
        """An operator says the level; None: the policy decides again."""
        yield from self._carry_out(self.adapting.pin(level, reason, now), now)

    def look(self, now: float) -> Iterator[Command]:
        """Decide anew, if it is time to."""
        due = self.adapting.next_deadline()
        if due is not None and now >= due:
            gauges = self._gate.gauges
            if not self.open_feeds:  # an outage of ours is no halt of the chain
                gauges.excuse(now - self._looked_at, now)
            self._looked_at = now
            conditions = gauges.conditions(now)
            yield from self._carry_out(self.adapting.decide(conditions, now), now)

    def next_deadline(self) -> float | None:
        """When `look` has something to decide; None where the level is fixed."""
        return self.adapting.next_deadline()

    def note(self, commands: Sequence[Command], now: float) -> None:
        """What came of an event: events that were handed on, and slots that were closed."""
        gauges = self._gate.gauges
        for command in commands:
            if isinstance(command, Release):
                is_chosen = command.commitment is self.level
                stamp = _first_stamp(command) if is_chosen else 0
                gauges.released(len(command.released), now - stamp / 1e9 if stamp else None, now)
            elif isinstance(command, Certify):
                for certificate in command.certificates:
                    gauges.ended(certificate.end, now)

    def _carry_out(self, decision: Decision | None, now: float) -> Iterator[Command]:
        if decision is not None and decision.level != self.level:
            yield from self._switch(decision.level, decision.reason, now)

    def _switch(self, level: Commitment, reason: str, now: float) -> Iterator[Command]:
        gate, before = self._gate, self.level
        first = self._first_slot(before, level)
        gate.close_level()
        gate.history.switch(first, level)
        gate.history.forget_below(self._lowest_open())
        self._tell(Switch(first, level, before, reason))
        gate.report(
            "warning" if level > before else "info",
            "the commitment changed",
            first_slot=first,
            came_from=before.name.lower(),
            commitment=level.name.lower(),
            why=reason,
        )
        yield KeepSwitch(Switch(first, level, before, reason))
        if level < before and self._mask:
            for number in sorted(n for n in self._slots if n >= first):
                self._release_held(self._slots[number], level, now)

    def _tell(self, switch: Switch) -> None:
        for i, name in self._followers.items():
            extra = (name, int(switch.came_from), switch.reason)
            self._gate.tell_switch(switch.first_slot, switch.level, 1 << i, extra)

    def _first_slot(self, before: Commitment, level: Commitment) -> int:
        gate = self._gate
        had = gate.top_at_once if before == Commitment.PROCESSED else gate.frontier[before]
        first = max(had, *gate.inherited_top, self._resumed - 1, gate.history.since) + 1
        return max(first, self._lowest_open())

    def _lowest_open(self) -> int:
        """Of slots below it nothing is handed on any more."""
        ledger = self._join.ledger
        return 0 if ledger.floor is None else ledger.first_open(ledger.floor)

    def _release_held(self, state: SlotState, level: Commitment, now: float) -> None:
        """The slot waited for the level before; these monitors get what they would have had at the new one."""
        gate = self._gate
        is_released = state.released_level >= Commitment.CONFIRMED
        if level == Commitment.PROCESSED:
            evidence = gate.evidence(state, now) if is_released else None
            at_once.give_all(gate, state, self._mask, evidence)
        elif is_released:
            gate.hand_on_again(state, self._mask, now)


def _first_stamp(release: Release) -> int:
    """When the first of its events came that came as a frame; 0: none did."""
    return next((stamp for *_, row in release.released if (stamp := row[5])), 0)
