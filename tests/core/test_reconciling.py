"""Account states that are read in place of writes that can no longer be had."""

from itertools import pairwise
from typing import Any

import pytest

from monitor.core.backoff import FIRST_DELAY, LONGEST_DELAY
from monitor.core.chain import Commitment, SlotStatus
from monitor.core.commands import ReadAccounts, Release, Report
from monitor.core.events import AccountsRead, AccountsUnread, Row
from monitor.core.keys import account_of
from monitor.core.pace import AHEAD
from monitor.core.reconciling import GATHER, TRIES, Reconciling
from monitor.core.recovery_terms import Failure, Lease
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung, Verdict
from tests.core.play import VAULT, Play, confirmed, created, finalized, meta, status, write

ORIGIN = 3


class Failures:
    """The work on slots that was given up."""

    def __init__(self) -> None:
        self.found: list[tuple[Lease, Verdict]] = []

    def fail(self, lease: Lease, failure: Failure, now: float) -> None:
        self.found.append((lease, failure.verdict))


def opened(
    *slots: int, failures: Failures | None = None, level: Commitment = Commitment.CONFIRMED
) -> tuple[Play, Reconciling]:
    """These slots lack their account writes."""
    play = Play(VAULT, level=level, rpcs=1)
    reconciling = Reconciling(play.kernel.join, (failures or Failures()).fail, is_on=True)
    for slot in slots:
        reconciling.want(slot, Rung.RPC)
    return play, reconciling


def asked(reconciling: Reconciling, now: float) -> list[ReadAccounts]:
    return [each for each in reconciling.work(now) if isinstance(each, ReadAccounts)]


def state_of(account: str, slot: int) -> Row:
    row = write(slot, account, "", 0)
    return (*row[:2], account.encode().ljust(32, b"\0") + b"!" + b"h" * 16, *row[3:])


def releases(play: Play) -> list[Release]:
    """What goes out."""
    return [command for command in play.kernel.gate.collect() if isinstance(command, Release)]


def accounts(play: Play) -> list[bytes]:
    """The accounts of which a state goes out."""
    return [account_of(row[2]) for each in releases(play) for *_, row in each.released]


def test_nothing_is_read_while_no_slot_waits() -> None:
    _, reconciling = opened()
    assert asked(reconciling, 0.0) == []
    assert reconciling.next_deadline() is None


def test_slots_are_gathered_and_read_about_together() -> None:
    _, reconciling = opened(8, 5)
    assert asked(reconciling, 1.0) == []
    assert reconciling.next_deadline() == 1.0 + GATHER
    assert asked(reconciling, 1.0 + GATHER) == [ReadAccounts(5, 9, 9)]


def test_no_state_older_than_what_was_released_is_of_use() -> None:
    play, reconciling = opened(5)
    play.block(1, 20).says(1, confirmed(20))
    asked(reconciling, 0.0)
    assert asked(reconciling, GATHER) == [ReadAccounts(5, 6, 20)]


def test_one_question_is_asked_at_a_time() -> None:
    _, reconciling = opened(5)
    asked(reconciling, 0.0)
    asked(reconciling, GATHER)
    reconciling.want(7, Rung.RPC)
    assert asked(reconciling, 60.0) == []
    assert reconciling.next_deadline() is None


def test_what_nobody_could_tell_is_asked_again_later_and_later() -> None:
    _, reconciling = opened(5)
    asked(reconciling, 0.0)
    asked(reconciling, GATHER)
    reconciling.unread(AccountsUnread(5, 6, jitter=0.99), 10.0)
    first = reconciling.next_deadline()
    assert first is not None
    assert first > 10.0
    assert asked(reconciling, 10.0) == []
    assert len(asked(reconciling, first)) == 1
    reconciling.unread(AccountsUnread(5, 6, jitter=0.99), 10.0)
    second = reconciling.next_deadline()
    assert second is not None
    assert second > first


def test_slots_that_came_after_the_question_are_asked_about_anew() -> None:
    _, reconciling = opened(5)
    asked(reconciling, 0.0)
    asked(reconciling, GATHER)
    reconciling.want(7, Rung.RPC)
    assert reconciling.read(AccountsRead(5, 6, 9, [], ORIGIN), 1.0) == [5]
    assert asked(reconciling, 1.0) == []
    assert asked(reconciling, 1.0 + GATHER) == [ReadAccounts(7, 8, 8)]


def test_a_slot_that_is_gone_meanwhile_needs_no_state() -> None:
    play, reconciling = opened(5)
    assert 5 not in play.kernel.join.slots
    assert reconciling.read(AccountsRead(5, 6, 9, [], ORIGIN), 1.0) == [5]


def test_a_state_stands_for_the_slots_that_were_asked_about() -> None:
    play, reconciling = opened(5)
    play.says(1, created(5), created(6))
    reconciling.read(AccountsRead(5, 6, 9, [], ORIGIN), 1.0)
    slots = play.kernel.join.slots
    assert (slots[5].reconciled_at, slots[6].reconciled_at) == (9, None)


def test_a_state_is_handed_on_from_its_rpc_and_marked_late() -> None:
    play, reconciling = opened(5)
    reconciling.read(AccountsRead(5, 6, 9, [state_of("x", 9)], ORIGIN), 1.0)
    (release,) = releases(play)
    row = state_of("x", 9)
    assert release == Release(Commitment.CONFIRMED, [(1, ORIGIN, True, 0, None, row)])


def written(play: Play, slot: int, account: str) -> Play:
    """A confirmed block of this slot with a write to this account."""
    play.says(1, created(slot), write(slot, account, "t0", 1), meta(slot, transactions=0))
    return play.says(1, confirmed(slot))


def test_a_state_that_a_live_write_has_overtaken_is_not_handed_on() -> None:
    play, reconciling = opened(5)
    written(play, 8, "x")
    releases(play)
    rows = [state_of("x", 9), state_of("y", 9)]
    reconciling.read(AccountsRead(5, 6, 9, rows, ORIGIN), 1.0)
    assert accounts(play) == [b"y".ljust(32, b"\0")]


def test_a_write_later_than_the_state_overtakes_it_too() -> None:
    play, reconciling = opened(5)
    written(play, 40, "x")
    releases(play)
    reconciling.read(AccountsRead(5, 6, 9, [state_of("x", 9), state_of("y", 9)], ORIGIN), 1.0)
    assert accounts(play) == [b"y".ljust(32, b"\0")]


def closed_meanwhile(play: Play, slot: int) -> None:
    """The slot is final, and nothing of it is kept."""
    play.says(1, finalized(slot)).block(1, slot + 1)
    assert slot not in play.kernel.join.slots


def test_a_write_of_a_slot_that_was_closed_meanwhile_overtakes_an_older_state() -> None:
    play, reconciling = opened(5)
    written(play, 40, "x")
    closed_meanwhile(play, 40)
    releases(play)
    reconciling.read(AccountsRead(5, 6, 9, [state_of("x", 9), state_of("y", 9)], ORIGIN), 1.0)
    assert accounts(play) == [b"y".ljust(32, b"\0")]


def test_a_write_of_a_slot_that_was_closed_within_the_gap_overtakes_nothing() -> None:
    play, reconciling = opened(5)
    written(play, 5, "x")
    closed_meanwhile(play, 5)
    releases(play)
    reconciling.read(AccountsRead(5, 6, 9, [state_of("x", 9)], ORIGIN), 1.0)
    assert accounts(play) == [b"x".ljust(32, b"\0")]


def test_a_write_of_a_slot_that_lost_meanwhile_overtakes_nothing() -> None:
    play, reconciling = opened(5)
    play.says(1, created(8), write(8, "x", "t0", 1), meta(8, transactions=0))
    play.says(1, created(9), meta(9, parent=7, parent_block="B7", transactions=0), finalized(9))
    play.block(1, 10)
    assert 8 not in play.kernel.join.slots
    releases(play)
    reconciling.read(AccountsRead(5, 6, 9, [state_of("x", 9)], ORIGIN), 1.0)
    assert accounts(play) == [b"x".ljust(32, b"\0")]


def test_what_was_closed_before_anything_was_wanted_overtakes_nothing() -> None:
    play, reconciling = opened()
    written(play, 8, "x")
    closed_meanwhile(play, 8)
    reconciling.want(5, Rung.RPC)
    releases(play)
    reconciling.read(AccountsRead(5, 6, 9, [state_of("x", 9)], ORIGIN), 1.0)
    assert accounts(play) == [b"x".ljust(32, b"\0")]


def test_writes_are_remembered_until_no_slot_waits() -> None:
    play, reconciling = opened(5)
    written(play, 40, "x")
    closed_meanwhile(play, 40)
    reconciling.want(7, Rung.RPC)
    reconciling.read(AccountsRead(5, 6, 9, [], ORIGIN), 1.0)
    assert play.kernel.gate.writes.since(0) == {b"x".ljust(32, b"\0")}
    reconciling.read(AccountsRead(7, 8, 9, [], ORIGIN), 1.0)
    assert play.kernel.gate.writes.since(0) == set()


def test_writes_within_the_gap_overtake_nothing() -> None:
    play, reconciling = opened(5)
    play.says(1, created(5), write(5, "x", "t0", 1), meta(5, transactions=0), confirmed(5))
    releases(play)
    reconciling.read(AccountsRead(5, 6, 9, [state_of("x", 9)], ORIGIN), 1.0)
    assert accounts(play) == [b"x".ljust(32, b"\0")]


def test_a_write_of_a_block_that_may_lose_overtakes_nothing() -> None:
    play, reconciling = opened(5)
    play.says(1, created(8), write(8, "x", "t0", 1), meta(8, transactions=0))
    play.says(1, created(8), write(8, "y", "t0", 1), meta(8, "winner", transactions=0))
    play.says(1, meta(9, parent_block="winner", transactions=0), confirmed(9))
    releases(play)
    rows = [state_of("x", 9), state_of("y", 9)]
    reconciling.read(AccountsRead(5, 6, 9, rows, ORIGIN), 1.0)
    assert accounts(play) == [b"x".ljust(32, b"\0")]


@pytest.mark.parametrize(
    ("context", "row"), [(10**9, 10**9), (9, 10**9), (20 + AHEAD + 1, 20), (4, 4), (9, 4)]
)
def test_states_of_a_slot_that_cannot_be_are_refused_and_told(context: int, row: int) -> None:
    play, reconciling = opened(5, 6)
    play.says(1, created(5), created(20))
    asked(reconciling, 0.0)
    assert len(asked(reconciling, GATHER)) == 1
    rows = [state_of("x", row)]
    assert reconciling.read(AccountsRead(5, 7, context, rows, ORIGIN), play.now) == []
    (report,) = play.kernel.gate.collect()
    assert isinstance(report, Report)
    assert (report.level, report.facts["endpoint"]) == ("critical", ORIGIN)
    assert play.kernel.join.slots[5].reconciled_at is None
    again = reconciling.next_deadline()
    assert again is not None
    assert again > play.now
    assert asked(reconciling, again) == [ReadAccounts(5, 7, 7)]


@pytest.mark.parametrize("context", [6, 20 + AHEAD])
def test_states_of_any_other_slot_are_believed(context: int) -> None:
    play, reconciling = opened(5, 6)
    play.says(1, created(20))
    event = AccountsRead(5, 7, context, [state_of("x", context)], ORIGIN)
    assert reconciling.read(event, play.now) == [5, 6]
    assert accounts(play) == [b"x".ljust(32, b"\0")]


def test_while_no_feed_says_anything_rpcs_may_be_further_ahead() -> None:
    play, reconciling = opened(5)
    play.says(1, created(20))
    hour = AccountsRead(5, 6, 20 + 9000, [], ORIGIN)
    assert reconciling.read(hour, play.now + 60.0) == []
    assert reconciling.read(hour, play.now + 3600.0) == [5]


def test_one_state_that_stands_for_two_gaps_is_handed_on_once() -> None:
    play, reconciling = opened(5)
    reconciling.read(AccountsRead(5, 6, 9, [state_of("x", 9)], ORIGIN), 1.0)
    assert accounts(play) == [b"x".ljust(32, b"\0")]
    reconciling.want(7, Rung.RPC)
    event = AccountsRead(7, 8, 9, [state_of("x", 9), state_of("y", 9)], ORIGIN)
    assert reconciling.read(event, 2.0) == [7]
    assert accounts(play) == [b"y".ljust(32, b"\0")]
    reconciling.read(AccountsRead(5, 6, 10, [state_of("x", 10)], ORIGIN), 3.0)
    assert accounts(play) == [b"x".ljust(32, b"\0")]


def test_a_slot_that_lacked_nothing_else_is_released() -> None:
    play, reconciling = opened(5)
    play.block(1, 4).says(1, meta(5, transactions=0), finalized(5))
    play.kernel.join.take_block(-1, play.kernel.origins.rpc(0), [meta(5, transactions=0)], 0.5)
    frontier = play.kernel.gate.frontier
    assert frontier == [-1, 4, 4]
    reconciling.read(AccountsRead(5, 6, 9, [], ORIGIN), 1.0)
    assert frontier == [-1, 5, 5]


X, Y = b"x".ljust(32, b"\0"), b"y".ljust(32, b"\0")


def reports(play: Play) -> list[Report]:
    return [command for command in play.kernel.gate.collect() if isinstance(command, Report)]


def read_again(reconciling: Reconciling, event: AccountsRead, now: float) -> float:
    """Time passes until the accounts are asked for; and the answer comes then. Answers when."""
    asked(reconciling, now)
    due = reconciling.next_deadline()
    assert due is not None
    assert len(asked(reconciling, due)) == 1
    assert reconciling.read(event, due) == []
    return due


def test_while_one_state_is_not_told_alike_its_slots_wait_and_the_others_go_out_once() -> None:
    play, reconciling = opened(5)
    event = AccountsRead(5, 6, 9, [state_of("y", 9)], ORIGIN, 2, (), (X,))
    now = read_again(reconciling, event, 0.0)
    assert accounts(play) == [Y]
    again = AccountsRead(5, 6, 10, [state_of("y", 10)], ORIGIN, 2, (), (X,))
    now = read_again(reconciling, again, now)
    assert accounts(play) == []
    done = AccountsRead(5, 6, 11, [state_of("x", 11), state_of("y", 11)], ORIGIN, 2)
    assert reconciling.read(done, now) == [5]
    assert accounts(play) == [X]


def test_a_state_that_stands_for_a_later_gap_goes_out_again() -> None:
    play, reconciling = opened(5)
    event = AccountsRead(5, 6, 9, [state_of("y", 9)], ORIGIN, 2, (), (X,))
    now = read_again(reconciling, event, 0.0)
    reconciling.want(12, Rung.RPC)
    releases(play)
    later = AccountsRead(5, 13, 20, [state_of("y", 20)], ORIGIN, 2, (), (X,))
    read_again(reconciling, later, now)
    assert accounts(play) == [Y]


def test_no_state_is_needed_of_an_account_that_was_written_since() -> None:
    play, reconciling = opened(5)
    written(play, 8, "x")
    assert reconciling.read(AccountsRead(5, 6, 9, [], ORIGIN, 2, (), (X,)), 1.0) == [5]


def test_rpcs_that_disagree_are_named_once_a_reading_that_is_repeated() -> None:
    play, reconciling = opened(5)
    event = AccountsRead(5, 6, 9, [], ORIGIN, 2, (3, 4), (X,))
    now = read_again(reconciling, event, 0.0)
    now = read_again(reconciling, event, now)
    (report,) = reports(play)
    assert (report.level, report.sentence) == ("critical", "RPCs disagree about account states")
    assert report.facts == {"origins": [3, 4], "slot": 9}
    reconciling.read(AccountsRead(5, 6, 9, [state_of("x", 9)], ORIGIN, 2, (5,)), now)
    (report,) = reports(play)
    assert report.facts["origins"] == [5]


def test_slots_whose_states_are_never_told_alike_fail_and_say_why() -> None:
    failures = Failures()
    play, reconciling = opened(5, failures=failures)
    play.says(1, created(5))
    reconciling.want(7, Rung.ARCHIVE)
    event = AccountsRead(5, 8, 9, [], ORIGIN, 2, (), (X, Y))
    now = 0.0
    for _ in range(TRIES - 1):
        now = read_again(reconciling, event, now)
    assert failures.found == []
    reconciling.want(9, Rung.RPC)
    read_again(reconciling, event, now)
    assert failures.found == [
        (Lease(Rung.RPC, 5, 6), Verdict.DISAGREED),
        (Lease(Rung.ARCHIVE, 7, 8), Verdict.DISAGREED),
    ]
    (report,) = reports(play)
    why = "RPCs do not tell the states of accounts alike, 2 of them"
    assert (report.level, report.facts["why"]) == ("critical", why)
    assert play.kernel.join.slots[5].reconciled == why
    assert asked(reconciling, now) == []
    assert asked(reconciling, now + GATHER) == [ReadAccounts(9, 10, 10)]


def test_slots_whose_states_nobody_tells_fail_too() -> None:
    failures = Failures()
    play, reconciling = opened(5, failures=failures)
    for attempt in range(TRIES):
        assert failures.found == []
        reconciling.unread(AccountsUnread(5, 6, jitter=0.5), float(attempt))
    assert failures.found == [(Lease(Rung.RPC, 5, 6), Verdict.FAILED)]
    (report,) = reports(play)
    assert report.facts["why"] == "no RPC told the state of accounts"
    assert reconciling.next_deadline() is None


@pytest.mark.parametrize(("witnesses", "word"), [(1, " by the word of one RPC"), (2, "")])
def test_the_words_of_a_slot_tell_a_state_that_one_rpc_alone_told(
    witnesses: int, word: str
) -> None:
    play, reconciling = opened(5)
    play.says(1, created(5))
    reconciling.read(AccountsRead(5, 6, 9, [], ORIGIN, witnesses), 1.0)
    words = f"accounts as of slot 9{word}, writes before it unknown"
    assert play.kernel.join.slots[5].reconciled == words


def test_after_a_restart_no_state_is_asked_for_that_may_be_older_than_what_went_out_before() -> (
    None
):
    play, reconciling = opened(5)
    reconciling.resumes = True
    assert asked(reconciling, 0.0) == []
    assert reconciling.next_deadline() is None
    play.says(1, created(30))
    asked(reconciling, 1.0)
    assert asked(reconciling, 1.0 + GATHER) == [ReadAccounts(5, 6, 30)]
    play.says(1, created(35))
    reconciling.unread(AccountsUnread(5, 6, jitter=0.5), 2.0)
    assert asked(reconciling, 60.0) == [ReadAccounts(5, 6, 30)]


@pytest.mark.parametrize(
    ("given", "resumes"), [({}, False), ({"resume_slot": 5}, True), ({"start_slot": 5}, True)]
)
def test_who_is_given_its_first_slot_may_have_handed_on_later_ones_before(
    given: dict[str, Any], resumes: bool
) -> None:
    recovery = RecoveryPolicy(rungs=(Rung.RPC,), reads_accounts=True)
    play = Play(VAULT, rpcs=1, recovery=recovery, **given)
    assert play.kernel.repair.reconciling.resumes is resumes


def written_at_once() -> tuple[Play, Reconciling]:
    """A monitor at processed had a write to x of slot 8, which nobody calls confirmed."""
    play, reconciling = opened(5, level=Commitment.PROCESSED)
    play.block(1, 7, transactions=0).says(1, confirmed(7))
    play.says(1, created(8), write(8, "x", "t0", 1), meta(8, transactions=0))
    assert "8 x by t0" in play.take()
    return play, reconciling


def test_a_state_waits_for_what_becomes_of_a_write_that_went_out_at_once() -> None:
    play, reconciling = written_at_once()
    event = AccountsRead(5, 6, 9, [state_of("x", 9), state_of("y", 9)], ORIGIN)
    now = read_again(reconciling, event, 0.0)
    assert accounts(play) == [Y]
    due = reconciling.next_deadline()
    assert due == now + 2 * FIRST_DELAY
    assert len(asked(reconciling, due)) == 1
    play.says(1, confirmed(8))
    assert reconciling.read(event, due) == [5]
    assert accounts(play) == []


def test_while_such_a_write_stays_unconfirmed_readings_become_rare() -> None:
    play, reconciling = written_at_once()
    event = AccountsRead(5, 6, 9, [state_of("x", 9)], ORIGIN)
    now, times = 0.0, []
    while now < 600.0:
        now = read_again(reconciling, event, now)
        times.append(now)
    assert len(times) < 30
    pauses = [later - sooner for sooner, later in pairwise(times)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_DELAY
    play.says(1, confirmed(8))
    assert reconciling.read(event, now) == [5]
    reconciling.want(6, Rung.RPC)
    asked(reconciling, now)
    assert reconciling.next_deadline() == now + GATHER


def test_a_pause_begins_anew_for_the_slots_after_those_that_waited_long() -> None:
    play, reconciling = written_at_once()
    event = AccountsRead(5, 6, 9, [state_of("x", 9)], ORIGIN)
    now = 0.0
    for _ in range(8):
        now = read_again(reconciling, event, now)
    play.says(1, confirmed(8))
    assert reconciling.read(event, now) == [5]
    reconciling.want(10, Rung.RPC)
    play.says(1, created(11), write(11, "x", "t1", 1), meta(11, transactions=0))
    later = AccountsRead(10, 11, 12, [state_of("x", 12)], ORIGIN)
    now = read_again(reconciling, later, now)
    assert reconciling.next_deadline() == now + 2 * FIRST_DELAY


def test_a_state_goes_out_when_the_chain_has_passed_by_such_a_write() -> None:
    play, reconciling = written_at_once()
    event = AccountsRead(5, 6, 9, [state_of("x", 9)], ORIGIN)
    now = read_again(reconciling, event, 0.0)
    play.says(1, created(9), meta(9, parent=7, parent_block="B7", transactions=0), confirmed(9))
    releases(play)
    assert reconciling.read(event, now + 1.0) == [5]
    assert accounts(play) == [X]


def test_a_write_of_a_bank_that_died_keeps_no_state_back() -> None:
    play, reconciling = written_at_once()
    play.says(1, status(8, SlotStatus.DEAD))
    releases(play)
    event = AccountsRead(5, 6, 9, [state_of("x", 9)], ORIGIN)
    assert reconciling.read(event, 1.0) == [5]
    assert accounts(play) == [X]
