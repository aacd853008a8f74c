"""Slots that one endpoint alone told are compared with RPCs, and what that says of the endpoint."""

from collections.abc import Iterable
from typing import Any

import pytest

from monitor.core import audits
from monitor.core.audits import AT_ONCE, AUDITED, PATIENCE, SUSPECT, TRIES
from monitor.core.certificates import SlotEnd
from monitor.core.commands import CancelFetch, Command, Fetch, Report
from monitor.core.events import BlockFetched, FetchFailed, FetchPaced
from monitor.core.monitors import Monitor
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung, Verdict
from monitor.core.trust import AUDIT_FACTOR
from tests.core.play import SOME, confirmed, created, finalized, meta, processed, tx
from tests.core.test_repair import Recovery


def released(*slots: int, monitor: Monitor = SOME, **settings: Any) -> Recovery:
    """Blocks of these slots, each the child of the one before, are released at confirmed."""
    return goes_on(Recovery(monitor, **settings), *slots)


def goes_on(play: Recovery, *slots: int) -> Recovery:
    for place, slot in enumerate(slots):
        parent = slots[place - 1] if place else slot - 1
        play.block(1, slot, tx(slot, 0), parent=parent).says(1, confirmed(slot))
    return play


def asked(play: Recovery) -> list[int]:
    """Slots that RPCs are asked for, and forget it."""
    return [each.slot for each in play.asked(Fetch)]


def trust(play: Recovery, endpoint: int = 0) -> float:
    return play.kernel.health.trust[endpoint].value


def reports(commands: Iterable[Command], sentence: str) -> list[Report]:
    return [c for c in commands if isinstance(c, Report) and c.sentence == sentence]


def test_nothing_is_audited_without_an_rpc() -> None:
    assert asked(released(AUDITED, recovery=RecoveryPolicy())) == []


def test_nothing_is_audited_before_so_many_slots() -> None:
    assert asked(released(AUDITED - 1)) == []


def test_one_slot_of_so_many_is_audited_and_once() -> None:
    play = released(AUDITED)
    assert play.asked(Fetch) == [Fetch(AUDITED, Rung.RPC, witnesses=2)]
    goes_on(play, AUDITED + 1)
    assert asked(play) == []
    play.block(1, 2 * AUDITED - 1, parent=AUDITED + 1).says(1, confirmed(2 * AUDITED - 1))
    assert asked(play) == []
    goes_on(play, 2 * AUDITED)
    assert asked(play) == [2 * AUDITED]


def test_where_the_slot_was_skipped_the_next_block_is_audited() -> None:
    assert asked(released(AUDITED - 1, AUDITED + 2)) == [AUDITED + 2]


def test_a_slot_that_ends_as_it_is_released_is_passed_over_for_the_next() -> None:
    play = Recovery(SOME)
    play.says(1, created(AUDITED), tx(AUDITED, 0), meta(AUDITED), processed(AUDITED))
    play.block(1, AUDITED + 1)
    play.says(1, finalized(AUDITED))
    assert AUDITED in play.certified()
    assert asked(play) == []
    play.says(1, confirmed(AUDITED + 1))
    assert asked(play) == [AUDITED + 1]


def test_a_slot_that_is_recovered_anyway_is_not_audited() -> None:
    play = Recovery(SOME).block(1, AUDITED - 1)
    play.says(1, tx(AUDITED, 0), meta(AUDITED), confirmed(AUDITED))  # its beginning never came
    play.block(1, AUDITED + 1).at(3)
    assert asked(play) == [AUDITED]
    play.fetched(AUDITED, tx(AUDITED, 0))
    assert trust(play) == 1.0


def test_a_slot_that_two_endpoints_told_is_not_audited() -> None:
    play = Recovery(SOME, feeds=2)
    for feed in (1, 2):
        play.block(feed, AUDITED, tx(AUDITED, 0))
    play.says(1, confirmed(AUDITED))
    assert asked(play) == []


def test_what_another_endpoint_is_about_to_tell_is_not_audited() -> None:
    play = Recovery(SOME, feeds=2)
    for feed in (1, 2):
        play.block(feed, AUDITED - 1)
    play.block(1, AUDITED, tx(AUDITED, 0)).says(1, confirmed(AUDITED))
    assert asked(play) == []


def test_the_one_endpoint_of_several_that_is_left_is_audited() -> None:
    play = Recovery(SOME, feeds=2)
    for feed in (1, 2):
        play.block(feed, AUDITED - 1)
    play.ends(1).block(2, AUDITED, tx(AUDITED, 0)).says(2, confirmed(AUDITED))
    assert asked(play) == [AUDITED]
    play.fetched(AUDITED, tx(AUDITED, 0), tx(AUDITED, 1), transactions=1)
    assert (trust(play, 0), trust(play, 1)) == (1.0, AUDIT_FACTOR)


def test_what_an_audit_finds_comes_late_and_is_held_against_the_endpoint() -> None:
    play = released(AUDITED)
    play.take()
    play.fetched(AUDITED, tx(AUDITED, 0), tx(AUDITED, 1, "u1"), transactions=1)
    assert play.take() == [f"{AUDITED} u1 late"]
    (found,) = reports(play.commands, "an audit found updates that never came")
    assert (found.level, found.facts) == ("error", {"slot": AUDITED, "updates": 1})
    assert trust(play) == AUDIT_FACTOR
    play.says(1, finalized(AUDITED)).block(1, AUDITED + 1)
    certificate = play.certificates()[AUDITED]
    assert (certificate.end, certificate.recovered_by) == (SlotEnd.RECOVERED, "rpc")


def test_an_audit_that_finds_nothing_leaves_the_slot_as_it_is() -> None:
    play = released(AUDITED)
    play.fetched(AUDITED, tx(AUDITED, 0))
    assert len(play.kernel.join.slots[AUDITED].banks) == 1
    play.says(1, finalized(AUDITED)).block(1, AUDITED + 1)
    assert play.certificates()[AUDITED].end == SlotEnd.COMPLETE


def test_an_rpc_that_has_the_block_no_sooner_than_we_is_asked_again() -> None:
    play = released(AUDITED)
    asked(play)
    play.not_fetched(AUDITED, Verdict.NOT_YET)
    assert asked(play) == []
    play.at(0.5)
    assert asked(play) == [AUDITED]
    play.fetched(AUDITED, tx(AUDITED, 0), tx(AUDITED, 1), transactions=1)
    assert trust(play) == AUDIT_FACTOR


def test_a_source_that_asks_for_a_pause_gets_it() -> None:
    play = released(AUDITED)
    asked(play)
    play.hears(FetchFailed(AUDITED, Rung.RPC, Verdict.THROTTLED, 0.0, retry_after=20.0))
    play.at(19.0)
    assert asked(play) == []
    play.at(20.0)
    assert asked(play) == [AUDITED]


def test_after_so_many_tries_an_audit_is_given_up_and_the_log_says_so() -> None:
    play = released(AUDITED)
    for _ in range(TRIES):
        assert asked(play) == [AUDITED]
        play.not_fetched(AUDITED, Verdict.NOT_YET)
        play.at(play.now + 60)
    assert asked(play) == []
    (given_up,) = reports(play.commands, "a slot could not be audited")
    assert given_up.facts == {"slot": AUDITED, "why": "not_yet"}
    play.fetched(AUDITED, tx(AUDITED, 0), tx(AUDITED, 1), transactions=1)
    assert trust(play) == 1.0


def test_a_source_that_never_will_have_the_block_is_asked_once() -> None:
    play = released(AUDITED)
    play.not_fetched(AUDITED, Verdict.CANNOT)
    play.at(600.0)
    assert asked(play) == [AUDITED]
    assert play.said("a slot could not be audited")


def test_an_answer_is_not_waited_for_without_end_once_the_call_has_gone() -> None:
    play = released(AUDITED)
    play.at(PATIENCE - 1).hears(FetchPaced(AUDITED, Rung.RPC, is_waiting=True))
    play.at(2 * PATIENCE - 2).hears(FetchPaced(AUDITED, Rung.RPC, is_waiting=False))
    play.at(3 * PATIENCE - 3)
    assert play.asked(CancelFetch) == []
    play.at(3 * PATIENCE - 2)
    assert play.asked(CancelFetch) == [CancelFetch(AUDITED, Rung.RPC)]
    assert asked(play) == [AUDITED]
    assert play.said("a slot could not be audited")


def test_a_failure_that_is_no_audits_changes_nothing() -> None:
    play = released(AUDITED)
    play.not_fetched(AUDITED + 1, Verdict.CANNOT)
    assert not play.said("a slot could not be audited")


def test_what_is_heard_of_calls_while_none_is_under_way_changes_nothing() -> None:
    play = released(AUDITED)
    play.hears(FetchPaced(AUDITED + 1, Rung.RPC, is_waiting=False))
    play.not_fetched(AUDITED, Verdict.NOT_YET)
    play.hears(FetchPaced(AUDITED, Rung.RPC, is_waiting=False))
    play.at(1.0)
    assert asked(play) == [AUDITED, AUDITED]


def test_a_slot_that_was_closed_meanwhile_is_compared_and_what_is_missing_is_recorded() -> None:
    play = released(AUDITED).says(1, finalized(AUDITED))
    play.block(1, AUDITED + 1).take()
    assert play.certified()[AUDITED] == SlotEnd.COMPLETE
    assert AUDITED not in play.kernel.join.slots
    play.fetched(AUDITED, tx(AUDITED, 0), tx(AUDITED, 1), transactions=1)
    (found,) = reports(play.commands, "an audit found updates of a closed slot that never came")
    assert (found.level, found.facts) == ("critical", {"slot": AUDITED, "updates": 1})
    assert trust(play) == AUDIT_FACTOR
    assert play.take() == []


def test_a_closed_slot_of_which_nothing_is_missing_speaks_for_the_endpoint() -> None:
    play = released(AUDITED).says(1, finalized(AUDITED)).block(1, AUDITED + 1)
    play.kernel.health.trust[0].value = 0.5
    play.fetched(AUDITED, tx(AUDITED, 0))
    assert trust(play) > 0.5
    assert reports(play.commands, "an audit found updates of a closed slot that never came") == []


def test_a_block_of_which_nobody_wants_anything_gives_no_trust_back() -> None:
    play = released(AUDITED)
    play.kernel.health.trust[0].value = 0.5
    play.fetched(AUDITED, transactions=1)
    assert trust(play) == 0.5


def test_a_slot_with_two_banks_blames_nobody_and_what_is_missing_comes_all_the_same() -> None:
    play = released(AUDITED)
    play.says(1, created(AUDITED), tx(AUDITED, 0), tx(AUDITED, 7, "of another bank"))
    play.take()
    play.fetched(AUDITED, tx(AUDITED, 0), tx(AUDITED, 1, "u1"), transactions=1)
    assert play.take() == [f"{AUDITED} u1 late"]
    assert trust(play) == 1.0


def test_a_slot_with_two_banks_is_not_chosen() -> None:
    play = Recovery(SOME)
    play.says(1, created(AUDITED), tx(AUDITED, 0), created(AUDITED), tx(AUDITED, 0))
    play.says(1, meta(AUDITED), confirmed(AUDITED))
    assert AUDITED in play.kernel.join.slots
    assert asked(play) == []


def test_another_block_than_two_rpcs_tell_is_held_against_the_endpoint() -> None:
    play = released(AUDITED)
    play.hears(BlockFetched(AUDITED, Rung.RPC, (2, 3), [tx(AUDITED, 0), meta(AUDITED, "another")]))
    assert play.said("RPCs agree on another block than an endpoint told")
    assert trust(play) < 0.5
    assert len(play.kernel.join.slots[AUDITED].banks) == 1


def test_another_block_than_one_rpc_tells_is_a_dispute() -> None:
    play = released(AUDITED)
    play.fetched(AUDITED, tx(AUDITED, 0), block="another")
    assert play.said("an RPC and an endpoint tell different blocks")
    assert trust(play) == 1.0


def test_from_one_that_was_not_whole_the_next_slots_are_audited_one_by_one() -> None:
    play = released(AUDITED)
    play.fetched(AUDITED, tx(AUDITED, 0), tx(AUDITED, 1), transactions=1)
    asked(play)
    last = AUDITED + SUSPECT
    for slot in range(AUDITED + 1, last + 4):
        goes_on(play, slot)
        found = asked(play)
        assert found == ([slot] if slot <= last + 1 else [])
        if found:
            play.fetched(slot, tx(slot, 0))


def test_no_more_are_under_way_than_there_are_places() -> None:
    play = released(AUDITED)
    play.fetched(AUDITED, tx(AUDITED, 0), tx(AUDITED, 1), transactions=1)
    asked(play)
    goes_on(play, *range(AUDITED + 1, AUDITED + 1 + AT_ONCE + 3))
    assert asked(play) == list(range(AUDITED + 1, AUDITED + 1 + AT_ONCE))


def test_after_a_leap_no_more_slots_are_looked_at_than_one_in_so_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audits, "AUDITED", 5)
    assert asked(released(7, 400)) == [7, 400]


def test_a_slot_that_recovery_asks_for_meanwhile_is_its_own() -> None:
    play = released(AUDITED)
    asked(play)
    play.kernel.repair.queue.open(AUDITED, AUDITED + 1, play.now)
    play.fetched(AUDITED, tx(AUDITED, 0), tx(AUDITED, 1), transactions=1)
    assert not play.kernel.repair.queue.is_open(AUDITED)
    assert trust(play) == 1.0
    assert play.kernel.repair.next_deadline() is None
