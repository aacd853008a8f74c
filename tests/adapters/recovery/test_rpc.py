"""One RPC on a loopback socket: what becomes of answers, silence, cuts and rubbish."""

import gzip
import math
import ssl

import anyio
import orjson
import pytest

from monitor.adapters.recovery import rpc
from monitor.adapters.recovery.rpc import RpcEndpoint, tls_for, unpacked
from monitor.core.rates import WINDOW
from monitor.core.rungs import Rung, Verdict
from monitor.ports import BlockFound, NoBlock
from tests.adapters.recovery.asking import SLOT, USUAL, asking, block, pool_of
from tests.adapters.recovery.servers import Reply, always, failing, told
from tests.jumping import jumps
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time


async def test_asks_for_the_whole_block_at_confirmed() -> None:
    async with asking(always(told(block()))) as (pool, (server,)):
        found = await pool.fetch(SLOT, Rung.RPC, 1)
    assert isinstance(found, BlockFound)
    assert found.sources == (0,)
    assert found.dissent == ()
    assert [row[1] for row in found.rows] == [SLOT]
    (asked,) = server.asked
    assert asked.call["method"] == "getBlock"
    assert asked.call["params"] == [
        SLOT,
        {
            "encoding": "base64",
            "maxSupportedTransactionVersion": 1,
            "transactionDetails": "full",
            "rewards": True,
            "commitment": "confirmed",
        },
    ]
    assert asked.headers["accept-encoding"] == "gzip"
    assert pool.tallies[0].calls == 1
    assert not pool.tallies[0].errors


async def test_keeps_its_connection_and_its_headers() -> None:
    async with asking(always(told(block())), headers={"x-token": "secret"}) as (pool, (server,)):
        for _ in range(5):
            await pool.fetch(SLOT, Rung.RPC, 1)
    assert server.connections == 1
    assert {each.headers["x-token"] for each in server.asked} == {"secret"}


VERDICTS = [
    (failing(-32001, "First available block: 2000"), "cannot", "-32001"),
    (failing(-32004), "not_yet", "-32004"),
    (failing(-32007, "Slot was skipped, or missing due to ledger jump"), "skipped_claim", "-32007"),
    (failing(-32009), "skipped_claim", "-32009"),
    (failing(-32011), "cannot", "-32011"),
    (failing(-32014), "not_yet", "-32014"),
    (failing(-32015), "ours", "-32015"),
    (failing(-32019), "failed", "-32019"),
    (failing(-32601), "cannot", "-32601"),
    (failing(-32007, "50/second request limit reached"), "throttled", "-32007"),
    (told(None), "not_yet", "null"),
    (
        told(block(transactions=[{"transaction": ["", "base64"], "meta": None}])),
        "not_yet",
        "meta null",
    ),
    (told(block(parentSlot=SLOT)), "failed", "malformed"),
    (told(block(blockhash="0OIl")), "failed", "malformed"),
    (told({"x": 1}), "failed", "malformed"),
    (told("x" * 100_000), "failed", "malformed"),
    (Reply(b"<html>" * 20_000), "failed", "malformed"),
    (failing(-32004, "x" * 100_000), "not_yet", "-32004"),
    (
        Reply(b"\x1f\x8bnot gzip at all", headers={"content-encoding": "gzip"}),
        "failed",
        "malformed",
    ),
    (Reply(gzip.compress(b"{}")[:-9], headers={"content-encoding": "gzip"}), "failed", "malformed"),
    (Reply(b"no", status=401), "cannot", "http 401"),
    (failing(-32004, status=403), "cannot", "http 403"),
    (Reply(b"<html>", status=429), "throttled", "http 429"),
    (Reply(b"<html>" * 20_000, status=503), "failed", "http 503"),
    (Reply(b"", status=301, headers={"location": "http://127.0.0.1:1/"}), "cannot", "http 301"),
]


@pytest.mark.parametrize(("reply", "verdict", "word"), VERDICTS)
async def test_answers_that_bring_nothing(reply: Reply, verdict: str, word: str) -> None:
    async with asking(always(reply)) as (pool, (server,)):
        found = await pool.fetch(SLOT, Rung.RPC, 1)
        assert isinstance(found, NoBlock)
        assert found.verdict is Verdict(verdict)
        assert found.dissent == ()
        assert dict(pool.tallies[0].errors) == {word: 1}
    assert len(server.asked) == 1


async def test_a_gzipped_block_is_read() -> None:
    body = gzip.compress(orjson.dumps({"result": block()}))
    reply = Reply(body, headers={"content-encoding": "gzip"})
    async with asking(always(reply)) as (pool, _):
        assert isinstance(await pool.fetch(SLOT, Rung.RPC, 1), BlockFound)


@pytest.mark.parametrize("is_packed", [False, True])
async def test_a_block_of_seven_megabytes_is_read(is_packed: bool) -> None:
    body = orjson.dumps({"result": block(padding="x" * 7_000_000)})
    packed = Reply(gzip.compress(body), headers={"content-encoding": "gzip"})
    async with asking(always(packed if is_packed else Reply(body))) as (pool, _):
        assert isinstance(await pool.fetch(SLOT, Rung.RPC, 1), BlockFound)


@jumps
@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (told(block(), delay=math.inf), "timeout"),
        (told(block(), trickle=math.inf), "timeout"),
        (told(block(), cut_at=20), "unreachable"),
        (told(block(), cut_at=0), "unreachable"),
    ],
)
async def test_silence_and_cuts_are_failures(reply: Reply, word: str) -> None:
    async with asking(always(reply)) as (pool, _):
        found = await pool.fetch(SLOT, Rung.RPC, 1)
        assert found == NoBlock(Verdict.FAILED)
        assert dict(pool.tallies[0].errors) == {word: 1}


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://name.invalid/", "nonsense", "http://[/"]
)
async def test_a_server_that_is_not_there_is_a_failure(url: str) -> None:
    pool = pool_of([RpcEndpoint("a", url, patience=USUAL)])
    found = await pool.fetch(SLOT, Rung.RPC, 1)
    assert isinstance(found, NoBlock)
    assert found.verdict is Verdict.FAILED
    assert sum(pool.tallies[0].errors.values()) == 1
    await pool.close()


async def test_several_calls_at_once_share_a_few_connections() -> None:
    async with asking(always(told(block(), delay=0.02))) as (pool, (server,)):
        for _ in range(5):
            async with anyio.create_task_group() as tasks:
                for _ in range(4):
                    tasks.start_soon(pool.fetch, SLOT, Rung.RPC, 1)
    assert len(server.asked) == 20
    assert server.connections == 4


@jumps
async def test_who_is_cancelled_closes_the_call() -> None:
    async with asking(always(told(block(), delay=math.inf))) as (pool, (server,)):
        with anyio.move_on_after(0.1):
            await pool.fetch(SLOT, Rung.RPC, 1)
        with anyio.fail_after(PATIENCE):
            await server.was_left.wait()
    assert not pool.tallies[0].errors


def test_neither_tokens_nor_addresses_show() -> None:
    shown = repr(RpcEndpoint("main", "https://rpc.example/?key=1234", headers={"x": "5678"}))
    assert "main" in shown
    assert "1234" not in shown
    assert "5678" not in shown


def test_unpacks_up_to_a_bound() -> None:
    body = b"x" * 1000
    for each in (body, gzip.compress(body)):
        assert unpacked(each, 1000) == body
        assert unpacked(each, 999) is None
    assert unpacked(gzip.compress(body)[:-1], 1000) == b""
    assert unpacked(b"\x1f\x8bx", 1000) == b""


async def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc, "LARGEST_ANSWER", 1000)
    async with asking(always(told(block(padding="x" * 1000)))) as (pool, _):
        found = await pool.fetch(SLOT, Rung.RPC, 1)
    assert found == NoBlock(Verdict.FAILED)
    assert dict(pool.tallies[0].errors) == {"malformed": 1}


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with asking(always(told(block()))) as (pool, _):
        assert isinstance(await pool.fetch(SLOT, Rung.RPC, 1), BlockFound)


async def test_an_answer_shows_that_the_call_has_arrived() -> None:
    async with asking(always(told(block())), requests_per_second=1.0) as (pool, _):
        await pool.fetch(SLOT, Rung.RPC, 1)
        assert 0 < pool._rpcs[0].lane._window.delay(anyio.current_time()) <= WINDOW


async def test_while_it_is_read_a_body_holds_its_own_size() -> None:
    held: list[int] = []
    reply = told(block(padding="x" * 10_000))
    async with asking(always(reply)) as (pool, _):
        allowance = pool._rpcs[0]._allowance

        async def read(body: bytes) -> int:
            held.append(allowance.held)
            return len(body)

        size = await pool._rpcs[0].ask("getBlock", [SLOT], read, lambda: None)
        assert held == [size] == [len(reply.body)]
        assert allowance.held == 0


def test_certificates_are_checked_wherever_there_is_tls() -> None:
    near, far = RpcEndpoint("a", "http://rpc.example/"), RpcEndpoint("b", "HTTPS://rpc.example/")
    assert tls_for([near]) is None
    tls = tls_for([near, far])
    assert tls is not None
    assert tls.verify_mode is ssl.CERT_REQUIRED
    assert tls.check_hostname
