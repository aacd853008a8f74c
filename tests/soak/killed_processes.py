"""Real processes of the daemon killed again and again on regions that are never whole: the file equals the truth.

Real sockets and real time, so the conditions are easier than in `killed`, which keeps to those of the plan: servers
replay the whole run, since a busy machine takes seconds to start a process; two daemons of three live until they have
made something good; no account write is lost. Only slots that a certificate names as partial may lack something, and
only those that were in flight at a kill.
"""

import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from threading import Thread
from typing import Final

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.core.certificates import SlotEnd
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.cluster import Cluster
from monitor.simulator.control import ask_status
from monitor.simulator.options import SimulateOptions
from monitor.simulator.region import RegionSettings
from monitor.stored import StoredSlot
from tests.e2e.expected import Record, bare, expected, records, stream
from tests.e2e.processes import Daemon, daemon, pause, until
from tests.scenarios.run import REGIONS, TAIL_SLOTS, Fault
from tests.scenarios.storms import draw_storm
from tests.scenarios.test_stitched import (
    CHAIN,
    SLOT_TIME,
    busiest_accounts,
    true_end,
    wants,
)
from tests.scenarios.test_three_regions import CLOCK, TOKEN

SLOTS: Final = 600
ROUNDS: Final = 1
LIFE: Final = (0.1, 1.0)
"""Seconds that a daemon lives on when it has made something good, or an early one from its first open stream."""
EARLY_OF: Final = 3
"""One daemon of so many dies before it has caught up. If all did, on a busy machine none ever would."""
PATIENCE: Final = 30.0
"""Seconds that the last daemon may take to settle what the others left."""
IN_FLIGHT: Final = 4.0
"""Slots after its beginning in which a slot's data are on their way to the slowest region's reader, at most."""

_UNSEEN: Final = {
    SlotEnd.FORKED: (SlotEnd.SKIPPED,),
    SlotEnd.DEAD: (SlotEnd.SKIPPED, SlotEnd.FORKED),
}
"""What a slot may count as beside its true end: no replay tells of forks and deaths, so a new process knows of none."""

_CONFIGURATION: Final = """\
state_dir: {{dir}}/state
endpoints:
{endpoints}commitment: {{strategy: fixed, level: confirmed}}
monitors:
  - {{name: all, transactions: {{}}}}
  - {{name: failed, transactions: {{failed: true}}}}
  - {{name: tokens, transactions: {{vote: false, account_include: [{token}]}}}}
  - {{name: vaults, accounts: {{account: [{accounts}]}}}}
  - {{name: slots, slots: {{}}}}
sinks:
  - {{name: file, kind: jsonl, monitors: [all, failed, tokens, vaults, slots], path: "{{dir}}/events.jsonl", rotate_mb: 4, sync: 200ms}}
api: {{listen: "127.0.0.1:0"}}
"""


@dataclass
class Run:
    """What a run left behind. Slots count from the first."""

    folder: Path
    first: int
    slots: range
    began: float = 0.0
    """When the chain began, by the monotonic clock."""
    outages: list[tuple[float, float]] = field(default_factory=list)
    """From each kill to the next open stream."""
    certificates: dict[int, StoredSlot] = field(default_factory=dict)
    events: list[Record] = field(default_factory=list)
    wanted: dict[str, Record] = field(default_factory=dict)

    def slot(self) -> float:
        """The slot of now."""
        return (time.monotonic() - self.began) / SLOT_TIME

    def partial(self) -> set[int]:
        """Slots that a certificate names as open."""
        return {s for s, one in self.certificates.items() if one.end == SlotEnd.PARTIAL}

    def in_flight(self) -> set[int]:
        """Slots of which something was on its way while no stream was open."""
        return {
            slot
            for slot in self.slots
            for killed, back in self.outages
            if slot - self.first < back + 1 and killed < slot - self.first + IN_FLIGHT
        }


def run_round(seed: int, slots: int = SLOTS) -> tuple[str | None, str]:
    """One run: None when all held, else what did not; and how large it was."""
    with tempfile.TemporaryDirectory() as directory:
        run = _run(seed, slots, Path(directory))
    wrong = judge(run, GeneratedChain(seed, CHAIN))
    return wrong, f"{len(run.outages)} kills, {len(run.partial())} slots partial"


def storm_faults(seed: int, slots: int) -> Iterator[Fault]:
    """The storm of this seed, as far as it leaves two regions that can replay everything between them.

    A region that is killed or mute loses what it could replay, so one region alone is: others refuse instead. And no
    stream stays whole over a kill of the daemon, so no region loses account writes: nothing would prove them.
    """
    weak = Random(f"{seed}:weak").choice(tuple(REGIONS))
    for fault in draw_storm(seed, slots).faults():
        if fault.name in ("kill", "mute") and fault.region != weak:
            yield replace(fault, name="refuse")
            yield replace(fault, name="cut")
        elif fault.name != "drop-account":
            yield fault


def judge(run: Run, chain: GeneratedChain) -> str | None:
    """What did not hold, or None."""
    times = Counter(event["id"] for event in run.events)
    found = {event["id"]: bare(event) for event in run.events}
    partial = run.partial()
    ends = {slot: true_end(chain.slot(slot)) for slot in run.slots}
    judged = {slot: one for slot, one in run.certificates.items() if slot not in partial}
    wrong: Mapping[str, Sequence[object]] = {
        "came twice": [key for key, count in times.items() if count > 1],
        "are not in the truth": sorted(found.keys() - run.wanted.keys()),
        "were lost": [
            key
            for key, record in run.wanted.items()
            if key not in found and record["slot"] not in partial
        ],
        "differ": [
            key
            for key, event in found.items()
            if event != run.wanted.get(key, event) and event["slot"] not in partial
        ],
        "have no certificate": sorted(ends.keys() - run.certificates.keys()),
        "ended otherwise": [
            (slot, str(one.end))
            for slot, one in judged.items()
            if one.end not in (ends[slot], *_UNSEEN.get(ends[slot], ()))
        ],
        "are partial and were not in flight at a kill": sorted(partial - run.in_flight()),
    }
    told = [f"{len(keys)} {fate}: {list(keys)[:4]}" for fate, keys in wrong.items() if keys]
    return "; ".join(told) or None


def _run(seed: int, slots: int, directory: Path) -> Run:
    options = SimulateOptions(
        slot_time=SLOT_TIME,
        seed=seed,
        ports=0,
        control="127.0.0.1:0",
        truth=directory / "truth.jsonl",
        start_when=len(REGIONS),
        chain=CHAIN,
        losses_apart=True,
        server=RegionSettings(replay_stored_slots=slots + TAIL_SLOTS),
    )
    accounts = busiest_accounts(seed)
    first = CHAIN.first_slot
    run = Run(directory / "daemon", first, range(first, first + slots))
    with Cluster(options) as cluster:
        _live_and_die(seed, cluster, _configuration(cluster, accounts), run)
        last = f'"id":"{run.slots.stop}:slot:finalized"'.encode()
        until(lambda: last in (directory / "truth.jsonl").read_bytes())
    store = SqliteLedger(run.folder / "state" / "ledger.sqlite")
    run.certificates = {
        one.slot: one for one in store.slots(run.slots.start, run.slots.stop, slots)
    }
    run.events = [event for event in stream(run.folder) if event["slot"] in run.slots]
    run.wanted = expected(records(directory / "truth.jsonl"), wants(accounts), run.slots)
    return run


def _live_and_die(seed: int, cluster: Cluster, configuration: str, run: Run) -> None:
    """Lives of the daemon, each ended by a kill, but for the last one."""
    dice = Random(f"{seed}:kills")
    storm = Thread(target=_rage, args=(cluster, list(storm_faults(seed, len(run.slots))), run))
    killed: float | None = None
    while True:
        with daemon(run.folder, configuration) as running:
            until(lambda: _feeds(cluster) > 0)
            if not storm.is_alive() and killed is None:
                until(lambda: _feeds(cluster) == len(REGIONS))
                run.began = time.monotonic()
                storm.start()
            if killed is not None:
                run.outages.append((killed, run.slot()))
            _live(running, run, dice, early=len(run.outages) % EARLY_OF == 1)
            if run.slot() >= len(run.slots):
                storm.join()
                with suppress(AssertionError):  # what is not settled by then, the certificates tell
                    until(lambda: _certified(running, run.slots) == len(run.slots), PATIENCE)
                running.stop(signal.SIGTERM)
                return
            killed = run.slot()
            running.process.kill()
            running.process.wait()
            until(lambda: _feeds(cluster) == 0)


def _live(running: Daemon, run: Run, dice: Random, *, early: bool) -> None:
    """Let it live until it is to die, or the run is over."""
    if not early:
        before = _certified(running, run.slots)
        until(lambda: run.slot() >= len(run.slots) or _certified(running, run.slots) > before)
    dies_at = time.monotonic() + dice.uniform(*LIFE)
    until(lambda: run.slot() >= len(run.slots) or time.monotonic() >= dies_at)


def _rage(cluster: Cluster, faults: Sequence[Fault], run: Run) -> None:
    """Perform the faults when they are due, whatever becomes of the daemon."""
    for fault in faults:
        pause(max(0.0, fault.at_slot - run.slot()) * SLOT_TIME)
        cluster.fault(fault.region, fault.name, fault.argument)


def _certified(running: Daemon, slots: range) -> int:
    _, lines = running.get(f"/api/v1/slots?from={slots.start}&to={slots.stop}")
    return len(lines.splitlines())


def _feeds(cluster: Cluster) -> int:
    return sum(region["feeds"] for region in ask_status(cluster.control))


def _configuration(cluster: Cluster, accounts: Sequence[str]) -> str:
    endpoints = "".join(
        f'  - {{name: {name}, url: "{url}", provider: {name}}}\n'
        for name, url in cluster.endpoints.items()
    )
    named = ", ".join((*accounts, CLOCK))
    return _CONFIGURATION.format(endpoints=endpoints, token=TOKEN, accounts=named)
