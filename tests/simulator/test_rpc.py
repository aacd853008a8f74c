"""JSON-RPC over a real socket: envelopes, batches, limits."""

import gzip
import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from monitor.core.errors import SimulatorFailed
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.rpc import HOST, listen_rpc, serve_rpc
from monitor.simulator.rpc_node import LARGEST_BODY, RpcNode
from tests.patience import PATIENCE
from tests.simulator.rpc_nodes import WANTED, rpc_node
from tests.simulator.served import until

pytestmark = pytest.mark.real_time


SLOT_NOW = 60
"""The clock stands in this slot of the chain."""


class Served:
    """A node behind a real server in a thread, and a connection to it."""

    def __init__(self, node: RpcNode, port: int, first_slot: int) -> None:
        self.node = node
        self.port = port
        self.first_slot = first_slot
        self.connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)


@contextmanager
def served() -> Iterator[Served]:
    made = rpc_node(ChainSettings(votes=2, transactions=1, account_writes=6))
    with listen_rpc(0) as listening, start_blocking_portal("asyncio") as portal:
        serving = portal.start_task_soon(serve_rpc, made.node, listening, lambda: float(SLOT_NOW))
        one = Served(made.node, listening.getsockname()[1], made.chain.first_slot)
        yield one
        one.connection.close()
        serving.cancel()


@contextmanager
def node() -> Iterator[http.client.HTTPConnection]:
    with served() as one:
        yield one.connection


def post(connection: http.client.HTTPConnection, body: bytes) -> tuple[int, bytes]:
    connection.request("POST", "/", body, {"content-type": "application/json"})
    response = connection.getresponse()
    return response.status, response.read()


def ask(connection: http.client.HTTPConnection, body: Any) -> Any:
    status, answer = post(connection, json.dumps(body).encode())
    assert status == 200
    return json.loads(answer)


def call(method: str, *params: Any, call_id: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call_id, "method": method, "params": list(params)}


def test_a_call_is_answered_under_its_id() -> None:
    with node() as connection:
        assert ask(connection, call("getHealth", call_id="x")) == {
            "jsonrpc": "2.0",
            "result": "ok",
            "id": "x",
        }


def test_params_may_be_left_out() -> None:
    with node() as connection:
        answer = ask(connection, {"jsonrpc": "2.0", "id": 1, "method": "getSlot"})

    assert answer["result"] > 300_000_000


def test_a_refusal_carries_its_facts() -> None:
    with node() as connection:
        answer = ask(connection, call("getSlot", {"minContextSlot": 1 << 40}))

    assert answer["error"]["code"] == -32016
    assert answer["error"]["data"]["contextSlot"] > 300_000_000
    assert "result" not in answer


def test_a_batch_is_answered_call_by_call() -> None:
    with node() as connection:
        answers = ask(connection, [call("getHealth", call_id=1), 7, call("dance", call_id=2)])

    assert [answer["id"] for answer in answers] == [1, None, 2]
    assert answers[0]["result"] == "ok"
    assert [answer["error"]["code"] for answer in answers[1:]] == [-32600, -32601]


def test_a_notification_gets_no_answer() -> None:
    with node() as connection:
        status, body = post(connection, b'{"jsonrpc": "2.0", "method": "getHealth"}')

    assert (status, body) == (200, b"")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"{", -32700, "Parse error"),
        (b"[]", -32600, "Invalid request"),
        (b"7", -32600, "Invalid request"),
        (b'{"id": 1, "method": "getHealth"}', -32600, "Invalid request"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 5}', -32600, "Invalid request"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "dance"}', -32601, "Method not found"),
        (
            b'{"jsonrpc": "2.0", "id": 1, "method": "getBlock", "params": {"slot": 1}}',
            -32602,
            "`params` should be an array",
        ),
    ],
)
def test_malformed_calls(body: bytes, code: int, message: str) -> None:
    with node() as connection:
        status, answer = post(connection, body)

    assert status == 200
    assert json.loads(answer)["error"] == {"code": code, "message": message}


def test_a_body_over_the_limit_is_refused_whole() -> None:
    padding = b" " * LARGEST_BODY
    with node() as connection:
        status, _ = post(connection, json.dumps(call("getHealth")).encode() + padding)
        again, _ = post(connection, json.dumps(call("getHealth")).encode())

    assert (status, again) == (413, 200)


def test_health_can_be_read_with_get() -> None:
    with node() as connection:
        connection.request("GET", "/health")
        response = connection.getresponse()

        assert (response.status, response.read()) == (200, b"ok")


def test_a_taken_port_is_refused_with_the_remedy() -> None:
    with listen_rpc(0) as listening:
        with pytest.raises(SimulatorFailed, match="is taken; choose others with --ports"):
            listen_rpc(listening.getsockname()[1])


def test_a_client_that_takes_gzip_gets_the_same_block_in_fewer_bytes() -> None:
    with served() as one:
        body = json.dumps(call("getBlock", one.first_slot, WANTED)).encode()
        _, plain = post(one.connection, body)
        one.connection.request("POST", "/", body, {"accept-encoding": "gzip, deflate"})
        response = one.connection.getresponse()
        packed = response.read()

    assert response.getheader("content-encoding") == "gzip"
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 2


def test_an_answer_that_is_cut_ends_the_connection_in_its_middle() -> None:
    with served() as one:
        one.node.apply("cut")
        with pytest.raises(http.client.IncompleteRead) as broken:
            post(one.connection, json.dumps(call("getBlock", one.first_slot, WANTED)).encode())

    assert broken.value.expected is not None
    assert abs(len(broken.value.partial) - broken.value.expected) <= 1


def test_a_dead_node_hangs_up_without_a_word() -> None:
    with served() as one:
        one.node.apply("kill")
        with pytest.raises(http.client.RemoteDisconnected):
            post(one.connection, json.dumps(call("getHealth")).encode())


def test_a_mute_node_keeps_the_connection_and_stops_at_once_all_the_same() -> None:
    with served() as one:
        one.node.apply("mute")
        one.connection.timeout = 0.1
        with pytest.raises(TimeoutError):
            post(one.connection, json.dumps(call("getHealth")).encode())

        until(lambda: one.node.faults.requests == 1)


def test_a_slow_node_answers_in_the_end() -> None:
    with served() as one:
        one.node.apply("slow", "0.05")
        began = time.perf_counter()

        assert ask(one.connection, call("getHealth"))["result"] == "ok"
        assert time.perf_counter() - began >= 0.05


def test_errors_of_http_come_with_their_headers() -> None:
    with served() as one:
        one.node.apply("errors", "429")
        one.connection.request("POST", "/", json.dumps(call("getHealth")))
        response = one.connection.getresponse()

        assert (response.status, response.getheader("retry-after")) == (429, "1")
        assert json.loads(response.read())["error"]["code"] == 429


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/", 405), ("POST", "/x", 404)])
def test_other_requests_are_none_of_a_node(method: str, path: str, status: int) -> None:
    with node() as connection:
        connection.request(method, path)

        assert connection.getresponse().status == status
