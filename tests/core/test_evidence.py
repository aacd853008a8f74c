"""What is held of a block, and whether it is all of it."""

import pytest

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Kind
from monitor.core.events import Row
from monitor.core.monitors import BlocksFilter, EntryFilter, Monitor, TransactionsFilter
from tests.core.play import (
    ALL,
    SOME,
    VAULT,
    Play,
    confirmed,
    created,
    entry,
    finalized,
    meta,
    tx,
    write,
)

ENTRIES = Monitor("entries", entry=EntryFilter())
COMPLETE, PARTIAL = SlotEnd.COMPLETE, SlotEnd.PARTIAL


def proof(play: Play, slot: int = 5) -> str:
    """Of the slot's certificate, once it is final and `hold` is over."""
    play.says(1, finalized(slot)).at(play.now + 2.0)
    return play.certificates()[slot].proof


def block_row(slot: int, block: str | None = None, name: str = "entries") -> Row:
    return (Kind.BLOCK, slot, (block or f"B{slot}", name), 1, None, 5, b"block")


def unsigned(slot: int, account: str, content: str) -> Row:
    key = account.encode().ljust(32, b"\0") + b"!" + content.encode().ljust(16, b"\0")
    return (Kind.ACCOUNT, slot, key, 1, 1, 5, content.encode())


def test_two_broken_feeds_make_a_whole_by_counts() -> None:
    play = Play(ALL, feeds=2)
    play.says(1, created(5), tx(5, 0), tx(5, 1)).ends(1)
    play.says(2, tx(5, 2), meta(5, transactions=3), confirmed(5))
    assert play.take() == ["5 t0", "5 t1", "5 t2"]
    play.says(2, finalized(5)).at(2.0)
    certificate = play.certificates()[5]
    assert (certificate.end, certificate.proof) == (COMPLETE, "3 transactions counted")
    assert [(each.endpoint, each.transactions, each.covers) for each in certificate.sources] == [
        (0, 2, False),
        (1, 1, False),
    ]


def test_two_covers_that_each_lack_a_transaction_make_a_whole_by_counts() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0), transactions=2).says(1, confirmed(5))
    assert play.take() == []
    play.block(2, 5, tx(5, 1), transactions=2)
    assert play.take() == ["5 t0", "5 t1"]
    assert proof(play) == "2 transactions counted"


def test_two_broken_covers_of_a_filtered_kind_never_make_a_whole() -> None:
    play = Play(SOME, feeds=2)
    play.block(1, 5, tx(5, 0), transactions=9).block(2, 5, tx(5, 1), transactions=9)
    assert proof(play) == "no feed held it whole"
    assert play.certified() == {5: PARTIAL}
    assert play.take() == ["5 t0", "5 t1"]


def test_one_cover_that_holds_the_entire_union_proves_a_filtered_kind() -> None:
    play = Play(SOME, feeds=2)
    play.block(1, 5, tx(5, 0), transactions=9)
    play.block(2, 5, tx(5, 0), tx(5, 1), transactions=9).says(1, confirmed(5))
    assert play.take() == ["5 t0", "5 t1"]
    assert proof(play) == "held whole by a feed"


def test_one_cover_may_prove_one_kind_and_another_the_other() -> None:
    play = Play(SOME, VAULT, feeds=2)
    one, two = tx(5, 0), write(5, "x", "t0", 1)
    play.block(1, 5, one, transactions=1).block(2, 5, two, transactions=1)
    assert proof(play) == "held whole by a feed"
    assert play.certified() == {5: COMPLETE}


def test_counts_prove_transactions_and_a_cover_the_accounts() -> None:
    play = Play(ALL, VAULT)
    play.block(1, 5, tx(5, 0), write(5, "x", "t0", 1))
    assert proof(play) == "1 transactions counted; held whole by a feed"


def test_an_unsigned_write_that_another_node_does_not_tell_breaks_no_cover() -> None:
    play = Play(VAULT, feeds=2)
    play.block(1, 5, unsigned(5, "x", "a")).block(2, 5, write(5, "x", "t0", 1))
    assert proof(play) == "held whole by a feed"


def test_an_empty_block_is_whole() -> None:
    play = Play(ALL).block(1, 5)
    assert proof(play) == "0 transactions counted"


def test_where_nothing_is_held_a_meta_is_enough() -> None:
    play = Play(Monitor("none")).block(1, 5)
    assert proof(play) == "BlockMeta held"


def test_as_many_transactions_as_counted_with_a_hole_among_them_are_not_whole() -> None:
    play = Play(ALL, feeds=2).block(1, 5, tx(5, 0), tx(5, 2), transactions=2)
    assert proof(play) == "2 of 2 transactions held"
    assert play.certified() == {5: PARTIAL}


def test_entries_are_whole_when_they_lead_to_the_blockhash() -> None:
    play = Play(ENTRIES).block(1, 5, entry(5, 0), entry(5, 1, name="B5"))
    assert proof(play) == "entries lead to the blockhash"


@pytest.mark.parametrize(
    "rows",
    [
        (),
        (entry(5, 0),),
        (entry(5, 1, name="B5"),),
        (entry(5, 0, name="B5"), entry(5, 1)),
    ],
)
def test_entries_that_do_not_lead_there_are_not_whole(rows: tuple[Row, ...]) -> None:
    play = Play(ENTRIES).block(1, 5, *rows)
    assert proof(play) == "entries do not lead to the blockhash"


def test_entries_need_a_cover_where_the_blockhash_cannot_be_read() -> None:
    play = Play(ENTRIES).says(1, created(5), entry(5, 0), meta(5, transactions=0, digest=b""))
    assert proof(play) == "held whole by a feed"


def test_each_blocks_filter_needs_its_block() -> None:
    both = [Monitor("entries", blocks=BlocksFilter()), Monitor("other", blocks=BlocksFilter())]
    play = Play(*both).block(1, 5, block_row(5), block_row(5, name="other"))
    assert proof(play) == "block held"
    play = Play(*both).block(1, 5, block_row(5), block_row(5, "another", name="other"))
    assert proof(play) == "1 of 2 blocks held"


def test_a_confirmed_block_without_its_meta_is_not_whole() -> None:
    play = Play(ALL, start_slot=5, can_amend=False)
    play.says(1, tx(5, 0)).block(1, 6, tx(6, 0)).says(1, finalized(6)).at(20.0)
    assert play.certificates()[5].proof == "its BlockMeta is missing"


def test_two_signatures_at_one_index_are_two_blocks() -> None:
    play = Play(ALL, feeds=2)
    play.says(1, created(5), tx(5, 0, "lost")).ends(1)
    play.block(2, 5, tx(5, 0, "won")).says(2, confirmed(5))
    assert play.take() == ["5 won"]
    assert play.kernel.join.slots[5].contested


def test_rows_of_a_broken_feed_join_a_contested_block_where_counts_then_prove_it() -> None:
    play = Play(ALL, feeds=3)
    play.block(3, 5, tx(5, 0, "x"), block="other")
    play.says(1, created(5), tx(5, 0)).ends(1)
    play.says(2, tx(5, 1), meta(5, transactions=2), confirmed(5))
    assert play.take() == ["5 t0", "5 t1"]


def test_rows_of_a_broken_feed_stay_out_of_a_contested_filtered_block() -> None:
    play = Play(SOME, feeds=3)
    play.block(3, 5, tx(5, 0, "x"), block="other")
    play.says(1, created(5), tx(5, 0)).ends(1)
    play.block(2, 5, tx(5, 1)).says(2, confirmed(5))
    assert play.take() == ["5 t1"]


def test_a_bank_begun_anew_is_judged_with_the_others_of_its_block() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 0), transactions=2)
    play.says(2, created(5), tx(5, 0, "lost"), created(5), tx(5, 1), meta(5, transactions=2))
    play.says(1, confirmed(5))
    assert play.take() == ["5 t0", "5 t1"]
    assert proof(play) == "2 transactions counted"


def test_the_second_of_two_wanted_covers_is_waited_for() -> None:
    play = Play(SOME, feeds=2, covers=2)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5))
    assert play.take() == []
    play.block(2, 5, tx(5, 0))
    assert play.take() == ["5 t0"]


def test_a_second_cover_that_does_not_come_is_waited_for_as_long_as_hold_and_no_longer() -> None:
    play = Play(SOME, feeds=2, covers=2)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5)).at(1.99)
    assert play.take() == []
    play.at(2.0)
    assert play.take() == ["5 t0"]
    assert "a slot was passed over incomplete" not in play.sentences()


def test_what_counts_prove_waits_for_no_second_cover() -> None:
    play = Play(ALL, feeds=2, covers=2)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5))
    assert play.take() == ["5 t0"]


def test_an_endpoint_without_a_fence_covers_only_a_slot_time_after_the_confirmation() -> None:
    play = Play(SOME)
    play.says(1, created(5), meta(5, transactions=9), tx(5, 0), confirmed(5))
    assert play.take() == []
    play.at(0.39)
    assert play.take() == []
    play.says(1, tx(5, 1)).at(0.4)
    assert play.take() == ["5 t0", "5 t1"]


def test_counts_need_no_fence() -> None:
    play = Play(ALL).says(1, created(5), meta(5), tx(5, 0), confirmed(5))
    assert play.kernel.gate.unfenced == {0}
    assert play.take() == ["5 t0"]


def test_statuses_of_transactions_are_counted_by_themselves() -> None:
    statuses = Monitor("statuses", transactions_status=TransactionsFilter())
    row = tx(5, 0)
    play = Play(statuses).block(1, 5, (Kind.TRANSACTION_STATUS, *row[1:]), transactions=1)
    assert proof(play) == "1 transactions counted"
    assert play.certificates()[5].sources[0].transactions == 1


def test_a_replay_that_brings_each_accounts_last_write_is_whole_without_the_unsigned_ones() -> None:
    play = Play(VAULT, start_slot=5, can_amend=False)
    play.says(1, unsigned(5, "y", "a"), write(5, "x", "t1", 2), meta(5, transactions=1))
    play.says(1, meta(6, transactions=0), created(7), finalized(6)).at(2.0)
    assert play.certified()[5] == COMPLETE
    assert play.certificates()[5].proof.startswith("held whole by a replay")


def test_a_transaction_at_two_indexes_completes_no_count() -> None:
    play = Play(ALL, feeds=2)
    play.block(1, 5, tx(5, 1, "x"), transactions=2).says(2, tx(5, 0, "x")).says(1, confirmed(5))
    assert play.take() == []
    assert play.kernel.join.slots[5].contested
    play.at(2.0)
    assert play.take() == ["5 x"]
