"""Scenarios of the transport as processes with real sockets, their servers of one family: the file equals the truth.

Where a client that does it wrong has its stream ended, no stream may end besides.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import orjson

from monitor.app.scenarios import find_scenario, options_of, read_scenario
from monitor.core.certificates import CLOSED
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.cluster import Cluster
from monitor.simulator.families import Family
from monitor.simulator.options import SimulateOptions
from tests.e2e.expected import Record, bare, expected
from tests.e2e.processes import Daemon, daemon, until
from tests.e2e.test_three_regions import FIRST, highest_slot
from tests.scenarios.trap_scenes import OF_TRANSPORT

SCENES: Final = tuple(sorted(OF_TRANSPORT))
SLOTS: Final = 30
BEHIND: Final = 8
"""Slots after the last one of interest that are waited for: by then what came late has come."""
FINAL: Final = 8
"""Slots until one is finalized, and the truth of it written: fewer than usual, to be waited for."""
AGE: Final = 600
"""Of the old chain; and from there to the end it is watched."""
OLDEST: Final = 100
"""Of its slots that are caught up on: servers replay 50, and RPCs have the others."""
SMALL: Final = ChainSettings(votes=4, transactions=4, account_writes=8, entries=1)
"""Of a scenario that is not about what is on the chain."""


@dataclass(frozen=True)
class Stage:
    """What a scenario needs of the daemon, and how long it takes here."""

    slot_time: float | None = None
    """Seconds, where those of the scenario are less than a busy machine can play; None: the scenario's."""
    more: str = ""
    """Of the configuration."""
    chain: Mapping[str, int] = field(default_factory=dict)
    """What of the chain is less than in the scenario, for the same reason."""
    slots: Callable[[int], int] = lambda slots: slots
    first: int = FIRST
    lasts: bool = False
    """No stream may end."""
    has_blocks: bool = False
    """Blocks are watched too, one message each."""

    def wanted(self, slots: int) -> range:
        """The slots of interest, where so many are asked for."""
        return range(self.first, self.first + self.slots(slots))


STAGES: Final[Mapping[str, Stage]] = {
    "strict-pings": Stage(lasts=True),
    "half-close": Stage(lasts=True),
    "far-away": Stage(slot_time=1.0),
    "large-blocks": Stage(
        chain={"votes": 1, "transactions": 2400, "account_writes": 8},
        slots=lambda slots: max(3, slots // 4),
        has_blocks=True,
    ),
    "flood": Stage(
        slot_time=2.0,
        more="ingest: {feed_buffer_mb: 1}\nlimits: {memory_mb: 256}\n",
        slots=lambda slots: max(3, slots // 2),
    ),
    "old-chain": Stage(
        more=f"start_slot: {FIRST + AGE - OLDEST}\n",
        slots=lambda slots: slots + OLDEST,
        first=FIRST + AGE - OLDEST,
    ),
}
"""Of those scenarios that need anything."""
CONFIGURATION: Final = """\
profile: balanced
state_dir: {dir}/state
api: {listen: "127.0.0.1:0"}
"""
TRANSACTIONS: Final = """\
monitors:
  - {name: all, transactions: {}}
sinks:
  - {name: file, kind: jsonl, monitors: [all], path: "{dir}/events.jsonl", rotate_mb: 64}
"""
BLOCKS: Final = """\
monitors:
  - {name: all, transactions: {}}
  - {name: blocks, blocks: {include_transactions: true, include_accounts: false, include_entries: false}}
sinks:
  - {name: file, kind: jsonl, monitors: [all, blocks], path: "{dir}/events.jsonl", rotate_mb: 64}
"""
PATIENCE: Final = 300.0
KINDS: Final = (b"transaction", b"block", b"block_meta")


def run_scene(scene: str, family: Family, seed: int, slots: int) -> str | None:
    """One of them: None when it held."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            prove(scene, family, seed, slots, Path(directory))
        except AssertionError as broken:
            return str(broken).partition("\n")[0] or "it did not come to its end"
    return None


def prove(scene: str, family: Family, seed: int, slots: int, folder: Path) -> None:
    """Run it in this folder. Raises AssertionError where the output is not the truth."""
    stage = STAGES.get(scene, Stage())
    wanted = stage.wanted(slots)
    with Cluster(options_for(scene, stage, family, seed, folder)) as simulated:
        _watch(simulated, folder, stage, wanted)
    judge(folder, stage, wanted)


def options_for(
    scene: str, stage: Stage, family: Family, seed: int, folder: Path
) -> SimulateOptions:
    """The scenario on servers of this family; a young chain begins once every region is asked for something."""
    options = options_of(read_scenario(find_scenario(scene)))
    chain = SMALL if options.chain == ChainSettings() else options.chain
    return replace(
        options,
        seed=seed,
        slot_time=stage.slot_time or options.slot_time,
        server=replace(options.server, family=family),
        chain=replace(chain, slots_until_finalized=FINAL, **stage.chain),
        start_when=0 if options.age else len(options.regions),
        truth=folder / "truth.jsonl",
        ports=0,
        control="127.0.0.1:0",
    )


def _watch(simulated: Cluster, folder: Path, stage: Stage, wanted: range) -> None:
    """Run the daemon until all of these slots are behind it, and the truth of them is written."""
    with daemon(folder / "daemon", _configuration(simulated, stage)) as running:
        until(lambda: highest_slot(running) >= wanted.stop + BEHIND, PATIENCE)
        until(lambda: _is_closed(running, wanted), PATIENCE)
        assert running.stop() == 0, "the daemon failed"
    with (folder / "truth.jsonl").open("rb") as truth:
        until(lambda: any(_finalized(line) >= wanted.stop for line in truth), PATIENCE)


def _is_closed(running: Daemon, wanted: range) -> bool:
    """Whether each of these slots has a certificate that leaves nothing open."""
    _, told = running.get(f"/api/v1/slots?from={wanted.start}&to={wanted.stop}")
    ends = [orjson.loads(line)["state"] for line in told.splitlines()]
    return len(ends) == len(wanted) and all(end in CLOSED for end in ends)


def _finalized(line: bytes) -> int:
    """The slot of which this line of the truth says that it is finalized; -1: of none."""
    slot, _, key = line.removeprefix(b'{"id":"').partition(b":")
    return int(slot) if key.startswith(b'slot:finalized"') else -1


def _configuration(simulated: Cluster, stage: Stage) -> str:
    endpoints = "".join(
        f'  - {{name: {name}, url: "{url}", provider: {name}}}\n'
        for name, url in simulated.endpoints.items()
    )
    rpcs = "".join(f'  - {{name: {name}, url: "{url}"}}\n' for name, url in simulated.rpcs.items())
    watched = BLOCKS if stage.has_blocks else TRANSACTIONS
    return f"{CONFIGURATION}{watched}endpoints:\n{endpoints}rpc:\n{rpcs}{stage.more}"


def judge(folder: Path, stage: Stage, wanted: range) -> None:
    """Raises AssertionError where the file is not the truth."""
    running = folder / "daemon"
    truth = list(_told(folder / "truth.jsonl", wanted))
    files = (*sorted(running.glob("events.*.jsonl")), running / "events.jsonl")
    events = [each for file in files for each in _told(file, wanted)]
    twice = [key for key, n in Counter(each["id"] for each in events).items() if n > 1]
    assert not twice, f"{len(twice)} events came twice, as {twice[0]}"
    assert truth, "there is no truth of these slots"
    right = expected(truth, {"all": lambda record: bool(record["kind"] == "transaction")}, wanted)
    found = {each["id"]: bare(each) for each in events if each["kind"] == "transaction"}
    lost = sorted(right.keys() - found.keys())
    assert not lost, f"{len(lost)} of {len(right)} events never came, as {lost[0]}"
    more = sorted(found.keys() - right.keys())
    assert not more, f"{len(more)} events are none of the truth, as {more[0]}"
    wrong = [key for key, record in right.items() if found[key] != record]
    assert not wrong, f"{len(wrong)} events differ from the truth, as {wrong[0]}"
    blocks = {
        each["slot"]: _signatures(each["transactions"])
        for each in events
        if each["kind"] == "block"
    }
    wanted_blocks = _blocks(truth) if stage.has_blocks else {}
    assert blocks == wanted_blocks, "blocks do not hold their transactions"
    ended = (running / "monitor.log").read_text().count("a feed ended")
    assert not (stage.lasts and ended), f"{ended} streams ended"


def _told(file: Path, wanted: range) -> Iterator[Record]:
    """What is compared: the file may be too large to be read whole."""
    with file.open("rb") as lines:
        for line in lines:
            slot, kind, _ = line.removeprefix(b'{"id":"').split(b":", 2)
            if kind in KINDS and int(slot.partition(b".")[0]) in wanted:
                yield orjson.loads(line)


def _blocks(truth: list[Record]) -> dict[int, list[str]]:
    blocks: dict[int, list[Record]] = {
        each["slot"]: [] for each in truth if each["kind"] == "block_meta"
    }
    for each in truth:
        if each["kind"] == "transaction":
            blocks[each["slot"]].append(each)
    return {slot: _signatures(of) for slot, of in blocks.items()}


def _signatures(transactions: list[Record]) -> list[str]:
    return [each["signature"] for each in sorted(transactions, key=lambda each: each["index"])]
