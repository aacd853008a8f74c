"""`scripts/bench queue`: the recovery queue alone, as microseconds of the processor a call, and megabytes."""

import argparse
import gc
import time
import tracemalloc
from dataclasses import dataclass
from statistics import median

from monitor.core.recovery import RecoveryQueue
from monitor.core.recovery_terms import Failure, Terms
from monitor.core.rungs import Rung, Verdict

FIRST_SLOT = 300_000_000
SLOTS = 100_000
CALLS = 5_000
"""Calls of each kind, with all but these slots open meanwhile."""
WORKERS = 8
SLOT_TIME = 0.4


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds a slot, and what was kept while all slots were open and none had been tried."""

    opening: float
    leasing: float
    failing: float
    closing: float
    floors: float
    """A call, when the floor moves by one slot."""
    megabytes: float


def filled(slots: int, step: int) -> RecoveryQueue:
    """A queue whose slots were opened one by one, every `step`-th, ten a second."""
    terms = Terms((Rung.RPC,), {Rung.RPC: WORKERS}, {Rung.RPC: 30.0})
    queue = RecoveryQueue(terms)
    for number in range(slots):
        slot = FIRST_SLOT + number * step
        queue.open(slot, slot + 1, number / 10)
    return queue


def megabytes(slots: int, step: int) -> float:
    """What a queue takes. Counting makes it slow, so it is a pass of its own."""
    gc.collect()
    tracemalloc.start()
    queue = filled(slots, step)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    if len(queue) != slots:
        raise RuntimeError(f"{len(queue)} slots are open, of {slots}")
    return kept / 1e6


def queue_pass(slots: int, step: int, calls: int) -> Cost:
    """Fill a queue, then lease, fail and close so many slots one by one.

    Raises RuntimeError when fewer were leased than asked for.
    """
    began = time.process_time()
    queue = filled(slots, step)
    opening = time.process_time() - began
    now, leasing, failing, closing = slots / 10, 0.0, 0.0, 0.0
    for turn in range(calls):
        now += 1.0  # what failed the last time waits no longer
        began = time.process_time()
        leases = queue.lease(now, frontier=FIRST_SLOT - 1)
        leased = time.process_time()
        if not leases:
            raise RuntimeError("nothing was leased")
        lease = leases[0]
        if turn % 2:
            queue.failed(lease, Failure(Verdict.FAILED, 0.5), now)
            failing += time.process_time() - leased
        else:
            queue.close(lease.first)
            closing += time.process_time() - leased
        leasing += (leased - began) / (WORKERS if turn == 0 else 1)
    began = time.process_time()
    for turn in range(100):
        queue.set_floors(None, FIRST_SLOT - 100 + turn, SLOT_TIME, now)
    floors = time.process_time() - began
    return Cost(
        opening / slots * 1e6,
        leasing / calls * 1e6,
        failing / (calls // 2) * 1e6,
        closing / (calls - calls // 2) * 1e6,
        floors / 100 * 1e6,
        megabytes(slots, step),
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench queue", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slots", type=int, default=SLOTS)
    given = parser.parse_args()
    print("| open slots | open us | lease us | fail us | close us | floors us | MB |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for step, words in ((1, "in a row"), (2, "every second")):
        costs = [queue_pass(given.slots, step, CALLS) for _ in range(given.runs)]
        print(
            f"| {given.slots:,} {words} | {median(each.opening for each in costs):.1f} "
            f"| {median(each.leasing for each in costs):.1f} "
            f"| {median(each.failing for each in costs):.1f} "
            f"| {median(each.closing for each in costs):.1f} "
            f"| {median(each.floors for each in costs):.1f} "
            f"| {median(each.megabytes for each in costs):.1f} |"
        )


if __name__ == "__main__":
    main()
