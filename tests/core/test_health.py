"""What the kernel comes to know of its endpoints."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pytest

from monitor.core.audits import AUDITED
from monitor.core.commands import Report
from monitor.core.endings import EndReason
from monitor.core.endpoint_health import EndpointHealth, Role
from monitor.core.events import BlockFetched, ReadingResumed, Row
from monitor.core.failover import FailoverPolicy
from monitor.core.findings import Cause
from monitor.core.health import STAMPS, Placement
from monitor.core.rungs import Rung
from monitor.core.slots import SlotState
from monitor.core.trust import AUDIT_FACTOR, BLOCK_FACTOR, CLEAN_AUDIT, CLEAN_SLOT
from tests.core.play import (
    ALL,
    SOME,
    Play,
    confirmed,
    created,
    finalized,
    meta,
    processed,
    tx,
)
from tests.core.test_repair import Recovery


def audited(slot: int, *found: int) -> Recovery:
    """A single endpoint brought one transaction of the slot, and an RPC these."""
    play = Recovery(SOME)
    play.block(1, slot, tx(slot, 0)).says(1, confirmed(slot))
    return play.fetched(slot, *[tx(slot, index) for index in found], transactions=1)


def test_an_audit_that_finds_more_is_held_against_the_endpoint() -> None:
    play = audited(AUDITED, 0, 1)
    health = play.kernel.health
    assert health.trust[0].value == AUDIT_FACTOR
    (found,) = health.findings[0].newest()
    assert (found.cause, found.slot) == (Cause.AUDIT, AUDITED)
    assert found.sentence == f"an RPC had 1 more updates of slot {AUDITED} than it sent"
    assert "something was found against an endpoint" in play.sentences()


def test_a_clean_audit_gives_trust_back() -> None:
    play = audited(AUDITED, 0, 1)
    slot = 2 * AUDITED
    play.block(1, slot, tx(slot, 0), parent=AUDITED).says(1, confirmed(slot))
    play.fetched(slot, tx(slot, 0), transactions=1, parent=AUDITED)
    assert play.kernel.health.trust[0].value == AUDIT_FACTOR + CLEAN_AUDIT
    assert len(play.kernel.health.findings[0].newest()) == 1


def test_who_told_another_block_than_rpcs_agree_on_is_isolated_at_once() -> None:
    play = audited(AUDITED, 0)
    slot = 2 * AUDITED
    play.block(1, slot, tx(slot, 0), parent=AUDITED).says(1, confirmed(slot))
    rows = [tx(slot, 0), meta(slot, "another", parent=AUDITED)]
    play.hears(BlockFetched(slot, Rung.RPC, (2, 3), rows))
    health = play.kernel.health
    assert health.trust[0].value == BLOCK_FACTOR
    (found,) = health.findings[0].newest()
    assert (found.cause, found.slot) == (Cause.BLOCK, slot)
    assert "RPCs told another block: its blockhash is another" in found.sentence


def rows_of(slot: int, left_out: int | None = None, block: str | None = None) -> list[Row]:
    """A slot of three transactions."""
    rows = [tx(slot, index, f"s{slot}t{index}") for index in range(3) if index != left_out]
    return [created(slot), *rows, meta(slot, block, transactions=3), processed(slot)]


def stamped(rows: list[Row], ms: float) -> list[Row]:
    return [(*row[:5], int(ms * 1e6), row[6]) for row in rows]


def streamed(
    count: int,
    *,
    delays: Sequence[float] = (0.0, 0.0, 0.0),
    liar: int | None = None,
    leaves_out: Mapping[int, int] = MappingProxyType({}),
) -> Play:
    """Three endpoints tell slots from 100 on, one each 0.4 s, so many milliseconds after it ended.

    `liar`: an endpoint whose blocks are all others; `leaves_out`: by slot, the endpoint that leaves out one
    transaction of it, or -1 less the endpoint that leaves out all of it.
    """
    play = Play(ALL, feeds=3)
    order = sorted(range(3), key=delays.__getitem__)
    for slot in range(100, 100 + count):
        play.at((slot - 100) * 0.4)
        for endpoint in order:
            if leaves_out.get(slot) == -1 - endpoint:
                continue
            left_out = 0 if leaves_out.get(slot) == endpoint else None
            block = f"X{slot}" if endpoint == liar else None
            rows = stamped(rows_of(slot, left_out, block), (slot - 99) * 400 + delays[endpoint])
            play.says(endpoint + 1, *rows)
        honest = next(each for each in order if each != liar)
        play.says(honest + 1, confirmed(slot))
    return play


def found(play: Play) -> list[list[Cause]]:
    """By endpoint, the causes that were found."""
    return [[each.cause for each in own.newest()] for own in play.kernel.health.findings]


def told(play: Play) -> tuple[EndpointHealth, ...]:
    return play.kernel.health.snapshot(play.now)


def test_nothing_is_found_against_endpoints_that_do_their_work() -> None:
    play = streamed(40)
    assert found(play) == [[], [], []]
    for endpoint, health in enumerate(told(play)):
        assert (health.endpoint, health.is_open, health.trust) == (endpoint, True, 1.0)
        assert (health.lag, health.silent_for, health.miss_rate) == (0.0, 0.0, 0.0)
        assert (health.errors, health.covered) == ({}, 40)
        assert not health.needs_person


def test_who_tells_other_blocks_is_named_and_no_longer_trusted() -> None:
    play = streamed(30, liar=2)
    assert found(play) == [[], [], [Cause.BLOCK]]
    (finding,) = play.kernel.health.findings[2].newest()
    assert finding.sentence == "it told block X116 of slot 116, and others told B116"
    assert finding.count > 10
    assert [health.trust for health in told(play)[:2]] == [1.0, 1.0]
    assert told(play)[2].trust < 0.5
    (report,) = [c for c in play.of(Report) if "found against" in c.sentence]
    assert (report.level, report.facts["endpoint"], report.facts["cause"]) == (
        "critical",
        2,
        "block",
    )


def test_who_leaves_an_update_out_is_named_and_its_rate_told() -> None:
    play = streamed(40, leaves_out={110: 1})
    assert found(play) == [[], [Cause.MISSED], []]
    (finding,) = play.kernel.health.findings[1].newest()
    assert finding.sentence == "1 of 3 updates of slot 110 never came"
    first, second, third = told(play)
    assert first.miss_rate == third.miss_rate == 0.0
    assert 0.005 < second.miss_rate < 0.02
    assert second.trust == 1.0


@pytest.mark.parametrize("depth", [32, 14, 10, 3, 1])
def test_however_fast_slots_are_final_who_leaves_an_update_out_is_named(depth: int) -> None:
    play = Play(ALL, feeds=3)
    for slot in range(100, 160):
        play.at((slot - 100) * 0.4)
        for endpoint in range(3):
            left_out = 0 if endpoint == 1 and slot >= 120 else None
            play.says(endpoint + 1, *rows_of(slot, left_out), confirmed(slot))
            play.says(endpoint + 1, finalized(slot - depth))
    assert found(play) == [[], [Cause.MISSED], []]
    (finding,) = play.kernel.health.findings[1].newest()
    assert 25 <= finding.count <= 40
    first, second, third = told(play)
    assert first.miss_rate == third.miss_rate == 0.0
    assert 0.1 < second.miss_rate < 0.3
    assert first.delay.p50 == 0.0
    assert len(play.kernel.health._compared) <= 12


def test_who_leaves_a_whole_slot_out_is_named() -> None:
    play = streamed(40, leaves_out={110: -2})
    assert found(play) == [[], [Cause.MISSED], []]
    (finding,) = play.kernel.health.findings[1].newest()
    assert finding.sentence == "4 of 4 updates of slot 110 never came"


def test_delays_and_firsts_are_told() -> None:
    first, second, third = told(streamed(40, delays=(0.0, 30.0, 90.0)))
    assert (first.delay.p99, second.delay.p50, third.delay.p95) == (0.0, 0.03, 0.09)
    assert (first.first_share, second.first_share, third.first_share) == (1.0, 0.0, 0.0)
    assert first.duplicate_rate == 0.0
    assert second.duplicate_rate == third.duplicate_rate == 1.0


def lagging(slots: int) -> Play:
    """The third endpoint stays where the first two were at slot 110."""
    play = streamed(11)
    for slot in range(111, 111 + slots):
        play.at((slot - 100) * 0.4)
        for feed in (1, 2):
            play.says(feed, *rows_of(slot), confirmed(slot))
    return play


def test_who_is_behind_is_named_within_30_slots() -> None:
    play = lagging(15)
    assert found(play) == [[], [], [Cause.LAGGING]]
    (finding,) = play.kernel.health.findings[2].newest()
    assert finding.sentence == "it is 5.2 s behind slot 124, which two endpoints have"
    assert told(play)[2].lag == pytest.approx(14 * 0.4)
    assert told(play)[2].silent_for == pytest.approx(15 * 0.4)


def test_who_has_just_come_back_is_given_time() -> None:
    play = lagging(9)
    play.ends(3).at(play.now + 0.3).accepts(4)
    for slot in range(121, 128):
        play.at((slot - 100) * 0.4)
        for feed in (1, 2):
            play.says(feed, *rows_of(slot), confirmed(slot))
    assert found(play) == [[], [], []]


def test_a_stream_that_is_not_open_is_not_silent_and_does_not_lag_anew() -> None:
    play = lagging(9).ends(3, EndReason.AUTH)
    for slot in range(120, 130):
        play.at((slot - 100) * 0.4)
        for feed in (1, 2):
            play.says(feed, *rows_of(slot), confirmed(slot))
    third = told(play)[2]
    assert (third.is_open, third.silent_for, third.needs_person) == (False, 0.0, True)
    assert third.errors == {EndReason.AUTH: 1}
    assert found(play) == [[], [], []]


def test_a_pause_of_our_reading_is_no_silence() -> None:
    play = streamed(10)
    play.at(play.now + 8)
    play.kernel.handle(ReadingResumed(8.0), play.now)
    assert [health.silent_for for health in told(play)] == [0.0, 0.0, 0.0]


def test_an_endpoint_that_tells_closed_slots_makes_progress() -> None:
    play = streamed(11)
    for slot in range(111, 131):
        play.at((slot - 100) * 0.4)
        for feed in (1, 2):
            play.says(feed, *rows_of(slot), confirmed(slot), finalized(slot))
    play.at(play.now + 3)
    assert 112 not in play.kernel.join.slots
    play.says(3, *rows_of(112))
    assert told(play)[2].silent_for == 0.0


def test_times_of_arrival_are_not_kept_for_ever() -> None:
    play = streamed(STAMPS + 50)
    assert STAMPS <= len(play.kernel.health._stamps) <= STAMPS + 1


def test_slots_that_are_closed_are_not_kept_for_ever_where_the_tip_stands() -> None:
    play = streamed(20)
    health = play.kernel.health
    for slot in range(200, 200 + STAMPS + 50):
        play.kernel.join.ledger.on_close(SlotState(slot), play.now)
    assert list(health._compared) == [*range(250, 250 + STAMPS)]


def test_after_a_leap_only_the_last_slots_are_looked_at() -> None:
    play = streamed(20)
    for feed in (1, 2, 3):
        play.block(feed, 119 + 500, parent=119)
    assert found(play) == [[], [], []]


def test_providers_and_priorities_are_told_as_configured() -> None:
    placements = (Placement("one", 3), Placement("two", 1))
    health = Play(ALL, feeds=2, placements=placements).kernel.health.snapshot(0.0)
    assert [(each.provider, each.priority) for each in health] == [("one", 3), ("two", 1)]


def test_a_liar_who_was_believed_at_first_gets_no_trust_for_its_own_block() -> None:
    play = Play(ALL, feeds=3)
    for slot in range(100, 118):
        play.says(1, *rows_of(slot, block=f"X{slot}"), confirmed(slot))
        for feed in (2, 3):
            play.says(feed, *rows_of(slot))
    assert found(play) == [[Cause.BLOCK], [], []]
    assert told(play)[0].trust < 0.1
    assert told(play)[1].trust == told(play)[2].trust == 1.0


def test_who_is_not_asked_for_everything_is_not_blamed_for_bringing_less() -> None:
    play = Play(ALL, feeds=3, failover=FailoverPolicy(hot=2))
    assert play.kernel.health.roles == [Role.HOT, Role.HOT, Role.WARM]
    for slot in range(100, 125):
        play.at((slot - 100) * 0.4)
        for feed in (1, 2):
            play.says(feed, *rows_of(slot))
        play.says(3, created(slot), meta(slot, transactions=3), processed(slot), confirmed(slot))
    assert found(play) == [[], [], []]
    assert told(play)[2].miss_rate == 0.0
    assert told(play)[2].delay.p50 == 0.0


def test_trust_comes_back_with_slots_that_are_whole() -> None:
    play = Play(ALL, feeds=3)
    play.kernel.health.audited(1, 5, 2, 0.0)
    for slot in range(100, 120):
        for feed in (1, 2, 3):
            play.says(feed, *rows_of(slot))
        play.says(1, confirmed(slot))
    assert told(play)[1].trust == pytest.approx(AUDIT_FACTOR + 7 * CLEAN_SLOT)
    assert told(play)[0].trust == 1.0


@pytest.mark.parametrize("left_out", [None, 1])
def test_who_is_asked_for_little_regains_trust_by_telling_the_right_blocks(
    left_out: int | None,
) -> None:
    play = Play(ALL, feeds=4)
    health = play.kernel.health
    health.roles[1] = health.roles[2] = Role.WARM
    for endpoint in (1, 2):
        health.trust[endpoint].contradicted()
    for slot in range(100, 120):
        play.says(1, *rows_of(slot), confirmed(slot)).says(4, *rows_of(slot, left_out))
        play.says(2, created(slot), meta(slot, transactions=3), processed(slot))
    assert told(play)[1].trust == pytest.approx(BLOCK_FACTOR + 7 * CLEAN_SLOT)
    assert told(play)[2].trust == BLOCK_FACTOR


def test_endpoints_that_are_not_used_are_told() -> None:
    health = Play(ALL, feeds=3).kernel.health
    assert health.off() == frozenset()
    health.roles[1] = Role.OFF
    assert health.off() == {1}
