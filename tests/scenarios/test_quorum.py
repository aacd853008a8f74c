"""Three regions of two providers, of which two must name the same block: lies are not believed, and outages are waited for."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from monitor.core.endpoint_health import Role
from monitor.core.failover import FailoverPolicy
from monitor.core.findings import Cause
from monitor.core.quorum import QuorumPolicy
from tests.scenarios.run import REGIONS, START, Fault, Outcome, watch
from tests.scenarios.test_findings import health, named
from tests.scenarios.test_three_regions import MONITORS, assert_complete

PROVIDERS = ("one", "two", "two")
SLOT = 0.1
WAIT = 3.0
QUORUM = QuorumPolicy(2, WAIT)
TAIL = 45
DISPUTE = "endpoints disagree on a confirmed block"
SHORT = "too few providers for a quorum can be heard"
OUT = 12
"""The slot in which a provider's regions go out of reach, from the first."""


async def watched(
    directory: Path, faults: list[Fault], *, slots: int = 40, policy: QuorumPolicy = QUORUM
) -> Outcome:
    """So many slots, and as many as it takes until they are final."""
    return await watch(
        MONITORS,
        directory,
        slots=slots,
        tail=TAIL,
        slot_time=SLOT,
        faults=faults,
        quorum=policy,
        failover=FailoverPolicy(),
        providers=PROVIDERS,
    )


def alerts(outcome: Outcome, sentence: str) -> list[tuple[float, Mapping[str, Any]]]:
    """When each was written, in slots from the first, and what it says."""
    return [
        ((moment - START) / SLOT, report.facts)
        for report, moment in zip(outcome.journal.reports, outcome.journal.moments, strict=True)
        if report.level == "critical" and report.sentence == sentence
    ]


def released(outcome: Outcome) -> list[float]:
    """When each slot was first said to be confirmed, in slots from the first."""
    first: dict[int, float] = {}
    for event, moment in zip(outcome.events, outcome.moments, strict=True):
        if event["kind"] == "slot" and event["status"] == "confirmed":
            first.setdefault(event["slot"], (moment - START) / SLOT)
    return sorted(first.values())


def short_ones(outcome: Outcome) -> list[int]:
    """Slots whose certificate says that too few agreed, counted from the first."""
    found = [slot for slot, one in outcome.certificates().items() if "quorum: 1 of 2" in one.proof]
    return sorted(slot - outcome.slots[0] for slot in found)


def out(slots: int) -> list[Fault]:
    """Both regions of one provider are out of reach for so long."""
    return [Fault(OUT, region, "outage", str(slots)) for region in ("nyc", "tyo")]


@pytest.mark.parametrize("liar", ["nyc", "tyo"])
async def test_a_region_that_lies_about_confirmed_blocks_is_named_and_neither_believed_nor_waited_for(
    tmp_path: Path, liar: str
) -> None:
    outcome = await watched(tmp_path, [Fault(10, liar, "lie")], slots=30)
    assert_complete(outcome)
    told = [facts["origins"] for _, facts in alerts(outcome, DISPUTE)]
    assert [liar] in told
    assert any(liar not in those for those in told)
    assert {each[:2] for each in named(outcome)} == {(liar, Cause.BLOCK)}
    assert 10 <= named(outcome)[0][2] <= 40
    trust = {name: health(outcome, name).trust for name in REGIONS}
    assert [name for name, value in trust.items() if value < 0.5] == [liar]
    roles = dict(zip(REGIONS, outcome.kernel.health.roles, strict=True))
    assert [name for name, role in roles.items() if role is not Role.HOT] == [liar]
    assert alerts(outcome, SHORT) == []
    assert short_ones(outcome) == []
    assert max(after - before for before, after in pairwise(released(outcome))) < 10


async def test_where_one_provider_is_left_it_waits_tells_at_once_and_goes_on(
    tmp_path: Path,
) -> None:
    outcome = await watched(tmp_path, out(60))
    assert_complete(outcome)
    ((when, facts),) = alerts(outcome, SHORT)
    assert OUT <= when < OUT + 1
    assert facts == {"providers": 1, "confirm_quorum": 2}
    moments = released(outcome)
    assert not [each for each in moments if OUT + 2 < each < OUT + WAIT / SLOT]
    assert [each for each in moments if OUT + WAIT / SLOT <= each < OUT + WAIT / SLOT + 2]
    found = short_ones(outcome)
    assert found
    assert found[0] <= OUT + 1


async def test_where_the_provider_is_back_before_that_nothing_was_believed_of_one(
    tmp_path: Path,
) -> None:
    outcome = await watched(tmp_path, out(20))
    assert_complete(outcome)
    assert len(alerts(outcome, SHORT)) == 1
    assert short_ones(outcome) == []


async def test_a_strict_quorum_waits_until_the_provider_is_back(tmp_path: Path) -> None:
    policy = QuorumPolicy(2, 0.5, is_strict=True)
    outcome = await watched(tmp_path, out(20), policy=policy)
    assert_complete(outcome)
    assert not [each for each in released(outcome) if OUT + 2 < each < OUT + 20]
    assert short_ones(outcome) == []
