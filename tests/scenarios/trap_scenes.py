"""The daemon on the stage of a named scenario, in virtual time: what comes out is the truth.

Servers are of one family, but for those whose family the scenario tells.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from monitor.app.scenarios import find_scenario, options_of, read_scenario, scenario_files
from monitor.core.certificates import SlotEnd
from monitor.core.monitors import AccountsFilter, EntryFilter, Monitor, TransactionsFilter
from monitor.simulator.families import Family
from monitor.simulator.options import SimulateOptions, rpc_names
from monitor.simulator.timed_faults import ALL_REGIONS, Agenda
from tests.e2e.expected import Record, Wants, bare, expected
from tests.scenarios.run import Fault, Outcome, Rpcs, watch

EVERY: Final = Monitor("all", transactions=TransactionsFilter())
ENTRIES: Final = Monitor("entries", entry=EntryFilter())
WRITES: Final = Monitor("writes", accounts=AccountsFilter())
BESIDE: Final[Mapping[str, tuple[Monitor, str]]] = {
    "uncounted-entries": (ENTRIES, "entry"),
    "own-write-versions": (WRITES, "account"),
    "writes-inside-slots": (WRITES, "account"),
}
"""What is watched in some scenes beside transactions, and the kind of its records."""
SLOT_TIME: Final = 0.3
TAIL: Final = 200
"""Slots in which the last of it is got back."""
OF_TRANSPORT: Final = frozenset(
    ("far-away", "large-blocks", "strict-pings", "half-close", "flood", "old-chain")
)
"""What virtual time, without sockets and with a young chain of small slots, has no stage for: see tests.soak.transport."""
SCENES: Final = tuple(file.stem for file in scenario_files() if file.stem not in OF_TRANSPORT)


async def prove(
    scene: str, family: Family, directory: Path, seed: int, slots: int, tail: int = TAIL
) -> str:
    """Run it; returns what was met. Raises AssertionError where the output is not the truth."""
    options = options_of(read_scenario(find_scenario(scene)))
    options = replace(options, server=replace(options.server, family=family))
    settings = {name: options.region_settings(name) for name in options.regions}
    beside = BESIDE.get(scene)
    outcome = await watch(
        (EVERY, *(() if beside is None else (beside[0],))),
        directory,
        slots=slots,
        faults=list(_faults(options, slots)),
        seed=seed,
        slot_time=SLOT_TIME,
        chain_settings=replace(
            options.chain, slot_time=SLOT_TIME, votes=3, transactions=3, account_writes=2, entries=1
        ),
        own_settings=settings,
        delays={name: each.delay for name, each in settings.items()},
        losses_apart=options.losses_apart,
        rpcs=_rpcs(options),
        tail=tail,
    )
    wants = {"all": _of("transaction")}
    if beside is not None:
        wants[beside[0].name] = _of(beside[1])
    ends = _check(outcome, wants)
    return f"{len(outcome.events)} events, {ends} slots recovered"


def _check(outcome: Outcome, wants: Mapping[str, Wants]) -> int:
    """Every block is whole, and each of its transactions came out once. How many were recovered."""
    ends = {slot: one.end for slot, one in outcome.certificates().items()}
    produced = {s for s in outcome.slots if any(b.canonical for b in outcome.chain.slot(s).banks)}
    whole = {slot for slot, end in ends.items() if end in (SlotEnd.COMPLETE, SlotEnd.RECOVERED)}
    assert whole == produced, {slot: ends.get(slot) for slot in sorted(whole ^ produced)}
    wanted = expected(outcome.truth, wants, outcome.slots)
    found = [event for event in outcome.events if event["slot"] in outcome.slots]
    assert {event["id"]: _common(event) for event in found} == {
        id_: _common(record) for id_, record in wanted.items()
    }
    assert len(found) == len(wanted), "an event came twice"
    return sum(end is SlotEnd.RECOVERED for end in ends.values())


def _faults(options: SimulateOptions, slots: int) -> Iterator[Fault]:
    """What befalls regions up to the last slot of interest; then everything is healed."""
    agenda = Agenda(options.faults)
    while (at := agenda.next_at()) is not None and at < slots:
        for fault in agenda.due(at):
            everybody = options.regions if fault.target == ALL_REGIONS else (fault.target,)
            for region in everybody:
                if region in options.regions:
                    yield Fault(at, region, fault.fault, fault.argument)
    for region in options.regions:
        yield Fault(slots, region, "heal")


def _rpcs(options: SimulateOptions) -> Rpcs:
    names = rpc_names(options.rpcs)
    faults = [
        (fault.target, fault.fault, fault.argument)
        for fault in options.faults
        if fault.target in names
    ]
    return Rpcs(options.rpcs, faults)


def _common(record: Mapping[str, object]) -> Record:
    """What all nodes say alike: `write_version` is each one's own."""
    return {key: value for key, value in bare(record).items() if key != "write_version"}


def _of(kind: str) -> Wants:
    return lambda record: bool(record["kind"] == kind)
