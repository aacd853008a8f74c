"""A catch-up: the daemon begins as if it had stopped when the chain was young, and what lies between comes from RPCs.

The live stream goes on meanwhile, with filtered monitors at processed; its delays are taken in the same run during the
catch-up and after it. The daemon is found a state that says that the first slot of the chain is the next one to watch.
"""

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, Final

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.app.lifecycle import STORE
from monitor.simulator.chain_settings import ChainSettings
from tests.bench.clusters import (
    LOOK,
    MEMO,
    Watched,
    cluster,
    configuration,
    far_rpcs,
    pause,
    watched,
)
from tests.bench.peers.watched import Notes
from tests.bench.window import spread_us

REGIONS: Final = ("ams",)
SLOT_TIME: Final = 0.4
MONITORS: Final = (
    {
        "name": "memos",
        "transactions": {"vote": False, "failed": False, "account_include": [MEMO]},
        "blocks_meta": {},
    },
)
VOTES: Final = 40
PATIENCE: Final = 900.0
WARM_UP: Final = 15.0
"""Seconds in which the region makes the slots that are not final yet."""
SETTLE: Final = 5.0
"""Seconds behind the daemon's start, and behind the catch-up, that belong to neither part: processes are begun in them."""
AFTER: Final = 40.0
"""Seconds of live stream after it, to compare with."""
RATE_GOAL: Final = 25.0
"""Slots a second."""
DELAY_GOAL_MS: Final = 20.0
"""By so much the live p99 may rise meanwhile."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Milliseconds of live events to the handler."""

    events: int
    sent_p50: float
    sent_p99: float
    """Since the server's stamp."""
    read_p50: float
    read_p99: float
    """Since the frame was read."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """One catch-up."""

    slots: int
    seconds: float
    during: Delays
    after: Delays
    calls: int
    """To RPCs."""
    daemon_ms: float
    """Processor milliseconds a slot of the daemon, live events included."""
    mapping_ms: float
    """The same of the processes that read blocks."""

    @property
    def rate(self) -> float:
        """Slots a second."""
        return self.slots / self.seconds

    @property
    def rise(self) -> float:
        """Milliseconds by which the live p99 was higher."""
        return self.during.sent_p99 - self.after.sent_p99


def measure(slots: int, transactions: int) -> CaughtUp:
    """Catch up with so many slots of so many transactions each. Raises RuntimeError when it does not end."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        options = ["--slot-time", str(SLOT_TIME), "--age", str(slots)]
        options += ["--votes", str(VOTES), "--transactions", str(transactions - VOTES)]
        first = ChainSettings().first_slot
        with cluster(REGIONS, *options, "--replay-slots", "0") as near, ExitStack() as stack:
            pause(WARM_UP)
            place = stack.enter_context(far_rpcs(near, first))
            config = configuration(folder, place, "aggressive", MONITORS)
            settle(folder / "state", first - 1)
            with watched(folder, config) as daemon:
                told, began, ended = _follow(daemon)
                busy = daemon.cpu_seconds()
                pause(SETTLE + AFTER)
    assert daemon.notes is not None
    calls = sum(int(rpc["calls"]) for rpc in told["rpcs"])
    slots_done = int(told["catch_up"]["done"])
    during = delays(daemon.notes, began + SETTLE, ended)
    after = delays(daemon.notes, ended + SETTLE, inf)
    daemon_ms, mapping_ms = (seconds * 1e3 / slots_done for seconds in busy)
    return CaughtUp(slots_done, ended - began, during, after, calls, daemon_ms, mapping_ms)


def settle(state_dir: Path, slot: int) -> None:
    """A state as of a daemon that stopped when all up to this slot was done with."""
    state_dir.mkdir()
    store = SqliteLedger(state_dir / STORE)
    store.commit((), (), slot)
    store.close()


def _follow(daemon: Watched) -> tuple[dict[str, Any], float, float]:
    """Until the catch-up is over: what the daemon tells then, and when it began and ended."""
    deadline = time.monotonic() + PATIENCE
    began: float | None = None
    while time.monotonic() < deadline:
        pause(LOOK)
        told = daemon.recovery()
        caught_up = told.get("catch_up")
        if caught_up is None:
            continue
        now = time.monotonic()
        began = now if began is None else began
        if caught_up["done"] >= caught_up["slots"]:
            return told, began, now
    raise RuntimeError(f"no end of the catch-up after {PATIENCE:.0f} s")


def delays(notes: Notes, first: float, end: float) -> Delays:
    """Of the live events that were handed on between these moments."""
    taken = [each for each in notes.live if first <= each[0] < end]
    sent = _spread_ms([since_sent for _, since_sent, _ in taken])
    read = _spread_ms([since_read for _, _, since_read in taken])
    return Delays(len(taken), sent["p50"], sent["p99"], read["p50"], read["p99"])


def _spread_ms(delays_ms: Sequence[float]) -> dict[str, float]:
    """Median and p99."""
    spread = spread_us([round(each * 1e6) for each in delays_ms])
    return {name: value / 1e3 for name, value in spread.items()}
