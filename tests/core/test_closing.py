"""What becomes of slots that are let go, told as dialogue."""

from monitor.core.commands import Report
from monitor.core.join import KEPT_BELOW_ROOT
from tests.core.play import ALL, Play, confirmed, created, finalized, processed, tx


def test_slots_far_below_the_root_are_let_go_by_their_end() -> None:
    play = Play(ALL)
    play.block(1, 4).says(1, created(5), processed(6))
    far = 4 + KEPT_BELOW_ROOT
    play.block(1, far, parent=4).says(1, finalized(far))
    assert set(play.kernel.join.slots) == {4, 5, 6, far}
    play.block(1, far + 2, parent=far).says(1, finalized(far + 2))
    assert set(play.kernel.join.slots) == {6, far, far + 2}
    assert play.kernel.tally.slots == {"complete": 3, "forked": 1}
    play.block(1, far + 3).says(1, finalized(far + 3))
    assert play.kernel.tally.slots == {"complete": 4, "forked": 1, "skipped": 1}


def test_slots_that_no_finalized_block_speaks_for_are_named_when_they_are_let_go() -> None:
    play = Play(ALL)
    play.block(1, 4, tx(4, 0)).says(1, confirmed(4), created(5), tx(5, 0, "half"))
    far = 10 + KEPT_BELOW_ROOT
    play.block(1, 9).block(1, far, parent=9).says(1, finalized(far))
    closed = [c for c in play.of(Report) if c.sentence == "slots were closed without proof"]
    assert [(c.level, c.facts) for c in closed] == [
        ("error", {"from_slot": 4, "to_slot": 8, "released": 1})
    ]
    counts = play.kernel.tally.slots
    assert (counts["unproven"], counts["lost"]) == (1, 3)


def test_where_nothing_was_released_all_is_lost() -> None:
    play = Play(ALL).block(1, 4)
    far = 10 + KEPT_BELOW_ROOT
    play.block(1, 9).block(1, far, parent=9).says(1, finalized(far))
    counts = play.kernel.tally.slots
    assert (counts.get("unproven"), counts["lost"]) == (None, 4)


def test_a_finalized_block_without_its_parent_link_speaks_for_itself_alone() -> None:
    play = Play(ALL)
    play.block(1, 4).says(1, confirmed(4))
    far = 8 + KEPT_BELOW_ROOT
    play.block(1, 7).block(1, far, parent=7).says(1, finalized(far))
    play.block(1, far + 4, parent=far).says(1, finalized(far + 4))
    closed = [c.facts for c in play.of(Report) if c.sentence == "slots were closed without proof"]
    assert closed == [{"from_slot": 4, "to_slot": 6, "released": 1}]
