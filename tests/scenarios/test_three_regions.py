"""Three regions, one stream, in virtual time: nothing lost, nothing twice, nothing before its commitment."""

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from monitor.core.chain import Commitment, SlotStatus
from monitor.core.monitors import (
    AccountsFilter,
    BlocksMetaFilter,
    DataSlice,
    EntryFilter,
    Monitor,
    SlotsFilter,
    TransactionsFilter,
)
from tests.e2e.expected import Record, Wants, bare, expected, sliced
from tests.scenarios.run import Fault, Outcome, watch

TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
CLOCK = "SysvarC1ock11111111111111111111111111111111"
HISTORY = "SysvarS1otHistory11111111111111111111111111"

MONITORS = (
    Monitor("all", transactions=TransactionsFilter()),
    Monitor("failed", transactions=TransactionsFilter(failed=True)),
    Monitor("tokens", transactions=TransactionsFilter(vote=False, account_include=(TOKEN,))),
    Monitor("chain", slots=SlotsFilter(), blocks_meta=BlocksMetaFilter(), entry=EntryFilter()),
    Monitor(
        "sysvars",
        accounts=AccountsFilter(account=(CLOCK, HISTORY)),
        data_slices=(DataSlice(8, 24),),
    ),
)

WANTS: Mapping[str, Wants] = {
    "all": lambda r: r["kind"] == "transaction",
    "failed": lambda r: r["kind"] == "transaction" and r["failed"],
    "tokens": lambda r: r["kind"] == "transaction" and not r["is_vote"] and TOKEN in r["accounts"],
    "chain": lambda r: r["kind"] in ("slot", "block_meta", "entry"),
    "sysvars": lambda r: r["kind"] == "account" and r["pubkey"] in (CLOCK, HISTORY),
}


def wanted_events(outcome: Outcome) -> dict[str, Record]:
    """What the monitors above should have given, by id."""
    found = expected(outcome.truth, WANTS, outcome.slots)
    return {
        key: sliced(record, 8, 24) if record["kind"] == "account" else record
        for key, record in found.items()
    }


def assert_complete(outcome: Outcome) -> None:
    """The events of the slots of interest are the truth's, each once, field by field."""
    events = [event for event in outcome.events if event["slot"] in outcome.slots]
    ids = Counter(event["id"] for event in events)
    _assert_none([key for key, count in ids.items() if count > 1], "came twice")
    found = {event["id"]: bare(event) for event in events}
    wanted = wanted_events(outcome)
    _assert_none(wanted.keys() - found.keys(), "were lost")
    _assert_none(found.keys() - wanted.keys(), "are not in the truth")
    _assert_none([key for key, record in wanted.items() if found[key] != record], "differ")


def _assert_none(ids: Collection[str], fate: str) -> None:
    assert not ids, f"{len(ids)} events {fate}: {', '.join(sorted(ids)[:8])}"


def assert_in_order(outcome: Outcome) -> None:
    """Each slot is one run, slots ascend, and within a slot the kinds follow the order of DESIGN 5."""
    order = ("transaction", "entry", "account", "block_meta", "slot")
    last = (0, 0, 0)
    for event in outcome.events:
        if event["kind"] == "slot" and event["status"] == "finalized":
            continue
        index = event["index"] if event["kind"] in ("transaction", "entry") else 0
        place = (event["slot"], order.index(event["kind"]), index)
        assert place >= last, f"{event['id']} came after {last}"
        last = place


def assert_not_early(outcome: Outcome) -> None:
    """Whatever was written, some server had said that its slot, or one above it on the chain, was confirmed."""
    told = outcome.told(SlotStatus.CONFIRMED)
    early = [
        event["id"]
        for event, heard in zip(outcome.events, outcome.heard, strict=True)
        if told[heard] < event["slot"]
    ]
    _assert_none(early, "came early")


def assert_in_time(outcome: Outcome) -> None:
    """Every event came with the stream, at the level that was asked for, before its slot had been passed."""
    ways = {(event["commitment"], event["late"], event["source"]) for event in outcome.events}
    assert ways == {("confirmed", False, "live")}


async def test_an_undisturbed_cluster_gives_the_truth_in_chain_order(tmp_path: Path) -> None:
    outcome = await watch(MONITORS, tmp_path, slots=60)
    assert_complete(outcome)
    assert_in_order(outcome)
    assert_not_early(outcome)


FAULTS = (
    Fault(20, "nyc", "kill"),
    Fault(60, "nyc", "heal"),
    Fault(90, "ams", "mute"),
    Fault(130, "ams", "heal"),
    Fault(150, "tyo", "kill"),
    Fault(170, "tyo", "heal"),
    Fault(200, "ams", "cut"),
    Fault(215, "nyc", "cut"),
    Fault(230, "ams", "lag", "0.5"),
    Fault(260, "ams", "heal"),
)


async def test_regions_killed_muted_and_restarted_in_turn_cost_nothing(
    tmp_path: Path,
) -> None:
    outcome = await watch(MONITORS, tmp_path, slots=300, faults=FAULTS)
    assert_complete(outcome)
    assert_in_time(outcome)
    assert_in_order(outcome)
    assert_not_early(outcome)


async def test_at_finalized_the_truth_comes_too(tmp_path: Path) -> None:
    outcome = await watch(
        MONITORS, tmp_path, slots=40, level=Commitment.FINALIZED, faults=FAULTS[:1]
    )
    assert_complete(outcome)
