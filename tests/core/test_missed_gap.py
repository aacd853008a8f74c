"""How large the gap is that a start finds, and what comes of it."""

from dataclasses import replace
from typing import Any

from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.chain import Commitment
from monitor.core.commands import Abandon, Command, Fetch, OpenFeed, Recall, Refuse
from monitor.core.endings import EndReason
from monitor.core.events import Recalled, Row
from monitor.core.missed_gap import MissedGap
from monitor.core.progress import Progress
from monitor.core.rungs import Rung
from tests.core.play import ALL, Play, confirmed, created, finalized, meta, tx
from tests.core.test_repair import RPC, Recovery

NAMED = Certificate(12, SlotEnd.COMPLETE, "counted", "B12", 10, 12, parent_blockhash="B10")
"""A block that was closed before the restart; its parent was not."""


def weighed(*rows: Row, most: int = 100, first: int | None = 10) -> tuple[list[Command], Progress]:
    """A gap of which a feed told these rows."""
    progress = Progress()
    gap = MissedGap(Play(ALL).kernel.join, progress, most, "refuse")
    gap.begin_at(first)
    gap.heard(rows)
    return list(gap.weigh(0.0)), progress


def caught_up(progress: Progress) -> tuple[int, int, float] | None:
    return progress._catch_up


def skipping(**settings: Any) -> Recovery:
    policy = replace(RPC, max_catchup=100, on_exceeded="skip")
    return Recovery(ALL, recovery=policy, resume_slot=10, **settings)


def test_a_gap_ends_at_the_highest_slot_that_a_feed_tells() -> None:
    commands, progress = weighed(finalized(40), created(72), confirmed(41))
    assert (commands, caught_up(progress)) == ([], (10, 72, 0.0))


def test_a_gap_of_one_slot_more_than_the_bound_is_for_a_person() -> None:
    assert weighed(created(110))[0] == []
    ((refused,), progress) = weighed(created(111))
    assert isinstance(refused, Refuse)
    assert "slots 10 to 110 were missed since the last run: 101" in refused.why
    assert caught_up(progress) is None


def test_without_a_process_before_there_is_no_gap() -> None:
    assert weighed(created(500), first=None)[0] == []


def test_who_only_tells_of_older_slots_says_nothing_about_the_gap() -> None:
    play = Recovery(ALL, recovery=replace(RPC, max_catchup=100), resume_slot=10)
    play.says(1, finalized(9))
    assert play.asked(Refuse) == []
    play.says(1, created(500))
    assert len(play.asked(Refuse)) == 1


def test_what_certificates_name_does_not_shorten_what_is_skipped() -> None:
    play = skipping(closed=(NAMED,))
    assert [each.slot for each in play.asked(Fetch)] == [10]
    play.block(1, 500, tx(500, 0)).says(1, confirmed(500))
    assert [(each.first, each.end) for each in play.asked(Abandon)] == [(10, 12), (13, 499)]
    play.fetched(10, tx(10, 0)).ends(1, EndReason.REPLAY_EXPIRED, floor=500)
    assert [each.slot for each in play.asked(Fetch)] == [499]
    assert len(play.kernel.repair.queue) == 1
    assert play.kernel.frontier(Commitment.FINALIZED) == 498


def test_a_gap_is_skipped_up_to_the_lowest_slot_that_a_feed_tells() -> None:
    play = skipping()
    play.says(1, finalized(470), created(500), tx(500, 0), meta(500))
    (abandoned,) = play.asked(Abandon)
    assert (abandoned.first, abandoned.end) == (10, 470)


def test_what_a_replay_for_recovery_tells_is_not_the_live_chain() -> None:
    ladder = replace(RPC, rungs=(Rung.REPLAY,), workers={Rung.REPLAY: 1}, max_catchup=100)
    policy = replace(ladder, on_exceeded="skip")
    play = Recovery(ALL, recovery=policy, resume_slot=10, still_open=((5, 8),))
    play.hears(Recalled(play.asked(Recall)[0].slots, {})).at(1.0)
    (replay,) = [each.feed for each in play.of(OpenFeed) if each.is_replay]
    play.accepts(replay).says(replay, tx(499, 0))
    assert play.asked(Abandon) == []
    play.says(1, created(501))
    assert [each.end for each in play.asked(Abandon)] == [501]
