"""One region that fails and refuses, as one does that tells no floor, in virtual time: what can be had is had, what is lost is named, nothing comes twice."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from monitor.core.certificates import SlotEnd
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.model import Bank
from monitor.simulator.region import RegionSettings
from monitor.wire.pb import geyser_pb2
from tests.e2e.expected import bare
from tests.scenarios.run import JITTER, START, Fault, Outcome, watch
from tests.scenarios.test_three_regions import MONITORS, assert_complete, wanted_events

SLOT_TIME = 0.1
DELAY = 0.02
CHAIN = ChainSettings(
    slot_time=SLOT_TIME, votes=10, transactions=8, account_writes=25, entries=4, recreated=0.0
)
"""Without re-created slots: of those a single feed that broke can confirm nothing."""
FIRST = CHAIN.first_slot


async def watch_one(
    directory: Path,
    slots: int,
    faults: Sequence[Fault],
    settings: RegionSettings | None = None,
    *,
    can_amend: bool = True,
    asks_floors: bool = True,
) -> Outcome:
    return await watch(
        MONITORS,
        directory,
        slots=slots,
        faults=faults,
        slot_time=SLOT_TIME,
        chain_settings=CHAIN,
        region_settings=settings,
        delays={"ams": DELAY},
        can_amend=can_amend,
        asks_floors=asks_floors,
    )


def told(outcome: Outcome, sentence: str) -> list[dict[str, Any]]:
    """The facts of every report of this sentence."""
    return [dict(r.facts) for r in outcome.journal.reports if r.sentence == sentence]


def reasons(outcome: Outcome) -> list[str]:
    return [facts["reason"] for facts in told(outcome, "a feed ended")]


def asked_from(outcome: Outcome) -> list[int]:
    """The from_slot of every replay that was asked for, and that each was asked on an open stream."""
    found: list[int] = []
    opened: set[int] = set()
    for feed, request in outcome.feeds.requests:
        wanted = geyser_pb2.SubscribeRequest.FromString(request)
        assert wanted.HasField("from_slot") == (feed in opened)
        opened.add(feed)
        if wanted.HasField("from_slot"):
            found.append(wanted.from_slot)
    return found


def outages(outcome: Outcome) -> list[tuple[float, float]]:
    """From each end of the feed to its next opening."""
    found: list[tuple[float, float]] = []
    ended: float | None = None
    for report, moment in zip(outcome.journal.reports, outcome.journal.moments, strict=True):
        if report.sentence == "a feed ended" and ended is None:
            ended = moment
        elif report.sentence == "a feed opened" and ended is not None:
            found.append((ended, moment))
            ended = None
    return found


def blocks(outcome: Outcome) -> dict[int, Bank]:
    """The chain's blocks by slot."""
    chain = GeneratedChain(1, CHAIN)
    banks = (bank for number in outcome.slots for bank in chain.slot(number).banks)
    return {bank.slot: bank for bank in banks if bank.canonical}


def moment(slot: int, offset: float) -> float:
    """When the region hears what is `offset` slot times from the beginning of the slot."""
    return START + DELAY + (slot - FIRST + offset) * SLOT_TIME


def in_flight(outcome: Outcome, slack: float = 0.0) -> set[int]:
    """Slots that a part of was sent while the feed was down; with the outages longer by `slack` on both sides."""
    return {
        slot
        for slot, bank in blocks(outcome).items()
        for start, end in outages(outcome)
        if moment(slot, bank.created_at) < end + slack
        and moment(slot, bank.meta_at) > start - slack
    }


@dataclass(frozen=True)
class Loss:
    """What must be missing and what may be, by the outages alone."""

    certain: set[int]
    possible: set[int]
    """Where jitter decides."""
    final: set[int]
    """Slots of which the finality alone is missing: nothing links them to what was heard later."""


def loss(outcome: Outcome, *, replayed_from: int | None = None, restarted: bool = False) -> Loss:
    """What the outages cost; from `replayed_from` on a replay has brought all.

    A server that restarted speaks no more of the slots before; any other tells later what became of them, unless
    that came during the outages too.
    """
    end = FIRST + 10**6 if replayed_from is None else replayed_from
    certain = {slot for slot in in_flight(outcome, -JITTER) if slot < end}
    possible = {slot for slot in in_flight(outcome, JITTER) if slot < end}
    start = outages(outcome)[0][0]
    heard = inf if restarted else outages(outcome)[-1][1]
    chain = GeneratedChain(1, CHAIN)
    before = [chain.slot(slot) for slot in blocks(outcome) if slot < min(certain)]
    unheard = [slot for slot in before if start < moment(slot.number, slot.finalized_at) < heard]
    if replayed_from is None:
        return Loss(certain, possible, set())
    unconfirmed = {s.number for s in unheard if moment(s.number, s.confirmed_at) > start}
    final = {slot.number for slot in unheard} - unconfirmed
    return Loss(certain | unconfirmed, possible | unconfirmed, final)


def assert_lost(outcome: Outcome, expected: Loss) -> None:
    """Nothing twice, nothing wrong, nothing missing but what the outages took, and all of that named in the log."""
    events = [event for event in outcome.events if event["slot"] in outcome.slots]
    ids = Counter(event["id"] for event in events)
    assert [key for key, count in ids.items() if count > 1] == []
    wanted = wanted_events(outcome)
    found = {event["id"]: bare(event) for event in events}
    assert sorted(found.keys() - wanted.keys()) == []
    final = {f"{slot}:slot:finalized" for slot in expected.final}
    missing = wanted.keys() - found.keys()
    lost = {wanted[key]["slot"] for key in missing - final}
    assert expected.certain <= lost <= expected.possible
    assert final <= missing
    kept = [key for key in found if wanted[key]["slot"] not in lost]
    assert [key for key in kept if found[key] != wanted[key]] == []
    assert lost | expected.final <= named(outcome)


def named(outcome: Outcome) -> set[int]:
    """Slots that the log names as incomplete; those that are so in the end have a certificate that says it."""
    passed = {facts["slot"] for facts in told(outcome, "a slot was passed over incomplete")}
    partial = {facts["slot"] for facts in told(outcome, "a slot was certified partial")}
    for facts in told(outcome, "no finalized block speaks for these slots"):
        partial |= set(range(facts["from_slot"], facts["to_slot"]))
    ends = {slot: one.end for slot, one in outcome.certificates().items()}
    assert {slot for slot, end in ends.items() if end == SlotEnd.PARTIAL} <= partial
    return passed | partial


async def test_after_a_cut_a_replay_on_the_live_stream_brings_everything(tmp_path: Path) -> None:
    outcome = await watch_one(tmp_path, 80, [Fault(30, "ams", "cut"), Fault(55, "ams", "cut")])
    assert reasons(outcome) == ["transient", "transient"]
    assert_complete(outcome)
    assert len(asked_from(outcome)) == 2
    lowest = min(in_flight(outcome))
    assert asked_from(outcome)[0] in (lowest - 1, lowest)
    assert len(told(outcome, "a replay reached its fence")) == 2
    assert named(outcome) == set()


async def test_a_reader_of_one_request_a_stream_loses_a_slot_in_flight_alone(
    tmp_path: Path,
) -> None:
    faults = [Fault(30, "ams", "cut"), Fault(55, "ams", "cut")]
    outcome = await watch_one(tmp_path, 80, faults, can_amend=False)
    assert reasons(outcome) == ["transient", "transient"]
    ends = [end for _, end in outages(outcome)]
    requests = [geyser_pb2.SubscribeRequest.FromString(raw) for _, raw in outcome.feeds.requests]
    assert [request.HasField("from_slot") for request in requests] == [False, True, True]
    assert len(told(outcome, "a replay reached its fence")) == 2
    banks = blocks(outcome)
    cut_short = {
        slot
        for slot, bank in banks.items()
        for end in ends
        if moment(slot, bank.created_at) - JITTER < end < moment(slot, bank.meta_at) + JITTER
    }
    assert named(outcome) == cut_short
    # The second replay brings what was cut short by the first opening.
    assert_lost(outcome, Loss({max(cut_short)}, {max(cut_short)}, set()))


async def test_a_server_without_replay_is_survived_and_what_it_cost_is_named(
    tmp_path: Path,
) -> None:
    faults = [Fault(30, "ams", "cut"), Fault(70, "ams", "cut")]
    settings = RegionSettings(replay_stored_slots=0)
    outcome = await watch_one(tmp_path, 120, faults, settings, asks_floors=False)
    assert reasons(outcome) == ["transient", "replay_off", "transient"]
    texts = [facts["text"] for facts in told(outcome, "a feed ended")]
    assert texts[1] == "from_slot is not supported"
    assert len(asked_from(outcome)) == 1
    assert_lost(outcome, loss(outcome))


async def test_an_expired_replay_teaches_the_floor_and_the_rest_is_replayed(
    tmp_path: Path,
) -> None:
    faults = [Fault(40, "ams", "refuse"), Fault(40, "ams", "cut"), Fault(110, "ams", "heal")]
    settings = RegionSettings(replay_stored_slots=20)
    outcome = await watch_one(tmp_path, 200, faults, settings, asks_floors=False)
    ended = reasons(outcome)
    refusals = ended.count("replay_expired")
    assert ended == ["transient"] + ["unreachable"] * 4 + ["replay_expired"] * refusals
    assert 1 <= refusals <= 3
    asked = asked_from(outcome)
    assert len(asked) == refusals + 1
    floors = [
        int(facts["text"].rpartition(" ")[2])
        for facts in told(outcome, "a feed ended")
        if facts["reason"] == "replay_expired"
    ]
    margins = [later - floor for later, floor in zip(asked[1:], floors, strict=True)]
    assert margins == [4 * 2**n for n in range(refusals)]
    assert_lost(outcome, loss(outcome, replayed_from=asked[-1]))


async def test_a_restarted_server_has_forgotten_and_the_stream_goes_on(tmp_path: Path) -> None:
    faults = [Fault(30, "ams", "kill"), Fault(40, "ams", "heal")]
    outcome = await watch_one(tmp_path, 120, faults, asks_floors=False)
    assert reasons(outcome) == ["transient", "unreachable", "replay_expired"]
    asked = asked_from(outcome)
    assert len(asked) == 2
    assert_lost(outcome, loss(outcome, replayed_from=asked[-1], restarted=True))


async def test_a_region_that_lags_costs_nothing(tmp_path: Path) -> None:
    faults = [Fault(30, "ams", "lag", "1.5"), Fault(50, "ams", "heal")]
    outcome = await watch_one(tmp_path, 80, faults)
    assert reasons(outcome) == []
    assert_complete(outcome)


async def test_being_told_that_we_lagged_costs_nothing(tmp_path: Path) -> None:
    """What a healed region sends at once is more than its queue for us takes."""
    faults = [Fault(30, "ams", "lag", "1.5"), Fault(50, "ams", "heal")]
    outcome = await watch_one(tmp_path, 80, faults, RegionSettings(channel_capacity=160))
    assert set(reasons(outcome)) == {"lagged"}
    assert_complete(outcome)
