"""Endpoints that are killed, fall silent, lag, are cut off and drained at random, and what must hold whatever they do.

What makes the union whole. The first region is let alone, so that somebody always has everything; it is the last that
anybody would choose, since it is the slowest and named last. Streams lose nothing but what passes while they are away
or asked for less, and regions replay that. A hush takes nothing: all regions, the last one too, hear the chain later. What a stream loses while it is open, mute for a moment, is recovery's: it has
replays and no RPC.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final

from monitor.core.decision_history import Told
from monitor.core.failover import FailoverPolicy, What
from monitor.core.wishes import Want, Wish
from monitor.simulator.chain_settings import ChainSettings
from monitor.wire.pb import geyser_pb2
from tests.e2e.expected import expected
from tests.scenarios.run import START, Fault, Outcome, Rpcs, watch
from tests.scenarios.test_stitched import assert_truth, busiest_accounts, monitors, wants

DELAYS: Final = {"ams": 0.02, "nyc": 0.06, "tyo": 0.12, "fra": 0.18}
"""Regions and their delay; the last one is let alone."""
SLOT_TIME: Final = 1.0
"""Long, so that the half minutes of the failover manager pass in few slots."""
CHAIN: Final = ChainSettings(
    slot_time=SLOT_TIME,
    votes=3,
    transactions=4,
    account_writes=8,
    entries=2,
    skipped=0.05,
    forked=0.04,
    dead=0.01,
    recreated=0.01,
)
WORDS: Final = ("kill", "mute", "lag", "cut", "drain")
SILENCE: Final = max(5.0, 12 * SLOT_TIME)
"""Seconds within which silence is found (issue 5)."""
HUSH: Final = SILENCE + 2.0
"""Seconds for which all regions bring nothing: longer than any of them may be silent alone."""
ARGUMENTS: Final = {"lag": "8", "hush": f"{HUSH:g}"}


@dataclass(frozen=True)
class Trouble:
    """What happens to a region. Slots count from the first."""

    region: str
    word: str
    at_slot: float
    until: float


def draw_troubles(seed: int, slots: int, regions: tuple[str, ...]) -> list[Trouble]:
    """Troubles of all regions but the last, each region's one after the other, and of several at once."""
    dice = Random(f"{seed}:handovers")
    found = []
    for region in regions[:-1]:
        at = dice.uniform(10, 50)
        deck: list[str] = []
        while True:
            deck = deck or dice.sample(WORDS, len(WORDS))
            until = at + dice.uniform(2, 40)
            if until > slots - 20:
                break
            found.append(Trouble(region, deck.pop(), at, until))
            at = until + dice.uniform(5, 60)
    return sorted(found, key=lambda each: each.at_slot)


def hush(at_slot: float, regions: tuple[str, ...]) -> list[Trouble]:
    """All regions at once bring nothing for a while, as when the chain stands still, and then what they owe."""
    return [Trouble(each, "hush", at_slot, at_slot + HUSH / SLOT_TIME) for each in regions]


def draw_hushes(seed: int, slots: int, regions: tuple[str, ...]) -> list[Trouble]:
    """One or two, far apart."""
    dice = Random(f"{seed}:hushes")
    count = 1 if slots < 200 else 2
    part = max(20.0, (slots - 60) / count)
    return [
        each
        for i in range(count)
        for each in hush(20 + i * part + dice.uniform(0.0, part - 20), regions)
    ]


def faults_of(troubles: Sequence[Trouble]) -> Iterator[Fault]:
    """Those that the simulator performs."""
    for each in troubles:
        if each.word != "drain":
            word = "lag" if each.word == "hush" else each.word
            yield Fault(each.at_slot, each.region, word, ARGUMENTS.get(each.word))
            if each.word != "cut":
                yield Fault(each.until, each.region, "heal")


def wishes_of(
    troubles: Sequence[Trouble], regions: tuple[str, ...]
) -> Iterator[tuple[float, Wish]]:
    """Those that an operator asks for."""
    for each in troubles:
        if each.word == "drain":
            yield each.at_slot, Wish(Want.DRAIN, regions.index(each.region))
            yield each.until, Wish(Want.PROMOTE, regions.index(each.region))


@dataclass(frozen=True)
class Fleet:
    """How many regions there are, how they are used, and how long their slots take."""

    count: int
    policy: FailoverPolicy
    slot_time: float = SLOT_TIME

    @property
    def regions(self) -> tuple[str, ...]:
        """The last of all."""
        return tuple(DELAYS)[-self.count :]


async def watch_handovers(
    directory: Path, fleet: Fleet, troubles: Sequence[Trouble], *, seed: int, slots: int
) -> Outcome:
    """The whole daemon under these troubles; its output is held against the truth."""
    accounts = busiest_accounts(seed)
    outcome = await watch(
        monitors(accounts),
        directory,
        slots=slots,
        faults=list(faults_of(troubles)),
        wishes=list(wishes_of(troubles, fleet.regions)),
        seed=seed,
        slot_time=fleet.slot_time,
        chain_settings=replace(CHAIN, slot_time=fleet.slot_time),
        delays={name: DELAYS[name] for name in fleet.regions},
        failover=fleet.policy,
        rpcs=Rpcs(0),
    )
    assert_truth(outcome, expected(outcome.truth, wants(accounts), outcome.slots))
    return outcome


def decisions(outcome: Outcome) -> list[Told]:
    """All that were made, with the regions' names."""
    return outcome.kernel.decisions.told(list(outcome.regions))


def at_slot(told: Told) -> float:
    """When it was decided, in slots from the first."""
    return (told.at - START) / SLOT_TIME


def assert_calm(outcome: Outcome) -> None:
    """Planned moves are a minute apart, and nobody came back who had not been sound for half a minute."""
    planned = [each.at for each in decisions(outcome) if each.is_planned]
    assert [b - a for a, b in pairwise(planned) if b - a < 60.0] == []
    failed: dict[str, float] = {}
    for each in decisions(outcome):
        if each.what in (What.REPLACED, What.DEMOTED) and each.source is not None:
            failed[each.source] = each.at
        elif each.what in (What.FILLED, What.EXCHANGED) and each.target in failed:
            assert each.at - failed[each.target] >= 30.0, each


def asked_for_everything(outcome: Outcome) -> Mapping[str, int]:
    """By region, the requests for what monitors want that it got."""
    found: dict[str, int] = dict.fromkeys(outcome.regions, 0)
    for sent in outcome.feeds.log:
        request = geyser_pb2.SubscribeRequest.FromString(sent.request)
        is_live = request.commitment == geyser_pb2.PROCESSED
        found[sent.region] += is_live and bool(request.transactions)
    return found
