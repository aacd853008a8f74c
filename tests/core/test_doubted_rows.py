"""Filtered rows of a feed that broke: dropped by every whole feed, or of a bank that lost (DESIGN 5, Completeness)."""

from monitor.core.banks import Meta
from monitor.core.certificates import SlotEnd
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Fetch, ReadAccounts
from monitor.core.events import AccountsRead, BlockFetched, Row
from monitor.core.evidence import judge
from monitor.core.monitors import AccountsFilter, Monitor
from monitor.core.needs import Needs
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung, Verdict
from monitor.core.slots import SlotState
from tests.core.play import (
    ALL,
    SOME,
    VAULT,
    confirmed,
    created,
    finalized,
    meta,
    processed,
    tx,
    write,
)
from tests.core.test_evidence import unsigned
from tests.core.test_repair import RPC, Recovery

NO_RUNG = RecoveryPolicy()
OWNED = Monitor("owned", accounts=AccountsFilter(owner=("owner",)))
"""Names no pubkey, so that no state can be read of its accounts."""


def signatures(*names: str) -> bytes:
    """Of a block's transactions."""
    return b"".join(name.encode().ljust(64, b"\0") for name in names)


def one_feed_broke_with_writes(*writes: Row) -> Recovery:
    """As `one_feed_broke`, with account writes: feed 1 told that of `t0` alone."""
    play = Recovery(OWNED, feeds=2)
    play.says(2, created(5), write(5, "x", "t0", 7), *writes)
    play.says(1, created(5), write(5, "x", "t0", 7), meta(5, transactions=9), processed(5))
    play.says(1, confirmed(5))
    play.ends(2)
    play.says(1, created(6), meta(6), processed(6))
    play.take()
    return play


def tell_signatures(play: Recovery, *names: str) -> Recovery:
    """RPCs tell slot 5, which has these transactions."""
    rows = [meta(5, transactions=9)]
    sources = (play.origin, play.origin + 1)
    return play.hears(BlockFetched(5, Rung.RPC, sources, rows, signatures=signatures(*names)))


def one_feed_broke(recovery: RecoveryPolicy = RPC) -> Recovery:
    """Feed 2 told `t0` of slot 5, and `x1` that feed 1 lacks, and broke; feed 1 told the whole slot."""
    play = Recovery(SOME, feeds=2, recovery=recovery)
    play.says(2, created(5), tx(5, 0), tx(5, 1, "x1"))
    play.says(1, created(5), tx(5, 0), meta(5, transactions=9), processed(5))
    play.says(1, confirmed(5))
    play.ends(2)
    play.says(1, created(6), meta(6), processed(6))
    return play


def end_of(play: Recovery) -> SlotEnd:
    play.says(1, confirmed(6), finalized(6))
    play.block(1, 7)
    play.at(play.now + 5)
    return play.certificates()[5].end


def test_rpcs_that_know_nothing_of_it_tell_that_it_is_another_banks() -> None:
    play = one_feed_broke()
    assert play.asked(Fetch) == [Fetch(5, Rung.RPC, witnesses=2)]
    play.fetched(5, tx(5, 0), transactions=9)
    assert play.take()[0] == "5 t0"
    assert end_of(play) == SlotEnd.RECOVERED
    assert "5 x1" not in "".join(play.take())


def test_rpcs_that_tell_it_prove_that_the_whole_feed_dropped_it() -> None:
    play = one_feed_broke()
    play.fetched(5, tx(5, 0), tx(5, 1, "x1"), transactions=9)
    assert play.take()[:2] == ["5 t0", "5 x1"]
    assert end_of(play) == SlotEnd.RECOVERED


def test_a_slot_that_is_not_waited_for_any_longer_goes_out_without_it() -> None:
    play = one_feed_broke()
    play.at(play.now + 3)
    assert play.take() == ["5 t0"]
    play.fetched(5, tx(5, 0), transactions=9)
    assert end_of(play) == SlotEnd.RECOVERED
    assert "x1" not in "".join(play.take())


def test_and_it_comes_late_when_rpcs_tell_it() -> None:
    play = one_feed_broke()
    play.at(play.now + 3)
    assert "x1" not in "".join(play.take())
    play.fetched(5, tx(5, 0), tx(5, 1, "x1"), transactions=9)
    assert play.take() == ["5 x1 late"]
    assert end_of(play) == SlotEnd.RECOVERED


def test_until_somebody_tells_the_slot_is_partial_and_says_why() -> None:
    play = one_feed_broke()
    play.at(play.now + 3)
    assert end_of(play) == SlotEnd.PARTIAL
    assert "a feed that broke held more" in play.certificates()[5].proof


def test_where_nobody_can_be_asked_it_goes_out_rather_than_be_lost() -> None:
    play = one_feed_broke(NO_RUNG)
    play.at(play.now + 3)
    assert play.take()[:2] == ["5 t0", "5 x1"]
    assert end_of(play) == SlotEnd.PARTIAL


def test_a_state_that_was_read_stands_for_account_writes_that_are_doubted() -> None:
    reads = RecoveryPolicy(rungs=(Rung.RPC,), workers={Rung.RPC: 8}, reads_accounts=True)
    play = Recovery(VAULT, feeds=2, recovery=reads)
    play.says(2, created(5), write(5, "x", "x1", 8))
    play.says(1, created(5), write(5, "x", "t0", 7), meta(5, transactions=9), processed(5))
    play.says(1, confirmed(5))
    play.ends(2)
    play.says(1, created(6), meta(6), processed(6))
    play.fetched(5, transactions=9)
    play.at(play.now + 1)
    (read,) = play.asked(ReadAccounts)
    play.hears(AccountsRead(read.first, read.end, 6, [], play.kernel.origins.reconciled(0)))
    assert play.take() == ["5 x by t0"]
    assert end_of(play) == SlotEnd.RECOVERED
    assert "x1" not in "".join(play.take())


def test_account_writes_that_two_endpoints_replay_without_are_another_banks() -> None:
    state = SlotState(5)
    endpoints = 3
    for endpoint in range(endpoints):
        bank = state.open_bank(endpoint, endpoint, began_whole=True)
        key = write(5, "x", "t0", 7)[2]
        state.shared.tables[Kind.ACCOUNT][key] = (
            state.shared.tables[Kind.ACCOUNT].get(key, 0) | bank.bit
        )
        if endpoint == 0:
            continue
        bank.by_replay = True
        state.tie(bank, Meta("B5", 4, "B4", None, 9, 0))
    broken = state.banks[0]
    state.shared.tables[Kind.ACCOUNT][write(5, "y", "x1", 8)[2]] = broken.bit
    needs = Needs.of([VAULT])
    found = judge(state, "B5", needs, covers=state.cover_bits("B5"), wanted=1)
    assert found.whole
    assert not found.counts(broken.bit)


def test_a_write_of_a_transaction_that_the_block_lacks_is_another_banks() -> None:
    play = one_feed_broke_with_writes(write(5, "y", "x1", 8))
    tell_signatures(play, "t0", "t1", "t2")
    assert play.take() == ["5 x by t0"]
    assert end_of(play) == SlotEnd.RECOVERED
    assert "x1" not in "".join(play.take())
    assert [source.endpoint for source in play.certificates()[5].sources] == [0, play.origin]


def test_so_is_all_that_its_bank_told() -> None:
    play = Recovery(SOME, OWNED, feeds=2)
    play.says(2, created(5), tx(5, 0), tx(5, 1, "x1"), write(5, "y", "x1", 8, mask=2))
    play.says(1, created(5), tx(5, 0), meta(5, transactions=9), processed(5), confirmed(5))
    play.ends(2)
    play.says(1, created(6), meta(6), processed(6))
    rows = [tx(5, 0), meta(5, transactions=9)]
    play.hears(BlockFetched(5, Rung.RPC, (play.origin,), rows, signatures=signatures("t0")))
    assert play.take()[0] == "5 t0"
    assert end_of(play) == SlotEnd.RECOVERED
    assert "x1" not in "".join(play.take())


def test_so_is_all_that_its_bank_wrote() -> None:
    play = one_feed_broke_with_writes(write(5, "y", "x1", 8), write(5, "z", "t2", 9))
    play.at(play.now + 3)
    tell_signatures(play, "t0", "t1", "t2")
    assert play.take() == ["5 x by t0"]
    assert end_of(play) == SlotEnd.RECOVERED


def test_a_write_of_a_transaction_of_the_block_is_the_blocks_and_the_whole_feed_dropped_it() -> (
    None
):
    play = one_feed_broke_with_writes(write(5, "y", "t1", 8))
    play.at(play.now + 3)
    assert play.take() == ["5 x by t0"]
    tell_signatures(play, "t0", "t1", "t2")
    assert play.take() == ["5 y by t1 late"]
    assert end_of(play) == SlotEnd.LOST  # who dropped one may have dropped more
    assert "no feed held it whole" in play.certificates()[5].proof


def test_a_bank_that_wrote_nothing_with_a_signature_stays_in_doubt() -> None:
    play = Recovery(OWNED, feeds=2)
    play.says(2, created(5), unsigned(5, "y", "content"))
    play.says(1, created(5), write(5, "x", "t0", 7), meta(5, transactions=9))
    state = play.kernel.join.slots[5]
    state.signatures["B5"] = signatures("t0")
    assert state.bits_of("B5") == (0b10, 0b01)


def test_doubt_that_nobody_ends_is_in_the_certificate_of_the_lost_slot() -> None:
    play = one_feed_broke_with_writes(write(5, "y", "x1", 8))
    play.at(play.now + 3)
    play.not_fetched(5, Verdict.CANNOT)
    assert play.kernel.is_lost(5)
    assert end_of(play) == SlotEnd.LOST
    assert play.certificates()[5].proof == (
        "no rung of recovery brought it; a part of it is held; "
        "a feed that broke held more than whole feeds do"
    )


def test_nothing_is_told_apart_by_a_block_that_is_not_the_one() -> None:
    play = one_feed_broke_with_writes(write(5, "y", "x1", 8))
    state = play.kernel.join.slots[5]
    state.signatures["another"] = signatures("t0")
    assert state.bits_of("B5") == (0b10, 0b01)


def test_where_no_feed_is_whole_rows_of_one_that_broke_are_held_back_too() -> None:
    play = Recovery(SOME, feeds=2)
    for feed in (1, 2):
        play.block(feed, 4, tx(4, 0)).says(feed, confirmed(4))
    play.says(2, created(5), tx(5, 0), tx(5, 1, "x1")).ends(2)
    play.says(1, tx(5, 0), meta(5, transactions=3), confirmed(5))  # its beginning was not told
    play.block(1, 6).block(1, 7)
    play.at(play.now + 3)
    assert play.take() == ["4 t0", "5 t0"]
    play.fetched(5, tx(5, 0), transactions=3)
    assert play.take() == []


def test_counts_that_are_not_exact_join_nothing() -> None:
    play = Recovery(ALL, feeds=2)
    play.block(1, 5, tx(5, 0), transactions=3)
    play.says(2, created(5), tx(5, 1, "x1")).ends(2)
    play.says(1, confirmed(5)).block(1, 6).block(1, 7)
    play.at(play.now + 3)
    assert play.take() == ["5 t0"]
    play.fetched(5, tx(5, 0), tx(5, 1, "t1"), tx(5, 2, "t2"))
    assert play.take() == ["5 t1 late", "5 t2 late"]


def test_rows_that_come_between_confirmed_and_finalized_are_doubted_as_well() -> None:
    play = Recovery(SOME, feeds=2, level=Commitment.FINALIZED)
    for feed in (1, 2):
        play.block(feed, 4, tx(4, 0)).says(feed, confirmed(4))
    play.block(1, 5, tx(5, 0), transactions=3).says(1, confirmed(5))
    play.says(2, created(5), tx(5, 1, "x1")).ends(2)
    play.block(1, 6).says(1, finalized(5))
    assert play.take() == ["4 t0", "5 t0"]


def test_rows_that_come_after_the_release_are_doubted_as_well() -> None:
    play = Recovery(SOME, feeds=3)
    for feed in (1, 2, 3):
        play.block(feed, 4, tx(4, 0)).says(feed, confirmed(4))
    play.block(1, 5, tx(5, 0), transactions=3).says(1, confirmed(5))
    play.take()
    play.says(2, created(5), tx(5, 1, "x1")).ends(2)
    play.block(3, 5, tx(5, 0), transactions=3)
    assert play.take() == []
