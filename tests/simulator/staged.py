"""A scenario without sockets: regions and RPCs as the simulator makes them, and its faults in virtual time."""

from collections.abc import Mapping
from typing import Any

from monitor.core.errors import FaultRefused
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.options import SimulateOptions, rpc_names
from monitor.simulator.region import Refused, Region
from monitor.simulator.rpc_faults import RpcFaults
from monitor.simulator.session import Session
from monitor.simulator.timed_faults import ALL_REGIONS, Agenda
from tests.simulator.subscriber import request_all

STEPS = 4
"""Looks at the regions in one slot."""


class Stage:
    """Regions of a scenario, each with one subscriber who asks for everything and comes back when it is thrown out."""

    def __init__(self, options: SimulateOptions) -> None:
        self.options = options
        self.chain = GeneratedChain(options.seed, options.chain_settings())
        self._opens_at = options.age * options.slot_time
        self.regions = {
            name: Region(
                name,
                self.chain,
                options.region_settings(name),
                seed=options.seed + place,
                started_at=0.0,
                portion=options.portion(place),
                heard_from=self.chain.first_slot + options.unheard(),
            )
            for place, name in enumerate(options.regions)
        }
        self.nodes = {name: RpcFaults(name, "") for name in rpc_names(options.rpcs)}
        self.frames: dict[str, int] = dict.fromkeys(options.regions, 0)
        self.largest = 0
        """Bytes of the largest frame so far."""
        self.done: list[str] = []
        """What faults did, for a person."""
        self._agenda = Agenda(options.faults)
        self._sessions: dict[str, Session | None] = dict.fromkeys(options.regions)

    def play(self, slots: int) -> None:
        """Let so many slots go by."""
        for step in range(slots * STEPS):
            slot = step / STEPS
            now = self._opens_at + slot * self.options.slot_time
            for region in self.regions.values():
                region.advance(now)
            for fault in self._agenda.due(slot):
                for name in self.regions if fault.target == ALL_REGIONS else (fault.target,):
                    self._break(name, fault.fault, fault.argument)
            for name in self.regions:
                self._take(name, now)

    def _break(self, name: str, fault: str, argument: str | None) -> None:
        broken: Mapping[str, Any] = self.nodes if name in self.nodes else self.regions
        faults = self.nodes.get(name) or broken[name].faults
        try:
            self.done.append(faults.apply(fault, argument))
        except ValueError as refused:
            raise FaultRefused(str(refused)) from refused

    def _take(self, name: str, now: float) -> None:
        session = self._sessions[name]
        if session is None:
            try:
                session = self.regions[name].open({}, now)
            except Refused:
                return
            session.receive(request_all().SerializeToString(), now)
        self._sessions[name] = session
        while frames := session.frames(100_000):
            self.frames[name] += len(frames)
            self.largest = max(self.largest, *map(len, frames))
        if session.ending is not None:
            self._sessions[name] = None
