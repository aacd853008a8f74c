"""One endpoint's copy of a slot against those of the others."""

from monitor.core.health_comparing import contradictions, share_of, shares_alike
from monitor.core.health_window import Share
from monitor.core.slots import SlotState
from tests.core.play import ALL, VAULT, Play, confirmed, created, meta, processed, tx, write


def shares(play: Play, slot: int = 6) -> list[Share]:
    """What each endpoint brought of the slot."""
    join = play.kernel.join
    return [
        share_of(
            join.slots[slot],
            endpoint,
            join.gate,
            play.now,
            owed=join.sights.owed_by(endpoint, slot),
        )
        for endpoint in range(play.kernel.origins.endpoints)
    ]


def alike(play: Play, slot: int = 6) -> dict[int, Share] | None:
    return shares_alike(play.kernel.join.slots[slot], range(play.kernel.origins.endpoints))


def begun(feeds: int = 3) -> Play:
    """Every feed has told slot 5, so that it should have all of slot 6."""
    play = Play(ALL, feeds=feeds)
    for feed in range(1, feeds + 1):
        play.block(feed, 5, tx(5, 0))
    return play


def test_feeds_that_brought_the_same_lack_nothing_and_need_not_be_compared() -> None:
    play = begun()
    for feed in (1, 2, 3):
        play.block(feed, 6, tx(6, 0), tx(6, 1))
    assert alike(play) is None  # not confirmed yet
    play.says(1, confirmed(6))
    assert shares(play) == [Share(2, 0, 2, 0), Share(2, 0, 2, 2), Share(2, 0, 2, 2)]
    assert alike(play) == dict(enumerate(shares(play)))


def test_who_left_an_update_out_lacks_it_and_the_others_do_not() -> None:
    play = begun()
    for feed in (1, 2):
        play.block(feed, 6, tx(6, 0), tx(6, 1))
    play.block(3, 6, tx(6, 1), transactions=2).says(1, confirmed(6))
    assert shares(play) == [Share(2, 0, 2, 0), Share(2, 0, 2, 2), Share(2, 1, 1, 1)]
    assert alike(play) is None


def test_two_that_left_out_as_much_as_each_other_are_told_apart_from_the_third() -> None:
    play = begun()
    play.block(1, 6, tx(6, 0), tx(6, 1), tx(6, 2))
    play.block(2, 6, tx(6, 0), tx(6, 1), transactions=3)
    play.block(3, 6, tx(6, 1), tx(6, 2), transactions=3).says(1, confirmed(6))
    assert [each.lacking for each in shares(play)] == [0, 1, 1]
    assert alike(play) is None


def test_who_repeats_itself_lacks_nothing() -> None:
    play = begun()
    play.block(1, 6, tx(6, 0), tx(6, 1)).block(2, 6, tx(6, 0), tx(6, 1))
    play.block(3, 6, tx(6, 0), tx(6, 0), tx(6, 1), transactions=2).says(1, confirmed(6))
    assert shares(play)[2] == Share(2, 0, 3, 3)
    assert alike(play) is None


def test_who_left_the_whole_slot_out_lacks_its_block_meta_too() -> None:
    play = begun()
    for feed in (1, 2):
        play.block(feed, 6, tx(6, 0))
    for feed in (1, 2, 3):
        play.block(feed, 7, tx(7, 0))
    play.says(1, confirmed(7))
    assert shares(play)[2] == Share(2, 2, 0, 0)
    assert alike(play) is None


def test_nothing_is_asked_of_who_was_not_there_from_the_beginning() -> None:
    play = begun(feeds=2)
    play.ends(2).at(1.0).block(1, 6, tx(6, 0))
    play.says(3, tx(6, 0), meta(6)).says(1, confirmed(6))
    assert shares(play) == [Share(1, 0, 1, 0), Share(0, 0, 1, 1)]
    assert alike(play) is None
    play.block(1, 7, tx(7, 0)).says(1, confirmed(7))
    assert shares(play, 7)[1] == Share(0, 0, 0, 0)


def test_a_replay_is_no_copy_to_compare() -> None:
    play = begun(feeds=2)
    for feed in (1, 2):
        play.block(feed, 6, tx(6, 0))
    play.says(1, confirmed(6))
    play.kernel.join.slots[6].banks[1].by_replay = True
    assert alike(play) is None
    assert shares(play)[1] == Share(0, 0, 1, 1)


def test_two_banks_of_one_endpoint_are_not_two_endpoints() -> None:
    play = begun(feeds=2)
    play.says(1, created(6), tx(6, 0), meta(6), created(6), tx(6, 0), meta(6), confirmed(6))
    assert len(play.kernel.join.slots[6].banks) == 2
    assert alike(play) is None


def test_nothing_is_asked_of_a_slot_that_is_not_confirmed() -> None:
    play = begun(feeds=2)
    play.block(1, 6, tx(6, 0))
    assert shares(play) == [Share(0, 0, 1, 0), Share(0, 0, 0, 0)]


def test_account_writes_are_compared_too() -> None:
    play = Play(VAULT, feeds=2)
    for feed in (1, 2):
        play.block(feed, 5, write(5, "x", "a", 1))
    play.block(1, 6, write(6, "x", "b", 2), write(6, "y", "b", 3))
    play.block(2, 6, write(6, "x", "b", 2)).says(1, confirmed(6))
    assert [(each.there, each.lacking) for each in shares(play)] == [(2, 0), (2, 1)]


def told(*blocks: str) -> SlotState:
    """Endpoints in turn tell these blocks of slot 6."""
    play = begun(feeds=len(blocks))
    for feed, block in enumerate(blocks, 1):
        play.says(feed, created(6), tx(6, 0), meta(6, block), processed(6))
    return play.kernel.join.slots[6]


def test_who_tells_another_block_than_two_others_contradicts_the_chain() -> None:
    assert contradictions(told("good", "good", "bad"), [""] * 3) == ("good", {2: "bad"})


def test_the_first_to_tell_a_block_is_not_right_for_that() -> None:
    assert contradictions(told("bad", "good", "good"), [""] * 3) == ("good", {0: "bad"})


def test_nobody_contradicts_where_all_agree() -> None:
    assert contradictions(told("good", "good"), [""] * 2) is None


def test_where_as_many_tell_one_block_as_the_other_nobody_is_blamed() -> None:
    for blocks in (("one", "two"), ("one", "one", "two", "two")):
        assert contradictions(told(*blocks), [""] * len(blocks)) is None


def test_who_told_the_chains_block_too_does_not_contradict() -> None:
    play = begun()
    play.says(3, created(6), tx(6, 0, "x"), meta(6, "fork"), processed(6))
    for feed in (1, 2, 3):
        play.says(feed, created(6), tx(6, 0), meta(6, "good"), processed(6))
    assert contradictions(play.kernel.join.slots[6], [""] * 3) == ("good", {})


def test_who_told_no_block_does_not_contradict() -> None:
    play = begun(feeds=4)
    for feed, block in ((1, "good"), (2, "good"), (3, "bad")):
        play.says(feed, created(6), tx(6, 0), meta(6, block), processed(6))
    play.says(4, created(6))
    assert contradictions(play.kernel.join.slots[6], [""] * 4) == ("good", {2: "bad"})


def test_two_of_one_provider_outvote_nobody() -> None:
    slot = told("bad", "bad", "good")
    assert contradictions(slot, ["one", "one", "two"]) is None
    assert contradictions(slot, ["one", "three", "two"]) == ("bad", {2: "good"})


def test_what_replays_and_rpcs_tell_is_no_vote() -> None:
    assert contradictions(told("good", "bad", "bad"), [""] * 2) is None


def test_nobody_is_blamed_for_rows_that_came_between_two_banks_of_a_slot() -> None:
    play = begun(feeds=2)
    for feed, early in ((1, []), (2, [tx(6, 0)])):
        late = [tx(6, 1)] if early else [tx(6, 0), tx(6, 1)]
        first = [created(6), tx(6, 0, "x"), *early]
        play.says(feed, *first, created(6), *late, meta(6, transactions=2), processed(6))
    play.says(1, confirmed(6))
    assert [(each.there, each.lacking) for each in shares(play)] == [(0, 0), (0, 0)]
    assert alike(play) is None


def test_only_those_who_are_asked_for_everything_are_compared() -> None:
    play = begun()
    for feed in (1, 2):
        play.block(feed, 6, tx(6, 0), tx(6, 1))
    play.block(3, 6, transactions=2).says(1, confirmed(6))
    state = play.kernel.join.slots[6]
    assert shares_alike(state, (0, 1)) == {0: Share(2, 0, 2, 0), 1: Share(2, 0, 2, 2)}
    assert shares_alike(state, ()) is None


def test_who_tells_another_block_is_looked_at_whatever_is_asked_of_it() -> None:
    play = begun()
    for feed in (1, 2):
        play.block(feed, 6, tx(6, 0))
    play.block(3, 6, block="other").says(1, confirmed(6))
    assert shares_alike(play.kernel.join.slots[6], (0, 1)) is None
