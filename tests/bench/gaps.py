"""Gaps of ten slots that all regions lose at once: how long each stays open once the daemon can know of it.

Two ways to lose them. An outage cuts every stream for ten slots, which regions hold and replay: the gap is known when the
first stream tells of a slot again, and closed when the last slot below that one was handed on. Slots that no
region ever heard only RPCs can bring: the gap is known when its first job is opened, and closed when the last
slot of its jobs was handed on, or proven to hold no block.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.clusters import MEMO, Cluster, cluster, configuration, pause, watched
from tests.bench.peers.watched import Notes

SLOTS: Final = 10
SLOT_TIME: Final = 0.1
"""Seconds: a quarter of the real one, so that twenty gaps take two minutes."""
BETWEEN: Final = 50
"""Slots from one gap to the next: feeds that hold for 32 begin their back-off anew."""
REGIONS: Final = ("ams", "nyc", "tyo")
MONITORS: Final = (
    {"name": "all", "transactions": {}, "blocks_meta": {}},
    {"name": "memos", "transactions": {"account_include": [MEMO]}},
)
WARM_UP: Final = 12.0
"""Seconds before the first gap: every feed covers, and slots are final."""


@dataclass(frozen=True, slots=True)
class Way:
    """How gaps are made."""

    name: str
    fault: str
    options: tuple[str, ...]
    goal: float
    """Seconds, p99."""


WAYS: Final = (
    Way("replay", "outage", (), 2.0),
    Way("rpc", "drop-slot", ("--replay-slots", "0"), 3.0),
)


@dataclass(frozen=True, slots=True)
class Gap:
    """One that was closed."""

    slots: int
    """Of it that hold blocks."""
    seconds: float
    """Until its last event was handed on."""
    in_queue: float
    """The longest of its jobs, from opening to evidence; 0 where none was needed."""


def measure(way: Way, gaps: int) -> list[Gap]:
    """Make so many gaps in one run. Raises RuntimeError when one did not close."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        options = ("--slot-time", str(SLOT_TIME), *way.options)
        with cluster(REGIONS, *options) as place:
            config = configuration(folder, place, "balanced", MONITORS)
            with watched(folder, config) as daemon:
                pause(WARM_UP)
                for _ in range(gaps):
                    _lose(place, way.fault)
                    pause(BETWEEN * SLOT_TIME)
        assert daemon.notes is not None
        found = of_outages(daemon.notes) if way.fault == "outage" else of_jobs(daemon.notes)
    if len(found) < gaps:
        raise RuntimeError(f"{way.name}: {gaps} gaps were made, and {len(found)} closed")
    return found


def _lose(place: Cluster, fault: str) -> None:
    if fault == "outage":
        place.fault("outage", str(SLOTS))
        pause(SLOTS * SLOT_TIME)
        return
    place.fault(fault, "1")
    pause(SLOTS * SLOT_TIME)
    place.fault(fault, "0")


def of_outages(notes: Notes) -> list[Gap]:
    """Gaps between the highest slot met before the streams ended and the one that they began again with."""
    found = []
    for known, before, again in notes.returns:
        out = [notes.out[slot] for slot in range(before, again) if slot in notes.out]
        if again - before >= SLOTS // 2 and out:
            found.append(Gap(len(out), max(out) - known, _in_queue(notes, before, again)))
    return found


def of_jobs(notes: Notes) -> list[Gap]:
    """Gaps by their jobs: those less than half the distance of two gaps apart belong together."""
    found = []
    for jobs in _together(notes.jobs):
        known = min(at for at, _, _ in jobs)
        first, end = min(low for _, low, _ in jobs), max(high for _, _, high in jobs)
        out = [notes.out[slot] for slot in range(first, end) if slot in notes.out]
        if end - first >= SLOTS // 2 and out:
            found.append(Gap(len(out), max(out) - known, _in_queue(notes, first, end)))
    return found


def _together(jobs: Sequence[tuple[float, int, int]]) -> Iterator[list[tuple[float, int, int]]]:
    group: list[tuple[float, int, int]] = []
    for job in sorted(jobs, key=lambda each: each[1]):
        if group and job[1] - group[-1][2] > BETWEEN // 2:
            yield group
            group = []
        group.append(job)
    if group:
        yield group


def _in_queue(notes: Notes, first: int, end: int) -> float:
    taken = (at - opened for at, low, high, _, opened in notes.repairs if first <= low < end)
    return max(taken, default=0.0)
