"""Trap 11: getHealth is ok far behind, a context slot is not what was asked for, and many accounts are not of one moment."""

import pytest

from monitor.core.certificates import SlotEnd
from monitor.core.chain import Kind
from monitor.core.commands import Fetch, ReadAccounts
from monitor.core.events import AccountsRead, Row
from monitor.core.monitors import AccountsFilter, Monitor
from monitor.core.reconciling import TRIES
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung, Verdict
from monitor.ports import NoBlock
from monitor.wire.base58 import key_bytes
from tests.adapters.recovery.asking import KEYS, SLOT, asking, block
from tests.adapters.recovery.servers import Asked, Reply, always, failing, told
from tests.adapters.recovery.test_states import lamports_of, states
from tests.core.play import confirmed, created, finalized, meta, write
from tests.core.test_repair import Recovery, a_gap

VAULT = Monitor("vault", accounts=AccountsFilter(account=("x",)))
READS = RecoveryPolicy(rungs=(Rung.RPC,), workers={Rung.RPC: 8}, reads_accounts=True)


def far_behind(asked: Asked, _number: int) -> Reply:
    """Healthy, by its own word; and it knows no slot of ours."""
    if asked.call["method"] == "getHealth":
        return told("ok")
    if asked.call["method"] == "getBlock":
        return failing(-32004, f"Block not available for slot {SLOT}")
    return failing(-32016, "Minimum context slot has not been reached")


@pytest.mark.real_time
async def test_nobody_is_asked_for_its_health_and_one_that_is_behind_proves_nothing() -> None:
    async with asking(far_behind) as (pool, (server,)):
        assert await pool.fetch(SLOT, Rung.RPC, 1) == NoBlock(Verdict.NOT_YET)
        assert await pool.accounts(SLOT) is None
    assert {asked.call["method"] for asked in server.asked} == {"getBlock", "getMultipleAccounts"}


@pytest.mark.real_time
async def test_one_that_is_behind_is_overruled_by_one_that_is_not() -> None:
    async with asking(far_behind, always(told(block()))) as (pool, _):
        found = await pool.fetch(SLOT, Rung.RPC, 1)
        assert not isinstance(found, NoBlock)


@pytest.mark.real_time
async def test_states_of_a_slot_before_the_wanted_one_are_refused_whatever_was_asked_for() -> None:
    async with asking(states(479), states(480)) as (pool, _):
        found = await pool.accounts(480)
        assert found is not None
        assert (found.source, found.context_slot) == (1, 480)
        assert dict(pool.tallies[0].errors) == {"behind": 1}


@pytest.mark.real_time
async def test_states_of_which_a_part_is_too_old_are_refused_whole() -> None:
    async with asking(states(500, 479)) as (pool, _):
        assert await pool.accounts(480) is None


@pytest.mark.real_time
async def test_accounts_of_one_answer_each_keep_the_slot_of_their_own_moment() -> None:
    async with asking(states(500, 503)) as (pool, _):
        found = await pool.accounts(480)
    assert found is not None
    moments = lamports_of(found)
    assert (moments[key_bytes(KEYS[0])], moments[key_bytes(KEYS[149])]) == ((500, 1), (503, 1))
    assert found.context_slot == 500


def state(account: str, slot: int) -> Row:
    key = account.encode().ljust(32, b"\0") + b"!" + b"h" * 16
    return (Kind.ACCOUNT, slot, key, 1, 0, 5, f"{account} as of {slot}".encode())


def told_states(play: Recovery) -> list[str]:
    """Events that stand in place of writes."""
    return [line for line in play.take() if "as of" in line]


def gap_without_writes() -> Recovery:
    """Of slot 6 nothing but account writes is missing, and slot 7 is confirmed."""
    play = a_gap(VAULT, recovery=READS)
    play.fetched(6)
    play.at(play.now + 1).take()
    assert [(each.first, each.end) for each in play.asked(ReadAccounts)] == [(6, 7)]
    return play


def read(play: Recovery, context: int, *rows: Row) -> Recovery:
    return play.hears(AccountsRead(6, 7, context, list(rows), play.kernel.origins.reconciled(0)))


def test_a_live_write_that_is_as_new_as_the_state_overtakes_it_and_no_other() -> None:
    play = gap_without_writes()
    play.block(1, 8, write(8, "a", "t0", 1), transactions=0).says(1, confirmed(8)).take()
    read(play, 9, state("a", 9), state("b", 10))
    assert told_states(play) == ["10 b as of 10 late"]


def test_a_live_write_that_was_handed_on_before_an_older_state_came_overtakes_it() -> None:
    play = gap_without_writes()
    play.block(1, 8, transactions=0).block(1, 9, transactions=0)
    play.block(1, 10, write(10, "a", "t0", 1), transactions=0).says(1, confirmed(10)).at(9)
    assert "10 a by t0" in play.take()
    read(play, 9, state("a", 9), state("b", 9))
    assert told_states(play) == ["9 b as of 9 late"]


def test_a_write_of_a_losing_fork_overtakes_nothing() -> None:
    play = gap_without_writes()
    play.says(1, created(8), write(8, "a", "t0", 1), meta(8, transactions=0))
    play.block(1, 9, parent=7, parent_block="B7").says(1, confirmed(9)).take()
    read(play, 9, state("a", 9))
    assert told_states(play) == ["9 a as of 9 late"]


def test_a_live_write_overtakes_an_older_state_though_its_slot_is_closed_meanwhile() -> None:
    play = gap_without_writes()
    for slot in (8, 9):
        play.block(1, slot, transactions=0)
    play.block(1, 10, write(10, "a", "t0", 1), transactions=0).says(1, confirmed(10)).at(9)
    assert "10 a by t0" in play.take()
    play.says(1, finalized(10)).block(1, 11, transactions=0).at(play.now + 3)
    assert 10 not in play.kernel.join.slots
    read(play, 9, state("a", 9), state("b", 9))
    assert told_states(play) == ["9 b as of 9 late"]


def disputed(play: Recovery) -> None:
    """Two RPCs tell an account differently, at one slot, and there is no third."""
    (asked,) = play.asked(ReadAccounts)
    key = b"a".ljust(32, b"\0")
    origins = (play.kernel.origins.reconciled(0), play.kernel.origins.reconciled(1))
    play.hears(AccountsRead(asked.first, asked.end, 9, [], origins[0], 2, origins, (key,)))


def test_a_state_that_rpcs_dispute_never_comes_out_and_its_slot_is_lost_in_the_end() -> None:
    play = a_gap(VAULT, recovery=READS).fetched(6)
    readings = 0
    while not play.kernel.is_lost(6):
        play.at(play.now + 1)
        if any(isinstance(each, ReadAccounts) for each in play.commands):
            disputed(play)
            readings += 1
        elif play.asked(Fetch):
            play.fetched(6)
    assert play.now < 120.0
    assert readings == READS.attempts * TRIES
    assert play.said("RPCs disagree about account states")
    assert play.said("account states cannot be had")
    assert play.said("a slot is lost")
    certificate = play.certificates()[6]
    assert certificate.end is SlotEnd.LOST
    assert "RPCs do not tell the states of accounts alike, 1 of them" in certificate.proof
    assert told_states(play) == []
    play.at(play.now + 60)
    assert play.asked(Fetch)
    play.fetched(6)
    play.at(play.now + 1)
    (asked,) = play.asked(ReadAccounts)
    origin = play.kernel.origins.reconciled(0)
    play.hears(AccountsRead(asked.first, asked.end, 9, [state("a", 9)], origin, 2))
    assert told_states(play) == ["9 a as of 9 late"]
    play.block(1, 8, transactions=0).says(1, finalized(8)).block(1, 9, transactions=0)
    certificate = play.certificates()[6]
    assert certificate.end is SlotEnd.RECOVERED
    assert certificate.proof.endswith("accounts as of slot 9, writes before it unknown")
