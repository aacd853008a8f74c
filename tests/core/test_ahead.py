"""What one endpoint alone tells of slots that the chain cannot have reached: it is named, and the others go on as before."""

import pytest

from monitor.core.findings import Cause
from tests.core.play import ALL, Play, confirmed, finalized, meta, processed, tx
from tests.core.test_steering import SLOT_TIME, begun

LIAR = 3
DROPPER = 2


def tell(play: Play, first: int, slots: int, *, lie: int = 0, drops: bool = False) -> None:
    """Four endpoints tell slots; `lie`: by how many the liar is ahead with a second BlockMeta of each."""
    for slot in range(first, first + slots):
        play.at(play.now + SLOT_TIME)
        for endpoint in range(4):
            rows = [begun(slot, 1), tx(slot, 0, f"t{slot}")]
            if not (drops and endpoint == DROPPER):
                rows.append(tx(slot, 1, f"u{slot}"))
            rows += [meta(slot, transactions=2), processed(slot)]
            play.says(endpoint + 1, *rows, confirmed(slot), finalized(slot - 32))
            if lie and endpoint == LIAR:
                play.says(endpoint + 1, begun(slot + lie, 1), meta(slot + lie))


@pytest.mark.parametrize("lie", [70, 900, 1000])
def test_a_liar_far_ahead_is_named_and_hides_nobody(lie: int) -> None:
    play = Play(ALL, feeds=4)
    tell(play, 100, 60)
    tell(play, 160, 100, lie=lie, drops=True)
    causes = [[each.cause for each in own.newest()] for own in play.kernel.health.findings]
    assert causes == [[], [], [Cause.MISSED], [Cause.AHEAD]]
    (dropped,) = play.kernel.health.findings[DROPPER].newest()
    assert dropped.count > 60
    (ahead,) = play.kernel.health.findings[LIAR].newest()
    assert "and no other endpoint is beyond" in ahead.sentence
    assert [each.silent_for < 1 for each in play.kernel.health.snapshot(play.now)] == [True] * 4


def test_a_liar_that_is_a_little_ahead_hides_nobody_either() -> None:
    play = Play(ALL, feeds=4)
    tell(play, 100, 60)
    tell(play, 160, 100, lie=40, drops=True)
    causes = [[each.cause for each in own.newest()] for own in play.kernel.health.findings[:3]]
    assert causes == [[], [], [Cause.MISSED]]
    (dropped,) = play.kernel.health.findings[DROPPER].newest()
    assert dropped.count >= 40


def test_a_liar_far_ahead_moves_neither_the_tip_nor_the_pace() -> None:
    play = Play(ALL, feeds=4)
    tell(play, 100, 60)
    for slot in range(160, 260):
        tell(play, slot, 1)
        play.says(LIAR + 1, meta(play.kernel.join.pace.tip + 600 + 3 * (slot - 160)))
    assert play.kernel.join.tip == 259
    assert play.kernel.join.pace.slot_time == pytest.approx(SLOT_TIME, rel=0.05)


def test_who_is_first_after_a_leap_of_the_chain_is_no_liar() -> None:
    play = Play(ALL, feeds=4)
    tell(play, 100, 20)
    tell(play, 900, 20)
    causes = {each.cause for own in play.kernel.health.findings for each in own.newest()}
    assert Cause.AHEAD not in causes
    assert play.kernel.join.tip == 919


def test_who_goes_on_alone_is_believed() -> None:
    play = Play(ALL, feeds=2)
    for slot in range(100, 400):
        play.at(play.now + SLOT_TIME)
        for feed in (1, 2) if slot < 120 else (1,):
            play.block(feed, slot, tx(slot, 0, f"t{slot}")).says(feed, confirmed(slot))
    assert play.kernel.join.tip == 399
    assert play.kernel.health.snapshot(play.now)[0].silent_for == 0.0
    assert play.kernel.health.findings[0].newest() == ()
