"""A single region that leaves transactions out of a filtered stream, in virtual time: RPCs show it, and what they show is had."""

from pathlib import Path

from monitor.core.certificates import SlotEnd
from monitor.core.findings import Cause
from monitor.core.monitors import Monitor, TransactionsFilter
from tests.e2e.expected import bare, expected
from tests.scenarios.run import Fault, Outcome, Rpcs, watch
from tests.scenarios.test_gap import CHAIN

SLOTS = 230
ALONE = {"ams": 0.02}
FOUND = "an audit found updates that never came"
FILTERED = (Monitor("real", transactions=TransactionsFilter(vote=False)),)
"""No count tells how many of these there are in a block."""


async def watch_one(directory: Path, *faults: Fault) -> Outcome:
    return await watch(
        FILTERED,
        directory,
        slots=SLOTS,
        faults=faults,
        delays=ALONE,
        chain_settings=CHAIN,
        rpcs=Rpcs(2),
    )


def missing(outcome: Outcome) -> dict[int, int]:
    """By slot, how many events of the truth never came."""
    is_real = {"real": lambda r: r["kind"] == "transaction" and not r["is_vote"]}
    wanted = expected(outcome.truth, is_real, outcome.slots)
    found = {event["id"]: bare(event) for event in outcome.events}
    assert all(found[key] == record for key, record in wanted.items() if key in found)
    lacking: dict[int, int] = {}
    for key in wanted.keys() - found.keys():
        slot = wanted[key]["slot"]
        lacking[slot] = lacking.get(slot, 0) + 1
    return lacking


async def test_a_region_that_leaves_nothing_out_is_believed_and_rpcs_are_left_alone(
    tmp_path: Path,
) -> None:
    outcome = await watch_one(tmp_path)
    assert missing(outcome) == {}
    assert outcome.kernel.health.trust[0].value == 1.0
    assert FOUND not in outcome.journal.sentences()
    ends = [each.end for each in outcome.certificates().values()]
    assert SlotEnd.RECOVERED not in ends


async def test_a_region_that_leaves_transactions_out_is_found_out_and_they_are_had_of_audited_slots(
    tmp_path: Path,
) -> None:
    outcome = await watch_one(tmp_path, Fault(0, "ams", "drop-tx", "0.3"))
    told = [report.facts for report in outcome.journal.reports if report.sentence == FOUND]
    slots = {facts["slot"] for facts in told}
    assert outcome.kernel.health.trust[0].value < 0.5
    assert outcome.kernel.health.findings[0].counts[Cause.AUDIT] == len(told)
    assert len(missing(outcome)) > 0, "nothing was left out of the slots that are not audited"
    assert slots & missing(outcome).keys() == set()
    certificates = outcome.certificates()
    of_interest = slots & certificates.keys()
    assert len(of_interest) > 0
    assert {certificates[slot].end for slot in of_interest} == {SlotEnd.RECOVERED}
