"""Streams that break all the time, drawn from a seed, and how often servers were asked for the same slot meanwhile."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from monitor.wire.pb import geyser_pb2
from tests.scenarios.run import REGIONS, Fault
from tests.scenarios.virtual import Sent, Span

WORDS: Final = ("cut", "end")
"""A stream that breaks, and one that its server ends cleanly."""
SPARE: Final = 1.15
"""More cuts than reconnects are wanted: some meet an endpoint that is waiting for its next try."""
CALM: Final = (33.0, 50.0)
"""Slots from one cut to the next, usually: feeds that hold for 32 begin their back-off anew."""
BURST: Final = (2.0, 10.0)
"""The same where one cut follows the other, so that the back-off grows and the circuit opens."""
BURSTS: Final = 0.15
"""Share of cuts that are the first of a burst."""
LONGEST_BURST: Final = 6
"""Cuts."""
SHARED: Final = 0.05
"""Share of cuts that all regions meet at once."""
LOST: Final = "0.003"
"""Share of transactions that no region has: their slots stay open until RPCs bring them, whoever is asked to replay."""
MINUTE: Final = 60.0


@dataclass(frozen=True)
class Plan:
    """Cuts in the order of time, and the slots that they take."""

    faults: tuple[Fault, ...]
    slots: int


def draw_cuts(seed: int, reconnects: int) -> Plan:
    """Enough of them for so many reconnects over all regions; the same seed gives the same."""
    dice = Random(f"{seed}:cuts")
    each = int(reconnects * SPARE / len(REGIONS)) + 1
    faults = [Fault(-2.0, region, "lose-tx", LOST) for region in REGIONS]
    for region in REGIONS:
        for at in _moments(dice, each):
            everybody = REGIONS if dice.random() < SHARED else (region,)
            word = dice.choice(WORDS)
            faults += [Fault(at, each, word) for each in everybody]
    faults.sort(key=lambda fault: fault.at_slot)
    return Plan(tuple(faults), int(faults[-1].at_slot) + 40)


def _moments(dice: Random, cuts: int) -> Iterator[float]:
    """In slots from the first."""
    at, left = dice.uniform(3.0, 20.0), 0
    for _ in range(cuts):
        yield at
        if left == 0 and dice.random() < BURSTS:
            left = dice.randint(2, LONGEST_BURST)
        left = max(0, left - 1)
        at += dice.uniform(*(BURST if left else CALM))


def reconnects(spans: list[Span]) -> int:
    """How often a region accepted a stream of an endpoint that had had one before."""
    return len(spans) - len({span.region for span in spans})


def asked_too_often(log: list[Sent], most: int = 2) -> list[tuple[str, int, float]]:
    """(region, from_slot, when) of each request above so many for one slot within a minute."""
    moments: dict[tuple[str, int], list[float]] = defaultdict(list)
    found = []
    for sent in log:
        request = geyser_pb2.SubscribeRequest.FromString(sent.request)
        if not request.HasField("from_slot"):
            continue
        before = moments[sent.region, request.from_slot]
        before.append(sent.at)
        if len(before) > most and sent.at < before[-1 - most] + MINUTE:
            found.append((sent.region, request.from_slot, sent.at))
    return found
