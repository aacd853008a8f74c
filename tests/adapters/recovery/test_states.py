"""States of accounts: chunks, contexts of their own, the later of two, and differences that are told."""

from base64 import b64encode
from typing import Any

import pytest

from monitor.core.pace import AHEAD
from monitor.ports import AccountsFound
from monitor.wire.base58 import key_bytes
from monitor.wire.pb.geyser_pb2 import SubscribeUpdate
from tests.adapters.recovery.asking import KEYS, asking, pool_of
from tests.adapters.recovery.servers import Answer, Asked, Reply, always, failing, told

pytestmark = pytest.mark.real_time

SYSTEM = "11111111111111111111111111111111"


def states(*slots: int, lamports: int = 1, absent: frozenset[str] = frozenset()) -> Answer:
    """The n-th answer is of the n-th slot, the last one for all later."""

    def answer(asked: Asked, number: int) -> Reply:
        keys = asked.call["params"][0]
        value = [None if key in absent else account(lamports) for key in keys]
        return told({"context": {"slot": slots[min(number, len(slots) - 1)]}, "value": value})

    return answer


def account(lamports: int) -> dict[str, Any]:
    return {
        "data": [b64encode(b"abc").decode(), "base64"],
        "executable": False,
        "lamports": lamports,
        "owner": SYSTEM,
        "rentEpoch": 2**64 - 1,
    }


def lamports_of(found: AccountsFound) -> dict[bytes, tuple[int, int]]:
    """By pubkey: the slot and the lamports, as the frames tell them."""
    updates = [SubscribeUpdate.FromString(row[6] or b"").account for row in found.rows]
    assert [row[1] for row in found.rows] == [update.slot for update in updates]
    return {each.account.pubkey: (each.slot, each.account.lamports) for each in updates}


async def test_asks_for_a_hundred_at_a_time_at_a_slot_or_later() -> None:
    async with asking(states(500)) as (pool, (server,)):
        found = await pool.accounts(480)
    assert found is not None
    assert (found.context_slot, found.source, len(found.rows)) == (500, 0, 150)
    assert [len(asked.call["params"][0]) for asked in server.asked] == [100, 50]
    assert [key for asked in server.asked for key in asked.call["params"][0]] == KEYS
    assert {asked.call["method"] for asked in server.asked} == {"getMultipleAccounts"}
    assert server.asked[0].call["params"][1] == {
        "encoding": "base64",
        "commitment": "confirmed",
        "minContextSlot": 480,
    }


async def test_each_row_says_the_slot_of_its_own_context() -> None:
    async with asking(states(500, 503)) as (pool, _):
        found = await pool.accounts(480)
    assert found is not None
    assert found.context_slot == 500
    told_by_key = lamports_of(found)
    assert told_by_key[key_bytes(KEYS[0])] == (500, 1)
    assert told_by_key[key_bytes(KEYS[149])] == (503, 1)


async def test_of_two_the_later_one_wins_for_each_account() -> None:
    one, other = states(500, 510, lamports=1), states(505, 506, lamports=2)
    async with asking(one, other, states(900)) as (pool, servers):
        found = await pool.accounts(480)
        assert found is not None
        assert not any("disagreed" in tally.errors for tally in pool.tallies)
    assert found.context_slot == 505
    told_by_key = lamports_of(found)
    assert told_by_key[key_bytes(KEYS[0])] == (505, 2)
    assert told_by_key[key_bytes(KEYS[149])] == (510, 1)
    assert [len(server.asked) for server in servers] == [2, 2, 0]


async def test_an_account_that_the_later_one_does_not_know_is_closed() -> None:
    async with asking(states(500), states(501, absent=frozenset(KEYS[:3]))) as (pool, _):
        found = await pool.accounts(480)
    assert found is not None
    assert (found.source, len(found.rows)) == (1, 150)
    told_by_key = lamports_of(found)
    assert [told_by_key[key_bytes(key)] for key in KEYS[2:4]] == [(501, 0), (501, 1)]


async def test_one_that_is_far_ahead_of_the_other_is_not_believed() -> None:
    liar = states(500 + AHEAD, 10**9, lamports=2)
    async with asking(liar, states(500, 501, lamports=1)) as (pool, _):
        found = await pool.accounts(480)
        assert [dict(tally.errors) for tally in pool.tallies] == [{"ahead": 1}, {}]
    assert found is not None
    assert found.context_slot == 501
    told_by_key = lamports_of(found)
    assert told_by_key[key_bytes(KEYS[0])] == (500 + AHEAD, 2)
    assert told_by_key[key_bytes(KEYS[149])] == (501, 1)


async def test_a_difference_at_the_same_slot_is_counted_at_both() -> None:
    async with asking(states(500, lamports=1), states(500, lamports=2)) as (pool, _):
        found = await pool.accounts(480)
        assert found is not None
        assert [tally.errors["disagreed"] for tally in pool.tallies] == [2, 2]


async def test_the_same_at_the_same_slot_is_no_difference() -> None:
    async with asking(states(500), states(500)) as (pool, _):
        assert await pool.accounts(480) is not None
        assert [tally.errors["disagreed"] for tally in pool.tallies] == [0, 0]


async def test_one_that_is_behind_is_replaced() -> None:
    behind = always(failing(-32016, "Minimum context slot has not been reached"))
    async with asking(behind, states(500), states(501)) as (pool, servers):
        found = await pool.accounts(480)
        assert found is not None
        assert dict(pool.tallies[0].errors) == {"-32016": 1}
    assert (found.source, found.context_slot) == (2, 501)
    assert [len(server.asked) for server in servers] == [1, 2, 2]


async def test_nobody_who_tells_is_none() -> None:
    rubbish = always(told({"context": {"slot": 5}, "value": []}))
    async with asking(always(told(None)), rubbish, always(Reply(status=500))) as (pool, _):
        assert await pool.accounts(480) is None
        assert [dict(tally.errors) for tally in pool.tallies] == [
            {"null": 1},
            {"malformed": 1},
            {"http 500": 1},
        ]


async def test_without_accounts_nobody_is_asked() -> None:
    pool = pool_of([], pubkeys=[])
    assert await pool.accounts(480) is None
    await pool.close()
