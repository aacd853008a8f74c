"""States of accounts: chunks, contexts of their own, what two tell alike, and differences that are told."""

from base64 import b64encode
from typing import Any

import pytest

from monitor.core.breakers import FAILURES
from monitor.core.rungs import Rung
from monitor.ports import AccountsFound, BlockFound
from monitor.wire.base58 import key_bytes
from monitor.wire.pb.geyser_pb2 import SubscribeUpdate
from tests.adapters.recovery.asking import KEYS, SLOT, asking, block, pool_of
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


async def test_what_two_tell_alike_is_believed_as_of_the_lower_slot() -> None:
    async with asking(states(500, 510), states(505, 506), states(900)) as (pool, servers):
        found = await pool.accounts(480)
        assert found is not None
        assert not any("disagreed" in tally.errors for tally in pool.tallies)
    assert (found.context_slot, found.witnesses, found.dissent, found.unsure) == (500, 2, (), ())
    told_by_key = lamports_of(found)
    assert told_by_key[key_bytes(KEYS[0])] == (500, 1)
    assert told_by_key[key_bytes(KEYS[149])] == (506, 1)
    assert [len(server.asked) for server in servers] == [2, 2, 0]


async def test_of_an_account_that_only_one_knows_nothing_is_believed() -> None:
    missing = frozenset(KEYS[:3])
    async with asking(states(500), states(501, absent=missing)) as (pool, _):
        found = await pool.accounts(480)
    assert found is not None
    assert found.unsure == tuple(key_bytes(key) for key in KEYS[:3])
    assert len(found.rows) == 147
    assert missing.isdisjoint(lamports_of(found))


async def test_an_account_that_two_do_not_know_is_closed() -> None:
    missing = frozenset(KEYS[:3])
    one, other = states(500, absent=missing), states(501, absent=missing)
    async with asking(one, other) as (pool, _):
        found = await pool.accounts(480)
    assert found is not None
    told_by_key = lamports_of(found)
    assert [told_by_key[key_bytes(key)] for key in KEYS[2:4]] == [(500, 0), (500, 1)]


async def test_a_slot_that_one_rpc_makes_up_is_not_believed() -> None:
    async with asking(states(10**9), states(501)) as (pool, _):
        found = await pool.accounts(480)
    assert found is not None
    assert {slot for slot, _ in lamports_of(found).values()} == {501}


async def test_a_difference_at_the_same_slot_is_told_of_both_and_nothing_is_believed() -> None:
    async with asking(states(500, lamports=1), states(500, lamports=2)) as (pool, _):
        found = await pool.accounts(480)
        assert [tally.errors["disagreed"] for tally in pool.tallies] == [1, 1]
    assert found is not None
    assert (found.rows, found.context_slot, found.dissent) == ([], 480, (0, 1))
    assert found.unsure == tuple(map(key_bytes, KEYS))


async def test_a_third_is_asked_about_what_two_tell_differently_and_outvotes_the_liar() -> None:
    liar, honest = states(500, lamports=2), states(500, 501, lamports=1)
    async with asking(liar, honest, states(503, lamports=1)) as (pool, servers):
        found = await pool.accounts(480)
        assert [tally.errors["disagreed"] for tally in pool.tallies] == [1, 0, 0]
    assert found is not None
    assert (found.dissent, found.unsure) == ((0,), ())
    assert {lamports for _, lamports in lamports_of(found).values()} == {1}
    assert [len(server.asked) for server in servers] == [2, 2, 2]


async def test_a_third_is_asked_about_nothing_else() -> None:
    missing = frozenset(KEYS[:3])
    one, other = states(500), states(501, absent=missing)
    async with asking(one, other, states(502)) as (pool, servers):
        found = await pool.accounts(480)
    assert found is not None
    assert found.unsure == ()
    (asked,) = servers[2].asked
    assert asked.call["params"][0] == KEYS[:3]


async def test_the_same_at_the_same_slot_is_no_difference() -> None:
    async with asking(states(500), states(500)) as (pool, _):
        found = await pool.accounts(480)
        assert found is not None
        assert found.unsure == ()
        assert [tally.errors["disagreed"] for tally in pool.tallies] == [0, 0]


async def test_one_that_is_behind_is_replaced() -> None:
    behind = always(failing(-32016, "Minimum context slot has not been reached"))
    async with asking(behind, states(500), states(501)) as (pool, servers):
        found = await pool.accounts(480)
        assert found is not None
        assert dict(pool.tallies[0].errors) == {"-32016": 1}
    assert (found.source, found.context_slot, found.unsure) == (1, 500, ())
    assert [len(server.asked) for server in servers] == [1, 2, 2]


@pytest.mark.parametrize("other", [Reply(status=500), Reply(status=403), failing(-32603, "oops")])
async def test_one_alone_is_not_believed_where_another_may_come_back(other: Reply) -> None:
    async with asking(states(500), always(other)) as (pool, _):
        found = await pool.accounts(480)
        assert found is not None
        assert (found.rows, len(found.unsure)) == ([], 150)


async def test_one_alone_is_not_believed_while_another_wants_a_pause() -> None:
    throttling = always(Reply(status=429, headers={"retry-after": "60"}))
    async with asking(states(500), throttling) as (pool, servers):
        await pool.accounts(480)
        found = await pool.accounts(480)
        assert found is not None
        assert (found.rows, len(found.unsure)) == ([], 150)
    assert [len(server.asked) for server in servers] == [4, 1]


async def test_one_that_has_no_such_method_does_not_count_after_it_said_so_thrice() -> None:
    blind = always(failing(-32601, "Method not found"))
    async with asking(states(500), blind) as (pool, _):
        found = [await pool.accounts(480) for _ in range(FAILURES + 1)]
    assert [each is not None and each.witnesses for each in found] == [2, 2, 2, 1]
    assert [each is not None and len(each.rows) for each in found] == [0, 0, 0, 150]


async def test_one_that_has_no_such_method_still_tells_blocks() -> None:
    def answer(asked: Asked, number: int) -> Reply:
        is_block = asked.call["method"] == "getBlock"
        return told(block()) if is_block else failing(-32601, "Method not found")

    async with asking(answer) as (pool, _):
        for _ in range(FAILURES):
            assert await pool.accounts(480) is None
        found = await pool.fetch(SLOT, Rung.RPC, 1)
    assert isinstance(found, BlockFound)


async def test_one_that_has_the_method_again_counts_again() -> None:
    blind = failing(-32601, "Method not found")
    good = states(501, lamports=2)

    def answer(asked: Asked, number: int) -> Reply:
        is_third_reading = FAILURES - 1 <= number <= FAILURES  # of two calls
        return good(asked, number) if is_third_reading else blind

    async with asking(states(500), answer) as (pool, _):
        found = [await pool.accounts(480) for _ in range(FAILURES + 1)]
    assert [each is not None and each.witnesses for each in found] == [2, 2, 2, 2]


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
