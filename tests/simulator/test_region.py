"""One simulated server: what it broadcasts at each level, in which order, and whom it lets in (PROTOCOL 2.6 to 2.8)."""

from collections import Counter
from math import inf

import pytest

from monitor.core.chain import SlotStatus
from monitor.simulator.limits import AccountsLimits, FilterLimits
from monitor.simulator.region import Refused, Region, RegionSettings
from monitor.wire.pb import geyser_pb2
from tests.simulator.subscriber import (
    EPOCH,
    make_region,
    request_all,
    story,
    subscribe,
    told,
    updates,
)
from tests.simulator.tiny_chain import plain_chain, tiny_bank, tiny_chain, tiny_slot

ONE_BLOCK = tiny_chain(
    tiny_slot(tiny_bank(100, 99, writes=[(7, 1), (8, 2), (7, 3)], transactions=2, entries=1))
)


def test_order_of_a_slot_at_processed() -> None:
    region = make_region(ONE_BLOCK)
    session = subscribe(region, request_all())
    region.advance(10.0)
    assert story(session) == [
        "100 FIRST_SHRED_RECEIVED",
        "100 CREATED_BANK",
        "100 write 7 v1",
        "100 write 8 v2",
        "100 write 7 v3",
        "100 tx 0",
        "100 status 0",
        "100 tx 1",
        "100 status 1",
        "100 entry 0",
        "100 COMPLETED",
        "100 block",
        "100 meta",
        "100 PROCESSED",
        "100 CONFIRMED",
        "100 FINALIZED",
    ]


@pytest.mark.parametrize("level", [1, 2])
def test_order_of_a_slot_above_processed(level: int) -> None:
    region = make_region(ONE_BLOCK)
    session = subscribe(region, request_all(level))
    region.advance(10.0)
    data = [
        "100 write 8 v2",
        "100 write 7 v3",
        "100 tx 0",
        "100 status 0",
        "100 tx 1",
        "100 status 1",
        "100 entry 0",
        "100 block",
        "100 meta",
    ]
    statuses = ["100 PROCESSED", "100 CONFIRMED", "100 FINALIZED"]
    assert story(session) == [
        "100 FIRST_SHRED_RECEIVED",
        "100 CREATED_BANK",
        "100 COMPLETED",
        *statuses[:level],
        *data,
        *statuses[level:],
    ]


def test_data_of_the_next_slot_comes_between_at_processed_only() -> None:
    chain = tiny_chain(
        tiny_slot(tiny_bank(100, 99, ends=1.5), confirmed_at=3.0),
        tiny_slot(tiny_bank(101, 100, begins=0.1, ends=0.9), confirmed_at=3.0),
    )
    region = make_region(chain)
    processed, confirmed = subscribe(region, request_all(0)), subscribe(region, request_all(1))
    region.advance(3.5)
    assert told_of(story(processed), "tx 0", "meta") == [
        "100 tx 0",
        "101 tx 0",
        "100 meta",
        "101 meta",
    ]
    region.advance(10.0)
    assert told_of(story(confirmed), "tx 0", "meta") == [
        "100 tx 0",
        "100 meta",
        "101 tx 0",
        "101 meta",
    ]


def told_of(lines: list[str], *ends: str) -> list[str]:
    return [line for line in lines if line.endswith(ends)]


def test_created_at_is_the_time_of_arrival_at_every_level() -> None:
    region = make_region(plain_chain(1), delay=0.25)
    processed, finalized = subscribe(region, request_all(0)), subscribe(region, request_all(2))
    region.advance(10.0)
    first, second = (
        {told(update): update.created_at.ToNanoseconds() for update in updates(session)}
        for session in (processed, finalized)
    )
    assert first == second
    seconds = {line: stamp / 1e9 - EPOCH for line, stamp in first.items()}
    assert seconds["100 FIRST_SHRED_RECEIVED"] == pytest.approx(0.30, abs=1e-6)
    assert seconds["100 tx 0"] == pytest.approx(0.55, abs=1e-6)
    assert seconds["100 block"] == pytest.approx(1.15, abs=1e-6)
    assert seconds["100 CONFIRMED"] == pytest.approx(2.25, abs=1e-6)


def test_parents_are_told_where_a_validator_knows_them() -> None:
    region = make_region(plain_chain(1))
    session = subscribe(region, request_all())
    region.advance(10.0)
    parents = {
        SlotStatus(update.slot.status).name: (update.slot.HasField("parent"), update.slot.parent)
        for update in updates(session)
        if update.HasField("slot")
    }
    assert parents == {
        "FIRST_SHRED_RECEIVED": (False, 0),
        "CREATED_BANK": (True, 99),
        "COMPLETED": (False, 0),
        "PROCESSED": (True, 99),
        "CONFIRMED": (True, 99),
        "FINALIZED": (True, 99),
    }


def test_dead_slot_tells_why_and_is_never_whole() -> None:
    region = make_region(tiny_chain(tiny_slot(tiny_bank(100, 99, dead="InvalidLastTick"))))
    session = subscribe(region, request_all())
    region.advance(10.0)
    arrived = updates(session)
    assert [told(update) for update in arrived][-2:] == ["100 entry 0", "100 DEAD"]
    assert arrived[-1].slot.dead_error == "InvalidLastTick"
    assert arrived[-1].slot.parent == 99


def test_fork_is_processed_and_then_never_mentioned_again() -> None:
    chain = tiny_chain(
        tiny_slot(tiny_bank(100, 99)),
        tiny_slot(tiny_bank(101, 100, canonical=False)),
        tiny_slot(tiny_bank(102, 100)),
    )
    region = make_region(chain)
    session = subscribe(region, request_all())
    region.advance(20.0)
    of_fork = [line for line in story(session) if line.startswith("101")]
    assert of_fork[-3:] == ["101 block", "101 meta", "101 PROCESSED"]


def test_skipped_slot_with_a_shred_has_that_status_alone() -> None:
    chain = tiny_chain(tiny_slot(tiny_bank(101, 99)), first=100)
    region = make_region(chain)
    session = subscribe(region, request_all())
    region.advance(20.0)
    assert not [line for line in story(session) if line.startswith("100")]


def test_second_bank_throws_away_the_first() -> None:
    first = tiny_bank(100, 99, name="a", transactions=3, begins=0.1, ends=0.4, canonical=False)
    second = tiny_bank(100, 99, name="b", transactions=2, begins=0.5, ends=0.9)
    region = make_region(tiny_chain(tiny_slot(first, second)))
    processed, confirmed = subscribe(region, request_all(0)), subscribe(region, request_all(1))
    region.advance(10.0)
    lines = story(processed)
    assert Counter(lines)["100 PROCESSED"] == 2
    assert lines.count("100 CREATED_BANK") == 2
    assert Counter(lines)["100 tx 0"] == 2
    blocks = [update.block for update in updates(confirmed) if update.HasField("block")]
    assert [(block.blockhash, len(block.transactions)) for block in blocks] == [
        (second.blockhash, 2)
    ]


def test_token_is_asked_for_everywhere() -> None:
    region = make_region(plain_chain(1), x_token="secret")
    for metadata in ({}, {"x-token": "Secret"}):
        with pytest.raises(Refused, match=r"^UNAUTHENTICATED: No valid auth token$"):
            region.open(metadata, 0.0)
        with pytest.raises(Refused, match=r"^UNAUTHENTICATED: No valid auth token$"):
            region.call("GetVersion", b"", metadata, 0.0)
    assert region.open({"x-token": "secret"}, 0.0).ending is None


def test_subscription_limit_counts_by_subscriber() -> None:
    region = make_region(plain_chain(1), subscription_limit=1)
    mine = region.open({"x-subscription-id": "me"}, 0.0)
    region.open({"x-subscription-id": "you"}, 0.0)
    with pytest.raises(Refused, match=r"^RESOURCE_EXHAUSTED: max subscription limit exceeded$"):
        region.open({"x-subscription-id": "me"}, 0.0)
    mine.cancel()
    assert region.open({"x-subscription-id": "me"}, 0.0).ending is None


def test_accounts_of_rejected_owners_reach_nobody() -> None:
    nobody = "11111111111111111111111111111111"
    limits = FilterLimits(accounts=AccountsLimits(owner_reject=frozenset({nobody})))
    region = make_region(ONE_BLOCK, limits=limits)
    session = subscribe(region, request_all())
    region.advance(10.0)
    arrived = updates(session)
    assert not [update for update in arrived if update.HasField("account")]
    assert [
        update.block.updated_account_count for update in arrived if update.HasField("block")
    ] == [0]


def test_next_due_leads_through_all_that_happens() -> None:
    region = make_region(plain_chain(3))
    session = subscribe(region, request_all())
    stepped = []
    while region.next_due() < 30.0:
        region.advance(region.next_due())
        stepped += story(session)
    other = make_region(plain_chain(3))
    whole = subscribe(other, request_all())
    other.advance(30.0)
    assert stepped == story(whole)


def test_waits_for_its_beginning() -> None:
    region = make_region(plain_chain(1))
    region.begin(inf)
    assert region.next_due() == inf
    region.begin(50.0)
    assert region.next_due() == 50.0
    session = subscribe(region, request_all(), 50.0)
    region.advance(50.11)
    assert story(session) == ["100 FIRST_SHRED_RECEIVED", "100 CREATED_BANK"]


def test_forgotten_slots_are_passed_over() -> None:
    chain = plain_chain(3)
    slots, chain.slots = chain.slots, {}

    def keep_the_last(number: int) -> object:
        if number < 102:
            raise KeyError(number)
        return slots[number]

    chain.slot = keep_the_last  # type: ignore[method-assign, assignment]
    region = make_region(chain)
    session = subscribe(region, request_all())
    region.advance(10.0)
    assert {line.split()[0] for line in story(session)} == {"102"}


def test_geyser_number_of_statuses() -> None:
    """The values of the wire are those of our enum."""
    assert [status.value for status in SlotStatus] == [
        getattr(geyser_pb2, f"SLOT_{status.name}") for status in SlotStatus
    ]


def test_slots_before_the_region_s_time_are_not_heard() -> None:
    chain = plain_chain(6)
    region = Region(
        "ams", chain, RegionSettings(slot_time=1.0), seed=1, started_at=0.0, heard_from=103
    )
    session = subscribe(region, request_all())

    region.advance(20.0)

    assert {line.split()[0] for line in story(session)} == {"103", "104", "105"}
