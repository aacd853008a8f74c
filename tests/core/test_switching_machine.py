"""The kernel under anything that feeds may do, while operators and the policy change the commitment.

As in `test_kernel_machine`, but two of the monitors name no level: in each slot they are at one level, from the switch
on that this slot follows, and they were told of that switch before.
"""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from typing_extensions import override

from monitor.core.certificates import CLOSED
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Command, KeepSwitch, Released
from monitor.core.commitment import LevelPolicy, LevelStrategy
from monitor.core.events import LevelPinned
from monitor.core.level_history import Switch
from monitor.core.monitors import Monitor
from monitor.core.policy import Policy
from tests.core.test_kernel_machine import (
    BROUGHT,
    FEED,
    POLICIES,
    STEPS,
    KernelMachine,
    identity_at,
    monitors,
)

FOLLOWERS = 0b011
LEVEL = st.sampled_from(Commitment)


def adaptive(base: Commitment) -> LevelPolicy:
    """Within no bounds."""
    return LevelPolicy(LevelStrategy.ADAPTIVE, base, Commitment.PROCESSED, Commitment.FINALIZED)


class SwitchingMachine(KernelMachine):
    """Two monitors that follow, one with a level of its own. What is kept by level there is kept by monitor here."""

    @initialize(
        policy=POLICIES,
        base=LEVEL,
        own=LEVEL,
        is_adaptive=st.booleans(),
        accounts=st.booleans(),
        entries=st.booleans(),
    )
    @override
    def starts(
        self,
        policy: Policy,
        base: Commitment,
        own: Commitment,
        is_adaptive: bool,
        accounts: bool,
        entries: bool,
    ) -> None:
        self.own = own
        self.switches = [Switch(-1, base, base, "")]
        """The first stands for the beginning."""
        self.told_of: list[list[Switch]] = [self.switches[:], self.switches[:], []]
        """By monitor."""
        self.versions: list[dict[int, int]] = [{}, {}, {}]
        """By monitor and slot."""
        levels = adaptive(base) if is_adaptive else None
        super().starts(replace(policy, commitment=base, levels=levels), accounts, entries)

    @rule(level=st.sampled_from([*Commitment, None]))
    def pins(self, level: Commitment | None) -> None:
        self._do(self.kernel.handle(LevelPinned(level, "an operator says so"), self.now))

    @rule(
        endpoints=st.sets(FEED, min_size=1),
        back=st.integers(0, 2),
        count=st.integers(1, 4),
        brought=BROUGHT,
        told=st.sampled_from([*Commitment, Commitment.FINALIZED]),
    )
    def brings_slots_about_the_switch(
        self, endpoints: set[int], back: int, count: int, brought: Sequence[int], told: Commitment
    ) -> None:
        first = max(1, self.switches[-1].first_slot - back)
        for endpoint in sorted(endpoints):
            for slot in range(first, first + count):
                self._says(endpoint, *self._slot(endpoint, slot, "", 1, brought, told, high=True))

    @override
    def _monitors(self) -> list[Monitor]:
        first = monitors(accounts=self.takes_accounts, entries=self.takes_entries)[0]
        return [
            replace(first, name=name, commitment=level)
            for name, level in (("follows", None), ("also", None), ("own", self.own))
        ]

    @override
    def _do(self, commands: Sequence[Command]) -> None:
        super()._do(commands)
        assert all(self.told_of[i] == self.switches for i in (0, 1)), "not told of a switch"
        assert self.kernel.switching.level == self.switches[-1].level

    @override
    def _is_asked(self, command: Command) -> None:
        super()._is_asked(command)
        if isinstance(command, KeepSwitch):
            before, switch = self.switches[-1], command.switch
            assert switch.first_slot > before.first_slot, "two switches at one slot"
            assert switch.came_from == before.level != switch.level
            self.switches.append(switch)

    @override
    def _gets(self, level: Commitment, released: Released) -> None:
        mask, row = released[0], released[5]
        note(f"{level.name} {mask:03b} {row[1]} {Kind(row[0]).name} {row[2]!r} v{released[3]}")
        assert mask
        for monitor in range(3):
            if mask >> monitor & 1:
                self._one_gets(monitor, level, released)

    def _one_gets(self, monitor: int, level: Commitment, released: Released) -> None:
        row, version = released[5], released[3]
        kind, slot, key = row[:3]
        if kind == Kind.COMMITMENT:
            self._is_told(monitor, level, released)
            return
        before = self.certificates.get(slot)
        assert before is None or before.end not in CLOSED, "handed on after its slot was closed"
        if kind == Kind.SLOT and row[4][2] is True:
            assert (slot, key) not in self.observed[monitor], "observed twice"
            self.observed[monitor].add((slot, key))
            return
        switch = self._switch_of(monitor, slot)
        assert level == switch.level, "at another level than the slot's"
        assert switch in self.told_of[monitor] or monitor == 2, "before it was told of the switch"
        given = self.given[monitor].setdefault(slot, set())
        assert version == self.versions[monitor].setdefault(slot, version), "of another version"
        if kind == Kind.UNDO:
            assert key == version
            assert given, "taken back, and nothing was handed on"
            given.clear()
            self.versions[monitor][slot] += 1
            return
        event = (kind, identity_at(level, kind, key))
        assert event not in given, "handed on twice"
        given.add(event)
        if level > Commitment.PROCESSED:
            assert slot in self._ancestry(self.told[level - 1]), "handed on before its level"

    def _is_told(self, monitor: int, level: Commitment, released: Released) -> None:
        row = released[5]
        name, came_from, reason = row[4]
        assert released[0] == 1 << monitor == row[3], "a record of several monitors"
        assert name == ("follows", "also")[monitor]
        assert level == row[2]
        switch = Switch(row[1], level, Commitment(came_from), reason)
        assert switch == self.switches[len(self.told_of[monitor])], "not the switch that was kept"
        self.told_of[monitor].append(switch)

    def _switch_of(self, monitor: int, slot: int) -> Switch:
        """The one that says at which level the monitor is in this slot."""
        if not FOLLOWERS >> monitor & 1:
            return Switch(-1, self.own, self.own, "")
        return next(switch for switch in reversed(self.switches) if switch.first_slot <= slot)


TestSwitching = SwitchingMachine.TestCase
TestSwitching.settings = settings(stateful_step_count=STEPS)
