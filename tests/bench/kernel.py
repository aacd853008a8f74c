"""`scripts/bench kernel`: rows through the kernel alone, in one thread, as events a second."""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from statistics import median

from monitor.core.chain import Commitment
from monitor.core.commands import OpenFeed
from monitor.core.events import FeedOpened, FramesArrived, Row, Started
from monitor.core.kernel import Kernel
from monitor.core.monitors import AccountsFilter, Monitor, TransactionsFilter
from monitor.core.policy import Policy
from monitor.ports import Endpoint
from monitor.wire.pb import geyser_pb2
from monitor.wire.peek import peek
from monitor.wire.plan import Plan, compile_plan
from tests.bench.corpus import read_corpus
from tests.bench.slots import FIRST_SLOT, SlotTemplate, messages_of, names_asked, templates

MONITORS = (
    Monitor("a", transactions=TransactionsFilter()),
    Monitor("b", accounts=AccountsFilter()),
)
BATCH = 100
"""Rows an event, as the loop takes them under load."""
SLOT_TIME = 0.4


@dataclass(slots=True)
class Cost:
    """Seconds of one pass, and the rows that it handled."""

    rows: int = 0
    peeking: float = 0.0
    deciding: float = 0.0


def kernel_pass(plan: Plan, slots: list[SlotTemplate], feeds: int, length: int) -> Cost:
    """So many slots through a new kernel, each feed bringing all of them.

    Raises RuntimeError when one did not close whole.
    """
    assert plan.level is not None
    kernel = Kernel(MONITORS, feeds, Policy(plan.level))
    opened = [each.feed for each in kernel.handle(Started(), 0.0) if isinstance(each, OpenFeed)]
    for feed in opened:
        kernel.handle(FeedOpened(feed), 0.0)
    names, cost = plan.names(1), Cost()
    for slot in range(FIRST_SLOT, FIRST_SLOT + length):
        template = slots[slot % len(slots)]
        template.number(slot)
        frames = [(1, frame) for frame in messages_of(template.buffer)]
        began = time.perf_counter()
        rows = peek(frames, names)
        cost.peeking += time.perf_counter() - began
        cost.rows += len(rows) * feeds
        now = (slot - FIRST_SLOT) * SLOT_TIME
        began = time.perf_counter()
        for batch in _batches(rows):
            for feed in opened:
                kernel.handle(FramesArrived(feed, batch), now)
        cost.deciding += time.perf_counter() - began
    if set(kernel.tally.slots) != {"complete"}:
        raise RuntimeError(f"slots did not all close whole: {kernel.tally.slots}")
    return cost


def _batches(rows: list[Row]) -> Iterator[list[Row]]:
    for start in count(0, BATCH):
        batch = rows[start : start + BATCH]
        if not batch:
            return
        yield batch


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench kernel", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slots", type=int, default=200)
    given = parser.parse_args()
    print("| commitment | feeds | peek us/row | kernel us/row | events/s |")
    print("|---|---:|---:|---:|---:|")
    for level in (Commitment.PROCESSED, Commitment.CONFIRMED):
        plan = compile_plan(MONITORS, level, Endpoint("bench", "http://127.0.0.1:1"))
        asked = geyser_pb2.SubscribeRequest.FromString(plan.request(1))
        slots = templates(read_corpus(), names_asked(asked))
        for feeds in (1, 3):
            costs = [kernel_pass(plan, slots, feeds, given.slots) for _ in range(given.runs)]
            deciding = median(each.deciding / each.rows for each in costs)
            peeking = median(each.peeking * feeds / each.rows for each in costs)
            print(
                f"| {level.name.lower()} | {feeds} | {peeking * 1e6:.2f} | {deciding * 1e6:.2f} "
                f"| {1 / deciding:,.0f} |"
            )


if __name__ == "__main__":
    main()
