"""A slot counts as confirmed once enough providers name the same block of it."""

from typing import Any

import pytest

from monitor.core.banks import Meta
from monitor.core.chain import Commitment
from monitor.core.commands import Report
from monitor.core.events import ReadingResumed
from monitor.core.findings import Cause
from monitor.core.health import Placement
from monitor.core.quorum import EPISODE, SPARE, QuorumPolicy
from monitor.core.slots import SlotState
from tests.core.play import ALL, Play, confirmed, created, finalized, meta, tx

ONE, TWO, THREE = (Placement(provider) for provider in ("one", "two", "three"))


def play(*placements: Placement, needed: int = 2, wait: float = 30.0, **more: Any) -> Play:
    """Endpoints of these providers; all feeds are open."""
    strict = more.pop("strict", False)
    policy = QuorumPolicy(needed, wait, is_strict=strict)
    return Play(ALL, feeds=len(placements), placements=placements, quorum=policy, **more)


def told(scene: Play, slot: int, *feeds: int, **of_meta: Any) -> Play:
    """These feeds bring the whole slot."""
    for feed in feeds:
        scene.block(feed, slot, tx(slot, 0), **of_meta)
    return scene


def goes_on(scene: Play, feed: int, slot: int, until: float) -> Play:
    """The feed tells a slot every two seconds, from this one on, all of them at processed."""
    while scene.now + 2.0 <= until:
        told(scene.at(scene.now + 2.0), slot, feed)
        slot += 1
    return scene.at(until)


def reports(scene: Play, level: str) -> list[Report]:
    return [each for each in scene.of(Report) if each.level == level]


def causes(scene: Play) -> list[list[Cause]]:
    """What was found against each endpoint."""
    return [[f.cause for f in each.newest()] for each in scene.kernel.health.findings]


def test_one_endpoint_is_not_enough() -> None:
    scene = told(play(ONE, TWO), 5, 1, 2)
    scene.says(1, confirmed(5))
    assert scene.take() == []
    scene.says(2, confirmed(5))
    assert scene.take() == ["5 t0"]


def test_one_is_enough_where_nobody_asks_for_more() -> None:
    scene = told(play(ONE, TWO, needed=1), 5, 1, 2).says(1, confirmed(5))
    assert scene.take() == ["5 t0"]
    assert scene.kernel.join.slots[5].voices is None


def test_endpoints_of_one_provider_count_once() -> None:
    scene = told(play(ONE, ONE, TWO), 5, 1, 2, 3)
    scene.says(1, confirmed(5)).says(2, confirmed(5))
    assert scene.take() == []
    scene.says(3, confirmed(5))
    assert scene.take() == ["5 t0"]


def test_endpoints_without_a_word_on_their_provider_count_each() -> None:
    scene = told(play(Placement(), Placement()), 5, 1, 2)
    scene.says(1, confirmed(5)).says(2, confirmed(5))
    assert scene.take() == ["5 t0"]


def test_a_status_before_its_block_meta_means_the_block_that_this_endpoint_names_then() -> None:
    scene = told(play(ONE, TWO), 5, 1).says(1, confirmed(5))
    scene.says(2, created(5), tx(5, 0), confirmed(5))
    assert scene.take() == []
    scene.says(2, meta(5))
    assert scene.take() == ["5 t0"]


def test_a_status_of_an_endpoint_that_names_no_block_does_not_count() -> None:
    scene = told(play(ONE, TWO), 5, 1).says(1, confirmed(5)).says(2, confirmed(5))
    assert scene.take() == []


def test_a_status_on_a_new_stream_means_the_block_that_the_endpoint_named_on_the_old_one() -> None:
    scene = told(play(ONE, TWO), 5, 1, 2).says(1, confirmed(5))
    scene.ends(2).at(1.0)
    scene.accepts(scene.opened()[-1]).says(scene.opened()[-1], confirmed(5))
    assert scene.take() == ["5 t0"]


def test_a_block_on_which_enough_agree_confirms_its_ancestors() -> None:
    scene = told(told(play(ONE, TWO), 5, 1, 2), 6, 1, 2)
    scene.says(1, confirmed(5), confirmed(6)).says(2, confirmed(6))
    assert scene.take() == ["5 t0", "6 t0"]


def test_finalized_takes_as_many() -> None:
    scene = told(play(ONE, TWO, level=Commitment.FINALIZED), 5, 1, 2)
    scene.says(1, finalized(5)).says(2, confirmed(5))
    assert scene.take() == []
    scene.says(2, finalized(5))
    assert scene.take() == ["5 t0"]


def test_a_parent_link_that_one_endpoint_alone_tells_proves_nothing() -> None:
    scene = told(told(play(ONE, TWO, THREE), 5, 1, 2, 3), 6, 2, 3)
    told(scene, 7, 1, parent=5)
    told(scene, 7, 2, 3)
    scene.says(1, finalized(7)).says(2, confirmed(7)).at(5.0)
    assert scene.take() == []
    assert scene.certified() == {}
    scene.says(2, finalized(7)).says(3, finalized(7)).at(10.0)
    assert scene.take() == ["5 t0", "6 t0", "7 t0"]
    assert [each.value for each in scene.certified().values()] == ["complete"] * 3
    assert scene.certificates()[7].parent_slot == 6
    sentences = [each.sentence for each in scene.kernel.health.findings[0].newest()]
    assert ["parent 5" in each for each in sentences] == [True, False]
    assert "of slot 6 never came" in sentences[1]


def test_of_an_ancestor_the_parent_is_taken_that_more_providers_tell() -> None:
    scene = told(told(play(ONE, TWO, THREE), 5, 1, 2, 3), 6, 2, 3)
    told(scene, 7, 1, parent=5)
    told(told(scene, 7, 2, 3), 8, 2, 3)
    scene.says(2, finalized(8)).says(3, finalized(8)).at(5.0)
    assert scene.take() == ["5 t0", "6 t0", "7 t0", "8 t0"]
    assert scene.certificates()[7].parent_slot == 6


def test_where_nobody_can_tell_the_parent_of_an_ancestor_it_waits() -> None:
    scene = told(told(play(ONE, TWO), 5, 1, 2), 6, 2)
    told(scene, 7, 1, parent=5)
    told(told(scene, 7, 2), 8, 1, 2)
    scene.says(1, finalized(8)).says(2, finalized(8)).at(29.0)
    assert scene.take() == ["8 t0"]  # after `hold`
    assert scene.certified() == {8: "complete"}
    scene.at(33.0)
    assert scene.take()[-1] == "7 t0 late"
    assert scene.certified()[7] == "complete"
    assert scene.certificates()[7].proof.endswith("; quorum: 1 of 2")
    assert "quorum" not in scene.certificates()[8].proof


def test_where_the_parent_of_an_ancestor_is_told_at_last_it_waits_no_more() -> None:
    scene = told(told(play(ONE, TWO, THREE), 5, 1, 2), 6, 2)
    told(scene, 7, 1, parent=5)
    told(told(scene, 7, 2), 8, 1, 2)
    scene.says(1, finalized(8)).says(2, finalized(8)).at(1.0)
    assert scene.take() == []
    told(scene, 7, 3)
    assert scene.take() == ["5 t0", "6 t0", "7 t0", "8 t0"]
    assert scene.at(6.0).certificates()[7].parent_slot == 6


def test_too_few_providers_are_told_of_at_once_and_waited_for() -> None:
    scene = told(play(ONE, TWO), 5, 1, 2).says(1, confirmed(5)).says(2, confirmed(5))
    scene.at(2.0).ends(2)
    (alert,) = reports(scene, "critical")
    assert alert.facts == {"providers": 1, "confirm_quorum": 2}
    scene.take()
    told(scene, 6, 1).says(1, confirmed(6))
    assert goes_on(scene, 1, 7, 31.9).take() == []
    assert scene.at(32.0).take() == ["6 t0"]
    told(scene, 21, 1).says(1, confirmed(21))
    assert scene.take()[-1] == "21 t0"
    assert len(reports(scene, "critical")) == 1


def test_what_went_on_with_too_few_says_so_in_its_certificate() -> None:
    scene = told(play(ONE, TWO), 5, 1, 2).says(1, finalized(5)).says(2, finalized(5))
    scene.ends(2)
    told(scene, 6, 1).says(1, confirmed(6), finalized(6)).at(40.0)
    assert "quorum" not in scene.certificates()[5].proof
    assert scene.certificates()[6].proof.endswith("; quorum: 1 of 2")


def test_what_enough_agree_on_at_last_needs_no_remark() -> None:
    scene = told(play(ONE, TWO), 5, 1, 2).says(1, confirmed(5)).at(31.0)
    assert scene.take() == ["5 t0"]
    scene.says(2, finalized(5)).says(1, finalized(5)).at(40.0)
    assert "quorum" not in scene.certificates()[5].proof


def test_a_strict_quorum_waits_for_ever() -> None:
    scene = told(play(ONE, TWO, strict=True), 5, 1, 2).ends(2)
    scene.says(1, confirmed(5), finalized(5))
    goes_on(scene, 1, 6, 41.0).says(1, confirmed(25), finalized(25)).at(10_000.0)
    assert scene.take() == []
    assert scene.certified() == {}
    scene.accepts(scene.opened()[-1]).says(scene.opened()[-1], finalized(5))
    assert scene.take() == ["5 t0"]


def test_with_three_wanted_two_are_waited_for_where_two_can_be_heard() -> None:
    scene = told(play(ONE, TWO, THREE, needed=3, wait=2.0), 5, 1, 2).ends(3).at(2.5)
    scene.says(1, confirmed(5))
    assert scene.take() == []
    scene.says(2, confirmed(5))
    assert scene.take() == ["5 t0"]
    told(scene, 6, 1, 2).says(1, confirmed(6)).ends(2).at(2.6)
    assert scene.take() == ["6 t0"]


def test_that_there_are_enough_again_is_told_and_each_slot_is_waited_for_again() -> None:
    scene = goes_on(told(play(ONE, TWO), 5, 1, 2).ends(2), 1, 6, 40.0)
    scene.accepts(scene.opened()[-1])
    assert "enough providers for a quorum can be heard again" in scene.sentences()
    told(scene, 26, 1).says(1, confirmed(26)).at(41.0)
    assert scene.take() == []


def test_a_slot_is_waited_for_no_longer_than_that_though_all_can_be_heard() -> None:
    scene = told(play(ONE, TWO, wait=3.0), 5, 1, 2).says(1, confirmed(5)).at(2.9)
    assert scene.take() == []
    assert scene.at(3.0).take() == ["5 t0"]


def test_time_in_which_nothing_was_read_is_no_waiting() -> None:
    scene = told(play(ONE, TWO), 5, 1, 2).says(1, confirmed(5)).ends(2)
    scene._do(scene.kernel.handle(ReadingResumed(20.0), scene.now))
    assert scene.at(49.0).take() == []
    assert scene.at(50.0).take() == ["5 t0"]


def test_a_disagreement_at_confirmed_is_told_with_the_names_of_all() -> None:
    scene = told(play(ONE, TWO, THREE), 5, 1, block="bad")
    told(scene, 5, 2, 3, block="good")
    scene.says(1, confirmed(5)).says(2, confirmed(5)).says(3, confirmed(5))
    found = [each.facts for each in reports(scene, "critical") if "origins" in each.facts]
    assert [(each["blockhash"], each["origins"]) for each in found] == [
        ("bad", (0,)),
        ("good", (1,)),
    ]
    assert scene.take() == ["5 t0"]


def test_disagreements_that_go_on_are_told_once_a_minute() -> None:
    scene = play(ONE, TWO, THREE)
    for slot, at in ((5, 1.0), (6, 2.0), (7, EPISODE + 1.0)):
        told(scene.at(at), slot, 1, block="bad")
        told(scene, slot, 2, 3)
        scene.says(1, confirmed(slot)).says(2, confirmed(slot))
    slots = [each.facts["slot"] for each in reports(scene, "critical") if "origins" in each.facts]
    assert slots == [5, 5, 7, 7]


@pytest.mark.parametrize("order", [(1, 2, 3), (2, 3, 1)])
def test_who_tells_another_block_than_enough_others_is_named_once_and_isolated(
    order: tuple[int, ...],
) -> None:
    scene = play(ONE, TWO, THREE)
    told(scene, 5, 1, block="bad")
    told(scene, 5, 2, 3)
    for feed in order:
        scene.says(feed, confirmed(5))
    assert causes(scene) == [[Cause.BLOCK], [], []]
    scene.says(1, finalized(5))
    for slot in range(6, 20):  # others look at it again later
        told(scene, slot, 1, 2, 3)
    assert causes(scene) == [[Cause.BLOCK], [], []]
    assert scene.kernel.health.findings[0].counts == {Cause.BLOCK: 1}
    assert [each.value < 0.5 for each in scene.kernel.health.trust] == [True, False, False]


def test_two_that_disagree_with_nobody_else_are_both_waited_for_and_nobody_is_blamed() -> None:
    scene = told(told(play(ONE, TWO), 5, 1, block="first"), 5, 2, block="second")
    scene.says(1, confirmed(5)).says(2, confirmed(5)).at(29.0)
    assert scene.take() == []
    scene.at(31.0)
    assert len(scene.take()) == 1
    assert causes(scene) == [[], []]


def test_of_two_that_disagree_the_one_that_is_believed_goes_first() -> None:
    scene = play(ONE, TWO)
    scene.kernel.health.trust[0].contradicted()
    told(told(scene, 5, 1, block="first"), 5, 2, block="second")
    scene.says(1, confirmed(5)).says(2, confirmed(5)).at(31.0)
    assert scene.kernel.join.slots[5].confirmed == "second"


def test_a_block_that_the_next_ones_deny_is_not_taken_on_the_word_of_a_few() -> None:
    scene = told(told(play(ONE, TWO), 5, 1, block="bad"), 5, 2)
    told(scene, 6, 1, 2)
    scene.says(1, confirmed(5)).at(31.0)
    assert scene.take() == []
    scene.says(1, confirmed(6)).says(2, confirmed(6))
    assert scene.take() == ["5 t0", "6 t0"]


def test_who_is_not_believed_is_not_counted_among_those_who_can_be_heard() -> None:
    scene = play(ONE, TWO)
    scene.kernel.health.trust[1].contradicted()
    told(scene, 5, 1)
    assert "too few providers for a quorum can be heard" in scene.sentences()


def test_slots_that_are_closed_while_they_wait_are_forgotten() -> None:
    scene = play(ONE, TWO, wait=10.0)
    for slot in (5, 7):
        told(scene, slot, 1, 2, **({"parent": 5} if slot == 7 else {}))
    told(scene, 6, 1).says(1, confirmed(6))
    scene.says(1, finalized(7)).says(2, finalized(7)).at(5.0)
    assert scene.certified()[6] == "forked"
    scene.at(20.0)
    assert scene.kernel.join.next_deadline() is None


def test_at_processed_nothing_waits() -> None:
    scene = play(ONE, TWO, level=Commitment.PROCESSED)
    told(scene, 5, 1)
    assert scene.take() == ["5 t0"]


def test_time_in_which_nothing_was_read_counts_for_a_single_slot_neither() -> None:
    scene = told(play(ONE, TWO, wait=3.0), 5, 1, 2).says(1, confirmed(5))
    scene._do(scene.kernel.handle(ReadingResumed(1.0), scene.now))
    assert scene.at(3.9).take() == []
    assert scene.at(4.0).take() == ["5 t0"]


def test_closed_slots_that_waited_are_not_kept_for_ever() -> None:
    kernel = play(ONE, TWO, strict=True).kernel
    quorum = kernel.join.quorum
    assert quorum is not None
    for number in range(2 * SPARE):
        state = SlotState(number)
        list(quorum.name(state, 0, Meta("B", number - 1, "A", None, 1, 1), 0.0))
        list(quorum.tell(state, 0, None, Commitment.CONFIRMED, 0.0))
        quorum.check()


def test_what_an_endpoint_replays_is_its_own_word_and_no_second_one() -> None:
    kernel = play(ONE, TWO).kernel
    quorum = kernel.join.quorum
    assert quorum is not None
    state = SlotState(5)
    block = Meta("B5", 4, "B4", None, 1, 1)
    for origin in (0, kernel.origins.replay(0)):
        list(quorum.name(state, origin, block, 0.0))
        assert list(quorum.tell(state, origin, None, Commitment.CONFIRMED, 0.0)) == []
    list(quorum.name(state, 1, block, 0.0))
    assert list(quorum.tell(state, 1, None, Commitment.CONFIRMED, 0.0)) == [("B5", 1)]
