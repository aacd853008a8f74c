"""Who is doubted where a block of RPCs is not the one that is known."""

from collections.abc import Sequence
from typing import Any

from monitor.core.commands import Report
from monitor.core.events import BlockFetched, Row
from monitor.core.findings import Contradicted
from monitor.core.rpc_blocks import RpcBlocks
from monitor.core.rungs import Rung
from tests.core.play import ALL, Play, confirmed, created, meta, processed, tx

WITH_A_STREAM = "an RPC and an endpoint tell different blocks"
WITH_A_LINK = "an RPC told a block that is not the chain's"
OF_AN_ENDPOINT = "RPCs agree on another block than an endpoint told"
RPCS = (4, 5)


def told(*, feeds: Sequence[int] = (1,), endpoints: int = 1) -> Play:
    """Slot 5 is confirmed, and told by these feeds."""
    play = Play(ALL, feeds=endpoints, rpcs=2)
    for feed in feeds:
        play.block(feed, 5, tx(5, 0))
    return play.says(1, confirmed(5))


def heard(
    play: Play, sources: tuple[int, ...], row: Row
) -> tuple[list[tuple[str, dict[str, Any]]], list[Any]]:
    """What is said of a block of these RPCs, and what is found."""
    blocks = RpcBlocks(play.kernel.join)
    event = BlockFetched(5, Rung.RPC, sources, [tx(5, 0), row])
    is_refused = blocks.is_refused(play.kernel.join.slots[5], event)
    said = [each for each in play.kernel.gate.collect() if isinstance(each, Report)]
    assert is_refused == bool(said)
    assert all(each.level == "critical" for each in said)
    return [(each.sentence, dict(each.facts)) for each in said], blocks.found


def test_the_block_that_is_known_is_refused_by_nobody() -> None:
    assert heard(told(), RPCS, meta(5)) == ([], [])


def test_two_rpcs_that_agree_speak_against_a_single_endpoint() -> None:
    said, found = heard(told(), RPCS, meta(5, "A5"))
    why = "its blockhash is A5, and B5 is confirmed"
    assert said == [(OF_AN_ENDPOINT, {"slot": 5, "why": why, "endpoint": 0})]
    assert found == [Contradicted(0, 5, f"RPCs told another block: {why}")]


def test_two_rpcs_that_tell_another_count_speak_against_it_as_well() -> None:
    said, found = heard(told(), RPCS, meta(5, transactions=7))
    assert [sentence for sentence, _ in said] == [OF_AN_ENDPOINT]
    assert [each.endpoint for each in found] == [0]


def test_one_rpc_against_an_endpoint_is_a_dispute_that_nobody_has_won() -> None:
    said, found = heard(told(), (4,), meta(5, "A5"))
    assert [(sentence, facts["endpoints"]) for sentence, facts in said] == [(WITH_A_STREAM, [0])]
    assert found == []


def test_one_rpc_that_is_named_twice_is_one() -> None:
    said, _ = heard(told(), (4, 4), meta(5, "A5"))
    assert [sentence for sentence, _ in said] == [WITH_A_STREAM]


def test_two_endpoints_that_tell_the_block_alike_are_believed() -> None:
    said, found = heard(told(feeds=(1, 2), endpoints=2), RPCS, meta(5, "A5"))
    assert [sentence for sentence, _ in said] == [WITH_A_LINK]
    assert found == []


def test_where_a_child_names_the_block_and_no_endpoint_told_it_the_rpcs_are_wrong() -> None:
    play = Play(ALL).block(1, 4).block(1, 6, tx(6, 0)).says(1, confirmed(6))
    said, found = heard(play, RPCS, meta(5, "A5"))
    assert [sentence for sentence, _ in said] == [WITH_A_LINK]
    assert found == []


def test_nobody_is_blamed_for_a_slot_of_which_a_stream_began_two_banks() -> None:
    play = Play(ALL).says(1, created(5), tx(5, 0), meta(5, "A5", transactions=1))
    play.says(1, created(5), tx(5, 0), meta(5), processed(5), confirmed(5))
    said, found = heard(play, RPCS, meta(5, "A5"))
    assert [sentence for sentence, _ in said] == [WITH_A_STREAM]
    assert found == []


def test_blocks_are_told_apart_and_their_slots_count_as_recovered() -> None:
    play = told()
    state = play.kernel.join.slots[5]
    blocks = RpcBlocks(play.kernel.join)
    for _ in range(2):
        blocks.take(state, BlockFetched(5, Rung.ARCHIVE, (4,), [tx(5, 0), meta(5)]), 0.0)
    assert [bank.feed for bank in state.banks] == [1, -1, -2]
    assert state.recovered_by is Rung.ARCHIVE
